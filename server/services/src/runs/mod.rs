//! Runs: what a template does, step by step, durable.
//!
//! The truth is rows: `runs`, `run_steps`, `run_logs`. A worker that gets the job "advance run" takes the next step
//! ([`advance()`]), acts, and records the result together with the next job. Nothing here depends on a process staying
//! alive: not the steps, not the waits, not the folder that steps work in.

mod actions;
mod advance;
mod approve;
mod context;
mod dry_run;
mod execute;
mod log;
mod ports;
mod recover;
mod start;
mod steer;
mod store;
mod template;
mod workspace;

#[cfg(test)]
mod tests;

pub use actions::Action;
pub(crate) use actions::lint_step;
pub use advance::advance;
pub(crate) use advance::{LEASE, give_up};
pub(crate) use approve::own;
pub use approve::{Decision, approvers, awaiting, count_awaited, decide};
use std::collections::BTreeMap;

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Target, Tenant},
    runs::{LogLine, Run, RunStatus, RunSummary},
};
pub use dry_run::{DryRun, NewDryRun, dry_run};
pub use ports::{FirstCommit, Published, Repositories};
pub(crate) use recover::{clear_workspaces, recover};
pub use start::{NewRun, NotStarted, start};
pub use steer::{cancel, retry};
use uuid::Uuid;

use crate::{
    Error, Result, Services,
    catalog::{self, Since},
    identity::{self, may},
    permission::{self, Traits},
};

/// Which runs a list shows.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// In one of these statuses; in any if empty.
    pub status: Vec<RunStatus>,
    /// Asked for by one of these; by anyone if empty.
    pub created_by: Vec<String>,
    /// Of this template.
    pub template: Option<EntityRef>,
    /// That wait for approval, or that do not; either if not asked.
    pub awaits_approval: Option<bool>,
    /// That made this entity, as far as their output tells.
    pub entity: Option<EntityRef>,
    /// The other way round.
    pub oldest_first: bool,
    /// How many to leave out.
    pub offset: u64,
    /// How many to show, at most 500.
    pub limit: u64,
}

/// How a person or a program names a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunName {
    /// By its identity.
    Id(Uuid),
    /// By its number.
    Number(i64),
}

/// A page of runs, newest first, and how many there are in all.
pub async fn list(services: &Services, caller: &Caller, filter: &RunFilter) -> Result<(Vec<RunSummary>, u64)> {
    may(services, caller, Permission::ReadRuns, Target::Any).await?;
    let seen = seen(services, caller).await?;
    store::list(&services.db, &caller.tenant, filter, seen).await
}

/// How many runs there are in each status.
pub async fn counts(services: &Services, caller: &Caller) -> Result<Vec<(RunStatus, i64)>> {
    may(services, caller, Permission::ReadRuns, Target::Any).await?;
    let seen = seen(services, caller).await?;
    store::counts(&services.db, &caller.tenant, seen).await
}

/// Which runs the caller may see; `None` for all of them.
async fn seen(services: &Services, caller: &Caller) -> Result<Option<sea_orm::Condition>> {
    if domain::identity::foregone(caller) == Some(true) {
        return Ok(None);
    }
    let origins = store::origins(&services.db, &caller.tenant).await?;
    Ok(permission::run_sight(services, caller, &origins).await?.map(store::started_from))
}

/// One run with its steps.
pub async fn run(services: &Services, caller: &Caller, name: RunName) -> Result<Run> {
    let row = find(services, caller, name, Permission::ReadRuns).await?;
    let steps = store::steps(&services.db, &row).await?;
    store::whole(&row, &steps)
}

/// What names a thing for policies: of a run, which people know by its number, its id stands there.
pub async fn with_id(services: &Services, caller: &Caller, thing: &str) -> Result<String> {
    match thing.trim().strip_prefix("run:").and_then(|number| number.parse().ok()) {
        Some(number) => {
            let row = find(services, caller, RunName::Number(number), Permission::ReadRuns).await?;
            Ok(format!("run:{}", row.id))
        }
        None => Ok(thing.to_owned()),
    }
}

/// The template's document as the run follows it.
pub async fn template_of(services: &Services, caller: &Caller, name: RunName) -> Result<serde_json::Value> {
    Ok(find(services, caller, name, Permission::ReadRuns).await?.template_document)
}

