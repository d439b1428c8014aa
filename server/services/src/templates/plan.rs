//! Plans: a template's steps taken in memory, with the functions that a run uses, and nothing touched outside.

mod checks;
mod command;
mod publish;
mod steps;
mod workspace;

use std::collections::BTreeMap;

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Target},
    templates::{Control, Plan, Template, Verdict, fields, late_fields},
};
use serde_json::{Map, Value, json};

use super::{
    answers::{Checked, Scope, check},
    expression::Context,
    pickers,
    skeleton::File,
    user,
};
use crate::{Result, Services, catalog, identity::may, permission};

/// What stands in a plan in place of what only the start of a run brings.
const HIDDEN: &str = "********";

/// One plan in the making.
struct Maker<'a> {
    services: &'a Services,
    caller: &'a Caller,
    reference: &'a EntityRef,
    /// The files of the run's workspace so far.
    files: BTreeMap<String, File>,
    /// What later steps see.
    context: Context,
    /// The outputs of steps so far.
    outputs: Map<String, Value>,
    /// The repositories that earlier steps would make, by the address of their files.
    published: BTreeMap<String, BTreeMap<String, File>>,
    checks: checks::Checks,
}

/// Says what a run of the template with these answers would do, without doing it.
pub async fn plan(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    values: &Map<String, Value>,
) -> Result<Plan> {
    may(services, caller, Permission::ReadRuns, Target::Template(reference)).await?;
    let template = super::get(services, caller, reference).await?;
    let Checked { values, mut problems } = check(&template, values, Scope::Form);
    let picked = pickers::missing(services, caller, &template, &values, Scope::Form).await?;
    problems.extend(picked.problems);
    let mut plan = Plan {
        template: reference.to_string(),
        title: template.title.clone(),
        problems,
        steps: Vec::new(),
        checks: Vec::new(),
        command: command::command(&template, reference, &values),
        values: Value::Object(values),
    };
    if !plan.problems.is_empty() {
        return Ok(plan);
    }
    let mut checks = checks::Checks::default();
    let (may_start, why, reasons) =
        permission::why(services, caller, Permission::StartRun, Target::Template(reference)).await?;
    if !may_start {
        checks.refused("You may not start this run".to_owned(), why, &reasons);
    }
    if let Some(by) = super::approvers(services, caller, reference).await? {
        let remedy = "Nothing happens before. Whoever starts it cannot approve it, and can cancel it while it waits.";
        checks.add(Verdict::Warning, format!("It will wait for approval by {by}"), Some(remedy.to_owned()));
    }
    for (label, found) in &picked.found {
        checks.add(Verdict::Good, format!("{label} {} is in the catalog", found.short()), None);
    }
    for (label, text) in &picked.warnings {
        let remedy = "Check the spelling, or go on if it comes later.";
        checks.add(Verdict::Warning, format!("{label} {text} is not in the catalog"), Some(remedy.to_owned()));
    }
    let mut maker = Maker {
        services,
        caller,
        reference,
        files: BTreeMap::new(),
        context: context(caller, &template, &plan.values),
        outputs: Map::new(),
        published: BTreeMap::new(),
        checks,
    };
    for step in &template.steps {
        let planned = maker.step(step).await?;
        plan.steps.push(planned);
    }
    plan.checks = maker.checks.all;
    Ok(plan)
}

fn context(caller: &Caller, template: &Template, values: &Value) -> Context {
    let empty = Map::new();
    let answers = values.as_object().unwrap_or(&empty);
    let mut parameters = answers.clone();
    let mut secrets = Map::new();
    for page in &template.pages {
        for field in late_fields(&fields(&page.schema, answers)) {
            let name = field.pointer.trim_start_matches('/').to_owned();
            let kept = if matches!(field.control, Control::Secret) { &mut secrets } else { &mut parameters };
            kept.insert(name, json!(HIDDEN));
        }
    }
    let declared = template.secrets.as_ref().and_then(|schema| schema.get("properties")?.as_object());
    secrets.extend(declared.into_iter().flatten().map(|(name, _)| (name.clone(), json!(HIDDEN))));
    let mut context = Context::new(&Value::Object(parameters));
    context.set("steps", &json!({}));
    context.set("user", &user::seen(&caller.subject.to_string()));
    context.set("context", &json!({"task": {"id": "plan"}}));
    context.set("environment", &json!({"parameters": {}, "secrets": {}}));
    context.set("secrets", &Value::Object(secrets));
    context
}

impl Maker<'_> {
    /// What a step made, for the steps after it.
    fn remember(&mut self, id: &str, output: Value) {
        self.outputs.insert(id.to_owned(), json!({"output": output}));
        self.context.set("steps", &Value::Object(self.outputs.clone()));
    }

    /// The entities of these names that are in the catalog already.
    async fn known(&self, references: &[EntityRef]) -> Result<Vec<Option<domain::catalog::Entity>>> {
        catalog::entities(self.services, self.caller, references).await
    }
}

#[cfg(test)]
mod tests;
