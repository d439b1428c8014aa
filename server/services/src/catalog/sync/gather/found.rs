//! What a walk comes back with.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::catalog::{Allowance, Declared, EntityRef, OwnKinds, SourceFile, declared};
use serde_json::Value;

use super::{Note, Text};
use crate::catalog::{origin, ports::OpenSource, sync::recall::Print};

/// An entity that a file declares.
#[derive(Debug, Clone)]
pub(in crate::catalog) struct Found {
    pub(in crate::catalog) reference: EntityRef,
    /// As declared, with the catalog's annotations, as JSON: a tenth of the room that the parsed document takes.
    pub(in crate::catalog) text: String,
    pub(in crate::catalog) path: String,
    /// The document's place in its file, from 0.
    pub(in crate::catalog) place: usize,
    /// The line that its document begins at.
    pub(in crate::catalog) line: u32,
    /// Where its name stands, in a walk that asks for it.
    pub(in crate::catalog) name_at: Option<(u32, u32)>,
    /// Tells the rules of an own kind from other rules of it.
    pub(in crate::catalog) rules: Option<String>,
}

impl Found {
    /// The document.
    pub(in crate::catalog) fn value(&self) -> Value {
        serde_json::from_str(&self.text).expect("what was written from a document reads as one")
    }

    /// Where it says that it is declared.
    pub(in crate::catalog) fn location(&self) -> String {
        origin::location(&self.value()).unwrap_or_default()
    }

    /// What it is tied to, by these kinds.
    pub(in crate::catalog) fn declared(&self, kinds: &OwnKinds) -> Declared {
        declared(&self.reference, &self.value(), kinds)
    }

    /// Tells two declarations apart: what is said, and by which rules it is read.
    pub(in crate::catalog) fn hash(&self) -> String {
        let hash = blake3::hash(self.text.as_bytes()).to_hex();
        match &self.rules {
            Some(rules) => format!("{}.{rules}", &hash[..40]),
            None => hash[..40].to_owned(),
        }
    }
}

/// What a source declares.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Gathered {
    /// In the order in which they claim their names.
    pub(in crate::catalog) found: Vec<Found>,
    /// The kinds by which they were judged.
    pub(in crate::catalog) kinds: OwnKinds,
    pub(in crate::catalog) files: Vec<SourceFile>,
    /// Files that say something that could not be read: what they said before still stands.
    pub(in crate::catalog) failed: HashSet<String>,
    /// Folders that could not be listed: what files there said before still stands.
    pub(in crate::catalog) unlisted: HashSet<String>,
    /// Files that were not read although they speak of a catalog.
    pub(in crate::catalog) left_out: HashSet<String>,
    /// What was asked for, where that is not all.
    pub(in crate::catalog) part: Option<HashSet<String>>,
    /// Whether it is time to ask for what was not asked for.
    pub(in crate::catalog) is_behind: bool,
    /// When what the server could not be asked for now is to be asked for again.
    pub(in crate::catalog) again_at: Option<DateTime<Utc>>,
    /// How many requests the server there still allows.
    pub(in crate::catalog) allowance: Option<Allowance>,
    /// Whether a bound was reached, so that there may be more.
    pub(in crate::catalog) cut: bool,
    pub(in crate::catalog) revision: Option<String>,
    /// The branch, and whether it was read only because the repository opens with it.
    pub(in crate::catalog) branch: Option<(String, bool)>,
    /// What each file's documents are called, in step with `files`.
    pub(in crate::catalog) layouts: Vec<Vec<Option<String>>>,
    /// What each file may be known by the next time, in step with `files`.
    pub(in crate::catalog) prints: Vec<Option<Print>>,
    /// Files that are as they were: what they declare stands, and is not among `found`.
    pub(in crate::catalog) same: HashSet<String>,
    /// What should be mended.
    pub(in crate::catalog) notes: Vec<Note>,
    /// That there is more in files with many problems.
    pub(in crate::catalog) rests: Vec<Note>,
    pub(in crate::catalog) texts: Vec<Text>,
    /// Every document that was met: the number of its file, and the line it begins at.
    pub(in crate::catalog) documents: Vec<(usize, u32)>,
}

impl Gathered {
    /// What a source says of itself, before any of its files.
    pub(super) fn of(source: &dyn OpenSource) -> Self {
        Self {
            revision: source.revision(),
            branch: source.branch(),
            part: source.part().map(|part| part.into_iter().collect()),
            is_behind: source.is_behind(),
            again_at: source.again_at(),
            ..Self::default()
        }
    }
}
