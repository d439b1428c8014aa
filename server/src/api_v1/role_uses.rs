//! What use the roles were that were given.

use axum::{Extension, Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use services::{
    Error, Services,
    identity::Caller,
    permission::{self, GrantedBy},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Problem;
use crate::{http::AppState, lists::Params};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(role_uses))
}

/// A role that someone has, and what use it was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RoleUse {
    /// The role.
    role: String,
    /// `user:…`, `group:…` or `machine:…`; empty for everyone who is signed in.
    to: String,
    /// `given`, `settings` or `token`.
    by: &'static str,
    /// When it was given, where that is known.
    given_at: Option<DateTime<Utc>>,
    /// The token that brings it.
    token: Option<Uuid>,
    /// When it was last of use to anyone, to the hour.
    last_used_at: Option<DateTime<Utc>>,
    /// To how many people and machines it ever was.
    users: u32,
    /// Whether it was of no use to anyone for as long as was asked.
    unused: bool,
    /// Why it may be of no effect: no policy speaks of the role.
    doubt: Option<&'static str>,
}

/// What use the roles were.
#[derive(Serialize, ToSchema)]
struct RoleUses {
    /// Those of no use first, then those longest unused.
    items: Vec<RoleUse>,
    /// Since when uses are noted.
    since: DateTime<Utc>,
}

/// What use the roles were that someone has, and which nobody used for so many days. A role is used when something is
/// permitted that no lesser role of the same person would permit.
#[utoipa::path(
    get, path = "/permission/role-uses", tag = "permission",
    params(
        ("days" = Option<u32>, Query, description = "Without use for so many days counts as unused; 90 where it is missing"),
        ("unused" = Option<bool>, Query, description = "Only those that are unused"),
    ),
    responses((status = 200, description = "Every grant", body = RoleUses)),
)]
async fn role_uses(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<RoleUses>, Problem> {
    let days = params.number("days")?.unwrap_or(90);
    if !(1..=3_650).contains(&days) {
        return Err(Error::Rejected(format!("`days` must be from 1 to 3650, not {days}")).into());
    }
    let only = params.is_true("unused")?;
    let report = permission::use_report(&services, &caller, days).await?;
    let items = report.grants.into_iter().filter(|grant| grant.is_unused || !only).map(|grant| {
        let (by, given_at, token) = match grant.by {
            GrantedBy::Hand(at, _) => ("given", Some(at), None),
            GrantedBy::Settings => ("settings", None, None),
            GrantedBy::Token(id, at) => ("token", Some(at), Some(id)),
        };
        RoleUse {
            role: grant.role,
            to: grant.grantee,
            by,
            given_at,
            token,
            last_used_at: grant.last,
            users: grant.users,
            unused: grant.is_unused,
            doubt: (!grant.is_spoken_of).then_some("no policy speaks of this role"),
        }
    });
    Ok(Json(RoleUses { items: items.collect(), since: report.since }))
}
