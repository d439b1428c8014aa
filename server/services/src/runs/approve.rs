//! Agreeing to a run that waits for it, or refusing it.

use chrono::{DateTime, Utc};
use domain::{
    audit::Happening,
    identity::{Caller, Denied, Permission, Target},
    runs::{Agreement, LogKind, LogLevel, Run, RunStatus, RunSummary, StepStatus},
};
use sea_orm::ActiveValue::Set;
use serde_json::json;
use uuid::Uuid;

use super::{
    RunName, advance, find,
    log::Said,
    store::{self, run},
};
use crate::{
    Error, Result, Services, catalog, fault,
    identity::{self, Own, may},
    permission::{self, Waiting},
    queue::Job,
};

/// The longest note, in letters.
const LONGEST: usize = 1_000;
/// How many runs that wait are looked through.
const LOOKED_AT: u64 = 200;

/// What someone decides about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may go on; with something to say, or nothing.
    Approve(String),
    /// It may not, for this reason.
    Refuse(String),
}

/// Runs that wait for approval and that the caller sees, those that wait longest first, and whether the caller may decide.
pub async fn awaiting(services: &Services, caller: &Caller) -> Result<Vec<(RunSummary, bool)>> {
    may(services, caller, Permission::ReadRuns, Target::Any).await?;
    let seen = super::seen(services, caller).await?;
    let rows = store::awaited(&services.db, &caller.tenant, seen, LOOKED_AT).await?;
    let asked: Vec<Waiting<'_>> =
        rows.iter().map(|row| Waiting { template: &row.template, starter: row.starter(), then: row.then() }).collect();
    let allowed = permission::may_approve(services, caller, &asked).await?;
    let names = Names::of(services, caller).await?;
    let told =
        rows.iter().zip(allowed).map(|(row, is_allowed)| Ok((store::summary(row)?, is_allowed && !names.started(row))));
    told.collect()
}

/// Who may agree to a run, in words.
pub async fn approvers(services: &Services, caller: &Caller, run: &RunSummary) -> Result<String> {
    may(services, caller, Permission::ReadRuns, Target::Run(run.id)).await?;
    permission::approvers(services, caller, &run.template, Some(run.id)).await
}

/// How many runs wait for approval, of those that the caller sees.
pub async fn count_awaited(services: &Services, caller: &Caller) -> Result<u64> {
    may(services, caller, Permission::ReadRuns, Target::Any).await?;
    let seen = super::seen(services, caller).await?;
    store::count_awaited(&services.db, &caller.tenant, seen).await
}

/// Why the caller does not decide about a run whatever policies say: they started it.
pub(crate) async fn own(services: &Services, caller: &Caller, id: Uuid) -> Result<Option<String>> {
    let row = store::find(&services.db, &caller.tenant, id).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Names::of(services, caller).await?.started(&row).then(|| takes_two(caller)))
}

/// What someone is called, and was called before in the catalog, each until when.
struct Names {
    own: String,
    former: Vec<(String, DateTime<Utc>)>,
    /// The accounts that are theirs.
    accounts: Option<Own>,
}

impl Names {
    async fn of(services: &Services, caller: &Caller) -> Result<Self> {
        let own = caller.subject.to_string();
        let former = catalog::former_names(services, &caller.tenant, &own).await?;
        let accounts = identity::own(services, &caller.tenant, &caller.subject).await?;
        Ok(Self { own, former, accounts })
    }

    /// Whether they started a run, by whichever of their names.
    fn started(&self, row: &run::Model) -> bool {
        let starter = row.kept_starter();
        let (account, uid) = starter.bound_to();
        if let (Some(account), Some(own)) = (account, &self.accounts) {
            return own.has(uid, Some(account));
        }
        let is_called = |name: &str| starter.who() == name;
        (is_called(&self.own) || self.former.iter().any(|(name, until)| is_called(name) && row.created_at <= *until))
            // Somebody else may have borne the name.
            && self.accounts.as_ref().is_none_or(|own| own.has(uid, account))
    }
}

fn takes_two(caller: &Caller) -> String {
    format!("`{}` started it, and it takes someone else to agree", caller.label())
}

