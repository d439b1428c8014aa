//! What the server lends to pages and server functions.

pub(crate) mod access;
pub(crate) mod approval;
pub(crate) mod entity;
mod history;
pub(crate) mod home;
pub(crate) mod inbox;
mod layout;
pub(crate) mod list;
pub(crate) mod past;
mod reader;
pub(crate) mod team;

use axum::http::StatusCode;
use leptos::prelude::*;
use services::{
    Services,
    identity::{Caller, Permission, Target},
};

use crate::AppError;

/// Who asks, with what request, for one page or one server function.
#[derive(Clone)]
pub struct RequestContext {
    /// All use cases.
    pub services: Services,
    /// The author of the request.
    pub caller: Caller,
    /// Names this request in the log.
    pub request_id: String,
}

/// A text that came with the request for a page.
#[derive(Clone)]
pub struct Pasted(pub String);

/// A token that was made by the request for a page, or why it was not.
#[derive(Clone)]
pub struct MintedToken(pub Result<domain::identity::Minted, String>);

/// The use cases.
pub(crate) fn services() -> Services {
    expect_context::<RequestContext>().services
}

/// The author of the request.
pub(crate) fn caller() -> Caller {
    expect_context::<RequestContext>().caller
}

/// Turns the result of a use case into an answer: the one place that maps errors to a status.
pub(crate) fn reply<T>(result: services::Result<T>) -> Result<T, AppError> {
    use services::Error;
    result.map_err(|error| {
        let (status, error) = match error {
            Error::NotFound(why) => (StatusCode::NOT_FOUND, AppError::NotFound(why)),
            Error::Conflict(why) => (StatusCode::CONFLICT, AppError::Conflict(why)),
            Error::Rejected(why) => (StatusCode::UNPROCESSABLE_ENTITY, AppError::Rejected(why)),
            Error::Denied(denied) => (StatusCode::FORBIDDEN, AppError::Denied(denied.to_string())),
            Error::Unavailable { .. } => (StatusCode::BAD_GATEWAY, AppError::Unavailable(error.to_string())),
            Error::Internal(why) => {
                let id = use_context::<RequestContext>().map(|context| context.request_id).unwrap_or_default();
                tracing::error!(request_id = id, why, "request failed");
                (StatusCode::INTERNAL_SERVER_ERROR, AppError::Internal(id))
            }
        };
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
            response.set_status(status);
        }
        error
    })
}

/// Why the author of the request may not do a thing, with the policies that are near; nothing if they may.
pub(crate) async fn why_not(permission: Permission, target: Target<'_>) -> services::Result<Option<String>> {
    let (may, why, reasons) = services::permission::why(&services(), &caller(), permission, target).await?;
    let near = reasons.iter().take(3).map(ToString::to_string);
    Ok((!may).then(|| std::iter::once(why).chain(near).collect::<Vec<_>>().join("; ")))
}

/// A number as it goes over the wire.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
