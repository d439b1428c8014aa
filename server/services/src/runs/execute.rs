//! Acting: what happens between taking a step and recording how it ended, outside of any transaction.

use std::{pin::pin, time::Duration};

use chrono::{DateTime, Utc};
use domain::identity::{Caller, Permission, Target};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    actions::{self, Act, Action, Outcome},
    advance::{LEASE, kills_workers},
    context::{self, Round},
    log::Log,
    store::{self, run, step},
    workspace::Workspace,
};
use crate::{
    Error, Result, Services,
    catalog::{self, Since},
    fault,
    identity::{Starter, may},
};

/// How long one attempt of a step may take.
const DEADLINE: Duration = Duration::from_mins(10);
/// How often the log is written and a cancellation is looked for.
const TICK: Duration = Duration::from_millis(400);

/// How a step ended.
pub(super) enum Ended {
    /// It did what it should.
    Done {
        /// What each round was given, to be given again should the workspace be lost.
        inputs: Value,
        /// What it made.
        output: Value,
        /// The name of the workspace's files after it, if it altered them.
        tree: Option<String>,
    },
    /// Its `if` did not hold.
    Skipped,
    /// It goes on later.
    Waits(DateTime<Utc>),
    /// It could not do what it should.
    Failed(Error),
    /// A person stopped the run.
    Cancelled,
    /// The lease went to another worker.
    Lost,
}

/// Acts, while saying that this worker lives, writing the log, and listening for a cancellation.
pub(super) async fn execute(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: &step::Model,
    steps: &[step::Model],
    log: &Log,
) -> Ended {
    if kills_workers(step) {
        let why = "its worker died again and again while it ran; look at the server's log, then retry";
        return Ended::Failed(Error::Rejected(why.into()));
    }
    let done = CancellationToken::new();
    let mut work = pin!(timeout(DEADLINE, act(services, caller, run, step, steps, log)));
    // Beside the work, never instead of it: both use the database, and one that stands still in a transaction would
    // keep the other waiting.
    let mut watch = pin!(watch(services, caller, run, step, log, &done));
    tokio::select! {
        ended = &mut work => {
            done.cancel();
            // What it is writing is written to the end.
            watch.await;
            match ended {
                Ok(Ok(ended)) => ended,
                Ok(Err(error)) => Ended::Failed(error),
                Err(_) => Ended::Failed(Error::Rejected(format!(
                    "it was stopped after {} minutes, the longest an attempt may take",
                    DEADLINE.as_secs() / 60
                ))),
            }
        }
        verdict = &mut watch => verdict,
    }
}

/// Says that this worker lives, writes the log, and listens for a cancellation, until the work is `done` or must stop.
async fn watch(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: &step::Model,
    log: &Log,
    done: &CancellationToken,
) -> Ended {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut renewed = Instant::now();
    loop {
        tokio::select! {
            () = done.cancelled() => return Ended::Lost,
            _ = tick.tick() => {}
        }
        if renewed.elapsed() >= LEASE / 3 {
            match store::renew(&services.db, step, Utc::now() + LEASE).await {
                Ok(true) => renewed = Instant::now(),
                Ok(false) => return Ended::Lost,
                Err(error) if renewed.elapsed() >= LEASE => return Ended::Failed(error),
                Err(error) => tracing::warn!(%error, run = run.number, "a step's lease was not renewed; trying again"),
            }
        }
        if let Err(error) = write(services, caller, run, log).await {
            tracing::warn!(%error, run = run.number, "lines of a run's log were lost");
        }
        if let Ok(true) = store::is_cancel_asked(&services.db, run).await {
            return Ended::Cancelled;
        }
    }
}

/// What went wrong, in words for the run's page; our own faults stay in the server's log.
pub(super) fn explain(error: &Error) -> String {
    match error {
        Error::Internal(why) => {
            tracing::error!(why, "a step failed by a fault of the server");
            "something went wrong on the server; its log has the details".to_owned()
        }
        other => super::log::redact(&other.to_string()).into_owned(),
    }
}

async fn write(services: &Services, caller: &Caller, run: &run::Model, log: &Log) -> Result<()> {
    let lines = log.take();
    if lines.is_empty() {
        return Ok(());
    }
    let tx = services.begin(caller).await?;
    store::write_log(&*tx, run, lines).await?;
    tx.commit().await?;
    Ok(())
}

/// Who started the run, with the rights that they have now; refused if they could not start it now.
async fn starter(services: &Services, caller: &Caller, run: &run::Model) -> Result<Caller> {
    let starter: Starter = match &run.starter {
        Some(kept) => serde_json::from_value(kept.clone())?,
        None => Starter::named(&run.created_by),
    };
    let mut starter = starter.called_now(services, &caller.tenant).await?;
    let stop = |why: &str| {
        Error::Rejected(format!(
            "{why}. A run acts with the rights of who started it; someone who has them can start it anew"
        ))
    };
    // The name may be somebody else's by now.
    match catalog::since(services, &caller.tenant, starter.who(), run.created_at).await? {
        Since::Same => {}
        Since::Called(name) => starter = starter.called(name),
        Since::Gone => return Err(stop(&format!("`{}`, who started it, has left the catalog", starter.who()))),
    }
    let starter = starter.now(services, &caller.tenant).await?.map_err(|why| stop(&why))?;
    match may(services, &starter, Permission::StartRun, Target::Template(&run.template()?)).await {
        Err(Error::Denied(denied)) => Err(stop(&denied.to_string())),
        other => other.map(|()| starter),
    }
}

