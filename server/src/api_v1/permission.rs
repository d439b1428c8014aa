//! Policies, roles, and questions about who may do what.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use domain::identity::{Grantee, Permission, PolicyProblem, Reason, RoleName, Subject, Thing};
use serde::{Deserialize, Serialize};
use services::{
    Error, Services,
    identity::Caller,
    permission::{self, PolicyDocument, PolicyOrigin},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Problem;
use crate::{
    http::AppState,
    lists::{Params, body},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(why))
        .routes(routes!(who_can))
        .routes(routes!(what_could))
        .routes(routes!(grants, give, take))
        .routes(routes!(policies))
        .routes(routes!(policy, save, reset))
        .routes(routes!(preview))
}

/// What a policy had to do with a decision.
#[derive(Serialize, ToSchema)]
struct PolicySaid {
    /// The policy.
    policy: String,
    /// The document that it stands in.
    document: String,
    /// What it has to do with it, in words.
    says: String,
}

fn told(reasons: &[Reason]) -> Vec<PolicySaid> {
    let told = |reason: &Reason| PolicySaid {
        policy: reason.policy.clone(),
        document: reason.document.clone(),
        says: reason.to_string(),
    };
    reasons.iter().map(told).collect()
}

/// A decision.
#[derive(Serialize, ToSchema)]
struct MayDecision {
    /// Whether the caller may.
    allowed: bool,
    /// Why, in a sentence.
    why: String,
    /// The policies that had to do with it.
    reasons: Vec<PolicySaid>,
}

fn asked(params: &Params) -> Result<(Permission, Thing), Error> {
    let name = params.one("permission").unwrap_or_default();
    let permission = Permission::named(name).ok_or_else(|| {
        let known: Vec<&str> = Permission::ALL.into_iter().map(Permission::name).collect();
        Error::Rejected(format!("`permission` is `{name}`, which is none of {}", known.join(", ")))
    })?;
    let thing = Thing::read(permission, params.one("on").unwrap_or_default());
    Ok((permission, thing.map_err(|error| Error::Rejected(format!("`on`: {error}")))?))
}

/// Why the caller may do a thing, or why not.
#[utoipa::path(
    get, path = "/permission/why", tag = "permission",
    params(
        ("permission" = String, Query, description = "What, such as `startRun`"),
        ("on" = Option<String>, Query, description = "On what: a reference, `source:ID`, `run:ID`, `repository:OWNER/NAME`, `place:ADDRESS`, `policy:NAME`, `own`, `platform`"),
    ),
    responses((status = 200, description = "The decision", body = MayDecision)),
)]
async fn why(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<MayDecision>, Problem> {
    let (permission, thing) = asked(&params)?;
    let (allowed, why, reasons) = permission::why(&services, &caller, permission, thing.target()).await?;
    Ok(Json(MayDecision { allowed, why, reasons: told(&reasons) }))
}

/// People who can do a thing.
#[derive(Serialize, ToSchema)]
struct WhoMay {
    /// The role that they have; empty for those whom a policy names.
    role: String,
    /// The team that they must be in besides, or whom a policy names.
    of: Option<String>,
    /// To whom the role was given by name.
    holders: Vec<String>,
    /// The policies that permit it.
    reasons: Vec<PolicySaid>,
}

/// Who can do a thing.
#[utoipa::path(
    get, path = "/permission/who-can", tag = "permission",
    params(
        ("permission" = String, Query, description = "What, such as `startRun`"),
        ("on" = Option<String>, Query, description = "On what, as for `why`"),
    ),
    responses((status = 200, description = "By role and team", body = Vec<WhoMay>)),
)]
async fn who_can(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Vec<WhoMay>>, Problem> {
    let (permission, thing) = asked(&params)?;
    let found = permission::who_can(&services, &caller, permission, thing.target()).await?;
    let who = found.into_iter().map(|who| WhoMay {
        reasons: told(&who.reasons),
        role: who.role,
        of: who.of,
        holders: who.holders,
    });
    Ok(Json(who.collect()))
}

/// How far someone may do one thing.
#[derive(Serialize, ToSchema)]
struct HowFar {
    /// The thing.
    permission: String,
    /// `on everything`, `on some things`, `on nothing`.
    extent: String,
    /// The policies that matter.
    reasons: Vec<PolicySaid>,
}

/// What someone could do.
#[utoipa::path(
    get, path = "/permission/what-could", tag = "permission",
    params(("who" = Option<String>, Query, description = "`user:default/ada` or `machine:NAME`; the caller where it is missing")),
    responses((status = 200, description = "For each permission", body = Vec<HowFar>)),
)]
async fn what_could(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Vec<HowFar>>, Problem> {
    let who = match params.one("who").filter(|who| !who.is_empty()) {
        None => caller.subject.clone(),
        Some(who) => who.parse::<Subject>().map_err(|error| Error::Rejected(error.to_string()))?,
    };
    let (_, rows) = permission::what_could(&services, &caller, &who).await?;
    let rows = rows.into_iter().map(|row| HowFar {
        permission: row.permission.name().to_owned(),
        extent: row.extent.words().to_owned(),
        reasons: told(&row.reasons),
    });
    Ok(Json(rows.collect()))
}

/// A role that someone has, or is to have.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GivenRole {
    /// The role.
    role: String,
    /// `user:…`, `group:…` or `machine:…`; empty for everyone who is signed in.
    to: String,
    /// By whom it was given; nothing where the settings give it.
    #[serde(default)]
    given_by: Option<String>,
}

