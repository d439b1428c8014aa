//! What was looked at while a plan was made.

use domain::{
    identity::Reason,
    templates::{Check, Verdict},
};

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

    /// Notes what the one who plans may not do, why, and what would permit it.
    pub(super) fn refused(&mut self, text: String, why: String, reasons: &[Reason]) {
        let near = reasons.iter().take(3).map(ToString::to_string);
        let all: Vec<String> = std::iter::once(why).chain(near).collect();
        self.add(Verdict::Bad, text, Some(all.join("; ")));
    }
}
