//! Figures about requests, by route and never by path: the number of series stays bounded.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::PrometheusHandle;

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

/// `/metrics`, in the text format of Prometheus.
pub(crate) async fn show(State(metrics): State<PrometheusHandle>) -> impl IntoResponse {
    metrics.run_upkeep();
    ([("content-type", "text/plain; version=0.0.4")], metrics.render())
}
