//! Runs: what a template does, step by step, durable.

mod approval;
mod log;
mod repository;

use std::{fmt, str::FromStr};

pub use approval::{APPROVAL, Agreement, Approval, approval_mistake, needs_approval};
use chrono::{DateTime, TimeDelta, Utc};
pub use log::{LogKind, LogLevel, LogLine};
pub use repository::{NotARepository, RepositoryName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::catalog::EntityRef;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Asked for; no worker has taken its first step.
    Open,
    /// Steps are being taken.
    Processing,
    /// Every step did what it should.
    Completed,
    /// A step could not do what it should; it can be retried.
    Failed,
    /// A person stopped it.
    Cancelled,
}

/// Where a step of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Its turn has not come.
    Open,
    /// A worker has it.
    Processing,
    /// It goes on at a known moment: a wait, or the next attempt.
    Waiting,
    /// It did what it should.
    Completed,
    /// Its `if` did not hold.
    Skipped,
    /// It could not do what it should.
    Failed,
    /// The run was cancelled before it ended.
    Cancelled,
}

/// A text names no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a status of a run: use `open`, `processing`, `completed`, `failed` or `cancelled`")]
pub struct NotAStatus(String);

impl RunStatus {
    /// Every status, in the order of a run's life.
    pub const ALL: [Self; 5] = [Self::Open, Self::Processing, Self::Completed, Self::Failed, Self::Cancelled];

    /// The name as it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens unless a person asks for it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The word on a page.
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "Queued",
            Self::Processing => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RunStatus {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| NotAStatus(text.to_owned()))
    }
}

impl StepStatus {
    /// Every status, in the order of a step's life.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Processing, Self::Waiting, Self::Completed, Self::Skipped, Self::Failed, Self::Cancelled];

    /// The name as it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Processing => "processing",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the run has gone past it.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped)
    }

    /// The word on a page.
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "Not started",
            Self::Processing => "Running",
            Self::Waiting => "Waiting",
            Self::Completed => "Completed",
            Self::Skipped => "Skipped",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

impl FromStr for StepStatus {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| NotAStatus(text.to_owned()))
    }
}

/// A run, without its steps: what a list shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run's identity.
    pub id: Uuid,
    /// The run's name among people: `#4823`.
    pub number: i64,
    /// What it makes, in words.
    pub title: String,
    /// The template it follows.
    pub template: EntityRef,
    /// The template's title when the run started.
    pub template_title: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Who asked for it.
    pub created_by: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When a worker took its first step.
    pub started_at: Option<DateTime<Utc>>,
    /// When it came to its end.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub problem: Option<String>,
    /// When a person asked to stop it.
    pub cancel_asked_at: Option<DateTime<Utc>>,
    /// What was decided about it, where its template asks for that.
    pub approval: Option<Approval>,
}

impl RunSummary {
    /// Whether it does nothing until someone agrees to it.
    pub fn awaits_approval(&self) -> bool {
        let waits = self.approval.as_ref().is_some_and(|approval| approval.agreement == Agreement::Waiting);
        waits && !self.status.is_over() && self.cancel_asked_at.is_none()
    }

    /// How long it has been at work, or was.
    pub fn duration(&self, now: DateTime<Utc>) -> TimeDelta {
        let from = self.started_at.unwrap_or(self.created_at);
        (self.ended_at.unwrap_or(now) - from).max(TimeDelta::zero())
    }
}

/// A run with everything it is made of, except its log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What a list shows of it.
    pub summary: RunSummary,
    /// The version of the template's document that it follows.
    pub template_etag: String,
    /// The answers to the template's form.
    pub values: Value,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// What it made, once it is over.
    pub output: RunOutput,
}

impl Run {
    /// The step whose log says most now: the one that failed, or is at work; none in particular once all are done.
    pub fn telling_step(&self) -> Option<&Step> {
        self.steps
            .iter()
            .find(|step| matches!(step.status, StepStatus::Failed | StepStatus::Processing | StepStatus::Waiting))
    }
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its place in the run, from 0.
    pub position: i32,
    /// Its name in expressions: `steps.ID.output`.
    pub id: String,
    /// Its name among people.
    pub name: String,
    /// What it does.
    pub action: String,
    /// Where it stands.
    pub status: StepStatus,
    /// How often a worker has taken it.
    pub attempt: i32,
    /// When a worker first took it.
    pub started_at: Option<DateTime<Utc>>,
    /// When it came to its end.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it goes on, while it waits.
    pub due_at: Option<DateTime<Utc>>,
    /// Why it failed, or why its last attempt did.
    pub problem: Option<String>,
    /// What it made.
    pub output: Value,
}

impl Step {
    /// How long it has been at work, or was; `None` before it started.
    pub fn duration(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let from = self.started_at?;
        Some((self.ended_at.unwrap_or(now) - from).max(TimeDelta::zero()))
    }
}

/// What a run made, as its template words it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunOutput {
    /// Where to go next.
    #[serde(default)]
    pub links: Vec<OutputLink>,
    /// What to know, in Markdown.
    #[serde(default)]
    pub text: Vec<OutputText>,
    /// The template's other outputs.
    #[serde(flatten)]
    pub values: serde_json::Map<String, Value>,
}

/// A link to something that a run made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputLink {
    /// The words of the link.
    #[serde(default)]
    pub title: String,
    /// Its icon's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Where it leads, outside the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where it leads, in the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_ref: Option<String>,
}

impl OutputLink {
    /// The address to follow: a page of the catalog, or a web address (never a script).
    pub fn href(&self) -> Option<String> {
        if let Some(reference) = &self.entity_ref {
            return reference.parse::<EntityRef>().ok().map(|reference| reference.path());
        }
        let url = self.url.as_deref()?;
        let fits = url.starts_with("https://") || url.starts_with("http://") || url.starts_with('/');
        fits.then(|| url.to_owned())
    }
}

/// Something to know about what a run made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputText {
    /// The heading.
    #[serde(default)]
    pub title: String,
    /// Markdown.
    #[serde(default)]
    pub content: String,
    /// Its icon's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_reads_back_as_itself() {
        for status in RunStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for status in StepStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("done".parse::<RunStatus>().is_err());
    }

    #[test]
    fn a_link_never_runs_a_script() {
        let link = |url: &str| OutputLink { title: "x".into(), icon: None, url: Some(url.into()), entity_ref: None };
        assert_eq!(link("javascript:alert(1)").href(), None);
        assert_eq!(link("https://example.com/").href().as_deref(), Some("https://example.com/"));
        let entity = OutputLink { entity_ref: Some("component:default/quay-signs".into()), ..link("") };
        assert_eq!(entity.href().as_deref(), Some("/catalog/default/component/quay-signs"));
    }
}
