//! Looking before registering: is a document right, and what stands at an address.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::catalog::{FileProblem, NewSource, Severity, is_refused_elsewhere};
use serde::Deserialize;
use serde_json::{Value, json};
use services::{Services, catalog, identity::Caller};
use url::Url;

use super::{
    error::Problem,
    locations::{Location, kind_of},
};
use crate::lists::body;

#[derive(Debug, Deserialize)]
struct Check {
    entity: Value,
    location: String,
}

fn wrong<T: AsRef<str>>(messages: impl IntoIterator<Item = T>) -> Response {
    let errors = messages.into_iter().map(|message| json!({ "name": "InputError", "message": message.as_ref() }));
    (StatusCode::BAD_REQUEST, Json(json!({ "errors": errors.collect::<Vec<_>>() }))).into_response()
}

/// Whether Backstage refuses a document for this.
fn is_refused(document: &Value, problem: &FileProblem) -> bool {
    let field = problem.field.as_deref().unwrap_or_default();
    match problem.severity {
        Severity::Error => true,
        Severity::Warning => is_refused_elsewhere(document, field),
        Severity::Info => false,
    }
}

/// `POST /validate-entity`: 200 without a body, or 400 with what is wrong.
pub(super) async fn entity(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Response, Problem> {
    let Check { entity, location } = match body(&bytes) {
        Ok(check) => check,
        Err(problem) => return Ok(wrong([problem.to_string()])),
    };
    let Some(address) = location.strip_prefix("url:").and_then(|address| Url::parse(address).ok()) else {
        return Ok(wrong([format!(
            "Invalid location ref {location}, only 'url:<target>' is supported, e.g. url:https://host/path"
        )]));
    };
    let told = catalog::check_entity(&services, &caller, entity.clone(), Some(&address)).await?;
    let broken: Vec<String> =
        told.iter().filter(|problem| is_refused(&entity, problem)).map(ToString::to_string).collect();
    if broken.is_empty() { Ok(StatusCode::OK.into_response()) } else { Ok(wrong(broken)) }
}

#[derive(Debug, Deserialize)]
struct Analyze {
    location: Location,
    /// Clients and servers of the other side do not agree on its spelling.
    #[serde(default, alias = "catalogFilename", rename = "catalogFileName")]
    file_name: Option<String>,
}

/// `POST /analyze-location`: the entities that an address declares already, or one to begin with.
pub(super) async fn analyze(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Json<Value>, Problem> {
    let Analyze { location, file_name } = body(&bytes)?;
    let new = NewSource::new(kind_of(location.kind.as_deref())?, location.target);
    let found = catalog::analyze(&services, &caller, new, file_name.as_deref()).await?;
    let existing = found.existing.into_iter().map(|existing| {
        let (kind, target) = existing.location.split_once(':').unwrap_or(("url", &existing.location));
        json!({
            "entity": existing.document,
            "isRegistered": existing.is_registered,
            "location": { "type": kind, "target": target },
        })
    });
    let existing: Vec<Value> = existing.collect();
    let generated: Vec<Value> =
        found.generated.into_iter().map(|entity| json!({ "entity": entity, "fields": [] })).collect();
    Ok(Json(json!({ "existingEntityFiles": existing, "generateEntities": generated })))
}
