//! Plans: what a run would do, before it does anything.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Problem;

/// What will happen, made from answers and the state of things.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The template, as a reference.
    pub template: String,
    /// What the template is called.
    pub title: String,
    /// The answers, with defaults.
    pub values: Value,
    /// What is wrong with the answers; a plan with problems cannot be run.
    pub problems: Vec<Problem>,
    /// What each step will do.
    pub steps: Vec<PlannedStep>,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// The same from a terminal.
    pub command: String,
}

/// What one step will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Its id in the template.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its action.
    pub action: String,
    /// What it will do, in a sentence: verb first.
    pub verb: String,
    /// What it will do it to.
    pub object: String,
    /// More about it, in a line.
    pub detail: String,
    /// Where it happens: `embedded Git`, `catalog`, `workspace`.
    pub place: String,
    /// Why it will not be done, if so.
    pub skipped: Option<String>,
    /// What it leaves behind.
    pub effect: Effect,
    /// What could not be worked out, or will fail.
    pub warnings: Vec<String>,
}

/// What a step leaves behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Files in the run's workspace, which nobody sees yet.
    Workspace {
        /// How many files it writes.
        files: u32,
    },
    /// A repository with these files.
    Repository {
        /// Its name: `harbour/quay-signs`.
        name: String,
        /// Whether the name is free, if that can be told from here.
        free: Option<bool>,
        /// What it will hold.
        files: Vec<PlannedFile>,
    },
    /// Entities in the catalog.
    Entities {
        /// The entities, as references.
        references: Vec<String>,
    },
    /// Something that only a run will show.
    Other,
}

/// A file that will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// From the root, with `/`.
    pub path: String,
    /// How many bytes it holds.
    pub bytes: u64,
    /// How many lines it holds; `None` for a binary file.
    pub lines: Option<u32>,
    /// Its first lines.
    pub preview: Option<String>,
    /// Whether that is all of it.
    pub complete: bool,
    /// Whether it is a program.
    pub executable: bool,
}

/// How something that was looked at stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// As it should.
    Good,
    /// Worth knowing.
    Warning,
    /// The run would fail.
    Bad,
}

/// Something that was looked at before anything happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// How it stands.
    pub verdict: Verdict,
    /// What was looked at and what was found.
    pub text: String,
    /// How to mend it.
    pub remedy: Option<String>,
}

impl Plan {
    /// Whether a run has a chance.
    pub fn can_run(&self) -> bool {
        self.problems.is_empty() && self.checks.iter().all(|check| check.verdict != Verdict::Bad)
    }
}