/// Every role that was given.
#[utoipa::path(
    get, path = "/permission/roles", tag = "permission",
    responses((status = 200, description = "Who has which role", body = Vec<GivenRole>)),
)]
async fn grants(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<GivenRole>>, Problem> {
    let grants = permission::grants(&services, &caller).await?;
    let given = grants.into_iter().map(|grant| GivenRole {
        role: grant.role,
        to: grant.grantee,
        given_by: grant.given.map(|(_, by)| by),
    });
    Ok(Json(given.collect()))
}

fn read(given: &GivenRole) -> Result<(RoleName, Grantee), Error> {
    let role = given.role.parse().map_err(|error: domain::identity::NotARole| Error::Rejected(error.to_string()))?;
    let to = given.to.parse().map_err(|error: domain::identity::NotAGrantee| Error::Rejected(error.to_string()))?;
    Ok((role, to))
}

/// Gives a role.
#[utoipa::path(
    post, path = "/permission/roles", tag = "permission", request_body = GivenRole,
    responses((status = 204, description = "They have it")),
)]
async fn give(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let (role, to) = read(&body(&bytes)?)?;
    permission::give_role(&services, &caller, &role, &to).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a role away.
#[utoipa::path(
    delete, path = "/permission/roles", tag = "permission", request_body = GivenRole,
    responses((status = 204, description = "They no longer have it")),
)]
async fn take(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let (role, from) = read(&body(&bytes)?)?;
    permission::take_role(&services, &caller, &role, &from).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A policy document.
#[derive(Serialize, ToSchema)]
struct PolicyText {
    /// Its name.
    name: String,
    /// Policies, in Cedar.
    text: String,
    /// Example cases, in YAML.
    cases: String,
    /// `shipped`, `folder` or `portal`.
    origin: String,
    /// How often it was edited in the portal.
    version: i32,
}

impl From<PolicyDocument> for PolicyText {
    fn from(document: PolicyDocument) -> Self {
        let (origin, version) = match document.origin {
            PolicyOrigin::Shipped => ("shipped", 0),
            PolicyOrigin::Folder => ("folder", 0),
            PolicyOrigin::Portal(version, ..) => ("portal", version),
        };
        Self { name: document.name, text: document.text, cases: document.cases, origin: origin.to_owned(), version }
    }
}

/// Every policy document that holds.
#[utoipa::path(
    get, path = "/permission/policies", tag = "permission",
    responses((status = 200, description = "By name", body = Vec<PolicyText>)),
)]
async fn policies(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<PolicyText>>, Problem> {
    let all = permission::policies(&services, &caller).await?;
    Ok(Json(all.into_iter().map(PolicyText::from).collect()))
}

/// One policy document.
#[utoipa::path(
    get, path = "/permission/policies/{name}", tag = "permission", params(("name" = String, Path)),
    responses((status = 200, description = "As it holds", body = PolicyText)),
)]
async fn policy(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<PolicyText>, Problem> {
    Ok(Json(permission::policy(&services, &caller, &name).await?.into()))
}

/// A document to be tried or saved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PolicyDraft {
    /// Policies, in Cedar.
    text: String,
    /// Example cases, in YAML.
    #[serde(default)]
    cases: String,
    /// The version that it was made from: it is refused if that is no longer the last.
    #[serde(default)]
    based_on: Option<i32>,
}

