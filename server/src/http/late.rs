//! A request that took too long is answered in the words of whoever asked, not with nothing.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{AppState, RequestId, caller::wants_a_page};
use crate::{api_v1::Problem, auth};

/// Puts words into an answer that has none because time ran out.
pub(super) async fn told(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_page = wants_a_page(request.headers());
    let is_api = request.uri().path().starts_with("/api/v1/");
    let id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    let response = next.run(request).await;
    let is_empty = axum::body::HttpBody::size_hint(response.body()).exact() == Some(0);
    if response.status() != StatusCode::SERVICE_UNAVAILABLE
        || !is_empty
        || response.headers().contains_key(header::CONTENT_TYPE)
    {
        return response;
    }
    tracing::warn!("a request took too long");
    unavailable(&state, (is_page, is_api), "it took too long", &RequestId(id))
}

/// What whoever asks is told while the server cannot answer.
pub(super) fn unavailable(state: &AppState, (is_page, is_api): (bool, bool), why: &str, id: &RequestId) -> Response {
    if is_api {
        return Problem::unavailable(&format!("this cannot be answered now: {why}; try again soon")).into_response();
    }
    if is_page {
        return auth::unavailable(state, why, id);
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("this cannot be answered now: {why}; try again soon\n")).into_response()
}
