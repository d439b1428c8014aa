//! What waits for people: entities that nothing declares, names that two declarations claim, documents to mend.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use domain::catalog::{Dispute, EntityRef, Orphan, OrphanDeed, Part, SyncRecord, Trouble, TroubleFilter};
use serde::Deserialize;
use services::{Services, catalog, identity::Caller};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Problem, sources::id_of};
use crate::{
    http::AppState,
    lists::{Params, body},
};

/// How many rows a page has where nothing is said.
const PAGE: u32 = 50;

/// An entity, as it stands in a path.
type Named = Path<(String, String, String)>;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(orphans))
        .routes(routes!(settle))
        .routes(routes!(conflicts))
        .routes(routes!(hand_over))
        .routes(routes!(problems))
        .routes(routes!(syncs))
}

/// Which part of a list: how many rows are skipped, and how many are wanted.
fn part(params: &Params) -> Result<(u32, u32), Problem> {
    Ok((params.number("offset")?.unwrap_or(0), params.number("limit")?.unwrap_or(PAGE)))
}

/// Entities that their source no longer declares, those first that are removed first.
#[utoipa::path(
    get, path = "/catalog/orphans", tag = "sources",
    params(
        ("source" = Option<String>, Query, description = "Only those of this source"),
        ("offset" = Option<u32>, Query, description = "How many to skip"),
        ("limit" = Option<u32>, Query, description = "At most so many: 50 where nothing is said"),
    ),
    responses((status = 200, description = "A part of them, and how many there are", body = Part<Orphan>)),
)]
async fn orphans(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Part<Orphan>>, Problem> {
    let source = params.one("source").map(id_of).transpose()?;
    Ok(Json(catalog::orphans(&services, &caller, source, part(&params)?).await?))
}

/// What is decided about an orphan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    deed: OrphanDeed,
}

/// Keeps an entity that nothing declares, or removes it before its grace ends.
#[utoipa::path(
    post, path = "/catalog/orphans/{kind}/{namespace}/{name}", tag = "sources", request_body = Decision,
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 204, description = "It is done")),
)]
async fn settle(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let Decision { deed } = body(&bytes)?;
    catalog::settle_orphan(&services, &caller, &EntityRef::new(&kind, &namespace, &name), deed).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Names that are declared twice: whose declaration stands, and whose does not.
#[utoipa::path(
    get, path = "/catalog/conflicts", tag = "sources",
    params(
        ("offset" = Option<u32>, Query, description = "How many to skip"),
        ("limit" = Option<u32>, Query, description = "At most so many: 50 where nothing is said"),
    ),
    responses((status = 200, description = "A part of them, and how many there are", body = Part<Dispute>)),
)]
async fn conflicts(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Part<Dispute>>, Problem> {
    Ok(Json(catalog::disputes(&services, &caller, part(&params)?).await?))
}

/// Whose declaration is to stand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Claimer {
    /// The source.
    source: Uuid,
    /// Its file.
    path: String,
}

/// Lets the other declaration of a name stand.
#[utoipa::path(
    post, path = "/catalog/conflicts/{kind}/{namespace}/{name}", tag = "sources", request_body = Claimer,
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 204, description = "It is done")),
)]
async fn hand_over(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let Claimer { source, path } = body(&bytes)?;
    catalog::hand_over(&services, &caller, &EntityRef::new(&kind, &namespace, &name), source, &path).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What should be mended in files, and to whom it belongs.
#[utoipa::path(
    get, path = "/catalog/problems", tag = "sources",
    params(
        ("owner" = Option<String>, Query, description = "Only those of this team or person; `nobody` for those that nobody owns"),
        ("source" = Option<String>, Query, description = "Only those of this source"),
        ("only" = Option<String>, Query, description = "`rejected`: only those that keep a document out of the catalog"),
        ("offset" = Option<u32>, Query, description = "How many to skip"),
        ("limit" = Option<u32>, Query, description = "At most so many: 50 where nothing is said"),
    ),
    responses((status = 200, description = "A part of them, and how many there are", body = Part<Trouble>)),
)]
async fn problems(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Part<Trouble>>, Problem> {
    let (offset, limit) = part(&params)?;
    let filter = TroubleFilter {
        owner: params.one("owner").unwrap_or_default().to_owned(),
        source: params.one("source").map(id_of).transpose()?,
        rejected_only: params.one("only") == Some("rejected"),
        offset,
        limit,
    };
    Ok(Json(catalog::troubles(&services, &caller, &filter).await?))
}

/// The last syncs of a source, oldest first.
#[utoipa::path(
    get, path = "/catalog/sources/{id}/syncs", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, description = "What each of them did", body = Vec<SyncRecord>)),
)]
async fn syncs(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Vec<SyncRecord>>, Problem> {
    Ok(Json(catalog::syncs_of(&services, &caller, id_of(&id)?).await?))
}
