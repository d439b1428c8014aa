//! Errors in Backstage's shape: `{error: {name, message}, request: {method, url}, response: {statusCode}}`.

use axum::{
    Json,
    extract::{OriginalUri, Request},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;
use services::Error;

/// Why a request was not answered as asked.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    status: StatusCode,
    name: &'static str,
    message: String,
}

impl Problem {
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, name: "InputError", message: message.into() }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, name: "NotFoundError", message: message.into() }
    }

    pub(super) fn method() -> Self {
        let message = "this path is not asked in this way; see the methods in `Allow`".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, name: "MethodNotAllowedError", message }
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, name: "ConflictError", message: message.into() }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(message) => Self::not_found(message),
            Error::Conflict(message) => Self::conflict(message),
            Error::Rejected(message) => Self::input(message),
            Error::Denied(denied) => {
                Self { status: StatusCode::FORBIDDEN, name: "NotAllowedError", message: denied.to_string() }
            }
            Error::Unavailable { .. } => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self { status, name: "ServiceUnavailableError", message: error.to_string() }
            }
            Error::Internal(why) => {
                tracing::error!(why, "a request to the catalog failed");
                let message = "something went wrong on the server; its log has the details".to_owned();
                Self { status: StatusCode::INTERNAL_SERVER_ERROR, name: "Error", message }
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of an error, which names the request.
pub(super) async fn shape(OriginalUri(uri): OriginalUri, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Problem>() {
        None => response,
        Some(Problem { status, name, message }) => {
            let body = json!({
                "error": { "name": name, "message": message },
                "request": { "method": method, "url": uri.to_string() },
                "response": { "statusCode": status.as_u16() },
            });
            (status, Json(body)).into_response()
        }
    }
}
