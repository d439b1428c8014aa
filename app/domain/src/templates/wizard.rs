//! A form with its pages, as a person goes through it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ButtonLabels, Check, Plan, Problem};
use crate::catalog::EntityRef;

/// Where a person stands in the form of a template. Nothing of it is kept on the server: the answers so far stand in the
/// address of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wizard {
    /// The template.
    pub template: EntityRef,
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// The headings of its pages.
    pub pages: Vec<String>,
    /// The words on its buttons.
    pub labels: ButtonLabels,
    /// The answers so far.
    pub answers: Value,
    /// What is shown.
    pub view: WizardView,
}

/// What a form shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum WizardView {
    /// A page of questions.
    Page(Box<WizardPage>),
    /// The plan.
    Plan(Box<WizardPlan>),
}

/// A page of questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WizardPage {
    /// Which one, from 0.
    pub at: u32,
    /// What it is about.
    pub description: Option<String>,
    /// The JSON Schema of its answers.
    pub schema: Value,
    /// What is wrong with the answers that were sent.
    pub problems: Vec<Problem>,
    /// What there is to choose from in its pickers.
    pub pickers: Vec<Picker>,
    /// What the answers mean.
    pub review: Review,
}

/// The plan, and what is asked with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WizardPlan {
    /// What would happen.
    pub plan: Plan,
    /// Passwords and secrets, which are asked last.
    pub late: Vec<LateQuestion>,
    /// The file whose content is shown, if one was chosen.
    pub file: Option<u32>,
}

/// A question that is asked with the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateQuestion {
    /// Where its answer stands, as a JSON pointer.
    pub pointer: String,
    /// What it is called.
    pub label: String,
    /// Whether there must be an answer.
    pub required: bool,
    /// Whether it is a secret of the run, or an answer like others.
    pub secret: bool,
}

/// What there is to choose from in one picker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picker {
    /// The picker's filter, as its field holds it.
    pub filter: Value,
    /// The entities.
    pub options: Vec<PickerOption>,
    /// How many there are in all, if more than are listed.
    pub total: u32,
}

/// An entity that can be picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickerOption {
    /// What stands in the answer.
    pub reference: EntityRef,
    /// What it is called.
    pub title: String,
}

/// What the answers of a page mean, while they are typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What is wrong with the answers so far.
    pub problems: Vec<Problem>,
}
