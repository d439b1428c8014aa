//! The catalog in Backstage's dialect, for clients that speak it: paths, shapes and errors of `@backstage/catalog-client`.

mod checks;
mod entities;
mod error;
mod locations;
mod query;

use axum::{
    Router, middleware,
    routing::{get, post},
};

use self::error::Problem;
use crate::http::AppState;

/// Everything below `/api/catalog`.
pub(crate) fn router() -> Router<AppState> {
    let routes = Router::new()
        .route("/entities", get(query::all))
        .route("/entities/by-query", get(query::by_query).post(query::by_predicate))
        .route("/entities/by-name/{kind}/{namespace}/{name}", get(entities::by_name))
        .route("/entities/by-name/{kind}/{namespace}/{name}/ancestry", get(entities::ancestry))
        .route("/entities/by-uid/{uid}", get(entities::by_uid).delete(entities::remove))
        .route("/entities/by-refs", post(entities::by_refs))
        .route("/entity-facets", get(entities::facets).post(entities::facets_by_predicate))
        .route("/validate-entity", post(checks::entity))
        .route("/analyze-location", post(checks::analyze))
        .route("/refresh", post(locations::refresh))
        .route("/locations", get(locations::all).post(locations::register))
        .route("/locations/by-query", post(locations::by_query))
        .route("/locations/{id}", get(locations::one).put(locations::change).delete(locations::remove))
        .route("/locations/{id}/trace", get(locations::trace))
        .route("/locations/by-entity/{kind}/{namespace}/{name}", get(locations::of_entity))
        .fallback(async || Problem::not_found("no such path in the catalog's API"))
        .method_not_allowed_fallback(async || Problem::method())
        .layer(middleware::from_fn(error::shape));
    Router::new().nest("/api/catalog", routes)
}
