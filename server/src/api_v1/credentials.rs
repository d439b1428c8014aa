//! Credentials: listing, sealing, and taking away; never reading.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use domain::catalog::{Credential, NewCredential};
use services::{Services, catalog::credentials, identity::Caller};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Problem;
use crate::{http::AppState, lists::body};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, seal)).routes(routes!(remove))
}

/// Every credential, without its secret.
#[utoipa::path(
    get, path = "/catalog/credentials", operation_id = "credentials", tag = "sources",
    responses((status = 200, description = "What each is bound to, and where its secret is", body = Vec<Credential>)),
)]
async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Credential>>, Problem> {
    Ok(Json(credentials::credentials(&services, &caller).await?))
}

/// Seals a credential, in place of one of the same name.
#[utoipa::path(
    post, path = "/catalog/credentials", tag = "sources", request_body = NewCredential,
    responses((status = 204, description = "It is sealed")),
)]
async fn seal(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    credentials::seal_credential(&services, &caller, body(&bytes)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a sealed credential away.
#[utoipa::path(
    delete, path = "/catalog/credentials/{name}", operation_id = "remove_credential", tag = "sources", params(("name" = String, Path)),
    responses((status = 204, description = "It is gone")),
)]
async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    credentials::remove_credential(&services, &caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
