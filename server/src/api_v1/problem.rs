//! Errors of the platform API: problem details, as RFC 9457 has them.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use services::Error;
use utoipa::ToSchema;

/// Why a request was not answered as asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemDetails {
    /// Always `about:blank`: the status says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// What happened, where, and how to mend it.
    detail: String,
}

/// An error on its way to the client.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    /// The path is right, and the method is not.
    pub(super) fn method() -> Self {
        let detail =
            "this path is not asked like that; `GET /api/v1/openapi.json` lists the methods of each".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, detail }
    }

    /// An address that says nothing that could be asked for.
    pub(crate) fn malformed(detail: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, detail: detail.to_owned() }
    }

    /// Nobody who is known.
    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, detail: detail.trim().to_owned() }
    }

    /// Someone who is known, in a way that is not taken.
    pub(crate) fn forbidden(detail: &str) -> Self {
        Self { status: StatusCode::FORBIDDEN, detail: detail.trim().to_owned() }
    }

    /// Nothing can be answered now.
    pub(crate) fn unavailable(detail: &str) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, detail: detail.to_owned() }
    }

    /// Too much at once.
    pub(crate) fn too_many(detail: &str) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, detail: detail.trim().to_owned() }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (status, detail) = match error {
            Error::NotFound(message) => (StatusCode::NOT_FOUND, message),
            Error::Conflict(message) => (StatusCode::CONFLICT, message),
            Error::Rejected(message) => (StatusCode::UNPROCESSABLE_ENTITY, message),
            Error::Denied(denied) => (StatusCode::FORBIDDEN, denied.to_string()),
            error @ Error::Unavailable { .. } => (StatusCode::BAD_GATEWAY, error.to_string()),
            Error::Internal(why) => {
                tracing::error!(why, "a request to the platform API failed");
                let detail = "something went wrong on the server; its log has the details".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, detail)
            }
        };
        Self { status, detail }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or_default();
        let details = ProblemDetails { kind: "about:blank", title, status: self.status.as_u16(), detail: self.detail };
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], Json(details)).into_response()
    }
}
