//! Whoever asks: what a token or a session means here.

use axum::{Extension, Json};
use serde::Serialize;
use services::identity::{Caller, Entry};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(me))
}

/// Who asks, and on what footing.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// `user:default/ada`, `machine:NAME`, `administrator` or `guest`.
    subject: String,
    /// How they came in.
    way: &'static str,
    /// Their groups, with those above.
    teams: Vec<String>,
    /// Roles that came with the way in.
    roles: Vec<String>,
    /// What a token is narrowed to; left out where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
}

/// Who the server takes you for.
#[utoipa::path(get, path = "/me", tag = "identity", responses((status = 200, description = "You", body = Me)))]
async fn me(Extension(caller): Extension<Caller>) -> Json<Me> {
    let standing = &caller.standing;
    Json(Me {
        subject: caller.subject.to_string(),
        way: match standing.source {
            Entry::None => "none",
            Entry::Guest => "guest",
            Entry::Administrator => "administrator's token",
            Entry::Session(_) => "session",
            Entry::Token(_) => "token",
            Entry::Pipeline(_) => "pipeline",
        },
        teams: standing.teams.iter().cloned().collect(),
        roles: standing.roles.iter().cloned().collect(),
        scopes: standing.scopes.as_ref().map(|scopes| scopes.iter().map(ToString::to_string).collect()),
    })
}
