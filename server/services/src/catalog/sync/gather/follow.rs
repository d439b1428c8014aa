//! Where a Location leads.

use domain::catalog::{FieldPath, Severity};
use serde_json::Value;

use super::{Named, Step, Walk};
use crate::catalog::{
    ports::{Begin, ReadProblem, is_glob},
    yaml::Document,
};

impl Walk<'_> {
    /// Looks up what a Location points at.
    pub(super) async fn follow(&mut self, number: usize, step: &Step, document: &Document, value: &Value) {
        let spec = &value["spec"];
        let one = spec.get("target").and_then(Value::as_str).map(|target| (FieldPath::of("spec.target"), target));
        let many = spec.get("targets").and_then(Value::as_array).into_iter().flatten().enumerate();
        let many = many.filter_map(|(at, target)| Some((FieldPath::of("spec.targets").index(at), target.as_str()?)));
        let targets: Vec<_> = one.into_iter().chain(many).collect();
        if targets.is_empty() {
            return;
        }
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
            match self.targets(step, target).await {
                Ok((source, paths)) if paths.is_empty() => {
                    let _ = source;
                    let severity = if is_optional { Severity::Info } else { Severity::Warning };
                    let message = format!("`{target}` matches no file; correct it, or remove it");
                    let problem = document.problem(severity, &field, message);
                    self.tell(number, problem);
                }
                Ok((source, paths)) => {
                    for path in paths {
                        let (depth, trust) = (step.depth + 1, Named::of(target).trust(&path));
                        self.enqueue(Step { source, path, parent: Some(number), depth, trust, is_optional });
                    }
                }
                Err(ReadProblem::Missing(message)) if is_optional => {
                    let problem = document.problem(Severity::Info, &field, message);
                    self.tell(number, problem);
                }
                Err(problem) => {
                    // What the target declared before stands, until it can be read again.
                    let problem = document.problem(Severity::Error, &field, problem.to_string());
                    self.fail(number, problem);
                }
            }
        }
    }

    async fn targets(&mut self, step: &Step, target: &str) -> Result<(usize, Vec<String>), ReadProblem> {
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
            let paths = match self.opened[number].begin() {
                Begin::Named(paths) | Begin::Found(paths) | Begin::Guessed(paths) => paths,
            };
            return Ok((number, paths));
        }
        let source = &self.opened[step.source];
        let path = source.resolve(&step.path, target)?;
        if is_glob(target) { Ok((step.source, source.find(&path).await?)) } else { Ok((step.source, vec![path])) }
    }
}
