//! `/scim/v2`: where directories keep people and their groups current (RFC 7644).

mod answer;
mod discovery;
mod groups;
mod users;

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
    routing::get,
};
use serde_json::Value;
use services::{
    Services,
    identity::scim::{Question, ScimError},
};

pub(crate) use self::answer::unauthorized;
use self::answer::{Trouble, found};
use crate::{http::AppState, lists::Params};

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/scim/v2/ServiceProviderConfig", get(discovery::config))
        .route("/scim/v2/ResourceTypes", get(discovery::kinds))
        .route("/scim/v2/ResourceTypes/{name}", get(discovery::kind))
        .route("/scim/v2/Schemas", get(discovery::schemas))
        .route("/scim/v2/Schemas/{name}", get(discovery::schema))
        .route("/scim/v2/Users", get(users::list).post(users::create))
        .route("/scim/v2/Users/{id}", get(users::one).put(users::put).patch(users::patch).delete(users::delete))
        .route("/scim/v2/Groups", get(groups::list).post(groups::create))
        .route("/scim/v2/Groups/{id}", get(groups::one).put(groups::put).patch(groups::patch).delete(groups::delete))
        .route("/scim/v2/{*rest}", get(nowhere))
}

/// Says in the words of the standard what was refused before a request came here: too many requests, one that is too large, one that
/// took too long.
pub(crate) async fn in_own_words(request: Request, next: Next) -> Response {
    let is_scim = request.uri().path().starts_with("/scim/");
    let response = next.run(request).await;
    if !is_scim || response.status().as_u16() < 400 || answer::is_own(&response) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let said = to_bytes(body, 4_096).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let detail = if said.trim().is_empty() { parts.status.canonical_reason().unwrap_or_default() } else { said.trim() };
    let answer = answer::unauthorized(parts.status, detail);
    parts.headers.remove(header::CONTENT_LENGTH);
    let (own, body) = answer.into_parts();
    parts.headers.extend(own.headers);
    Response::from_parts(parts, body)
}

/// What is not there. Bulk requests, searches by `POST` and `/Me` are not offered, and the configuration says so.
async fn nowhere(State(_): State<Services>) -> Response {
    Trouble::nowhere().into()
}

type Answer = Result<Response, Trouble>;

/// A JSON body, whichever of its two types it says to be.
fn body(bytes: &[u8]) -> Result<Value, Trouble> {
    serde_json::from_slice(bytes).map_err(|error| Trouble::syntax(&format!("the body is no JSON: {error}")))
}

/// What is asked of a list.
fn question(params: &Params, wants_members: bool) -> Result<Question, Trouble> {
    let number = |name: &str| -> Result<Option<i64>, Trouble> {
        let Some(text) = params.one(name) else { return Ok(None) };
        let wrong = || {
            Trouble::value(&format!("`{name}` must be a number, not `{}`", text.chars().take(40).collect::<String>()))
        };
        text.parse().map(Some).map_err(|_| wrong())
    };
    Ok(Question {
        filter: params.one("filter").map(str::to_owned),
        start: number("startIndex")?,
        count: number("count")?,
        sort_by: params.one("sortBy").map(str::to_owned),
        is_descending: params.one("sortOrder").is_some_and(|order| order.eq_ignore_ascii_case("descending")),
        wants_members,
    })
}

/// The versions that a header names; none where it means any. One that is none of ours fits nothing.
fn versions(headers: &HeaderMap, name: header::HeaderName) -> Vec<i64> {
    let text = headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let Some(text) = text.filter(|text| *text != "*" && !text.is_empty()) else { return Vec::new() };
    let version = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').parse().unwrap_or(-1);
    text.split(',').take(20).map(version).collect()
}

/// Which versions the client knows.
fn expected(headers: &HeaderMap) -> Vec<i64> {
    versions(headers, header::IF_MATCH)
}

/// Whether the client has this version already.
fn is_known(headers: &HeaderMap, version: i64) -> bool {
    versions(headers, header::IF_NONE_MATCH).contains(&version)
}

impl From<ScimError> for Trouble {
    fn from(error: ScimError) -> Self {
        Self::of(error)
    }
}
