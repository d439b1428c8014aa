//! Policy documents: read, tried, saved and taken back.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use domain::identity::{PolicyProblem, RoleName};
use serde::{Deserialize, Serialize};
use services::{
    Error, Services,
    identity::Caller,
    permission::{self, PolicyDocument, PolicyOrigin},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Problem;
use crate::{http::AppState, lists::body};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(policies))
        .routes(routes!(policy, save, reset))
        .routes(routes!(preview))
        .routes(routes!(preview_folder))
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
    /// Of a file: the commit that is checked out where it stands, if it is known.
    revision: Option<String>,
}

impl From<PolicyDocument> for PolicyText {
    fn from(document: PolicyDocument) -> Self {
        let revision = match &document.origin {
            PolicyOrigin::Folder(revision, _) => revision.clone(),
            PolicyOrigin::Shipped | PolicyOrigin::Portal(..) => None,
        };
        let (origin, version) = match document.origin {
            PolicyOrigin::Shipped => ("shipped", 0),
            PolicyOrigin::Folder(..) => ("folder", 0),
            PolicyOrigin::Portal(version, ..) => ("portal", version),
        };
        let PolicyDocument { name, text, cases, .. } = document;
        Self { name, text, cases, origin: origin.to_owned(), version, revision }
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
    /// Whom policies name without anybody being meant.
    doubts: Vec<String>,
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
            doubts: saved.doubts,
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

/// Files that are to stand in place of those of the settings' folder.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FolderDraft {
    documents: Vec<NamedDraft>,
}

/// A file of policies, with the one of its example cases.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NamedDraft {
    /// What the file is called, before `.cedar`.
    name: String,
    /// Policies, in Cedar.
    text: String,
    /// Example cases, in YAML.
    #[serde(default)]
    cases: String,
}

/// Tries a whole folder of policies in place of the one that the settings name, and changes nothing: what is wrong, and who would
/// gain or lose what.
#[utoipa::path(
    post, path = "/permission/preview", tag = "permission", request_body = FolderDraft,
    responses((status = 200, description = "What it comes to", body = PolicyOutcome)),
)]
async fn preview_folder(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Json<PolicyOutcome>, Problem> {
    let FolderDraft { documents } = body(&bytes)?;
    let documents = documents.into_iter().map(|NamedDraft { name, text, cases }| Ok((named(&name)?, text, cases)));
    let documents = documents.collect::<Result<Vec<_>, Error>>()?;
    Ok(Json(permission::preview_folder(&services, &caller, documents).await?.into()))
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
