//! How often values occur.

use axum::{Extension, Json, extract::State};
use domain::catalog::Facet;
use services::{Error, Services, catalog, identity::Caller};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Problem;
use crate::{
    http::AppState,
    lists::{Params, predicate},
};

/// How many facets may be counted at once.
const MOST: usize = 50;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(count))
}

/// The values at some paths in the entities that are meant, and how often each occurs.
#[utoipa::path(
    get, path = "/catalog/facets", tag = "catalog",
    params(
        ("facet" = Vec<String>, Query, description = "The paths, such as `spec.type`"),
        ("filter" = Option<Vec<String>>, Query, description = "As for a list"),
        ("query" = Option<String>, Query, description = "A predicate, as JSON"),
    ),
    responses((status = 200, description = "As asked for, the most frequent values first", body = Vec<Facet>)),
)]
async fn count(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Vec<Facet>>, Problem> {
    let paths = params.list("facet");
    if paths.is_empty() || paths.len() > MOST {
        let why = format!("name 1 to {MOST} paths to count the values at, for example `facet=spec.type`");
        return Err(Error::Rejected(why).into());
    }
    let query = params.one("query").map(serde_json::from_str).transpose();
    let query = query.map_err(|error| Error::Rejected(format!("`query` is not JSON: {error}")))?;
    let predicate = query.as_ref().map(predicate).transpose()?;
    Ok(Json(catalog::facets(&services, &caller, &params.filter()?, predicate.as_ref(), &paths).await?))
}
