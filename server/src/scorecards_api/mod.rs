//! Scorecards for machines: `/api/v1/scorecards`, and where an entity stands.

mod problem;
mod table;

use std::collections::HashMap;

use axum::{
    Extension, Json, Router,
    extract::{Path, Query, State},
    http::header,
    response::IntoResponse,
    routing::get,
};
use domain::{
    catalog::EntityRef,
    scorecards::{Card, EntityFilter, EntityReport, Judged, Overview, RuleDetail},
};
use serde::Serialize;
use services::{Error, Services, identity::Caller, scorecards};

use self::problem::Problem;
use crate::http::AppState;

/// The routes of scorecards.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/v1/scorecards", get(list))
        .route("/api/v1/scorecards/{name}", get(overview))
        .route("/api/v1/scorecards/{name}/results", get(results))
        .route("/api/v1/scorecards/{name}/results.csv", get(results_table))
        .route("/api/v1/scorecards/{name}/rules/{id}", get(rule))
        .route("/api/v1/entities/{kind}/{namespace}/{name}/scorecards", get(of_entity))
}

/// What narrows a list, as an address writes it.
type Narrowed = Query<HashMap<String, String>>;

fn filter(Query(parts): Narrowed) -> Result<EntityFilter, Error> {
    EntityFilter::read(|name| parts.get(name).cloned()).map_err(Error::Rejected)
}

/// A scorecard's entities.
#[derive(Debug, Serialize)]
struct Results {
    scorecard: Card,
    items: Vec<Judged>,
}

async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Card>>, Problem> {
    Ok(Json(scorecards::list(&services, &caller).await?))
}

async fn overview(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    narrowed: Narrowed,
) -> Result<Json<Overview>, Problem> {
    let (reference, filter) = (scorecards::named(&name)?, filter(narrowed)?);
    Ok(Json(scorecards::overview(&services, &caller, &reference, &filter).await?))
}

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

async fn rule(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<RuleDetail>, Problem> {
    Ok(Json(scorecards::rule(&services, &caller, &scorecards::named(&name)?, &id).await?))
}

async fn of_entity(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Result<Json<Vec<EntityReport>>, Problem> {
    let entity = EntityRef::new(&kind, &namespace, &name);
    Ok(Json(scorecards::for_entity(&services, &caller, &entity).await?))
}
