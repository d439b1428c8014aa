//! What a walk notes beside the trace: whose problem something is, which document stands where, and texts to show.

use std::collections::HashSet;

use domain::catalog::{EntityRef, FileProblem, Outcome, ReferenceDefaults, Severity, SourceFile};
use serde_json::Value;

use super::{Walk, plain};
use crate::catalog::ports::Remark;

/// How much of one file's text is kept.
const TEXT: usize = 128 * 1024;

/// How much text of one source is kept in all.
const TEXTS: usize = 16 * 1024 * 1024;

/// How many problems of one source are noted at most.
const NOTES: usize = 200_000;

/// How many lines above the first problem are kept of a file that is larger.
const ABOVE: usize = 200;

/// A problem, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::catalog) struct Note {
    /// In `Gathered::files`.
    pub(in crate::catalog) file: usize,
    /// The document's place in the file, if the problem is with one.
    pub(in crate::catalog) place: Option<usize>,
    pub(in crate::catalog) reference: Option<EntityRef>,
    pub(in crate::catalog) owner: Option<EntityRef>,
    pub(in crate::catalog) problem: FileProblem,
}

/// A text that people will want to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::catalog) struct Text {
    pub(in crate::catalog) path: String,
    pub(in crate::catalog) first_line: u32,
    pub(in crate::catalog) lines: String,
}

/// What a file has wrong beyond what is told of it one by one.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Rest {
    number: usize,
    documents: HashSet<usize>,
    line: Option<u32>,
    worst: Option<Severity>,
}

impl Rest {
    /// Counts a problem of the document at `place`, if it is one of a document.
    pub(in crate::catalog) fn add(&mut self, problem: &FileProblem, place: Option<usize>) {
        self.number += 1;
        self.documents.extend(place);
        self.line = self.line.or(problem.line);
        self.worst = self.worst.max(Some(problem.severity));
    }

    /// That there is more, as the last of the file's problems.
    pub(in crate::catalog) fn told(&self) -> FileProblem {
        let from_here = if self.line.is_some() { "from here on, " } else { "" };
        let documents = match self.documents.len() {
            0 => String::new(),
            1 => " in 1 document".to_owned(),
            many => format!(" in {many} documents"),
        };
        let number = self.number;
        let message = format!("{from_here}{number} more{documents} are not listed; `causeway check` lists all");
        FileProblem { line: self.line, ..plain(self.worst.unwrap_or(Severity::Info), message) }
    }
}

/// The document that is being looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub(super) place: usize,
    pub(super) reference: Option<EntityRef>,
    pub(super) owner: Option<EntityRef>,
}

impl About {
    pub(super) fn of(place: usize, document: &Value) -> Self {
        let reference = EntityRef::of(document);
        let owner = reference.as_ref().and_then(|reference| owner_of(reference, document));
        Self { place, reference, owner }
    }
}

/// Whom a document belongs to, as far as it says so itself, broken or not.
fn owner_of(reference: &EntityRef, document: &Value) -> Option<EntityRef> {
    if matches!(reference.kind(), "group" | "user") {
        return Some(reference.clone());
    }
    let owner = document.get("spec")?.get("owner")?.as_str()?;
    EntityRef::parse(owner, ReferenceDefaults { kind: Some("group"), namespace: reference.namespace() }).ok()
}

impl Walk<'_> {
    /// Tells of a part of the source that is no file.
    pub(super) fn remark(&mut self, remark: Remark) {
        let Remark { about, severity, message, keeps } = remark;
        let number = self.gathered.files.len();
        let outcome = if severity == Severity::Info { Outcome::Skipped } else { Outcome::Found };
        let problems = Vec::new();
        self.gathered.files.push(SourceFile { path: about, outcome, entities: 0, problems, parent: None });
        self.gathered.layouts.push(Vec::new());
        self.gathered.prints.push(None);
        self.gathered.unlisted.extend(keeps);
        self.tell(number, plain(severity, message));
    }

    /// Says of each file how much more is wrong with it than is told.
    pub(super) fn tell_rests(&mut self) {
        for (file, rest) in std::mem::take(&mut self.rests) {
            let problem = rest.told();
            self.gathered.files[file].problems.push(problem.clone());
            if problem.severity > Severity::Info {
                self.gathered.rests.push(Note { file, place: None, reference: None, owner: None, problem });
            }
        }
    }

    /// Whether it is the first error of the document that is being looked at: however many there are, each document's own
    /// people are told, and what stands of it can say why.
    pub(super) fn is_first_of_document(&self, file: usize, problem: &FileProblem) -> bool {
        let Some((_, about)) = self.about.as_ref().filter(|(of, _)| *of == file) else { return false };
        let is_same =
            |note: &Note| (note.file, note.place, note.problem.severity) == (file, Some(about.place), Severity::Error);
        let notes = &self.gathered.notes;
        problem.severity == Severity::Error && notes.len() < NOTES && !notes.last().is_some_and(is_same)
    }

    /// Notes a problem of the file numbered so, or of the document that is being looked at.
    pub(super) fn note(&mut self, file: usize, problem: &FileProblem) {
        if problem.severity == Severity::Info {
            return;
        }
        // A problem told of another file, such as the Location that led here, is not the document's.
        let about = self.about.as_ref().filter(|(of, _)| *of == file).map(|(_, about)| about);
        self.gathered.notes.push(Note {
            file,
            place: about.map(|about| about.place),
            reference: about.and_then(|about| about.reference.clone()),
            owner: about.and_then(|about| about.owner.clone()),
            problem: problem.clone(),
        });
    }

    /// Keeps the text of a file that should be mended.
    pub(super) fn keep(&mut self, number: usize, bytes: &[u8]) {
        let file = &self.gathered.files[number];
        let first = file.problems.iter().filter(|problem| problem.severity > Severity::Info).find_map(|told| told.line);
        if file.outcome < Outcome::Warned || (first.is_none() && file.outcome != Outcome::Rejected) {
            return;
        }
        let (first_line, lines) = excerpt(bytes, first.unwrap_or(1));
        if self.kept + lines.len() <= TEXTS {
            self.kept += lines.len();
            self.gathered.texts.push(Text { path: file.path.clone(), first_line, lines });
        }
    }
}

/// The text, or as much of it as is kept around `line`, with the number of its first line.
fn excerpt(bytes: &[u8], line: u32) -> (u32, String) {
    let mut first = 1;
    let mut part = bytes;
    if bytes.len() > TEXT {
        let skip = (line as usize).saturating_sub(ABOVE + 1);
        for _ in 0..skip {
            let Some(end) = part.iter().position(|&byte| byte == b'\n') else { break };
            part = &part[end + 1..];
            first += 1;
        }
        part = &part[..part.len().min(TEXT)];
    }
    // PostgreSQL keeps no NUL in a text.
    (first, String::from_utf8_lossy(part).replace('\0', "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_kept_around_its_problem() {
        let line = "x".repeat(99) + "\n";
        let long = line.repeat(5_000);
        let (first, text) = excerpt(long.as_bytes(), 4_000);
        assert_eq!((first, text.len()), (3_800, 1_201 * 100));
        let (first, text) = excerpt(long.as_bytes(), 1);
        assert_eq!((first, text.len()), (1, TEXT));
        assert_eq!(excerpt(b"a\0b\xff\n", 9), (1, "a\u{fffd}b\u{fffd}\n".into()));
        assert_eq!(excerpt("ä".repeat(TEXT).as_bytes(), 9).1.len(), TEXT);
    }
}
