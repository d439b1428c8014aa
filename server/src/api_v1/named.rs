//! Entities by what names them: many at once, by uid, what declared one; and what stands at a place before it is a source.

use std::borrow::Cow;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::catalog::{EntityRef, Filter, NewSource, SourceKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use services::{Error, Services, catalog, identity::Caller};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Problem,
    entities::{EntityDocument, Named, tagged},
};
use crate::{
    http::AppState,
    lists::{Fields, Written, body, predicate},
};

/// How many entities may be asked for by reference at once.
const MOST: usize = 10_000;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(by_refs))
        .routes(routes!(by_uid, remove))
        .routes(routes!(ancestry))
        .routes(routes!(refresh))
        .routes(routes!(analyze))
}

/// Which entities are asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ByRefs {
    /// `component:default/quay`, at most 10,000.
    refs: Vec<String>,
    /// Only these parts of each.
    #[serde(default)]
    fields: Vec<String>,
    /// A predicate: what does not hold for an entity is answered with `null`.
    #[schema(value_type = Option<Object>)]
    query: Option<Value>,
}

/// Entities in the order asked for.
#[derive(Debug, Serialize, ToSchema)]
struct Batch {
    /// `null` for what is not in the catalog.
    items: Vec<Option<EntityDocument>>,
}

/// Many entities by their references.
#[utoipa::path(
    post, path = "/catalog/entities/by-refs", tag = "catalog", request_body = ByRefs,
    responses((status = 200, description = "Each of them, or `null`, in the order asked for", body = Batch)),
)]
async fn by_refs(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Written, Problem> {
    let asked: ByRefs = body(&bytes)?;
    if asked.refs.len() > MOST {
        return Err(Error::Rejected(format!("at most {MOST} entities may be asked for at once")).into());
    }
    let predicate = asked.query.as_ref().map(predicate).transpose()?;
    let fields = Fields::parse(asked.fields.iter().map(String::as_str))?;
    let mut references: Vec<Option<Cow<'_, str>>> = Vec::with_capacity(asked.refs.len());
    for text in &asked.refs {
        let reference = EntityRef::written_out(text);
        references
            .push(Some(reference.map_err(|error| Error::Rejected(format!("`refs` holds no reference: {error}")))?));
    }
    let found = catalog::documents(&services, &caller, &references, &Filter::everything(), predicate.as_ref()).await?;
    let mut text = b"{\"items\":".to_vec();
    fields.write_all(&found, &mut text)?;
    text.push(b'}');
    Ok(Written(text))
}

fn uid_of(text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|_| Error::NotFound(format!("no entity with the uid `{text}` is in the catalog")))
}

/// One entity by its `metadata.uid`, which stays when it is renamed.
#[utoipa::path(
    get, path = "/catalog/entities/by-uid/{uid}", tag = "catalog", params(("uid" = String, Path)),
    responses(
        (status = 200, description = "The entity", body = EntityDocument),
        (status = 304, description = "It is the one that the client has"),
    ),
)]
async fn by_uid(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(uid): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = catalog::document_by_uid(&services, &caller, uid_of(&uid)?).await?;
    Ok(tagged(document, &headers))
}

/// Takes one entity away. If its source still declares it, it comes back with the next sync.
#[utoipa::path(
    delete, path = "/catalog/entities/by-uid/{uid}", operation_id = "remove_entity", tag = "catalog", params(("uid" = String, Path)),
    responses((status = 204, description = "It is gone")),
)]
async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(uid): Path<String>,
) -> Result<StatusCode, Problem> {
    catalog::remove_entity(&services, &caller, uid_of(&uid)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An entity, the Locations that led to it, and the source.
#[derive(Debug, Serialize, ToSchema)]
struct Ancestry {
    root: EntityRef,
    /// The entity first, then what declared it.
    items: Vec<Ancestor>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Ancestor {
    #[schema(value_type = EntityDocument)]
    entity: Value,
    /// What declared it; empty for the source.
    parents: Vec<EntityRef>,
}

/// What declared an entity: the Locations that led to it, and the source.
#[utoipa::path(
    get, path = "/catalog/entities/{kind}/{namespace}/{name}/ancestry", tag = "catalog",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "The way from the entity to its source", body = Ancestry)),
)]
async fn ancestry(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
) -> Result<Json<Ancestry>, Problem> {
    let root = EntityRef::new(&kind, &namespace, &name);
    let found = catalog::ancestry(&services, &caller, &root).await?;
    let items = found.into_iter().map(|found| Ancestor { entity: found.document, parents: found.parents }).collect();
    Ok(Json(Ancestry { root, items }))
}

/// Has the source of an entity fetched again, in the background.
#[utoipa::path(
    post, path = "/catalog/entities/{kind}/{namespace}/{name}/refresh", tag = "catalog",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 202, description = "It will be fetched")),
)]
async fn refresh(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
) -> Result<StatusCode, Problem> {
    catalog::refresh_entity(&services, &caller, &EntityRef::new(&kind, &namespace, &name)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A place that may become a source.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Analyze {
    kind: SourceKind,
    target: String,
    /// How its catalog files are called, if not `catalog-info.yaml`.
    file: Option<String>,
}

/// What stands at a place.
#[derive(Debug, Serialize, ToSchema)]
struct Analysis {
    /// What its files declare, at most 500.
    existing: Vec<Existing>,
    /// A document to begin with, if they declare nothing.
    #[schema(value_type = Option<Object>)]
    generated: Option<Value>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Existing {
    #[schema(value_type = EntityDocument)]
    entity: Value,
    /// Where its file is: `url:https://…`.
    location: String,
    /// Whether it is in the catalog from there.
    registered: bool,
}

/// What stands at a place that is not a source yet: the entities that its files declare, or one to begin with.
#[utoipa::path(
    post, path = "/catalog/analyze", tag = "sources", request_body = Analyze,
    responses((status = 200, description = "What stands there", body = Analysis)),
)]
async fn analyze(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Json<Analysis>, Problem> {
    let Analyze { kind, target, file } = body(&bytes)?;
    let found = catalog::analyze(&services, &caller, NewSource::new(kind, target), file.as_deref()).await?;
    let existing = found.existing.into_iter().map(|existing| Existing {
        entity: existing.document,
        location: existing.location,
        registered: existing.is_registered,
    });
    Ok(Json(Analysis { existing: existing.collect(), generated: found.generated }))
}
