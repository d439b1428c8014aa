//! Starting a run: everything that can be refused is refused here, before anything happens.

use chrono::Utc;
use domain::{
    catalog::EntityRef,
    changes::ChangeKind,
    identity::{Caller, Permission, Target},
    runs::{Agreement, LogKind, LogLevel, Run, RunStatus, StepStatus, needs_approval},
    templates::{Problem, at_pointer, fields, late_fields},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    RunName,
    log::Said,
    store::{self, run, step},
    template,
};
use crate::{
    Error, Result, Services, catalog,
    changes::NewChange,
    identity::{Starter, may},
    permission,
    queue::Job,
    templates::{
        self,
        answers::{Checked, Scope},
    },
};

/// A run that someone asks for.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// The template to follow.
    pub template: EntityRef,
    /// The answers to its form.
    pub values: Map<String, Value>,
    /// Answers that must not be kept: none can be given yet.
    pub secrets: Map<String, Value>,
}

/// Why a run was not started.
#[derive(Debug)]
pub enum NotStarted {
    /// Some answers break the rules of the form.
    Answers(Vec<Problem>),
    /// Everything else.
    Other(Error),
}

impl From<Error> for NotStarted {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<NotStarted> for Error {
    fn from(error: NotStarted) -> Self {
        match error {
            NotStarted::Answers(problems) => {
                let said: Vec<_> = problems
                    .iter()
                    .map(|problem| match problem.pointer.trim_start_matches('/') {
                        "" => problem.message.clone(),
                        field => format!("`{field}`: {}", problem.message),
                    })
                    .collect();
                Self::Rejected(said.join("; "))
            }
            NotStarted::Other(error) => error,
        }
    }
}

/// Starts a run: it is written down here, and a worker takes its steps.
///
/// # Errors
/// [`NotStarted::Answers`] if an answer breaks the form's rules; [`Error::Rejected`] if a step names an action that does
/// not exist.
pub async fn start(services: &Services, caller: &Caller, new: NewRun) -> Result<Run, NotStarted> {
    may(services, caller, Permission::StartRun, Target::Template(&new.template)).await?;
    if !new.secrets.is_empty() {
        let names: Vec<_> = new.secrets.keys().map(|name| format!("`{name}`")).collect();
        return Err(Error::Rejected(format!(
            "{}: secrets cannot be given to a run yet, because they could only be kept in clear; leave them out",
            names.join(", ")
        ))
        .into());
    }
    let entity = catalog::entity(services, caller, &new.template).await?;
    let values = check(services, caller, &entity.document, &new.values).await?;
    refuse_passwords(&entity.document, &values)?;
    let starter = Starter::known(services, caller).await?;
    let (run, steps) = rows((caller, &starter), &new.template, entity.etag, entity.document, values)?;
    let id = run.id;
    insert(services, caller, run, steps).await?;
    Ok(super::run(services, caller, RunName::Id(id)).await?)
}

/// Answers stand in the run's row, for everyone who may see the run: a password must not become one of them.
fn refuse_passwords(document: &Value, values: &Value) -> Result<()> {
    let template = templates::read(document)?;
    let Some(values) = values.as_object() else { return Ok(()) };
    let names: Vec<String> = template
        .pages
        .iter()
        .flat_map(|page| late_fields(&fields(&page.schema, values)))
        .filter(|field| at_pointer(values, &field.pointer).is_some_and(|answer| answer != "" && !answer.is_null()))
        .map(|field| format!("`{}`", field.pointer.trim_start_matches('/')))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::Rejected(format!(
        "{}: passwords cannot be given to a run yet, because they could only be kept in clear; leave them out",
        names.join(", ")
    )))
}

