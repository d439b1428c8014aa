//! Scorecards for machines: `/api/v1/scorecards`, and where an entity stands.

mod table;

use std::collections::HashMap;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::header,
    response::IntoResponse,
};
use domain::{
    catalog::EntityRef,
    scorecards::{Card, EntityFilter, EntityReport, Judged, Overview, RuleDetail},
};
use serde::Serialize;
use services::{Error, Services, identity::Caller, scorecards};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{api_v1::Problem, http::AppState};

/// The routes of scorecards.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(overview))
        .routes(routes!(results))
        .routes(routes!(results_table))
        .routes(routes!(rule))
        .routes(routes!(of_entity))
}

/// What narrows a list; everything that is said must hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the domain reads the address; this is its description")]
struct Narrowing {
    /// Owned by this team, or by a team below it.
    team: Option<String>,
    /// Each team alone, without the teams below it.
    direct: Option<bool>,
    /// Part of this system.
    system: Option<String>,
    /// At exactly this level, by its name; `-floor` and `-none` are below all and not evaluated.
    level: Option<String>,
    /// At this level or above.
    at_least: Option<String>,
    /// With this outcome in any rule, or in `rule`.
    outcome: Option<String>,
    /// The rule that `outcome` is about.
    rule: Option<String>,
    /// One rule away from a higher level.
    one_away: Option<bool>,
    /// Moved up or down in the last 30 days.
    moved: Option<bool>,
}

/// What narrows a list, as an address writes it.
type Narrowed = Query<HashMap<String, String>>;

fn filter(Query(parts): Narrowed) -> Result<EntityFilter, Error> {
    EntityFilter::read(|name| parts.get(name).cloned()).map_err(Error::Rejected)
}

/// A scorecard's entities.
#[derive(Debug, Serialize, ToSchema)]
struct Results {
    scorecard: Card,
    items: Vec<Judged>,
}

/// Every scorecard.
#[utoipa::path(
    get, path = "/scorecards", operation_id = "scorecards", tag = "scorecards",
    responses((status = 200, description = "The scorecards", body = Vec<Card>)),
)]
async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Card>>, Problem> {
    Ok(Json(scorecards::list(&services, &caller).await?))
}

/// One scorecard: its distribution, its moves, its teams and its rules.
#[utoipa::path(
    get, path = "/scorecards/{name}", operation_id = "scorecard", tag = "scorecards",
    params(("name" = String, Path, description = "The scorecard's name"), Narrowing),
    responses((status = 200, description = "How the scorecard stands", body = Overview)),
)]
async fn overview(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    narrowed: Narrowed,
) -> Result<Json<Overview>, Problem> {
    let (reference, filter) = (scorecards::named(&name)?, filter(narrowed)?);
    Ok(Json(scorecards::overview(&services, &caller, &reference, &filter).await?))
}

/// Where each of a scorecard's entities stands.
#[utoipa::path(
    get, path = "/scorecards/{name}/results", tag = "scorecards",
    params(("name" = String, Path, description = "The scorecard's name"), Narrowing),
    responses((status = 200, description = "Where each entity stands", body = Results)),
)]
async fn results(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    narrowed: Narrowed,
) -> Result<Json<Results>, Problem> {
    let (reference, filter) = (scorecards::named(&name)?, filter(narrowed)?);
    let (scorecard, items) = scorecards::results(&services, &caller, &reference, &filter).await?;
    Ok(Json(Results { scorecard, items }))
}

/// The same as a table for spreadsheets.
#[utoipa::path(
    get, path = "/scorecards/{name}/results.csv", tag = "scorecards",
    params(("name" = String, Path, description = "The scorecard's name"), Narrowing),
    responses((status = 200, description = "The same, for spreadsheets", body = String, content_type = "text/csv")),
)]
async fn results_table(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    narrowed: Narrowed,
) -> Result<impl IntoResponse, Problem> {
    let (reference, filter) = (scorecards::named(&name)?, filter(narrowed)?);
    let (card, items) = scorecards::results(&services, &caller, &reference, &filter).await?;
    let disposition = format!("attachment; filename=\"{}.csv\"", reference.name());
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, table::csv(&card, &items)))
}

/// One rule against everything that it concerns.
#[utoipa::path(
    get, path = "/scorecards/{name}/rules/{id}", tag = "scorecards",
    params(("name" = String, Path, description = "The scorecard's name"), ("id" = String, Path)),
    responses((status = 200, description = "The rule and every result of it", body = RuleDetail)),
)]
async fn rule(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<RuleDetail>, Problem> {
    Ok(Json(scorecards::rule(&services, &caller, &scorecards::named(&name)?, &id).await?))
}

/// Where one entity stands, and why.
#[utoipa::path(
    get, path = "/entities/{kind}/{namespace}/{name}/scorecards", tag = "scorecards",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "A report for each scorecard", body = Vec<EntityReport>)),
)]
async fn of_entity(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Result<Json<Vec<EntityReport>>, Problem> {
    let entity = EntityRef::new(&kind, &namespace, &name);
    Ok(Json(scorecards::for_entity(&services, &caller, &entity).await?))
}
