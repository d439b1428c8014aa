//! What an operator's tools ask: alive, ready, figures.

use axum::{Router, extract::State, http::StatusCode, middleware, response::IntoResponse, routing::get};
use services::{Services, database};

use super::{AppState, local, metrics};

pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let figures = Router::new()
        .route("/metrics", get(metrics::show))
        .layer(middleware::from_fn_with_state(state.clone(), local::only_from_here));
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).merge(figures)
}

/// The process answers.
async fn livez() -> &'static str {
    "ok\n"
}

/// The process answers, and so does its database.
async fn readyz(State(services): State<Services>) -> impl IntoResponse {
    match database::ping(&services.db).await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
