//! Roles, and questions about who may do what.

use axum::{Extension, Json, body::Bytes, extract::State, http::StatusCode};
use domain::identity::{Grantee, Permission, Reason, RoleName, Subject, Thing};
use serde::{Deserialize, Serialize};
use services::{
    Error, Services,
    identity::Caller,
    permission::{self, Grant},
    runs,
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

async fn asked(services: &Services, caller: &Caller, params: &Params) -> Result<(Permission, Thing), Error> {
    let name = params.one("permission").unwrap_or_default();
    let permission = Permission::named(name).ok_or_else(|| {
        let known: Vec<&str> = Permission::ALL.into_iter().map(Permission::name).collect();
        Error::Rejected(format!("`permission` is `{name}`, which is none of {}", known.join(", ")))
    })?;
    let on = runs::with_id(services, caller, params.one("on").unwrap_or_default()).await?;
    let thing = Thing::read(permission, &on);
    Ok((permission, thing.map_err(|error| Error::Rejected(format!("`on`: {error}")))?))
}

/// Why the caller may do a thing, or why not.
#[utoipa::path(
    get, path = "/permission/why", tag = "permission",
    params(
        ("permission" = String, Query, description = "What, such as `startRun`"),
        ("on" = Option<String>, Query, description = "On what: a reference, `source:ID`, `run:ID` or `run:NUMBER`, `repository:OWNER/NAME`, `place:ADDRESS`, `policy:NAME`, `own`, `platform`"),
    ),
    responses((status = 200, description = "The decision; where nothing is named, of any thing", body = MayDecision)),
)]
async fn why(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<MayDecision>, Problem> {
    let (permission, thing) = asked(&services, &caller, &params).await?;
    let (allowed, why, reasons) = permission::asked_why(&services, &caller, permission, thing.target()).await?;
    Ok(Json(MayDecision { allowed, why, reasons: told(&reasons) }))
}

/// People who can do a thing.
#[derive(Serialize, ToSchema)]
struct WhoMay {
    /// The role that they have; empty for those whom a policy names.
    role: String,
    /// The team that they must be in besides, or whom a policy names.
    of: Option<String>,
    /// To whom the role was given by name, and the machines that come with it and whose tokens are not narrowed to other things; where
    /// there is neither role nor team, the people who can as they stand.
    holders: Vec<String>,
    /// The policies that permit it.
    reasons: Vec<PolicySaid>,
    /// The people, teams and roles who may not all the same.
    except: Vec<String>,
    /// How many more people there are that are not named, being too many: among the exceptions, or, where there is no role, among the
    /// holders.
    unnamed: usize,
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
    let (permission, thing) = asked(&services, &caller, &params).await?;
    let found = permission::who_can(&services, &caller, permission, thing.target()).await?;
    let who = found.into_iter().map(|who| WhoMay {
        reasons: told(&who.reasons),
        role: who.role,
        of: who.of,
        holders: who.holders,
        except: who.except,
        unnamed: who.unnamed,
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
    /// Why they may not, whatever the policies say: their tokens are narrowed to other things.
    narrowed: Option<String>,
}

/// What someone could do.
#[utoipa::path(
    get, path = "/permission/what-could", tag = "permission",
    params(("who" = Option<String>, Query, description = "`user:default/ada` or `machine:NAME`; the caller where it is missing")),
    responses(
        (status = 200, description = "For each permission", body = Vec<HowFar>),
        (status = 404, description = "Nobody of this name is known"),
    ),
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
    let could = permission::what_could(&services, &caller, &who).await?;
    let rows = could.rows.into_iter().map(|row| HowFar {
        permission: row.permission.name().to_owned(),
        extent: row.extent.words().to_owned(),
        reasons: told(&row.reasons),
        narrowed: row.narrowed,
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
    /// Why it may be of no effect: no policy speaks of the role, or nobody of the name is known. Only in answers, of the first 500 names.
    #[serde(default)]
    doubt: Option<String>,
}

/// Every role that was given, by role.
#[utoipa::path(
    get, path = "/permission/roles", tag = "permission",
    params(
        ("role" = Option<String>, Query, description = "Only this role"),
        ("to" = Option<String>, Query, description = "Only what this one was given: `user:…`, `group:…` or `machine:…`"),
        ("limit" = Option<u32>, Query, description = "At most so many; all where it is missing"),
        ("offset" = Option<u32>, Query, description = "Without so many of the first"),
    ),
    responses((status = 200, description = "Who has which role", body = Vec<GivenRole>)),
)]
async fn grants(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Vec<GivenRole>>, Problem> {
    let count = |name| Ok::<_, Error>(params.number(name)?.map(|number| usize::try_from(number).unwrap_or(usize::MAX)));
    let to = params.one("to").map(str::parse::<Grantee>).transpose();
    let to = to.map_err(|error| Error::Rejected(error.to_string()))?.map(|to| to.to_string());
    let mut grants = permission::grants(&services, &caller).await?;
    grants.retain(|grant| params.one("role").is_none_or(|role| grant.role == role));
    grants.retain(|grant| to.as_ref().is_none_or(|to| grant.grantee == *to));
    let (skip, take) = (count("offset")?.unwrap_or_default(), count("limit")?.unwrap_or(usize::MAX));
    let grants: Vec<Grant> = grants.into_iter().skip(skip).take(take).collect();
    let doubts = permission::doubts(&services, &caller, &grants).await?;
    let given = grants.into_iter().zip(doubts).map(|(grant, doubt)| GivenRole {
        role: grant.role,
        to: grant.grantee,
        given_by: grant.given.map(|(_, by)| by),
        doubt,
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
