//! The last word on a document that keeps the rules of the envelope: those of its kind.

use std::sync::Arc;

use domain::catalog::{EntityRef, OwnKind, OwnKinds, Severity, Violation, declared, kind};
use serde_json::Value;

use super::{Found, Walk, notes::About};
use crate::{
    catalog::{kinds, yaml::Document},
    scorecards, templates,
};

/// A document on its way into the catalog.
pub(super) struct Judged {
    /// Its file.
    pub(super) number: usize,
    /// Its place in the file, from 0.
    pub(super) place: usize,
    pub(super) reference: EntityRef,
    pub(super) document: Document,
    /// As it will stand.
    pub(super) value: Value,
}

impl Judged {
    fn text(&self, key: &str) -> &str {
        self.value.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Walk<'_> {
    /// Takes the document in, or has it wait for a kind that may be declared further on.
    pub(super) async fn judge(&mut self, judged: Judged) {
        let number = judged.number;
        self.gathered.files[number].entities += 1;
        match judged.reference.kind() {
            "entitykind" => match kinds::read(&judged.value) {
                Ok(kind) => self.kinds.insert(kind),
                Err(violations) => return self.refuse(&judged, &violations),
            },
            "template" | "scorecard" => {
                let severity = if self.terms.is_stern { Severity::Error } else { Severity::Warning };
                for violation in lint(&judged).await {
                    let problem = judged.document.problem(severity, &violation.field, violation.message.clone());
                    self.tell(number, problem);
                }
            }
            _ if kind(judged.text("kind"), judged.text("apiVersion")).is_none() => return self.waiting.push(judged),
            _ => {}
        }
        self.accept(judged, &OwnKinds::default(), None);
    }

    /// Judges what waited, now that every kind is known.
    pub(super) fn judge_waiting(&mut self) {
        let mut known = self.terms.given.ours.clone();
        for kind in self.kinds.iter().chain(self.terms.given.theirs.iter()) {
            known.insert(OwnKind::clone(kind));
        }
        for judged in std::mem::take(&mut self.waiting) {
            self.about = Some((judged.number, About::of(judged.place, &judged.value)));
            let kind = known.get(judged.text("kind")).filter(|kind| kind.is_about(judged.text("apiVersion"))).cloned();
            let violations = kind.as_ref().map(|kind| kinds::judge(kind, &judged.value)).unwrap_or_default();
            if violations.is_empty() {
                self.accept(judged, &known, kind);
            } else {
                self.refuse(&judged, &violations);
            }
        }
        self.about = None;
        for (number, text) in std::mem::take(&mut self.late) {
            self.keep(number, &text);
        }
    }

    fn accept(&mut self, judged: Judged, own: &OwnKinds, kind: Option<Arc<OwnKind>>) {
        let Judged { number, place, reference, document, value } = judged;
        let read = declared(&reference, &value, own);
        for warning in read.warnings {
            let problem = document.problem(Severity::Warning, &warning.field, warning.message.clone());
            self.tell(number, problem);
        }
        let path = self.gathered.files[number].path.clone();
        self.gathered.layouts[number][place] = Some(reference.clone());
        self.gathered.found.push(Found {
            reference,
            document: value,
            path,
            place,
            line: document.line,
            relations: read.relations,
            rules: kind.map(|kind| rules(&kind)),
        });
    }

    fn refuse(&mut self, judged: &Judged, violations: &[Violation]) {
        self.gathered.files[judged.number].entities -= 1;
        for violation in violations {
            let problem = judged.document.problem(Severity::Error, &violation.field, violation.message.clone());
            self.fail(judged.number, problem);
        }
    }
}

/// Names the rules by which relations are read.
fn rules(kind: &OwnKind) -> String {
    let text = serde_json::to_string(&kind.relations).unwrap_or_default();
    blake3::hash(text.as_bytes()).to_hex()[..8].to_owned()
}

/// What keeps a template or a scorecard from doing its work.
async fn lint(judged: &Judged) -> Vec<Violation> {
    let (reference, value) = (judged.reference.clone(), judged.value.clone());
    let work = move || match reference.kind() {
        "template" => templates::lint(&value),
        _ => scorecards::lint(&reference, &value),
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}
