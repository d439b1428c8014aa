//! What became of one rule for one entity.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The result of a rule for an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RuleOutcome))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule holds.
    Pass,
    /// The rule does not hold.
    Fail,
    /// The rule holds, barely.
    Warn,
    /// The rule does not concern this entity.
    NotApplicable,
    /// What the rule asks about could not be seen.
    Unknown,
    /// Someone has been asked and has not answered.
    Pending,
    /// Someone decided that the rule does not bind this entity for now.
    Exempt,
}

impl Outcome {
    /// Every outcome, the one that needs most attention first.
    pub const ALL: [Self; 7] =
        [Self::Fail, Self::Unknown, Self::Pending, Self::Warn, Self::Exempt, Self::Pass, Self::NotApplicable];

    /// The name as it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::NotApplicable => "not_applicable",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Exempt => "exempt",
        }
    }

    /// The outcome in words for a list.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pass => "holds",
            Self::Fail => "fails",
            Self::Warn => "holds, barely",
            Self::NotApplicable => "not applicable",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Exempt => "exempt",
        }
    }

    /// Whether the rule counts as held.
    pub fn holds(self) -> bool {
        matches!(self, Self::Pass | Self::Warn | Self::Exempt)
    }

    /// Whether this says something about the entity, as opposed to about what could be seen of it.
    pub fn is_definite(self) -> bool {
        matches!(self, Self::Pass | Self::Warn | Self::Fail | Self::Exempt)
    }

    /// Whether the rule concerns the entity.
    pub fn is_applicable(self) -> bool {
        self != Self::NotApplicable
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The result of one rule for one entity, with why and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleResult {
    /// The rule's id.
    pub rule: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why; empty where the outcome says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Since when the outcome is this one.
    pub since: DateTime<Utc>,
    /// The last result that said something, while the outcome does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_definite: Option<Outcome>,
}

impl RuleResult {
    /// The outcome that counts for the level: an outage does not undo what was last seen.
    pub fn effective(&self) -> Outcome {
        if self.outcome.is_definite() || !self.outcome.is_applicable() {
            self.outcome
        } else {
            self.last_definite.unwrap_or(self.outcome)
        }
    }
}
