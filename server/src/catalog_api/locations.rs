//! Sources, which Backstage calls locations.

use std::time::Duration;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::catalog::{EntityRef, NewSource, Severity, Source, SourceKind, SourceTrace};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use services::{
    Services,
    catalog::{self, Progress, SourceQuery},
    identity::Caller,
};
use uuid::Uuid;

use super::{
    entities::{self, Named},
    error::Problem,
};
use crate::lists::{Params, body, predicate};

/// How long a registration waits for the first sync.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many of its entities a registration shows.
const SHOWN: usize = 200;

/// How many problems of what is only tried out are told.
const TOLD: usize = 20;

/// How many locations a page has.
const PAGE: u32 = 1_000;

/// A location, as a client names it.
#[derive(Debug, Deserialize)]
pub(super) struct Location {
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) target: String,
}

/// The kind of a source; an address where none is named.
pub(super) fn kind_of(text: Option<&str>) -> Result<SourceKind, Problem> {
    text.unwrap_or("url").parse().map_err(|error| Problem::input(format!("{error}")))
}

fn location(source: &Source) -> Value {
    json!({
        "id": source.id,
        "type": source.kind,
        "target": source.target,
        "entityRef": catalog::origin_of(source),
    })
}

fn id_of(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("Found no location with ID {text}")))
}

fn told(id: &str, error: services::Error) -> Problem {
    match error {
        services::Error::NotFound(_) => Problem::not_found(format!("Found no location with ID {id}")),
        other => other.into(),
    }
}

/// `POST /locations?dryRun=&onConflict=`: adds a source, or only says what would become of it; what would be rejected is an
/// error then.
pub(super) async fn register(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let asked: Location = body(&bytes)?;
    let new = NewSource::new(kind_of(asked.kind.as_deref())?, asked.target);
    if params.is_on("dryRun") {
        return try_out(&services, &caller, new).await;
    }
    let known = match params.one("onConflict") {
        None | Some("reject") => None,
        Some("refresh") => catalog::find(&services, &caller, &new).await?,
        Some(other) => {
            let message = format!("`onConflict` is `refresh` or `reject`, not `{other}`");
            return Err(Problem::input(message));
        }
    };
    let exists = known.is_some();
    let source = match known {
        Some(source) => source,
        None => catalog::register(&services, &caller, new).await?,
    };
    // Whatever is not done in time, a worker finishes.
    let synced = tokio::time::timeout(PATIENCE, catalog::first_sync(&services, &caller, &source)).await;
    let source = synced.unwrap_or(Ok(source))?;
    let mut references = catalog::entities_of(&services, &caller, source.id).await?;
    references.truncate(SHOWN);
    let found = catalog::entities(&services, &caller, &references).await?;
    let documents: Vec<Value> = found.into_iter().flatten().map(|entity| entity.document).collect();
    let mut body = json!({ "location": location(&source), "entities": documents });
    if exists {
        body["exists"] = json!(true);
    }
    if let Some(problem) = &source.problem {
        body["problem"] = json!(problem);
    }
    Ok((StatusCode::CREATED, Json(body)))
}

async fn try_out(services: &Services, caller: &Caller, new: NewSource) -> Result<(StatusCode, Json<Value>), Problem> {
    let exists = catalog::find(services, caller, &new).await?.is_some();
    let (kind, target) = (new.kind, new.target.clone());
    let explained = catalog::explain(services, caller, new).await?;
    let wrong = explained.files.iter().flat_map(|file| {
        let errors = file.problems.iter().filter(|problem| problem.severity == Severity::Error);
        errors.map(|problem| format!("{}: {problem}", file.path))
    });
    let wrong: Vec<String> = wrong.take(TOLD).collect();
    if !wrong.is_empty() {
        return Err(Problem::input(wrong.join("; ")));
    }
    let entities: Vec<Value> = explained.entities.into_iter().take(SHOWN).map(|entity| entity.document).collect();
    let location = json!({
        "id": format!("{kind}:{target}"),
        "type": kind,
        "target": target,
        "entityRef": catalog::origin_of_target(kind, &target),
    });
    let body = json!({ "location": location, "entities": entities, "exists": exists, "files": explained.files });
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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ByQuery {
    cursor: Option<String>,
    limit: Option<u32>,
    query: Option<Value>,
}

/// Where a list of locations goes on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    limit: u32,
    after_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<Value>,
}

