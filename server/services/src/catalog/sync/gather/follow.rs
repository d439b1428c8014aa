//! Where a Location leads.

use std::sync::Arc;

use domain::catalog::{FieldPath, Outcome, Severity};
use serde_json::Value;

use super::{Named, Step, Walk, notes::About, plain};
use crate::catalog::{
    ports::{ReadProblem, is_glob},
    sync::recall,
    yaml::Document,
};

/// Where a Location names a target.
#[derive(Debug, Clone)]
pub(super) struct Naming {
    /// The file of the Location.
    number: usize,
    document: Arc<Document>,
    about: About,
    field: FieldPath,
}

/// As many problems as are told of one file; no place is looked up for more.
const TOLD: usize = 100;

impl Walk<'_> {
    /// Tells of a target where a Location names it.
    fn tell_at(&mut self, named: &Naming, severity: Severity, message: String) {
        let problem = if self.gathered.files[named.number].problems.len() < TOLD {
            named.document.problem(severity, &named.field, message)
        } else {
            plain(severity, message)
        };
        let about = self.about.replace((named.number, named.about.clone()));
        self.tell(named.number, problem);
        self.about = about;
    }

    /// A file that was met before: fine, unless on the way to itself, which is a circle, or where it is needed now.
    pub(super) fn meet_again(&mut self, number: usize, step: &Step) {
        let Some(named) = &step.naming else { return };
        if self.is_above(number, named.number) {
            let path = &self.gathered.files[number].path;
            let message = format!("the Location leads back to `{path}`, in a circle; remove one of the targets");
            self.tell_at(named, Severity::Warning, message);
        }
        if !step.is_optional && self.steps[number].is_optional {
            self.steps[number].is_optional = false;
            self.steps[number].naming = Some(named.clone());
            if let Some(message) = self.absent.remove(&number) {
                self.tell_at(named, Severity::Error, message);
            }
        }
    }

    fn is_above(&self, number: usize, mut at: usize) -> bool {
        loop {
            if at == number {
                return true;
            }
            match self.steps[at].parent {
                Some(parent) => at = parent,
                None => return false,
            }
        }
    }

    /// Tells of a file that could not be read: where it is named, if a Location names it.
    pub(super) fn unread(&mut self, number: usize, step: &Step, problem: &ReadProblem) {
        let (message, is_missing) = (problem.to_string(), matches!(problem, ReadProblem::Missing(_)));
        // What is gone declares nothing any more; of what cannot be read now, the last good state stands.
        if !is_missing {
            self.gathered.failed.insert(self.gathered.files[number].path.clone());
        }
        let Some(named) = &step.naming else {
            return self.tell(number, plain(Severity::Error, message));
        };
        if is_missing && step.is_optional {
            self.tell(number, plain(Severity::Info, message.clone()));
            self.absent.insert(number, message);
        } else {
            let parent = &self.gathered.files[named.number].path;
            let told = format!("could not be read; `{parent}`, which names it, tells why");
            self.tell(number, plain(Severity::Info, told));
            self.tell_at(named, Severity::Error, message);
        }
        self.gathered.files[number].outcome = Outcome::Skipped;
    }

    /// Looks up what a Location points at.
    pub(super) async fn follow(&mut self, number: usize, step: &Step, document: &Arc<Document>, value: &Value) {
        let spec = &value["spec"];
        let one = spec.get("target").and_then(Value::as_str).map(|target| (FieldPath::of("spec.target"), target));
        let many = spec.get("targets").and_then(Value::as_array).into_iter().flatten().enumerate();
        let many = many.filter_map(|(at, target)| Some((FieldPath::of("spec.targets").index(at), target.as_str()?)));
        let targets: Vec<_> = one.into_iter().chain(many).collect();
        if targets.is_empty() {
            return;
        }
        self.leading.insert(number);
        // Also where nothing is there yet.
        let away = targets.iter().filter(|(_, target)| target.contains("://")).map(|(_, target)| (*target).to_owned());
        recall::note(&mut self.gathered.prints[number], away.collect());
        let about = self.about.as_ref().map(|(_, about)| about.clone()).unwrap_or_default();
        if step.depth >= self.limits.depth {
            let message = format!(
                "more than {} Locations lead from one to the next; point at the files from further up",
                self.limits.depth
            );
            let problem = document.problem(Severity::Error, &FieldPath::of("spec"), message);
            return self.tell(number, problem);
        }
        let is_optional = spec.get("presence").and_then(Value::as_str) == Some("optional");
        for (field, target) in targets {
            let naming = Naming { number, document: document.clone(), about: about.clone(), field };
            match self.targets(step, target).await {
                Ok((_, paths, _)) if paths.is_empty() => {
                    let severity = if is_optional { Severity::Info } else { Severity::Warning };
                    let message = format!("`{target}` matches no file; correct it, or remove it");
                    self.tell_at(&naming, severity, message);
                }
                Ok((source, paths, named)) => {
                    for path in paths {
                        let (depth, trust) = (step.depth + 1, named.trust(&path));
                        let (parent, naming) = (Some(number), Some(naming.clone()));
                        self.enqueue(Step { source, path, parent, naming, depth, trust, is_optional });
                    }
                }
                Err(ReadProblem::Missing(message)) if is_optional => {
                    self.tell_at(&naming, Severity::Info, message);
                }
                Err(problem) => {
                    // What the target declared before stands, until it can be read again.
                    self.gathered.failed.insert(self.gathered.files[number].path.clone());
                    self.tell_at(&naming, Severity::Error, problem.to_string());
                }
            }
        }
    }

    /// The files that a target means, in which source, and how they are named.
    async fn targets(&mut self, step: &Step, target: &str) -> Result<(usize, Vec<String>, Named), ReadProblem> {
        if target.contains("://") {
            let from = self.opened[step.source].clone();
            let key = (target.to_owned(), from.granted());
            let number = if let Some(&number) = self.by_address.get(&key) {
                number
            } else {
                self.opened.push(self.outside.open(&*from, target).await?);
                self.by_address.insert(key, self.opened.len() - 1);
                self.opened.len() - 1
            };
            let (paths, named) = self.begin(number, Named::of(target)).await;
            return Ok((number, paths, named));
        }
        let source = &self.opened[step.source];
        let path = source.resolve(&step.path, target)?;
        let paths = if is_glob(target) { source.find(&path).await? } else { vec![path] };
        Ok((step.source, paths, Named::of(target)))
    }
}
