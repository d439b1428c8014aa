//! Headers that every answer carries.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{AppState, RequestId, caller::wants_a_page};
use crate::{api_v1::Problem, auth};

/// What a page may load: its own files, and scripts that carry the request's nonce.
pub(crate) fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Nothing at all: for answers that are not pages.
const DATA_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

const FIXED: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// What says something to whoever opens the answer as a page, or leaves it; the files that a page loads are sent without.
const OF_PAGES: [(HeaderName, HeaderValue); 3] = [
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// Refuses addresses that name nothing: with the character NUL, which PostgreSQL keeps nowhere, or with a path that is no text.
pub(crate) async fn readable(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let uri = request.uri();
    let has_nul = [Some(uri.path()), uri.query()].into_iter().flatten().any(|part| part.contains("%00"));
    let message = if has_nul {
        "the address holds the character NUL (`%00`), which is part of no name; remove it"
    } else if !is_text(uri.path()) {
        "the path of the address is no UTF-8 once its `%` are resolved; correct it"
    } else {
        return next.run(request).await;
    };
    if uri.path().starts_with("/api/v1/") {
        return Problem::malformed(message).into_response();
    }
    if wants_a_page(request.headers()) && !uri.path().starts_with("/api/") {
        let id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
        return auth::unreadable(&state, message, &RequestId(id));
    }
    let body = json!({ "error": { "name": "InputError", "message": message }, "response": { "statusCode": 400 } });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// Whether a path is text once its `%` are resolved. What stands behind one that is not followed by two digits is as it is.
fn is_text(path: &str) -> bool {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let digits = rest.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(b'%'));
        rest = &rest[at + if byte.is_some() { 3 } else { 1 }..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).is_ok()
}

pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let cached = headers.get(header::CACHE_CONTROL).and_then(|kept| kept.to_str().ok()).unwrap_or_default();
    let more = if cached.contains("immutable") { None } else { Some(OF_PAGES) };
    for (name, value) in FIXED.into_iter().chain(more.into_iter().flatten()) {
        headers.entry(name).or_insert(value);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(DATA_POLICY);
    // Pages and data belong to the one who asked; files with a hash in their name say otherwise themselves. `no-cache` alone, as
    // streams have it, lets others keep what they may not show unasked.
    let says = headers.get(header::CACHE_CONTROL).and_then(|kept| kept.to_str().ok()).unwrap_or_default();
    if !["no-store", "private", "public"].iter().any(|word| says.contains(word)) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
