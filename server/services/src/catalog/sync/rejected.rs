//! Why what a file says now about an entity does not stand, when what it said before goes on standing.

use std::collections::HashMap;

use domain::catalog::{FileProblem, Severity, SourceFile};

use super::gather::Note;

/// The errors of a walk, by file.
pub(super) struct Rejected<'a>(HashMap<&'a str, Vec<&'a Note>>);

impl<'a> Rejected<'a> {
    pub(super) fn new(files: &'a [SourceFile], told: &'a [Note]) -> Self {
        let mut by_file: HashMap<&str, Vec<&Note>> = HashMap::new();
        for note in told.iter().filter(|note| note.problem.severity == Severity::Error) {
            if let Some(file) = files.get(note.file) {
                by_file.entry(&file.path).or_default().push(note);
            }
        }
        Self(by_file)
    }

    /// Why an entity that stood in this file is not taken from it now: what is wrong with the document of its name, or else
    /// with one that has no name, or else with the file. Nothing if the file was not read at all.
    pub(super) fn why(&self, reference: &str, path: &str) -> Option<String> {
        let notes = self.0.get(path)?;
        let of_name = notes.iter().find(|note| note.reference.as_ref().is_some_and(|it| it.to_string() == reference));
        let nameless = || notes.iter().find(|note| note.reference.is_none());
        if let Some(Note { problem, .. }) = of_name.or_else(nameless) {
            return Some(format!("`{path}` is rejected now: {}. This is what it said before", said(problem)));
        }
        let Note { problem, reference, .. } = notes.first()?;
        let other = reference.as_ref().map(ToString::to_string).unwrap_or_default();
        let why = said(problem);
        Some(format!(
            "`{path}` is rejected now, for what it says of `{other}`: {why}. It declared this one before, and does not now"
        ))
    }
}

/// The problem with its place, as a clause.
fn said(problem: &FileProblem) -> String {
    problem.to_string().trim_end_matches('.').to_owned()
}
