//! One delivery of "advance this run": take the next step, act, record.
//!
//! The step is taken by compare-and-set in one transaction, the action happens outside of any, and its result is recorded
//! together with the wish for the next step in another. Whoever finds the step taken goes away. Whoever dies in between is
//! followed, once its lease is over, by one who does the same again under the same key.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    changes::ChangeKind,
    identity::Caller,
    runs::{LogKind, LogLevel, RunStatus, StepStatus},
};
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    context,
    execute::{self, Ended},
    log::{Log, Said},
    store::{self, run, step},
    workspace::Workspace,
};
use crate::{
    Error, Result, Services,
    changes::{NewChange, Transaction},
    fault,
    queue::Job,
};

/// How long a worker has a step without saying that it lives.
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// How often a step is tried while what it needs does not answer.
const TRIES: i32 = 3;
/// How often a step may be taken at all before it is thought to kill its workers.
const LIVES: i32 = 10;

/// Takes the next step of a run, if it is there to be taken.
pub async fn advance(services: &Services, caller: &Caller, id: Uuid) -> Result<()> {
    let run = store::find(&services.db, &caller.tenant, id).await?;
    let run = run.ok_or_else(|| Error::NotFound(format!("there is no run {id}")))?;
    // Whoever approves it asks for it again; who stops it is heard all the same.
    if run.status()?.is_over() || run.awaits_approval() {
        return Ok(());
    }
    let steps = store::steps(&services.db, &run).await?;
    let Some(next) = first_open(&steps)? else { return complete(services, caller, &run, &steps).await };
    if is_held(services, next, Utc::now())? {
        return Ok(());
    }
    if run.cancel_asked_at.is_some() {
        return end_cancelled(services, caller, &run, next, Vec::new()).await;
    }
    if next.status()? == StepStatus::Waiting && next.due_at.is_some_and(|due| due > Utc::now()) {
        return Ok(());
    }
    let Some((run, taken)) = take(services, caller, run, next).await? else { return Ok(()) };
    fault::point("taken", &taken.step_id);
    let log = Log::new(&taken.step_id);
    let ended = execute::execute(services, caller, &run, &taken, &steps, &log).await;
    fault::point("acted", &taken.step_id);
    record(services, caller, &run, &taken, &log, ended).await
}

/// Ends a run that the queue could not advance.
pub(crate) async fn give_up(services: &Services, caller: &Caller, id: Uuid, why: &str) -> Result<()> {
    let Some(run) = store::find(&services.db, &caller.tenant, id).await? else { return Ok(()) };
    let steps = store::steps(&services.db, &run).await?;
    match first_open(&steps)? {
        Some(step) if !run.status()?.is_over() => end_failed(services, caller, &run, step, why, Vec::new()).await,
        _ => Ok(()),
    }
}

pub(super) fn first_open(steps: &[step::Model]) -> Result<Option<&step::Model>> {
    for step in steps {
        if !step.status()?.is_done() {
            return Ok(Some(step));
        }
    }
    Ok(None)
}

/// Whether a living worker has the step.
fn is_held(services: &Services, step: &step::Model, now: DateTime<Utc>) -> Result<bool> {
    if step.status()? != StepStatus::Processing || step.leased_until.is_none_or(|until| until <= now) {
        return Ok(false);
    }
    let me = services.queue.identity();
    let holder = step.leased_by.as_deref().unwrap_or_default();
    // A lease in my name from another start is a predecessor's, whose process is gone.
    let is_predecessor = me.is_sole() && holder.starts_with(&format!("{}/", me.name)) && holder != lease_name(services);
    Ok(!is_predecessor)
}

fn lease_name(services: &Services) -> String {
    let me = services.queue.identity();
    format!("{}/{}", me.name, me.start)
}

/// Moves the step to this worker. `None`: another was faster.
async fn take(
    services: &Services,
    caller: &Caller,
    mut run: run::Model,
    step: &step::Model,
) -> Result<Option<(run::Model, step::Model)>> {
    let now = Utc::now();
    let mut taken = step.clone();
    StepStatus::Processing.as_str().clone_into(&mut taken.status);
    // Going on after a wait is not another attempt.
    let goes_on = step.status()? == StepStatus::Waiting && step.problem.is_none();
    taken.attempt += i32::from(!goes_on);
    taken.version += 1;
    taken.leased_by = Some(lease_name(services));
    taken.leased_until = Some(now + LEASE);
    taken.due_at = None;
    taken.started_at = Some(step.started_at.unwrap_or(now));
    let mut tx = services.begin(caller).await?;
    let to = step::ActiveModel {
        status: Set(taken.status.clone()),
        attempt: Set(taken.attempt),
        leased_by: Set(taken.leased_by.clone()),
        leased_until: Set(taken.leased_until),
        due_at: Set(None),
        started_at: Set(taken.started_at),
        ..Default::default()
    };
    if !store::move_step(&*tx, step, to).await? {
        return Ok(None);
    }
    let before = run.clone();
    if run.status()? == RunStatus::Open {
        let to = run::ActiveModel {
            status: Set(RunStatus::Processing.as_str().to_owned()),
            started_at: Set(Some(now)),
            ..Default::default()
        };
        if !store::move_run(&*tx, &run, to).await? {
            return Ok(None);
        }
        run.version += 1;
        RunStatus::Processing.as_str().clone_into(&mut run.status);
        run.started_at = Some(now);
    }
    let words = match (step.status()?, step.attempt) {
        (StepStatus::Processing, _) => format!("Taking up step {} where its worker stopped", step.name),
        (StepStatus::Waiting, _) => format!("Going on with step {}", step.name),
        (_, 0) => format!("Beginning step {}", step.name),
        _ => format!("Beginning step {} again", step.name),
    };
    let said = Said::of_step(&step.step_id, StepStatus::Processing, LogLevel::Info, &words);
    store::write_log(&*tx, &run, vec![said]).await?;
    tx.record(moved((&before, &run), Some((step, StepStatus::Processing))));
    tx.commit().await?;
    Ok(Some((run, taken)))
}

