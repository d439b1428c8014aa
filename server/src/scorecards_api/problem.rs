//! Errors of the platform API: `{error: {message}}` with a status.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use services::Error;

/// Why a request was not answered as asked.
pub(super) struct Problem(Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, message) = match self.0 {
            Error::NotFound(message) => (StatusCode::NOT_FOUND, message),
            Error::Conflict(message) => (StatusCode::CONFLICT, message),
            Error::Rejected(message) => (StatusCode::UNPROCESSABLE_ENTITY, message),
            Error::Denied(denied) => (StatusCode::FORBIDDEN, denied.to_string()),
            error @ Error::Unavailable { .. } => (StatusCode::BAD_GATEWAY, error.to_string()),
            Error::Internal(why) => {
                tracing::error!(why, "a request about scorecards failed");
                let message = "something went wrong on the server; its log has the details".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, message)
            }
        };
        (status, Json(json!({ "error": { "message": message } }))).into_response()
    }
}
