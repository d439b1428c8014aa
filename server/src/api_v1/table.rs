//! A whole list as a table for spreadsheets, sent as it is read.

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::catalog::Listing;
use futures::stream;
use services::{Error, Services, identity::Caller, lists::Export};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Problem;
use crate::{
    http::AppState,
    lists::{Params, csv},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(table))
}

/// Every entity of a list, as the portal's list page shows it and by the same address, for spreadsheets.
///
/// It is sent while it is read. Where reading fails on the way, the connection ends early, so that no client takes a part for the
/// whole.
#[utoipa::path(
    get, path = "/catalog/entities.csv", operation_id = "entities_table", tag = "catalog",
    params(
        ("kind" = Option<String>, Query, description = "Kinds, with commas; components where nothing is said, every kind for `all`"),
        ("type" = Option<String>, Query, description = "`spec.type`, with commas"),
        ("owner" = Option<String>, Query, description = "References, with commas; `me` and `my-teams` are the caller's"),
        ("below" = Option<String>, Query, description = "`yes` counts what the teams below own"),
        ("system" = Option<String>, Query, description = "References, with commas"),
        ("lifecycle" = Option<String>, Query, description = "`spec.lifecycle`, with commas"),
        ("tag" = Option<String>, Query, description = "Tags, with commas"),
        ("starred" = Option<String>, Query, description = "`yes` for what the caller has starred"),
        ("q" = Option<String>, Query, description = "A text that they contain"),
        ("sort" = Option<String>, Query, description = "`name`, `type`, `owner`, `system`, `lifecycle` or `changed`"),
        ("order" = Option<String>, Query, description = "`desc` for the largest first"),
        ("columns" = Option<String>, Query, description = "`kind,type,owner,system,lifecycle,level,namespace,tags,description,changed`, `level:SCORECARD`, `label:KEY`, `annotation:KEY`, `spec:PATH`; 12 at most"),
    ),
    responses((status = 200, description = "A line for each entity", body = String, content_type = "text/csv")),
)]
async fn table(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Response, Problem> {
    let wrong = Listing::misread(|name| params.all(name).map(str::to_owned).collect());
    if !wrong.is_empty() {
        return Err(Error::Rejected(wrong.join("; ")).into());
    }
    let listing = Listing::read(|name| params.all(name).map(str::to_owned).collect());
    let mut export = Export::begin(&services, &caller, listing).await?;
    let mut first = csv::line(export.heads());
    // What fails at once is told as a problem.
    first += &part(&mut export).await?.unwrap_or_default();
    let rest = stream::try_unfold(export, async |mut export| {
        let text = part(&mut export).await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(text.map(|text| (Bytes::from(text), export)))
    });
    let body = Body::from_stream(futures::StreamExt::chain(stream::iter([Ok(Bytes::from(first))]), rest));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"catalog.csv\""),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    Ok((headers, body).into_response())
}

async fn part(export: &mut Export) -> Result<Option<String>, Error> {
    let rows = export.next().await?;
    Ok(rows.map(|rows| rows.into_iter().map(csv::line).collect()))
}
