//! What a run says while it works.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{NotAStatus, StepStatus};

/// How much a line of a log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What happens.
    Info,
    /// What went wrong and will be tried again, or was left out.
    Warn,
    /// What went wrong for good.
    Error,
}

/// What kind of event a line of a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogKind {
    /// Something was said.
    Log,
    /// The run came to its end, well or not.
    Completion,
    /// A person asked to stop the run.
    Cancelled,
    /// A failed run was taken up again.
    Recovered,
}

impl LogLevel {
    /// The name as it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl FromStr for LogLevel {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        [Self::Info, Self::Warn, Self::Error]
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| NotAStatus(text.to_owned()))
    }
}

impl LogKind {
    /// The name as it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Completion => "completion",
            Self::Cancelled => "cancelled",
            Self::Recovered => "recovered",
        }
    }
}

impl FromStr for LogKind {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        [Self::Log, Self::Completion, Self::Cancelled, Self::Recovered]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| NotAStatus(text.to_owned()))
    }
}

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its number in the run, from 1.
    pub seq: i64,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// What kind of event it is.
    pub kind: LogKind,
    /// How much it matters.
    pub level: LogLevel,
    /// The step that says it.
    pub step: Option<String>,
    /// What the step became with it.
    pub status: Option<StepStatus>,
    /// The words.
    pub text: String,
}