async fn act(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: &step::Model,
    steps: &[step::Model],
    log: &Log,
) -> Result<Ended> {
    // The worker writes down what happens; what happens is done by who started it.
    let caller = &starter(services, caller, run).await?;
    let action = find(&step.action)?;
    let rounds = context::rounds(&step.definition, &context::of(run, steps))?;
    let is_each = step.definition.get("each").is_some();
    if !is_each && rounds == [Round::Skip] {
        return Ok(Ended::Skipped);
    }
    let inputs: Vec<Value> = rounds
        .into_iter()
        .filter_map(|round| match round {
            Round::Skip => None,
            Round::Run(input) => Some(input),
        })
        .collect();
    for input in &inputs {
        actions::check_input(action, input)?;
    }
    let workspace = Workspace::of(&services.settings.data, &caller.tenant, run.id);
    if action.reads_files {
        restore(services, caller, run, step, steps, &workspace, log).await?;
    }
    if action.alters_files {
        workspace.begin()?;
    }
    fault::point("acting", &step.step_id);
    let mut made = Vec::with_capacity(inputs.len());
    for (at, input) in inputs.iter().enumerate() {
        let key =
            if is_each { format!("{}/{}/{at}", run.id, step.step_id) } else { format!("{}/{}", run.id, step.step_id) };
        let started_at = step.started_at.unwrap_or_else(Utc::now);
        let act = Act { services, caller, run, key, workspace: &workspace, log, started_at };
        match actions::perform(action.id, &act, input).await? {
            Outcome::Done(output) => made.push(output),
            Outcome::Wait(until) => return Ok(Ended::Waits(until)),
        }
    }
    let mut tree = None;
    if action.alters_files {
        let found = in_background(&workspace, Workspace::tree).await?;
        workspace.settle(Some((step.position, &found)))?;
        tree = Some(found);
    }
    let output = if is_each { gather(&made) } else { made.pop().unwrap_or_else(|| json!({})) };
    Ok(Ended::Done { inputs: Value::Array(inputs), output, tree })
}

/// Brings the workspace to where the steps before this one left it, by doing again what they did to it.
async fn restore(
    services: &Services,
    caller: &Caller,
    run: &run::Model,
    step: &step::Model,
    steps: &[step::Model],
    workspace: &Workspace,
    log: &Log,
) -> Result<()> {
    let before: Vec<&step::Model> =
        steps.iter().filter(|other| other.position < step.position && other.tree.is_some()).collect();
    let stand = before.last().and_then(|last| Some((last.position, last.tree.as_deref()?)));
    if workspace.stands_after(stand) {
        return Ok(());
    }
    workspace.reset()?;
    if !before.is_empty() {
        log.info("making the files of earlier steps again");
    }
    let quiet = Log::new(&step.step_id);
    for earlier in before {
        let action = find(&earlier.action)?;
        let inputs = earlier.inputs.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        for input in &inputs {
            let key = format!("{}/{}", run.id, earlier.step_id);
            let started_at = earlier.started_at.unwrap_or_else(Utc::now);
            let act = Act { services, caller, run, key, workspace, log: &quiet, started_at };
            actions::perform(action.id, &act, input).await?;
        }
        let tree = in_background(workspace, Workspace::tree).await?;
        if earlier.tree.as_deref() != Some(&tree) {
            return Err(Error::Rejected(format!(
                "the files that step `{}` made cannot be made again as they were: its template changed since; start a new run",
                earlier.name
            )));
        }
    }
    workspace.settle(stand)
}

async fn in_background<T: Send + 'static>(
    workspace: &Workspace,
    look: impl FnOnce(&Workspace) -> Result<T> + Send + 'static,
) -> Result<T> {
    let workspace = workspace.clone();
    tokio::task::spawn_blocking(move || look(&workspace))
        .await
        .map_err(|error| Error::Internal(format!("workspace: {error}")))?
}

pub(super) fn find(name: &str) -> Result<&'static Action> {
    actions::known().iter().find(|action| action.id == name).ok_or_else(|| actions::unknown(name))
}

/// With `each`, every output becomes the list of what the rounds made.
pub(super) fn gather(made: &[Value]) -> Value {
    let mut gathered = Map::new();
    for key in made.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        if !gathered.contains_key(key) {
            let all = made.iter().map(|one| one.get(key).cloned().unwrap_or(Value::Null)).collect();
            gathered.insert(key.clone(), Value::Array(all));
        }
    }
    Value::Object(gathered)
}
