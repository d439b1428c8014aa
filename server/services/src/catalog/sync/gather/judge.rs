//! The last word on a document that keeps the rules of the envelope: those of its kind.

use std::sync::Arc;

use domain::catalog::{EntityRef, OwnKind, Severity, declared};
use serde_json::Value;

use super::{
    Found, Walk,
    look::{Fate, Verdict},
    notes::About,
};
use crate::catalog::{kinds, sync::recall, yaml::Document};

/// A document of a kind that may be declared in a file yet to come.
pub(super) struct Waiting {
    /// Its file.
    pub(super) number: usize,
    /// Its place in the file, from 0.
    place: usize,
    reference: EntityRef,
    document: Document,
    /// As it will stand.
    text: String,
}

impl Walk<'_> {
    /// Takes a document in, or has it wait.
    pub(super) fn judge(&mut self, number: usize, place: usize, line: u32, verdict: Verdict) {
        let Verdict { reference, told, fate, document } = verdict;
        match (fate, document) {
            (Fate::Stands(text, kind), _) => {
                self.gathered.files[number].entities += 1;
                self.tell_all(number, told);
                if let Some(kind) = kind {
                    // Each walk must know every kind.
                    self.gathered.prints[number] = None;
                    self.kinds.insert(kind);
                }
                self.accept((number, place, line), reference, text, None);
            }
            (Fate::Waits(text), Some(document)) => {
                self.gathered.files[number].entities += 1;
                self.waiting.push(Waiting { number, place, reference, document, text });
            }
            (Fate::Waits(_), None) | (Fate::Refused, _) => self.tell_all(number, told),
        }
    }

    /// Judges what waited, now that every kind is known.
    pub(super) fn judge_waiting(&mut self) {
        let mut known = self.terms.given.ours.clone();
        for kind in self.kinds.iter().chain(self.terms.given.theirs.iter()) {
            known.insert(OwnKind::clone(kind));
        }
        let by = recall::kinds(&known);
        for waiting in std::mem::take(&mut self.waiting) {
            if let Some(print) = &mut self.gathered.prints[waiting.number] {
                print.kinds = Some(by.clone());
            }
            let Waiting { number, place, reference, document, text } = waiting;
            let value: Value = serde_json::from_str(&text).expect("what was written from a document reads as one");
            self.about = Some((number, About::of(place, &value)));
            let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
            let kind = known.get(word("kind")).filter(|kind| kind.is_about(word("apiVersion"))).cloned();
            let violations = kind.as_ref().map(|kind| kinds::judge(kind, &value)).unwrap_or_default();
            if violations.is_empty() {
                for warning in declared(&reference, &value, &known).warnings {
                    let problem = document.problem(Severity::Warning, &warning.field, warning.message);
                    self.tell(number, problem);
                }
                self.accept((number, place, document.line), reference, text, kind);
            } else {
                self.gathered.files[number].entities -= 1;
                for violation in violations {
                    let problem = document.problem(Severity::Error, &violation.field, violation.message);
                    self.fail(number, problem);
                }
            }
        }
        self.about = None;
        self.gathered.kinds = known;
        for (number, text) in std::mem::take(&mut self.late) {
            self.keep(number, &text);
        }
    }

    fn accept(
        &mut self,
        (number, place, line): (usize, usize, u32),
        reference: EntityRef,
        text: String,
        kind: Option<Arc<OwnKind>>,
    ) {
        let path = self.gathered.files[number].path.clone();
        self.gathered.layouts[number][place] = Some(reference.to_string());
        let rules = kind.map(|kind| rules(&kind));
        self.gathered.found.push(Found { reference, text, path, place, line, rules });
    }
}

/// Names the rules by which relations are read.
fn rules(kind: &OwnKind) -> String {
    let text = serde_json::to_string(&kind.relations).unwrap_or_default();
    blake3::hash(text.as_bytes()).to_hex()[..8].to_owned()
}
