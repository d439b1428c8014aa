//! What would become of a text or an address, document by document.

use serde::{Deserialize, Serialize};

use super::{EntityRef, FileProblem, Outcome, SourceFile};

/// What would become of everything at one place. Nothing of it was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Every file.
    pub files: Vec<SourceFile>,
    /// Every document, in the order of the files.
    pub verdicts: Vec<Verdict>,
}

/// What would become of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Its file.
    pub path: String,
    /// The line that it begins at, from 1.
    pub line: u32,
    /// Whether it would enter the catalog.
    pub outcome: Outcome,
    /// The entity, if it would enter.
    pub entity: Option<Prospect>,
    /// What is wrong with it.
    pub problems: Vec<FileProblem>,
}

/// An entity that would enter the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prospect {
    /// Its unique name.
    pub reference: EntityRef,
    /// Its title or name.
    pub title: String,
    /// `spec.type`.
    pub type_: String,
    /// Whether the catalog has one of that name, which this one would bring up to date.
    pub is_known: bool,
    /// Whether a source that is registered reads this very file, so that nothing would change.
    pub is_read: bool,
    /// The file of another source that declares the name already. That one stands.
    pub claimed_by: Option<String>,
    /// What it is tied to.
    pub ties: Vec<ProspectTie>,
    /// As it would be served, as YAML.
    pub document: String,
}

/// What an entity would be tied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProspectTie {
    /// The field that says so.
    pub field: String,
    /// What it means.
    pub relation: String,
    /// The other end.
    pub target: EntityRef,
    /// Whether the other end is in the catalog, or among these documents.
    pub is_found: bool,
}
