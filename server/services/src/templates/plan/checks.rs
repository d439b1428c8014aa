//! What was looked at while a plan was made.

use domain::templates::{Check, Verdict};

/// The checks so far; each is told once.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) all: Vec<Check>,
}

impl Checks {
    pub(super) fn add(&mut self, verdict: Verdict, text: String, remedy: Option<String>) {
        if !self.all.iter().any(|known| known.text == text) {
            self.all.push(Check { verdict, text, remedy });
        }
    }
}
