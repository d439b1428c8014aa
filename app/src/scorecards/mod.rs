//! Standards: levels and rules over entities, and how far each entity has come.
//!
//! An entity's page shows [`LadderPanel`] on its overview and [`ScorecardsSide`] on a side of its own.

mod drawn;
mod entity;
mod figures;
mod functions;
mod groups;
mod list_page;
mod moves;
mod overview_page;
mod results_page;
mod rule_page;
mod team;

pub(crate) use entity::{LadderPanel, ScorecardsSide};
pub(crate) use list_page::ScorecardsPage;
pub(crate) use overview_page::ScorecardPage;
pub(crate) use results_page::ResultsPage;
pub(crate) use rule_page::RulePage;
pub(crate) use team::{OwnedPanel, OwnedView, Weakest};
