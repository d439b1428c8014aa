//! What an operator's tools ask: alive, ready, figures.

use std::time::Duration;

use axum::{Router, extract::State, http::StatusCode, middleware, response::IntoResponse, routing::get};
use services::{Services, database, identity::Tenant};

use super::{AppState, caller, local, metrics};

/// How long a probe waits for a catalog that is being read: less than probes usually wait for an answer.
const PATIENCE: Duration = Duration::from_millis(800);

pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let figures = Router::new()
        .route("/metrics", get(metrics::show))
        .layer(middleware::from_fn_with_state(state.clone(), caller::identify))
        .layer(middleware::from_fn_with_state(state.clone(), metrics::open))
        .layer(middleware::from_fn_with_state(state.clone(), local::only_from_here));
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).merge(figures)
}

/// The process answers.
async fn livez() -> &'static str {
    "ok\n"
}

/// The process answers, so does its database, and the catalog has been read.
async fn readyz(State(services): State<Services>) -> impl IntoResponse {
    let read = async {
        database::ping(&services.db).await?;
        services.catalog.loaded(&Tenant::default()).await;
        Ok::<(), services::Error>(())
    };
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(())) => (StatusCode::OK, "ok\n"),
        Ok(Err(error)) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the catalog is being read; ask again in a moment\n"),
    }
}