/// What is wrong with a document.
#[derive(Serialize, ToSchema)]
struct PolicyWrong {
    line: Option<u32>,
    column: Option<u32>,
    message: String,
    hint: Option<String>,
}

/// Who gains or loses what.
#[derive(Serialize, ToSchema)]
struct PolicyMove {
    who: String,
    what: String,
}

/// What a document comes to.
#[derive(Serialize, ToSchema)]
struct PolicyOutcome {
    /// What is wrong; nothing was saved if there is anything.
    problems: Vec<PolicyWrong>,
    /// How many example cases hold.
    cases: usize,
    /// Who gains what.
    gains: Vec<PolicyMove>,
    /// Who loses what.
    losses: Vec<PolicyMove>,
}

impl From<permission::Saved> for PolicyOutcome {
    fn from(saved: permission::Saved) -> Self {
        let wrong = |problem: PolicyProblem| PolicyWrong {
            line: problem.place.map(|(line, _)| line),
            column: problem.place.map(|(_, column)| column),
            message: problem.message,
            hint: problem.hint,
        };
        let moved = |(who, what)| PolicyMove { who, what };
        Self {
            problems: saved.problems.into_iter().map(wrong).collect(),
            cases: saved.cases,
            gains: saved.gains.into_iter().map(moved).collect(),
            losses: saved.losses.into_iter().map(moved).collect(),
        }
    }
}

fn named(name: &str) -> Result<RoleName, Error> {
    name.parse().map_err(|_| {
        Error::Rejected("name policies with 1 to 40 lower-case letters, digits and inner hyphens".to_owned())
    })
}

/// Saves a document, if it can be read and all example cases hold with it.
#[utoipa::path(
    put, path = "/permission/policies/{name}", tag = "permission", params(("name" = String, Path)), request_body = PolicyDraft,
    responses(
        (status = 200, description = "It holds now", body = PolicyOutcome),
        (status = 422, description = "It was not saved, and why", body = PolicyOutcome),
    ),
)]
async fn save(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    bytes: Bytes,
) -> Result<(StatusCode, Json<PolicyOutcome>), Problem> {
    let PolicyDraft { text, cases, based_on } = body(&bytes)?;
    let saved = permission::save_policy(&services, &caller, &named(&name)?, (&text, &cases), based_on).await?;
    let status = if saved.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Json(saved.into())))
}

/// Tries a document without saving it: what is wrong, and who would gain or lose what.
#[utoipa::path(
    post, path = "/permission/policies/{name}/preview", tag = "permission", params(("name" = String, Path)),
    request_body = PolicyDraft, responses((status = 200, description = "What it comes to", body = PolicyOutcome)),
)]
async fn preview(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    bytes: Bytes,
) -> Result<Json<PolicyOutcome>, Problem> {
    let PolicyDraft { text, cases, .. } = body(&bytes)?;
    Ok(Json(permission::preview(&services, &caller, &named(&name)?, &text, &cases).await?.into()))
}

/// Takes what was edited away: what comes with Causeway holds again, if anything does.
#[utoipa::path(
    delete, path = "/permission/policies/{name}", tag = "permission", params(("name" = String, Path)),
    responses((status = 204, description = "It is as it came, or gone")),
)]
async fn reset(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    permission::reset_policy(&services, &caller, &named(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
