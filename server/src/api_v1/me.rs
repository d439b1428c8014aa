//! Whoever asks: what a token or a session means here.

use axum::{Extension, Json, extract::State};
use serde::Serialize;
use services::{
    Services,
    identity::{Caller, Entry},
    permission,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Problem;
use crate::http::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(me))
}

/// Who asks, and on what footing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Me {
    /// `user:default/ada`, `machine:NAME`, `administrator` or `guest`.
    subject: String,
    /// How they came in.
    way: &'static str,
    /// Their groups, with those above.
    teams: Vec<String>,
    /// Roles that came with the way in.
    roles: Vec<String>,
    /// All roles that count: those, those of everyone, and those given to them or their teams, with the roles that these contain.
    all_roles: Vec<String>,
    /// What a token is narrowed to; left out where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
}

/// Who the server takes you for.
#[utoipa::path(get, path = "/me", tag = "identity", responses((status = 200, description = "You", body = Me)))]
async fn me(State(services): State<Services>, Extension(caller): Extension<Caller>) -> Result<Json<Me>, Problem> {
    let standing = &caller.standing;
    let all_roles = permission::roles_of(&services, &caller).await?.into_iter().collect();
    Ok(Json(Me {
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
        all_roles,
        scopes: standing.scopes.as_ref().map(|scopes| scopes.iter().map(ToString::to_string).collect()),
    }))
}