/// Writes down how the step ended, and what follows.
async fn record(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: &step::Model,
    log: &Log,
    ended: Ended,
) -> Result<()> {
    let lines = log.take();
    match ended {
        Ended::Done { inputs, output, tree } => {
            let to = step::ActiveModel {
                inputs: Set(Some(inputs)),
                output: Set(Some(output)),
                tree: Set(tree),
                ..ended_step(StepStatus::Completed)
            };
            let words = format!("Finished step {}", step.name);
            go_on(services, caller, run, step, to, StepStatus::Completed, lines, words).await
        }
        Ended::Skipped => {
            let words = format!("Skipped step {}: its `if` does not hold", step.name);
            let to = step::ActiveModel { output: Set(None), ..ended_step(StepStatus::Skipped) };
            go_on(services, caller, run, step, to, StepStatus::Skipped, lines, words).await
        }
        Ended::Waits(due) => wait(services, caller, run, step, due, None, lines).await,
        Ended::Failed(error) => {
            let tries = step.attempt - step.attempts_before;
            let may_pass = matches!(error, Error::Unavailable { .. } | Error::Internal(_));
            let why = execute::explain(&error);
            if may_pass && tries < TRIES {
                let pause = TimeDelta::seconds(1 << (2 * tries.clamp(0, 5) - 1).max(0));
                return wait(services, caller, run, step, Utc::now() + pause, Some(&why), lines).await;
            }
            end_failed(services, caller, run, step, &why, lines).await
        }
        Ended::Cancelled => end_cancelled(services, caller, run, step, lines).await,
        // Another worker has the step; what this one did, that one does again under the same key.
        Ended::Lost => Ok(()),
    }
}

/// The step is behind; the next may come.
#[expect(clippy::too_many_arguments, reason = "they are the parts of one row")]
async fn go_on(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: &step::Model,
    to: step::ActiveModel,
    status: StepStatus,
    mut lines: Vec<Said>,
    words: String,
) -> Result<()> {
    let mut tx = services.begin(caller).await?;
    if !store::move_step(&*tx, step, to).await? {
        return Ok(());
    }
    lines.push(Said::of_step(&step.step_id, status, LogLevel::Info, &words));
    store::write_log(&*tx, run, lines).await?;
    tx.record(moved((run, run), Some((step, status))));
    tx.enqueue(Job::AdvanceRun { run: run.id });
    tx.commit().await?;
    fault::point("recorded", &step.step_id);
    Ok(())
}

/// The step goes on at `due`: it waits, or tries again after `problem`.
async fn wait(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: &step::Model,
    due: DateTime<Utc>,
    problem: Option<&str>,
    mut lines: Vec<Said>,
) -> Result<()> {
    let to = step::ActiveModel {
        due_at: Set(Some(due)),
        problem: Set(problem.map(str::to_owned)),
        ..released(StepStatus::Waiting)
    };
    let mut tx = services.begin(caller).await?;
    if !store::move_step(&*tx, step, to).await? {
        return Ok(());
    }
    if let Some(problem) = problem {
        let seconds = (due - Utc::now()).num_seconds().max(1);
        let words = format!("attempt {} of step {}: {problem}; next try in {seconds} s", step.attempt, step.name);
        lines.push(Said::of_step(&step.step_id, StepStatus::Waiting, LogLevel::Warn, &words));
    }
    store::write_log(&*tx, run, lines).await?;
    tx.record(moved((run, run), Some((step, StepStatus::Waiting))));
    tx.enqueue_at(Job::AdvanceRun { run: run.id }, due);
    tx.commit().await?;
    fault::point("waiting", &step.step_id);
    Ok(())
}

