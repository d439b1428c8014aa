//! A scorecard with its expressions compiled, and its judgement of entities.

use std::time::Instant;

use chrono::{DateTime, Utc};
use domain::{
    catalog::{EntityRef, FieldPath, Violation},
    scorecards::{Outcome, Problem, RuleResult, Scorecard},
};
use serde_json::Value;

use super::{
    expression::{self, Expression, Verdict},
    facts::{self, Neighbours},
};

/// What keeps a scorecard from judging.
pub(crate) fn lint(reference: &EntityRef, document: &Value) -> Vec<Violation> {
    let read = expression::on_a_deep_stack(|| Judge::read(reference, document).err().unwrap_or_default());
    let problems =
        read.unwrap_or_else(|error| vec![Problem { path: "spec".into(), message: format!("cannot be read: {error}") }]);
    problems
        .into_iter()
        .map(|problem| Violation { field: FieldPath::parse(&problem.path), message: problem.message })
        .collect()
}

/// A scorecard that can judge.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) scorecard: Scorecard,
    rules: Vec<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    id: String,
    message: Option<String>,
    when: Option<Expression>,
    expression: Expression,
    /// Tells one wording of the rule from another: what an earlier wording found says nothing about this one.
    fingerprint: String,
}

/// What time it is, and until when there is time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) now: DateTime<Utc>,
    pub(super) until: Instant,
}

/// A result with the wording of the rule it was found by.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Found {
    #[serde(flatten)]
    pub(super) result: RuleResult,
    /// The fingerprint of the rule.
    pub(super) by: String,
}

impl Judge {
    /// Reads and compiles the document of a scorecard.
    pub(super) fn read(reference: &EntityRef, document: &Value) -> Result<Self, Vec<Problem>> {
        let scorecard = Scorecard::read(reference, document)?;
        let mut problems = Vec::new();
        let mut compile = |source: &str, path: String| {
            Expression::compile(source).map_err(|message| problems.push(Problem { path, message })).ok()
        };
        let mut rules = Vec::new();
        for (at, rule) in scorecard.rules.iter().enumerate() {
            let when = match &rule.when {
                Some(source) => compile(source, format!("spec.rules[{at}].when")).map(Some),
                None => Some(None),
            };
            let expression = compile(&rule.expression, format!("spec.rules[{at}].expression"));
            if let (Some(when), Some(expression)) = (when, expression) {
                let wording = format!("{}\0{}", rule.when.as_deref().unwrap_or_default(), rule.expression);
                let fingerprint = blake3::hash(wording.as_bytes()).to_hex()[..8].to_owned();
                rules.push(Compiled {
                    id: rule.id.clone(),
                    message: rule.message.clone(),
                    when,
                    expression,
                    fingerprint,
                });
            }
        }
        if problems.is_empty() { Ok(Self { scorecard, rules }) } else { Err(problems) }
    }

    /// Whether a result can change with time alone.
    pub(super) fn uses_now(&self) -> bool {
        self.rules.iter().any(|rule| rule.expression.uses_now || rule.when.as_ref().is_some_and(|when| when.uses_now))
    }

    /// Judges one entity. What was found `before` tells since when a result stands, and what was last seen.
    pub(super) fn judge(
        &self,
        document: &Value,
        neighbours: &Neighbours,
        before: &[Found],
        clock: Clock,
    ) -> Vec<Found> {
        let Clock { now, until } = clock;
        let context = facts::context(document, neighbours, now);
        self.rules
            .iter()
            .map(|rule| {
                if Instant::now() > until {
                    let why = "the evaluation ran out of time; it will be tried again";
                    return rule.found(Outcome::Unknown, why.to_owned(), before, now);
                }
                let (outcome, reason) = match rule.when.as_ref().map(|when| when.judge(&context)) {
                    Some(Verdict::No) => (Outcome::NotApplicable, String::new()),
                    Some(Verdict::Unknown(why)) => (Outcome::Unknown, format!("whether it applies: {why}")),
                    Some(Verdict::Yes) | None => match rule.expression.judge(&context) {
                        Verdict::Yes => (Outcome::Pass, String::new()),
                        Verdict::No => (Outcome::Fail, rule.message.clone().unwrap_or_default()),
                        Verdict::Unknown(why) => (Outcome::Unknown, why),
                    },
                };
                rule.found(outcome, reason, before, now)
            })
            .collect()
    }
}

