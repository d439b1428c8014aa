//! What an operator's tools ask: alive, ready, figures.

use std::time::Duration;

use axum::{Router, extract::State, http::StatusCode, middleware, response::IntoResponse, routing::get};
use services::{Services, database, identity::Tenant};
use tokio::time::{Instant, timeout_at};

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
    let deadline = Instant::now() + PATIENCE;
    let answered = timeout_at(deadline, database::ping(&services.db)).await;
    let problem = match answered {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(late) => Some(late.to_string()),
    };
    if let Some(problem) = problem {
        tracing::error!(problem, "not ready: the database does not answer");
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n");
    }
    match timeout_at(deadline, services.catalog.loaded(&Tenant::default())).await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the catalog is being read; ask again in a moment\n"),
    }
}
