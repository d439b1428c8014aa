//! The last word on a document that keeps the rules of the envelope: those of its kind.

use std::sync::Arc;

use domain::catalog::{EntityRef, FieldPath, OwnKind, OwnKinds, Severity, declared, is_slip_of};
use serde_json::Value;

use super::{
    Found, Step, Walk,
    look::{self, Fate, Verdict},
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
    name_at: Option<(u32, u32)>,
    /// As it will stand.
    text: String,
}

/// A document of a file that nobody named, which may be of a kind that is declared in a file yet to come.
pub(super) struct Guess {
    /// Its file.
    pub(super) number: usize,
    /// Its place in the file, from 0.
    pub(super) place: usize,
    pub(super) step: Step,
    pub(super) document: Document,
}

impl Walk<'_> {
    /// Takes a document in, or has it wait.
    pub(super) fn judge(&mut self, number: usize, place: usize, line: u32, verdict: Verdict) {
        let Verdict { reference, told, name_at, fate, document } = verdict;
        match (fate, document) {
            (Fate::Stands(text, kind), document) => {
                self.tell_all(number, told);
                if let Some(kind) = kind {
                    // Each walk must know every kind.
                    recall::forget(&mut self.gathered.prints[number]);
                    if let Some(first) = self.declares(&kind, &reference) {
                        let message = format!(
                            "`{}` is declared already, by {first}; that one was first and stands. Remove one of the two, or rename it",
                            kind.name
                        );
                        if let Some(document) = document {
                            let field = FieldPath::of("spec.names.kind");
                            self.tell(number, document.problem(Severity::Warning, &field, message));
                        }
                        return;
                    }
                }
                self.gathered.files[number].entities += 1;
                self.accept((number, place, line), name_at, reference, text, None);
            }
            (Fate::Waits(text), Some(document)) => {
                self.gathered.files[number].entities += 1;
                self.waiting.push(Waiting { number, place, reference, document, name_at, text });
            }
            (Fate::Waits(_), None) | (Fate::Refused, _) => self.tell_all(number, told),
        }
    }

    /// Notes that `reference` declares a kind, or says what else declared one of that name before.
    fn declares(&mut self, kind: &OwnKind, reference: &EntityRef) -> Option<String> {
        let name = kind.name.to_lowercase();
        // Two declarations by one name are a conflict of entities, which is told elsewhere.
        if let Some(first) = self.terms.given.declarers.get(&name).filter(|first| *first != reference) {
            return Some(format!("`{first}` of another source"));
        }
        match self.declarers.get(&name) {
            Some(first) if first != reference => Some(format!("`{first}`")),
            Some(_) => None,
            None => {
                self.declarers.insert(name, reference.clone());
                self.kinds.insert(kind.clone());
                None
            }
        }
    }

    /// The kind that a document is of, if the organisation declares it.
    fn kind_of<'a>(known: &'a OwnKinds, value: &Value) -> Option<&'a Arc<OwnKind>> {
        let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        known.get(word("kind")).filter(|kind| kind.is_about(word("apiVersion")))
    }

    /// Whether a document is of a kind that the organisation declares, if only in a version that its declaration does not name.
    pub(super) fn is_of_our_kinds(known: &OwnKinds, value: &Value) -> bool {
        let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let group = |version: &str| version.split_once('/').map(|(group, _)| group.to_owned());
        let version = word("apiVersion");
        known.get(word("kind")).is_some_and(|kind| {
            kind.is_about(version)
                || group(version)
                    .is_some_and(|it| kind.versions.iter().any(|known| group(known).as_deref() == Some(&it)))
        })
    }

    /// The version of a kind that the organisation declares, where a document misspells it or leaves it out.
    fn slip_of_our_kinds(known: &OwnKinds, value: &Value) -> Option<String> {
        let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = known.get(word("kind"))?;
        let is_meant = |version: &&String| word("apiVersion").is_empty() || is_slip_of(version, word("apiVersion"));
        kind.versions.iter().find(is_meant).cloned()
    }

    /// Every kind, of the walk and beside it.
    fn known_kinds(&self) -> OwnKinds {
        let mut known = self.terms.given.until_declared.clone();
        for kind in self.kinds.iter().chain(self.terms.given.theirs.iter()) {
            known.insert(OwnKind::clone(kind));
        }
        known
    }

    /// Takes in the documents that are meant for the catalog because the organisation has such kinds, and leaves out the rest.
    pub(super) async fn take_guesses(&mut self) {
        let known = self.known_kinds();
        let by = recall::kinds(&known);
        let mut numbers = Vec::new();
        for Guess { number, place, step, document } in std::mem::take(&mut self.guesses) {
            self.about = Some((number, About { place, ..About::default() }));
            let is_ours = Self::is_of_our_kinds(&known, &document.value);
            let seen = if is_ours {
                self.look(&step).see_meant(document)
            } else if let Some(meant) = Self::slip_of_our_kinds(&known, &document.value) {
                look::misspelt(&document, &meant)
            } else {
                look::not_of_catalog(&document)
            };
            if let Some(print) = &mut self.gathered.prints[number] {
                print.kinds = Some(by.clone());
            }
            self.take(number, &step, seen, place).await;
            numbers.push(number);
        }
        self.about = None;
        for number in numbers {
            self.close(number);
        }
    }

    /// Judges what waited, now that every kind is known.
    pub(super) fn judge_waiting(&mut self) {
        let known = self.known_kinds();
        let by = recall::kinds(&known);
        for waiting in std::mem::take(&mut self.waiting) {
            if let Some(print) = &mut self.gathered.prints[waiting.number] {
                print.kinds = Some(by.clone());
            }
            let Waiting { number, place, reference, document, name_at, text } = waiting;
            let value: Value = serde_json::from_str(&text).expect("what was written from a document reads as one");
            self.about = Some((number, About::of(place, &value)));
            let kind = Self::kind_of(&known, &value).cloned();
            let violations = kind.as_ref().map(|kind| kinds::judge(kind, &value)).unwrap_or_default();
            if violations.is_empty() {
                for warning in declared(&reference, &value, &known).warnings {
                    let problem = document.problem(Severity::Warning, &warning.field, warning.message);
                    self.tell(number, problem);
                }
                self.accept((number, place, document.line), name_at, reference, text, kind);
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
        name_at: Option<(u32, u32)>,
        reference: EntityRef,
        text: String,
        kind: Option<Arc<OwnKind>>,
    ) {
        let path = self.gathered.files[number].path.clone();
        self.gathered.layouts[number][place] = Some(reference.to_string());
        let rules = kind.map(|kind| rules(&kind));
        self.gathered.found.push(Found { reference, text, path, place, line, name_at, rules });
    }
}

/// Names the rules by which relations are read.
fn rules(kind: &OwnKind) -> String {
    let text = serde_json::to_string(&kind.relations).unwrap_or_default();
    blake3::hash(text.as_bytes()).to_hex()[..8].to_owned()
}