impl Compiled {
    /// The outcome, with what earlier results add to it: since when it stands, and what was last seen.
    fn found(&self, outcome: Outcome, reason: String, before: &[Found], now: DateTime<Utc>) -> Found {
        let earlier = before.iter().find(|found| found.result.rule == self.id);
        let last_definite = match outcome {
            Outcome::Unknown | Outcome::Pending => earlier
                .filter(|found| found.by == self.fingerprint)
                .map(|found| &found.result)
                .and_then(|seen| if seen.outcome.is_definite() { Some(seen.outcome) } else { seen.last_definite }),
            _ => None,
        };
        let since = earlier.filter(|found| found.result.outcome == outcome).map_or(now, |found| found.result.since);
        let result = RuleResult { rule: self.id.clone(), outcome, reason, since, last_definite };
        Found { result, by: self.fingerprint.clone() }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;

    fn judge(expression: &str, when: &str) -> Judge {
        let document = json!({ "spec": {
            "levels": [{ "name": "bronze" }],
            "rules": [{ "id": "r", "level": "bronze", "when": when, "expression": expression, "message": "no" }],
        } });
        Judge::read(&"scorecard:s".parse().unwrap(), &document).unwrap()
    }

    fn run(judge: &Judge, spec: &Value, before: &[Found], at: i64) -> Vec<Found> {
        let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(at);
        let clock = Clock { now, until: Instant::now() + std::time::Duration::from_mins(1) };
        judge.judge(&json!({ "kind": "Component", "spec": spec }), &Neighbours::new(), before, clock)
    }

    #[test]
    fn an_outcome_stands_since_it_became_so_and_an_outage_keeps_the_last_one() {
        let judge = judge("spec.ok", "spec.kind == 1");
        let first = run(&judge, &json!({ "kind": 1, "ok": true }), &[], 1);
        let second = run(&judge, &json!({ "kind": 1, "ok": true }), &first, 2);
        assert_eq!(first, second);
        let third = run(&judge, &json!({ "kind": 1 }), &second, 3);
        assert_eq!((third[0].result.outcome, third[0].result.effective()), (Outcome::Unknown, Outcome::Pass));
        assert_eq!(third[0].result.reason, "spec has no `ok`");
        let fourth = run(&judge, &json!({ "kind": 1 }), &third, 4);
        assert_eq!(fourth, third);
        let fifth = run(&judge, &json!({ "kind": 1, "ok": false }), &fourth, 5);
        assert_eq!((fifth[0].result.outcome, fifth[0].result.reason.as_str()), (Outcome::Fail, "no"));
        let sixth = run(&judge, &json!({ "kind": 2 }), &fifth, 6);
        assert_eq!(sixth[0].result.outcome, Outcome::NotApplicable);
        assert_eq!(run(&judge, &json!({}), &[], 7)[0].result.reason, "whether it applies: spec has no `kind`");
    }

    #[test]
    fn another_wording_forgets_what_was_last_seen() {
        let before = run(&judge("spec.ok", "true"), &json!({ "ok": true }), &[], 1);
        let after = run(&judge("spec.ok == 1", "true"), &json!({}), &before, 2);
        assert_eq!(after[0].result.last_definite, None);
    }

    #[test]
    fn every_broken_expression_is_told_with_its_place() {
        let document = json!({ "spec": {
            "levels": [{ "name": "bronze" }],
            "rules": [
                { "id": "a", "level": "bronze", "expression": "spec.a ==" },
                { "id": "b", "level": "bronze", "when": "wen", "expression": "true" },
            ],
        } });
        let problems = Judge::read(&"scorecard:s".parse().unwrap(), &document).unwrap_err();
        let places: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(places, ["spec.rules[0].expression", "spec.rules[1].when"]);
    }
}