/// Decides about a run that waits for it.
///
/// # Errors
/// [`Error::Conflict`] if it does not wait, or someone else was faster, who is named; [`Error::Rejected`] if a refusal gives no
/// reason.
pub async fn decide(services: &Services, caller: &Caller, name: RunName, decision: Decision) -> Result<Run> {
    let row = find(services, caller, name, Permission::ReadRuns).await?;
    // First: no role would alter it.
    if Names::of(services, caller).await?.started(&row) {
        let denied =
            Denied { why: takes_two(caller), on: row.subject(), ..Denied::new(caller, Permission::ApproveRun) };
        let detail = json!({ "permission": Permission::ApproveRun.name(), "why": denied.to_string() });
        services.notes.add(caller, Happening::Refused, &row.subject(), detail);
        return Err(denied.into());
    }
    may(services, caller, Permission::ApproveRun, Target::Run(row.id)).await?;
    let (agreement, note) = match &decision {
        Decision::Approve(note) => (Agreement::Approved, note.trim()),
        Decision::Refuse(note) => (Agreement::Refused, note.trim()),
    };
    check(agreement, note)?;
    let is_done =
        !row.status()?.is_over() && row.awaits_approval() && write(services, caller, &row, agreement, note).await?;
    if !is_done {
        let now = find(services, caller, RunName::Id(row.id), Permission::ReadRuns).await?;
        return Err(Error::Conflict(not_awaited(&now)));
    }
    fault::point("decided", "run");
    super::run(services, caller, RunName::Id(row.id)).await
}

fn check(agreement: Agreement, note: &str) -> Result<()> {
    if agreement == Agreement::Refused && note.is_empty() {
        return Err(Error::Rejected(
            "say in the note why the run is refused; whoever started it will want to know".into(),
        ));
    }
    if note.chars().count() > LONGEST || note.chars().any(|letter| letter.is_control() && !"\r\n\t".contains(letter)) {
        let why = format!("the note may have {LONGEST} letters and no control characters; make it shorter");
        return Err(Error::Rejected(why));
    }
    Ok(())
}

/// Why there is nothing to decide.
fn not_awaited(row: &run::Model) -> String {
    let number = row.number;
    match row.approval() {
        None => format!("run #{number} waits for nobody's approval"),
        Some(approval) if approval.agreement == Agreement::Withdrawn => {
            format!("run #{number} was cancelled while it waited for approval")
        }
        Some(approval) if approval.agreement == Agreement::Waiting => {
            format!("someone else was faster with run #{number}; look at it again")
        }
        Some(approval) => format!(
            "`{}` {} run #{number} already",
            approval.by.unwrap_or_default(),
            if approval.agreement == Agreement::Approved { "approved" } else { "refused" },
        ),
    }
}

/// Writes the decision down, with what follows from it. `false`: the run moved meanwhile.
async fn write(
    services: &Services,
    caller: &Caller,
    row: &run::Model,
    agreement: Agreement,
    note: &str,
) -> Result<bool> {
    let (who, now) = (caller.author().into_owned(), Utc::now());
    let said = (!note.is_empty()).then(|| note.to_owned());
    let is_refused = agreement == Agreement::Refused;
    let problem = is_refused.then(|| format!("{who} refused it: {note}"));
    let base = if is_refused {
        run::ActiveModel { problem: Set(problem.clone()), ..advance::ended_run(RunStatus::Cancelled) }
    } else {
        run::ActiveModel::default()
    };
    let to = run::ActiveModel {
        approval: Set(Some(agreement.as_str().to_owned())),
        approval_by: Set(Some(who.clone())),
        approval_at: Set(Some(now)),
        approval_note: Set(said.clone()),
        ..base
    };
    let steps = store::steps(&services.db, row).await?;
    let mut tx = services.begin(caller).await?;
    // The row's version decides between two who decide at once.
    if !store::move_run(&*tx, row, to).await? {
        return Ok(false);
    }
    let deed = if is_refused { "refused" } else { "approved" };
    let words =
        said.as_ref().map_or_else(|| format!("{who} {deed} the run"), |note| format!("{who} {deed} the run: {note}"));
    let level = if is_refused { LogLevel::Warn } else { LogLevel::Info };
    let mut lines = vec![Said::of_run(LogKind::Log, level, words)];
    if is_refused {
        if let Some(step) = advance::first_open(&steps)?
            && !store::move_step(&*tx, step, advance::ended_step(StepStatus::Cancelled)).await?
        {
            return Ok(false);
        }
        lines.push(Said::of_run(LogKind::Completion, LogLevel::Warn, "Run cancelled"));
    } else {
        tx.enqueue(Job::AdvanceRun { run: row.id });
    }
    store::write_log(&*tx, row, lines).await?;
    let mut decided = row.clone();
    if is_refused {
        RunStatus::Cancelled.as_str().clone_into(&mut decided.status);
        decided.problem = problem;
    }
    let mut change = advance::moved((row, &decided), None);
    if let Some(after) = &mut change.after {
        after["approval"] = json!({ "state": agreement.as_str(), "by": who, "note": said });
    }
    tx.record(change);
    let detail = json!({
        "number": row.number,
        "template": row.template,
        "startedBy": row.starter(),
        "before": row.approval,
        "after": agreement.as_str(),
        "note": said,
    });
    tx.tell(if is_refused { "run-refused" } else { "run-approved" }, &row.subject(), detail);
    tx.commit().await?;
    Ok(true)
}
