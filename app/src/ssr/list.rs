//! Gathers what the list shows.

use services::{
    Result, Services, catalog,
    domain::catalog::{Column, Entity, EntityRef, Listing, SavedView},
    home,
    identity::Caller,
    lists,
};

use super::{count, entity::own_looks};
use crate::catalog::views::{Cell, ListView, is_troubled};

/// How many letters a cell shows.
const CELL: usize = 200;

/// A page of a list.
pub(crate) async fn view(
    services: &Services,
    caller: &Caller,
    listing: &Listing,
    refused: Option<String>,
) -> Result<ListView> {
    let rows = lists::page(services, caller, listing).await?;
    let sources = catalog::sources(services, caller).await?;
    let kinds: Vec<&str> = rows.items.iter().map(|item| EntityRef::kind(&item.reference)).collect();
    let own = own_looks(services, caller, &kinds).await?;
    let me = home::me(services, caller).await?;
    let cells = rows.items.iter().zip(&rows.badges).map(|(item, badges)| {
        let filled = listing.shown().iter().filter(|column| !is_of_summary(column));
        filled.map(|column| cell(column, item, badges)).collect()
    });
    Ok(ListView {
        cells: cells.collect(),
        badges: rows.badges.iter().map(|badges| badges.first().cloned()).collect(),
        items: rows.items.iter().map(Entity::summary).collect(),
        starred: rows.starred,
        total: rows.total,
        facets: rows.facets,
        synced: rows.synced.map(|at| at.timestamp_millis()),
        troubled: count(sources.iter().filter(|source| is_troubled(source)).count()),
        sources: count(sources.len()),
        views: lists::views(services, caller, &me).await?,
        own,
        me,
        refused,
    })
}

/// Whether a row says it without a cell.
fn is_of_summary(column: &Column) -> bool {
    Column::USUAL.contains(column)
}

fn cell(column: &Column, item: &Entity, badges: &[services::domain::scorecards::Badge]) -> Cell {
    if column.is_level() {
        Cell::Level(lists::badge(column, badges).cloned())
    } else {
        Cell::Text(column.text(item, CELL))
    }
}

/// The list that a view means, with the view open.
pub(crate) fn opened(view: &SavedView) -> String {
    let joint = if view.query.is_empty() { "" } else { "&" };
    format!("/catalog?{}{joint}view={}", view.query, view.id)
}
