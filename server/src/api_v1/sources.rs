//! Sources: listing, adding, looking into, syncing, and taking away; and looking before adding.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderName, StatusCode, header},
};
use domain::catalog::{NewSource, Source, SourceFile, SourceKind, SourceTrace, Trust};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use services::{
    Error, Services,
    catalog::{self, Progress},
    identity::Caller,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Problem, entities::EntityDocument};
use crate::{
    http::AppState,
    lists::{Params, body},
};

/// How many entities an explanation shows.
const SHOWN: usize = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(one, change, remove))
        .routes(routes!(sync))
        .routes(routes!(trust))
        .routes(routes!(explain))
}

pub(super) fn id_of(text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|_| Error::NotFound(format!("there is no source `{text}`; it may have been removed")))
}

/// Every source, oldest first.
#[utoipa::path(
    get, path = "/catalog/sources", operation_id = "sources", tag = "sources",
    responses((status = 200, description = "The sources", body = Vec<Source>)),
)]
async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Source>>, Problem> {
    Ok(Json(catalog::sources(&services, &caller).await?))
}

/// Adds a source, which is then fetched in the background.
#[utoipa::path(
    post, path = "/catalog/sources", tag = "sources", request_body = NewSource,
    responses((status = 201, description = "The source; `Location` is where to watch it", body = Source)),
)]
async fn register(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Source>), Problem> {
    let source = catalog::register(&services, &caller, body(&bytes)?).await?;
    let place = [(header::LOCATION, format!("/api/v1/catalog/sources/{}", source.id))];
    Ok((StatusCode::CREATED, place, Json(source)))
}

/// One source, with what became of every file in its last sync.
#[utoipa::path(
    get, path = "/catalog/sources/{id}", operation_id = "source", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, description = "The source and its files", body = SourceTrace)),
)]
async fn one(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<SourceTrace>, Problem> {
    Ok(Json(catalog::source(&services, &caller, id_of(&id)?).await?))
}

/// Points a source somewhere else.
#[utoipa::path(
    put, path = "/catalog/sources/{id}", tag = "sources", params(("id" = String, Path)), request_body = NewSource,
    responses((status = 200, description = "The source as it is now", body = Source)),
)]
async fn change(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<Source>, Problem> {
    Ok(Json(catalog::retarget(&services, &caller, id_of(&id)?, body(&bytes)?).await?))
}

/// Takes a source away, with the entities that it declares, or lets them go their way as orphans.
#[utoipa::path(
    delete, path = "/catalog/sources/{id}", operation_id = "remove_source", tag = "sources",
    params(
        ("id" = String, Path),
        ("entities" = Option<String>, Query, description = "`remove` takes them away at once, as where nothing is said; `orphan` \
            leaves them their time of grace, in which they can be kept, or found again by registering the source once more"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 202, description = "It takes long, as where it declares very much, and goes on by itself, also after a restart: until it is \
            done the source has a `leaving_at`, and then it answers 404"),
    ),
)]
async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    params: Params,
) -> Result<StatusCode, Problem> {
    let entities = match params.one("entities") {
        None | Some("remove") => catalog::Entities::Remove,
        Some("orphan") => catalog::Entities::Orphan,
        Some(other) => {
            let why = format!("`entities={other}` means nothing here; say `orphan` or `remove`");
            return Err(Error::Rejected(why).into());
        }
    };
    Ok(match catalog::remove_source(&services, &caller, id_of(&id)?, entities).await? {
        Progress::Done(()) => StatusCode::NO_CONTENT,
        Progress::GoesOn => StatusCode::ACCEPTED,
    })
}

/// Has a source fetched again, in the background.
#[utoipa::path(
    post, path = "/catalog/sources/{id}/sync", tag = "sources", params(("id" = String, Path)),
    responses(
        (status = 202, description = "It will be fetched"),
        (status = 409, description = "It is being removed"),
    ),
)]
async fn sync(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    catalog::refresh(&services, &caller, id_of(&id)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Which people and teams are to count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Trusted {
    trust: Trust,
}

/// Decides which people and teams of a source count for sign-in and permission.
#[utoipa::path(
    post, path = "/catalog/sources/{id}/trust", tag = "sources", params(("id" = String, Path)), request_body = Trusted,
    responses((status = 204, description = "They count from now on, or no longer")),
)]
async fn trust(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let Trusted { trust } = body(&bytes)?;
    catalog::set_trust(&services, &caller, id_of(&id)?, trust).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is to be explained: a place, or a text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum Explain {
    /// A text, as a file that has no files beside it.
    Text { text: String },
    /// A place, as a source would name it.
    Place(NewSource),
}

/// The fields of an [`Explain`], as they came.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    text: Option<String>,
    kind: Option<SourceKind>,
    target: Option<String>,
}

impl Explain {
    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let Asked { text, kind, target } = body(bytes)?;
        match (text, kind, target) {
            (Some(text), None, None) => Ok(Self::Text { text }),
            (None, Some(kind), Some(target)) => Ok(Self::Place(NewSource::new(kind, target))),
            _ => Err(Error::Rejected(
                "say either what is to be explained, `{\"text\": \"kind: Component\"}`, or where it is, `{\"kind\": \"git\", \
                 \"target\": \"https://git.example.com/quay/fares.git\"}`"
                    .into(),
            )),
        }
    }
}

/// What would become of a place or a text.
#[derive(Debug, Serialize, ToSchema)]
struct Explanation {
    /// What would become of every file, and why.
    files: Vec<SourceFile>,
    /// Every entity that is declared there, at most 500; the files say which another source holds.
    #[schema(value_type = Vec<EntityDocument>)]
    entities: Vec<Value>,
}

/// Walks a place or a text as a sync would, and records nothing.
#[utoipa::path(
    post, path = "/catalog/explain", tag = "sources", request_body = Explain,
    responses((status = 200, description = "What would become of it", body = Explanation)),
)]
async fn explain(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Json<Explanation>, Problem> {
    let explained = match Explain::read(&bytes)? {
        Explain::Text { text } => catalog::explain_given(&services, &caller, &text).await?,
        Explain::Place(place) => catalog::explain(&services, &caller, place).await?,
    };
    let entities = explained.entities.into_iter().take(SHOWN).map(|entity| entity.document).collect();
    Ok(Json(Explanation { files: explained.files, entities }))
}
