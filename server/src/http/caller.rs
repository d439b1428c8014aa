//! Who asks.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use services::identity::{Caller, Subject, Tenant};

use super::AppState;

/// Puts the [`Caller`] beside the request. While the server listens on loopback and no sign-in is configured, whoever
/// reaches it without credentials is the local guest; credentials that nobody issued are refused, not ignored.
pub(crate) async fn identify(State(_state): State<AppState>, mut request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::AUTHORIZATION) {
        let message = "no sign-in is configured, so no credentials are valid; send the request without them\n";
        return (StatusCode::UNAUTHORIZED, message).into_response();
    }
    request.extensions_mut().insert(Caller { tenant: Tenant::default(), subject: Subject::Guest });
    next.run(request).await
}
