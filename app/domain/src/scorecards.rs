//! Standards: levels and rules over entities, and how far each entity has come.
//!
//! A [`Scorecard`] is a document. Its rules are judged elsewhere (the expressions need an engine); what the results mean is
//! decided here: [`stand`] turns results into a [`Standing`], [`next_steps`] says what raises it.

mod document;
mod narrowed;
mod outcome;
mod problems;
mod read;
mod report;
mod rollup;
mod standing;

pub use document::{Color, Level, MAX_EXPRESSION, MAX_LEVELS, MAX_RULES, Remediation, Rule, Scorecard, slug};
pub use narrowed::EntityFilter;
pub use outcome::{Outcome, RuleResult};
pub use problems::Problem;
pub use report::{EntityReport, LevelReport, RuleReport};
pub use rollup::{
    Badge, Card, Direction, HeatMap, HeatRow, Judged, Move, Overview, RuleDetail, RuleTally, Scale, Share, TeamRow,
    TrendPoint,
};
pub use standing::{NextSteps, Points, Standing, category_standings, next_steps, points, stand};