impl Place {
    fn read(text: &str) -> Result<Self, Problem> {
        let wrong =
            || Problem::input("Malformed cursor: it is not one that this server gave; start from the first page");
        let bytes = STANDARD.decode(text).map_err(|_| wrong())?;
        serde_json::from_slice(&bytes).map_err(|_| wrong())
    }
}

/// `POST /locations/by-query`: a page of the locations that a predicate means.
pub(super) async fn by_query(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Json<Value>, Problem> {
    let asked: ByQuery = if bytes.is_empty() { ByQuery::default() } else { body(&bytes)? };
    let (limit, after, query) = match asked.cursor.as_deref() {
        Some("") => return Err(Problem::input("Cursor cannot be empty")),
        Some(cursor) => {
            let place = Place::read(cursor)?;
            (place.limit, Some(place.after_id), place.query)
        }
        None => (asked.limit.unwrap_or(PAGE), None, asked.query),
    };
    if limit == 0 {
        return Err(Problem::input("Limit must be a positive integer >= 1"));
    }
    let limit = limit.min(PAGE);
    let predicate = query.as_ref().map(predicate).transpose()?;
    // One more than is wanted tells whether there are more.
    let question = SourceQuery { predicate, after, limit: limit + 1 };
    let mut found = catalog::query_sources(&services, &caller, &question).await?;
    let has_more = found.items.len() > limit as usize;
    found.items.truncate(limit as usize);
    let mut beside = json!({});
    if let Some(last) = found.items.last().filter(|_| has_more) {
        let place = json!(Place { limit, after_id: last.id, query });
        beside["nextCursor"] = STANDARD.encode(place.to_string()).into();
    }
    let items: Vec<Value> = found.items.iter().map(location).collect();
    Ok(Json(json!({ "items": items, "totalItems": found.total, "pageInfo": beside })))
}

/// `GET /locations/{id}`.
pub(super) async fn one(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let found = catalog::source(&services, &caller, id_of(&id)?).await.map_err(|error| told(&id, error))?;
    Ok(Json(location(&found.source)))
}

/// `GET /locations/{id}/trace`: the state of the source and every file of its last sync.
pub(super) async fn trace(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<SourceTrace>, Problem> {
    Ok(Json(catalog::source(&services, &caller, id_of(&id)?).await?))
}

/// `PUT /locations/{id}`: points a source somewhere else.
pub(super) async fn change(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<Value>, Problem> {
    let asked: Location = body(&bytes)?;
    let new = NewSource::new(kind_of(asked.kind.as_deref())?, asked.target);
    let source = catalog::retarget(&services, &caller, id_of(&id)?, new).await.map_err(|error| told(&id, error))?;
    Ok(Json(location(&source)))
}

/// `DELETE /locations/{id}`.
pub(super) async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    // As Backstage does: whoever wants them kept as orphans removes the source in the portal.
    let removed = catalog::remove_source(&services, &caller, id_of(&id)?, catalog::Entities::Remove).await;
    Ok(match removed.map_err(|error| told(&id, error))? {
        Progress::Done(()) => StatusCode::NO_CONTENT,
        // It goes on by itself; any status of success is one to clients of Backstage.
        Progress::GoesOn => StatusCode::ACCEPTED,
    })
}

/// `GET /locations/by-entity/{kind}/{namespace}/{name}`.
pub(super) async fn of_entity(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
) -> Result<Json<Value>, Problem> {
    let reference = EntityRef::new(&kind, &namespace, &name);
    let entity = catalog::entity(&services, &caller, &reference).await.map_err(|error| match error {
        services::Error::NotFound(_) => entities::nobody(&kind, &namespace, &name),
        other => other.into(),
    })?;
    let source = entity.source.ok_or_else(|| Problem::not_found(format!("found no location for ref {reference}")))?;
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
    let asked: Refresh = body(&bytes)?;
    let reference = asked.entity_ref.parse().map_err(|error| Problem::input(format!("{error}")))?;
    catalog::refresh_entity(&services, &caller, &reference).await?;
    Ok(StatusCode::OK)
}
