//! Templates: documents of `scaffolder.backstage.io/v1beta3`, the forms they ask for, and the plans made from answers.

mod answers;
mod conditions;
mod document;
mod field;
mod form;
mod items;
mod plan;
mod wizard;

pub use answers::{Answers, NotAnswers, decode, in_query, with_defaults};
pub use conditions::holds;
pub use document::{API_VERSION, ButtonLabels, Mistake, NotATemplate, Page, Step, Template};
pub use field::{Choice, Control, Field, Look, TextLook};
pub use form::{at_pointer, fields, late_fields, picker_filters};
pub use items::{add_item, remove_item};
pub use plan::{Check, Effect, Plan, PlannedFile, PlannedStep, Verdict};
use serde::{Deserialize, Serialize};
pub use wizard::{LateQuestion, Picker, PickerOption, Review, Wizard, WizardPage, WizardPlan, WizardView};

/// What is wrong with one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The field, as a JSON pointer into the answers; empty for the form as a whole.
    pub pointer: String,
    /// What is wrong and how to mend it.
    pub message: String,
}