/// The rows of a run that has not started.
pub(super) fn rows(
    (caller, starter): (&Caller, &Starter),
    template: &EntityRef,
    etag: String,
    document: Value,
    answers: Value,
) -> Result<(run::Model, Vec<step::Model>)> {
    let definitions = template::steps(&document)?;
    let template_title = document.pointer("/metadata/title").and_then(Value::as_str);
    let template_title = template_title.unwrap_or(template.name()).to_owned();
    let id = Uuid::now_v7();
    let is_awaited = needs_approval(&document);
    let run = run::Model {
        tenant: caller.tenant.to_string(),
        id,
        number: 0,
        title: template::title(&template_title, &answers),
        template: template.to_string(),
        template_title,
        template_etag: etag,
        template_document: document,
        answers,
        status: RunStatus::Open.as_str().to_owned(),
        version: 0,
        logged: 0,
        created_by: caller.subject.to_string(),
        created_at: Utc::now(),
        started_at: None,
        ended_at: None,
        cancel_asked_at: None,
        problem: None,
        output: None,
        starter: Some(serde_json::to_value(starter)?),
        approval: is_awaited.then(|| Agreement::Waiting.as_str().to_owned()),
        approval_by: None,
        approval_at: None,
        approval_note: None,
    };
    let steps = (0_i32..)
        .zip(definitions)
        .map(|(position, definition)| step::Model {
            tenant: run.tenant.clone(),
            run: id,
            position,
            step_id: definition.id,
            name: definition.name,
            action: definition.action,
            definition: definition.definition,
            status: StepStatus::Open.as_str().to_owned(),
            attempt: 0,
            attempts_before: 0,
            version: 0,
            leased_by: None,
            leased_until: None,
            due_at: None,
            started_at: None,
            ended_at: None,
            inputs: None,
            output: None,
            tree: None,
            problem: None,
        })
        .collect();
    Ok((run, steps))
}

/// A run of a document that is in no catalog.
#[cfg(test)]
pub(super) async fn insert_for_test(
    services: &Services,
    caller: &Caller,
    document: Value,
    answers: Value,
) -> Result<Uuid> {
    let template = EntityRef::new("template", "default", "bench");
    let (run, steps) = rows((caller, &Starter::of(caller)), &template, String::new(), document, answers)?;
    let id = run.id;
    insert(services, caller, run, steps).await?;
    Ok(id)
}

/// Writes the run down. Two that start at once may reach for the same number; the slower one takes the next.
async fn insert(services: &Services, caller: &Caller, run: run::Model, steps: Vec<step::Model>) -> Result<()> {
    let by = if run.awaits_approval() {
        Some(permission::approvers(services, caller, &run.template()?, None).await?)
    } else {
        None
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let mut tx = services.begin(caller).await?;
        let number = match store::insert(&*tx, run.clone(), steps.clone()).await {
            Ok(number) => number,
            Err(Error::Internal(why)) if tries < 10 && is_taken(&why) => continue,
            Err(error) => return Err(error),
        };
        let words = format!("{} started run #{number} of {}", caller.label(), run.template_title);
        let mut said = vec![Said::of_run(LogKind::Log, LogLevel::Info, words)];
        if let Some(by) = &by {
            let words = format!(
                "The run waits for approval by {by}. Nothing happens before; decide at /runs/{number}, or with `causeway approve \
                 {number}`"
            );
            said.push(Said::of_run(LogKind::Log, LogLevel::Info, words));
        }
        store::write_log(&*tx, &run, said).await?;
        tx.record(NewChange {
            source: String::new(),
            subject: run.subject(),
            kind: ChangeKind::RunCreated,
            before: None,
            after: Some(json!({
                "number": number,
                "title": run.title,
                "status": run.status,
                "template": run.template,
                "approval": run.approval,
            })),
        });
        if by.is_none() {
            tx.enqueue(Job::AdvanceRun { run: run.id });
        }
        tx.commit().await?;
        return Ok(());
    }
}

fn is_taken(why: &str) -> bool {
    let why = why.to_lowercase();
    why.contains("unique") || why.contains("duplicate key")
}

/// The answers with their defaults.
pub(super) async fn check(
    services: &Services,
    caller: &Caller,
    document: &Value,
    answers: &Map<String, Value>,
) -> Result<Value, NotStarted> {
    let template = templates::read(document)?;
    let Checked { values, problems } =
        templates::check_answers(services, caller, &template, answers, Scope::All).await?;
    if problems.is_empty() { Ok(Value::Object(values)) } else { Err(NotStarted::Answers(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_become_an_answer() {
        let document = json!({
            "apiVersion": "scaffolder.backstage.io/v1beta3",
            "kind": "Template",
            "metadata": {"name": "account"},
            "spec": {
                "type": "service",
                "parameters": {"properties": {
                    "user": {"type": "string"},
                    "password": {"type": "string", "ui:widget": "password"},
                }},
                "steps": [{"action": "debug:log"}],
            },
        });
        assert!(refuse_passwords(&document, &json!({"user": "ama", "password": ""})).is_ok());
        let refusal = refuse_passwords(&document, &json!({"user": "ama", "password": "tide"})).unwrap_err().to_string();
        assert!(refusal.contains("`password`") && !refusal.contains("tide"), "{refusal}");
    }
}