/// The lines of a run's log after `after`, oldest first, at most `limit`.
pub async fn log(services: &Services, caller: &Caller, name: RunName, after: i64, limit: u64) -> Result<Vec<LogLine>> {
    let row = find(services, caller, name, Permission::ReadRuns).await?;
    store::log(&services.db, &row, after, limit).await
}

/// Every action that a step can name.
pub async fn actions(services: &Services, caller: &Caller) -> Result<&'static [Action]> {
    may(services, caller, Permission::ReadRuns, Target::Any).await?;
    Ok(actions::known())
}

/// Of which template a run is, and who started it, by the name that they have now.
pub(crate) async fn origin(services: &Services, tenant: &Tenant, id: Uuid) -> Result<Option<(String, String)>> {
    let Some(row) = store::find(&services.db, tenant, id).await? else { return Ok(None) };
    Ok(Some((row.template.clone(), starter_now(services, tenant, &row).await?)))
}

/// A run as it was when it was started.
pub(crate) struct AsStarted {
    pub(crate) template: String,
    /// What policies may know of its template as it was then.
    pub(crate) then: Traits,
    /// Who started it, by the name that they have now: nothing where they have left.
    pub(crate) starter: String,
    /// The same, by the name that they had then.
    pub(crate) started_as: String,
}

/// A run as it was when it was started.
pub(crate) async fn as_started(services: &Services, tenant: &Tenant, id: Uuid) -> Result<Option<AsStarted>> {
    let Some(row) = store::find(&services.db, tenant, id).await? else { return Ok(None) };
    let starter = starter_now(services, tenant, &row).await?;
    Ok(Some(AsStarted { then: row.then(), starter, started_as: row.starter(), template: row.template }))
}

/// Who started a run, by the name that they have now: nobody, where they have left, since somebody else may bear the name.
async fn starter_now(services: &Services, tenant: &Tenant, row: &store::run::Model) -> Result<String> {
    let starter = row.kept_starter();
    if !starter.who().starts_with("user:") {
        return Ok(starter.who().to_owned());
    }
    let mut starter = starter.called_now(services, tenant).await?;
    match catalog::since(services, tenant, starter.who(), row.created_at).await? {
        Since::Same => {}
        Since::Called(name) => starter = starter.called(name),
        Since::Gone => return Ok(String::new()),
    }
    let is_theirs = starter.is_theirs(services, tenant).await?;
    Ok(if is_theirs { starter.who().to_owned() } else { String::new() })
}

/// Whether a policy hides a run, or its template, from someone who sees others. A refusal would tell that it is there.
async fn is_hidden(services: &Services, caller: &Caller, row: &store::run::Model) -> Result<bool> {
    let reads = async |target| identity::is_allowed(services, caller, Permission::ReadRuns, target).await;
    if !reads(Target::Any).await? {
        return Ok(false);
    }
    if !reads(Target::Run(row.id)).await? {
        return Ok(true);
    }
    let origin = BTreeMap::from([(row.template.clone(), vec![row.created_by.clone()])]);
    Ok(permission::run_sight(services, caller, &origin).await?.is_some_and(|seen| seen.is_empty()))
}

/// Whether there is a run, as far as the caller is to know.
pub(crate) async fn is_there(services: &Services, caller: &Caller, id: Uuid) -> Result<bool> {
    match store::find(&services.db, &caller.tenant, id).await? {
        Some(row) => Ok(!is_hidden(services, caller, &row).await?),
        None => Ok(false),
    }
}

async fn find(
    services: &Services,
    caller: &Caller,
    name: RunName,
    permission: Permission,
) -> Result<store::run::Model> {
    let (found, label) = match name {
        RunName::Id(id) => (store::find(&services.db, &caller.tenant, id).await?, id.to_string()),
        RunName::Number(number) => {
            (store::find_by_number(&services.db, &caller.tenant, number).await?, format!("#{number}"))
        }
    };
    let missing = || Error::NotFound(format!("there is no run {label}; the runs are at /runs"));
    let Some(row) = found else {
        may(services, caller, Permission::ReadRuns, Target::Any).await?;
        return Err(missing());
    };
    if is_hidden(services, caller, &row).await? {
        return Err(missing());
    }
    may(services, caller, permission, Target::Run(row.id)).await?;
    Ok(row)
}