/// Every step is behind: the run is completed, with what its template says it made.
async fn complete(services: &Services, caller: &Caller, run: &run::Model, steps: &[step::Model]) -> Result<()> {
    fault::point("completing", "run");
    let (output, problems) = context::output(&run.template_document, &context::of(run, steps));
    let mut lines: Vec<Said> =
        problems.into_iter().map(|problem| Said::of_run(LogKind::Log, LogLevel::Warn, problem)).collect();
    lines.push(Said::of_run(LogKind::Completion, LogLevel::Info, "Run completed"));
    let to = run::ActiveModel { output: Set(Some(serde_json::to_value(output)?)), ..ended_run(RunStatus::Completed) };
    end(services, caller, run, None, to, lines).await
}

async fn end_failed(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: &step::Model,
    why: &str,
    mut lines: Vec<Said>,
) -> Result<()> {
    let said = format!("Step {} failed: {why}", step.name);
    lines.push(Said::of_step(&step.step_id, StepStatus::Failed, LogLevel::Error, &said));
    lines.push(Said::of_run(LogKind::Completion, LogLevel::Error, format!("Run failed at step {}", step.name)));
    let step_to = step::ActiveModel { problem: Set(Some(why.to_owned())), ..ended_step(StepStatus::Failed) };
    let to = run::ActiveModel { problem: Set(Some(why.to_owned())), ..ended_run(RunStatus::Failed) };
    end(services, caller, run, Some((step, StepStatus::Failed, step_to)), to, lines).await
}

pub(super) async fn end_cancelled(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: &step::Model,
    mut lines: Vec<Said>,
) -> Result<()> {
    let words = format!("Cancelled at step {}", step.name);
    lines.push(Said::of_step(&step.step_id, StepStatus::Cancelled, LogLevel::Warn, &words));
    lines.push(Said::of_run(LogKind::Completion, LogLevel::Warn, "Run cancelled"));
    let step_to = ended_step(StepStatus::Cancelled);
    let to = ended_run(RunStatus::Cancelled);
    end(services, caller, run, Some((step, StepStatus::Cancelled, step_to)), to, lines).await
}

async fn end(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: Option<(&step::Model, StepStatus, step::ActiveModel)>,
    to: run::ActiveModel,
    lines: Vec<Said>,
) -> Result<()> {
    let mut tx: Transaction = services.begin(caller).await?;
    let mut at = None;
    if let Some((step, status, to)) = step {
        if !store::move_step(&*tx, step, to).await? {
            return Ok(());
        }
        at = Some((step, status));
    }
    let mut ended = run.clone();
    ended.status = to.status.clone().take().unwrap_or_default();
    ended.problem = to.problem.clone().take().flatten();
    if !store::move_run(&*tx, run, to).await? {
        return Ok(());
    }
    store::write_log(&*tx, run, lines).await?;
    tx.record(moved((run, &ended), at));
    tx.commit().await?;
    fault::point("ended", "run");
    // It can be made again, should a person retry.
    let workspace = Workspace::of(&services.settings.data, &caller.tenant, run.id);
    if let Err(error) = tokio::task::spawn_blocking(move || workspace.remove()).await.unwrap_or(Ok(())) {
        tracing::warn!(%error, run = run.number, "the workspace of a run that ended could not be deleted");
    }
    Ok(())
}

/// Whether a step was taken so often that it seems to kill its workers.
pub(super) fn kills_workers(step: &step::Model) -> bool {
    step.attempt - step.attempts_before > LIVES
}

/// Tells how a run was and is, and one of its steps.
pub(super) fn moved(
    (before, after): (&run::Model, &run::Model),
    step: Option<(&step::Model, StepStatus)>,
) -> NewChange {
    NewChange {
        source: after.id.to_string(),
        subject: after.subject(),
        kind: ChangeKind::RunMoved,
        before: Some(state(before, step.map(|(step, _)| (&*step.step_id, &*step.status)))),
        after: Some(state(after, step.map(|(step, status)| (&*step.step_id, status.as_str())))),
    }
}

fn state(run: &run::Model, step: Option<(&str, &str)>) -> Value {
    let mut state = json!({ "number": run.number, "title": run.title, "status": run.status });
    if let Some((step, status)) = step {
        state["step"] = json!(step);
        state["stepStatus"] = json!(status);
    }
    if let Some(problem) = &run.problem {
        state["problem"] = json!(problem);
    }
    if let Some(approval) = run.approval() {
        state["approval"] = json!({ "state": approval.agreement.as_str() });
    }
    if let Some(at) = run.cancel_asked_at {
        state["cancelAskedAt"] = json!(at);
    }
    state
}

fn released(status: StepStatus) -> step::ActiveModel {
    step::ActiveModel {
        status: Set(status.as_str().to_owned()),
        leased_by: Set(None),
        leased_until: Set(None),
        ..Default::default()
    }
}

pub(super) fn ended_step(status: StepStatus) -> step::ActiveModel {
    step::ActiveModel { ended_at: Set(Some(Utc::now())), due_at: Set(None), problem: Set(None), ..released(status) }
}

pub(super) fn ended_run(status: RunStatus) -> run::ActiveModel {
    run::ActiveModel { status: Set(status.as_str().to_owned()), ended_at: Set(Some(Utc::now())), ..Default::default() }
}
