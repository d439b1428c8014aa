//! Cancelling a run, and taking up one that failed.

use chrono::Utc;
use domain::{
    identity::{Caller, Permission},
    runs::{LogKind, LogLevel, Run, RunStatus, StepStatus},
};
use sea_orm::ActiveValue::Set;

use super::{
    RunName, advance, find,
    log::Said,
    store::{self, run, step},
};
use crate::{Error, Result, Services, queue::Job};

/// Asks a run to stop. The step in hand is left where it is; none follows.
pub async fn cancel(services: &Services, caller: &Caller, name: RunName) -> Result<Run> {
    let row = find(services, caller, name, Permission::SteerRun).await?;
    if row.status()?.is_over() {
        return Err(Error::Conflict(format!(
            "run #{} is over: it is {}; there is nothing to cancel",
            row.number, row.status
        )));
    }
    let mut tx = services.begin(caller).await?;
    let now = Utc::now();
    if store::ask_to_cancel(&*tx, &row, now).await? {
        let words = format!("{} asked to stop the run", caller.label());
        store::write_log(&*tx, &row, vec![Said::of_run(LogKind::Cancelled, LogLevel::Warn, words)]).await?;
        let stopped = run::Model { cancel_asked_at: Some(now), ..row.clone() };
        tx.record(advance::moved((&row, &stopped), None));
        // For a run that nobody is at work on; a worker that has a step finds out by itself.
        tx.enqueue(Job::AdvanceRun { run: row.id });
    }
    tx.commit().await?;
    super::run(services, caller, RunName::Id(row.id)).await
}

/// Takes a failed run up again, from the step that failed.
pub async fn retry(services: &Services, caller: &Caller, name: RunName) -> Result<Run> {
    let row = find(services, caller, name, Permission::SteerRun).await?;
    if row.status()? != RunStatus::Failed {
        return Err(Error::Conflict(format!(
            "run #{} is {}; only a failed run can be taken up again",
            row.number, row.status
        )));
    }
    let steps = store::steps(&services.db, &row).await?;
    let mut tx = services.begin(caller).await?;
    for failed in steps.iter().filter(|step| step.status == StepStatus::Failed.as_str()) {
        let to = step::ActiveModel {
            status: Set(StepStatus::Open.as_str().to_owned()),
            attempts_before: Set(failed.attempt),
            started_at: Set(None),
            ended_at: Set(None),
            problem: Set(None),
            ..Default::default()
        };
        if !store::move_step(&*tx, failed, to).await? {
            return Err(Error::Conflict("someone else was faster; look at the run again".into()));
        }
    }
    let to = run::ActiveModel {
        status: Set(RunStatus::Processing.as_str().to_owned()),
        ended_at: Set(None),
        problem: Set(None),
        cancel_asked_at: Set(None),
        ..Default::default()
    };
    if !store::move_run(&*tx, &row, to).await? {
        return Err(Error::Conflict("someone else was faster; look at the run again".into()));
    }
    let words = format!("{} takes the run up again", caller.label());
    store::write_log(&*tx, &row, vec![Said::of_run(LogKind::Recovered, LogLevel::Info, words)]).await?;
    let mut taken_up = row.clone();
    RunStatus::Processing.as_str().clone_into(&mut taken_up.status);
    taken_up.problem = None;
    taken_up.cancel_asked_at = None;
    tx.record(advance::moved((&row, &taken_up), None));
    tx.enqueue(Job::AdvanceRun { run: row.id });
    tx.commit().await?;
    super::run(services, caller, RunName::Id(row.id)).await
}
