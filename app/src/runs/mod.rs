//! Runs: what a template does, step by step, durable.

mod duration;
mod list_page;
mod log_panel;
mod prose;
mod result;
mod run_page;
mod stream;

use domain::runs::{LogLine, Run, RunStatus, RunSummary};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    list_page::{EntityRuns, RunsPage},
    run_page::RunPage,
};
use crate::AppError;

/// How many runs a page of the list shows.
const PAGE: u32 = 50;

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunList {
    /// The runs, newest first.
    pub runs: Vec<RunSummary>,
    /// How many there are with this filter.
    pub total: u64,
    /// How many there are in each status.
    pub counts: Vec<(RunStatus, i64)>,
    /// How many of these wait for approval.
    pub awaited: u64,
}

/// A run with the log that is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// The step whose log is shown; empty for all of them.
    pub shown: String,
    /// Its lines.
    pub lines: Vec<LogLine>,
    /// The number of the last line of the whole log.
    pub last: i64,
    /// What was decided about it, or the form for that, written by the server; empty where nobody is asked.
    pub approval: String,
    /// Why the one who looks may not cancel or retry it, as HTML; empty if they may, or if there is nothing to cancel or retry.
    pub may_not: String,
}

/// Runs in a status (`running` means that they are not over, `waiting` that someone has to agree), newest first, from page 0 on.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub async fn list_runs(status: String, page: u32) -> Result<RunList, AppError> {
    use services::runs;

    use crate::ssr::{caller, reply, services};
    let (status, awaits_approval) = match status.as_str() {
        "running" => (vec![RunStatus::Open, RunStatus::Processing], Some(false)),
        "waiting" => (Vec::new(), Some(true)),
        other => (other.parse().into_iter().collect(), None),
    };
    let filter = runs::RunFilter {
        status,
        awaits_approval,
        offset: u64::from(page) * u64::from(PAGE),
        limit: u64::from(PAGE),
        ..runs::RunFilter::default()
    };
    let (services, caller) = (services(), caller());
    let (runs, total) = reply(runs::list(&services, &caller, &filter).await)?;
    let counts = reply(runs::counts(&services, &caller).await)?;
    let awaited = reply(runs::count_awaited(&services, &caller).await)?;
    Ok(RunList { runs, total, counts, awaited })
}

/// One run, with the log of `step`, or of the step that matters now.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub async fn get_run(number: i64, step: String) -> Result<RunView, AppError> {
    use services::{
        identity::{Permission, Target},
        runs::{self, RunName},
    };

    use crate::ssr::{caller, reply, services};
    let (services, caller) = (services(), caller());
    let name = RunName::Number(number);
    let run = reply(runs::run(&services, &caller, name).await)?;
    let lines = reply(runs::log(&services, &caller, name, 0, 12_000).await)?;
    let last = lines.last().map_or(0, |line| line.seq);
    let shown = match step.as_str() {
        "all" => String::new(),
        _ if run.steps.iter().any(|known| known.id == step) => step,
        _ => run.telling_step().map(|step| step.id.clone()).unwrap_or_default(),
    };
    let is_shown = |line: &LogLine| shown.is_empty() || line.step.as_deref() == Some(&shown);
    let lines = lines.into_iter().filter(is_shown).collect();
    let approval = reply(crate::ssr::approval::part(&services, &caller, &run.summary).await)?;
    let can_be_steered = !run.summary.status.is_over() || run.summary.status == RunStatus::Failed;
    let may_not = if can_be_steered {
        let target = Target::Run(run.summary.id);
        reply(crate::ssr::may_not("cancel or retry it", Permission::SteerRun, target).await)?
    } else {
        String::new()
    };
    Ok(RunView { run, shown, lines, last, approval, may_not })
}

/// Asks a run to stop.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub async fn cancel_run(number: i64) -> Result<(), AppError> {
    use services::runs::{self, RunName};

    use crate::ssr::{caller, reply, services};
    reply(runs::cancel(&services(), &caller(), RunName::Number(number)).await)?;
    Ok(())
}

/// Takes a failed run up again, from the step that failed.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub async fn retry_run(number: i64) -> Result<(), AppError> {
    use services::runs::{self, RunName};

    use crate::ssr::{caller, reply, services};
    reply(runs::retry(&services(), &caller(), RunName::Number(number)).await)?;
    Ok(())
}
