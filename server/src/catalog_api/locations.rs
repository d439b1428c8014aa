//! Sources, which Backstage calls locations.

use std::time::Duration;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use domain::catalog::{NewSource, Source, SourceKind, SourceTrace};
use serde::Deserialize;
use serde_json::{Value, json};
use services::{Services, catalog, identity::Caller};
use uuid::Uuid;

use super::{entities, error::Problem, params::Params};

/// How long a registration waits for the first sync.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many of its entities a registration shows.
const SHOWN: usize = 200;

#[derive(Debug, Deserialize)]
struct Register {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    target: String,
}

fn location(source: &Source) -> Value {
    json!({ "id": source.id, "type": source.kind, "target": source.target })
}

fn id_of(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("Found no location with ID {text}")))
}

/// `POST /locations?dryRun=`: adds a source, or only says what would become of it.
pub(super) async fn register(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let asked: Register = entities::body(&bytes)?;
    let kind: SourceKind =
        asked.kind.as_deref().unwrap_or("url").parse().map_err(|error| Problem::input(format!("{error}")))?;
    let new = NewSource { kind, target: asked.target };
    if params.one("dryRun").is_some_and(|flag| flag != "false") {
        let exists = catalog::find(&services, &caller, &new).await?.is_some();
        let (kind, target) = (new.kind, new.target.clone());
        let explained = catalog::explain(&services, &caller, new).await?;
        let entities: Vec<Value> = explained.entities.into_iter().take(SHOWN).map(|entity| entity.document).collect();
        let location = json!({ "id": Uuid::nil(), "type": kind, "target": target });
        let body = json!({ "location": location, "entities": entities, "exists": exists, "files": explained.files });
        return Ok((StatusCode::CREATED, Json(body)));
    }
    let source = catalog::register(&services, &caller, new).await?;
    // Whatever is not done in time, a worker finishes.
    let synced = tokio::time::timeout(PATIENCE, catalog::sync(&services, &caller, source.id)).await;
    let source = synced.unwrap_or(Ok(source))?;
    let mut references = catalog::entities_of(&services, &caller, source.id).await?;
    references.truncate(SHOWN);
    let found = catalog::entities(&services, &caller, &references).await?;
    let documents: Vec<Value> = found.into_iter().flatten().map(|entity| entity.document).collect();
    let mut body = json!({ "location": location(&source), "entities": documents });
    if let Some(problem) = &source.problem {
        body["problem"] = json!(problem);
    }
    Ok((StatusCode::CREATED, Json(body)))
}

/// `GET /locations`: each wrapped in `data`, as clients expect.
pub(super) async fn all(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Value>>, Problem> {
    let sources = catalog::sources(&services, &caller).await?;
    Ok(Json(sources.iter().map(|source| json!({ "data": location(source) })).collect()))
}

/// `GET /locations/{id}`.
pub(super) async fn one(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(location(&catalog::source(&services, &caller, id_of(&id)?).await?.source)))
}

/// `GET /locations/{id}/trace`: the state of the source and every file of its last sync.
pub(super) async fn trace(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<SourceTrace>, Problem> {
    Ok(Json(catalog::source(&services, &caller, id_of(&id)?).await?))
}

/// `DELETE /locations/{id}`.
pub(super) async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    // As Backstage does: whoever wants them kept as orphans removes the source in the portal.
    catalog::remove_source(&services, &caller, id_of(&id)?, catalog::Entities::Remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /locations/by-entity/{kind}/{namespace}/{name}`.
pub(super) async fn of_entity(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let entity = entities::named(&services, &caller, &kind, &namespace, &name).await?;
    let source = entity.source.ok_or_else(|| Problem::not_found("the entity has no location"))?;
    Ok(Json(location(&catalog::source(&services, &caller, source).await?.source)))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refresh {
    entity_ref: String,
}

/// `POST /refresh`: has the source of an entity fetched again; 200 without a body.
pub(super) async fn refresh(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let asked: Refresh = entities::body(&bytes)?;
    let reference = asked.entity_ref.parse().map_err(|error| Problem::input(format!("{error}")))?;
    catalog::refresh_entity(&services, &caller, &reference).await?;
    Ok(StatusCode::OK)
}
