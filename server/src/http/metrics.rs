//! Figures about requests, by route and never by path: the number of series stays bounded.

use std::time::Instant;

use axum::{
    Extension,
    extract::{MatchedPath, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::PrometheusHandle;
use services::{
    Error,
    identity::{self, Caller, Permission, Target},
};

use super::{AppState, Peer};

pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let method = request.method().to_string();
    let started = Instant::now();
    let response = next.run(request).await;
    let labels = [("method", method), ("route", route), ("status", response.status().as_u16().to_string())];
    metrics::counter!("causeway_http_requests_total", &labels).increment(1);
    metrics::histogram!("causeway_http_request_seconds", &labels[..2]).record(started.elapsed().as_secs_f64());
    response
}

/// Lets those read figures without a token to whom the settings open them.
pub(crate) async fn open(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Peer(address) = Peer::of(&state, request.extensions(), request.headers());
    if address.is_some_and(|address| state.figures.hold(address)) {
        return told(&state.metrics);
    }
    next.run(request).await
}

/// `/metrics`, in the text format of Prometheus, for those who may.
pub(crate) async fn show(State(state): State<AppState>, Extension(caller): Extension<Caller>) -> Response {
    match identity::may(&state.services, &caller, Permission::ReadMetrics, Target::Platform).await {
        Ok(()) => told(&state.metrics),
        Err(Error::Denied(denied)) => (StatusCode::FORBIDDEN, format!("{denied}\n")).into_response(),
        Err(error) => {
            tracing::error!(%error, "it could not be decided who may read figures");
            (StatusCode::SERVICE_UNAVAILABLE, "it cannot be decided now who may read this; try again soon\n")
                .into_response()
        }
    }
}

fn told(metrics: &PrometheusHandle) -> Response {
    metrics.run_upkeep();
    ([("content-type", "text/plain; version=0.0.4")], metrics.render()).into_response()
}
