//! Runs that wait for approval.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
};
use chrono::{DateTime, Utc};
use domain::{
    identity::{Permission, Target},
    runs::{Run, RunSummary},
};
use serde::{Deserialize, Serialize};
use services::{
    Error, Services,
    identity::Caller,
    permission,
    runs::{self, Decision, RunName},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Problem;
use crate::{http::AppState, lists::body};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read, decide))
}

/// A run that asks for approval, and what was decided.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunApproval {
    /// The run.
    run: Uuid,
    /// Its number among people.
    number: i64,
    /// What it makes, in words.
    title: String,
    /// The template it follows.
    template: String,
    /// Who asked for it.
    started_by: String,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// Where it stands: `open`, `processing`, `completed`, `failed`, `cancelled`.
    status: &'static str,
    /// `waiting`, `approved`, `refused`, or `withdrawn` where it was cancelled before; nothing where the template does not ask for it.
    approval: Option<&'static str>,
    /// Who decided.
    by: Option<String>,
    /// When.
    at: Option<DateTime<Utc>>,
    /// What they said.
    note: Option<String>,
    /// Whether the caller may decide now.
    may_decide: bool,
    /// Why not, where it waits and the caller may not.
    why_not: Option<String>,
}

/// Runs that wait.
#[derive(Serialize, ToSchema)]
struct RunApprovals {
    /// Those that wait longest first.
    items: Vec<RunApproval>,
}

fn shown(run: RunSummary, may_decide: bool, why_not: Option<String>) -> RunApproval {
    let approval = run.approval;
    RunApproval {
        run: run.id,
        number: run.number,
        title: run.title,
        template: run.template.to_string(),
        started_by: run.created_by,
        created_at: run.created_at,
        status: run.status.as_str(),
        approval: approval.as_ref().map(|approval| approval.agreement.as_str()),
        by: approval.as_ref().and_then(|approval| approval.by.clone()),
        at: approval.as_ref().and_then(|approval| approval.at),
        note: approval.and_then(|approval| approval.note),
        may_decide,
        why_not,
    }
}

async fn one(services: &Services, caller: &Caller, run: Run) -> Result<Json<RunApproval>, Problem> {
    let run = run.summary;
    if !run.awaits_approval() {
        return Ok(Json(shown(run, false, None)));
    }
    let (may, why, _) = permission::why(services, caller, Permission::ApproveRun, Target::Run(run.id)).await?;
    Ok(Json(shown(run, may, (!may).then_some(why))))
}

/// A run as an address names it: by its id, or by its number.
fn named(run: &str) -> Result<RunName, Error> {
    if let Ok(id) = run.parse() {
        return Ok(RunName::Id(id));
    }
    run.parse().map(RunName::Number).map_err(|_| Error::NotFound(format!("there is no run `{run}`")))
}

/// Runs that wait for approval, of those that the caller sees; at most 200.
#[utoipa::path(
    get, path = "/approvals", operation_id = "approvals", tag = "runs",
    responses((status = 200, description = "Those that wait longest first", body = RunApprovals)),
)]
async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<RunApprovals>, Problem> {
    let found = runs::awaiting(&services, &caller).await?;
    Ok(Json(RunApprovals { items: found.into_iter().map(|(run, may_decide)| shown(run, may_decide, None)).collect() }))
}

/// What was decided about a run, or that it waits.
#[utoipa::path(
    get, path = "/runs/{run}/approval", tag = "runs",
    params(("run" = String, Path, description = "The run, by its id or its number")),
    responses((status = 200, description = "What was decided, or that it waits", body = RunApproval)),
)]
async fn read(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(run): Path<String>,
) -> Result<Json<RunApproval>, Problem> {
    let run = runs::run(&services, &caller, named(&run)?).await?;
    one(&services, &caller, run).await
}

/// A decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RunDecision {
    /// Whether the run may go on.
    approve: bool,
    /// Why; a refusal needs a reason. At most 1,000 letters.
    #[serde(default)]
    note: String,
}

/// Approves a run that waits for it, or refuses it, which cancels it. Nobody decides about a run that they started. Of two who
/// decide at once one is answered 409, with the name of the other.
#[utoipa::path(
    post, path = "/runs/{run}/approval", tag = "runs",
    params(("run" = String, Path, description = "The run, by its id or its number")),
    request_body = RunDecision, responses((status = 200, description = "It is decided", body = RunApproval)),
)]
async fn decide(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(run): Path<String>,
    bytes: Bytes,
) -> Result<Json<RunApproval>, Problem> {
    let RunDecision { approve, note } = body(&bytes)?;
    let decision = if approve { Decision::Approve(note) } else { Decision::Refuse(note) };
    let run = runs::decide(&services, &caller, named(&run)?, decision).await?;
    one(&services, &caller, run).await
}
