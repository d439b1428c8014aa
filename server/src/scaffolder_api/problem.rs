//! Errors in the shape that Backstage's clients read.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;
use services::Error;

/// What went wrong, on its way to a client.
pub(super) struct Problem(Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, name, message) = match self.0 {
            Error::NotFound(why) => (StatusCode::NOT_FOUND, "NotFoundError", why),
            Error::Conflict(why) => (StatusCode::CONFLICT, "ConflictError", why),
            Error::Rejected(why) => (StatusCode::BAD_REQUEST, "InputError", why),
            Error::Denied(denied) => (StatusCode::FORBIDDEN, "NotAllowedError", denied.to_string()),
            Error::Unavailable { system, why } => {
                (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableError", format!("{system}: {why}"))
            }
            Error::Internal(why) => {
                tracing::error!(why, "request failed");
                let message = "something went wrong on the server; its log has the details".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, "Error", message)
            }
        };
        let body = json!({
            "error": { "name": name, "message": message },
            "response": { "statusCode": status.as_u16() },
        });
        (status, Json(body)).into_response()
    }
}
