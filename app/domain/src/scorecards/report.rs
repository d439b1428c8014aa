//! One entity on one scorecard, as pages and the API show it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    document::Remediation,
    outcome::Outcome,
    rollup::Scale,
    standing::{NextSteps, Points, Standing},
};
use crate::catalog::EntityRef;

/// One entity on one scorecard: why each rule holds or does not, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntityReport {
    /// The scorecard.
    pub scorecard: EntityRef,
    /// What people call it.
    pub title: String,
    /// Whether it is still being written and counts nowhere.
    pub draft: bool,
    /// The names of its levels.
    pub scale: Scale,
    /// Where the entity stands.
    pub standing: Standing,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What was earned of what could be.
    pub points: Points,
    /// The levels, highest first.
    pub levels: Vec<LevelReport>,
    /// The shortest way up.
    pub next: Option<NextSteps>,
    /// When it was evaluated.
    pub evaluated_at: DateTime<Utc>,
}

impl EntityReport {
    /// A rule of the report, by its id.
    pub fn rule(&self, id: &str) -> Option<&RuleReport> {
        self.levels.iter().flat_map(|level| &level.rules).find(|rule| rule.id == id)
    }
}

/// One level of an entity's ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LevelReport {
    /// Which.
    pub standing: Standing,
    /// Whether it is reached.
    pub reached: bool,
    /// How many of its rules hold.
    pub held: u32,
    /// How many of its rules concern the entity.
    pub applicable: u32,
    /// Since when all of its rules hold; `None` while they do not.
    pub since: Option<DateTime<Utc>>,
    /// Its rules.
    pub rules: Vec<RuleReport>,
}

/// One rule for one entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleReport {
    /// The rule's id.
    pub id: String,
    /// The condition in words.
    pub title: String,
    /// What it is about.
    pub category: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The last result that said something, while the outcome does not.
    pub last_definite: Option<Outcome>,
    /// How to mend it.
    pub remediation: Option<Remediation>,
}
