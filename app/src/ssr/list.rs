//! Gathers what the list shows.

use services::{
    Result, Services, catalog,
    domain::catalog::{Column, Entity, EntityRef, Facet, Listing, PROPERTIES, SavedView},
    home::{self, Me},
    identity::{Caller, Permission, Target},
    lists,
};

use super::{count, entity::own_looks, may_not};
use crate::catalog::views::{Cell, Choices, ListView, is_troubled};

/// How many letters a cell shows.
const CELL: usize = 200;
/// How many teams of a person a cell names.
const TEAMS: usize = 2;

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
    let views = lists::views(services, caller, &me).await?;
    let open = views.iter().find(|view| listing.view.as_deref() == Some(&view.id.to_string()));
    let (me, may_not) = keeps(me, open).await?;
    let cells = rows.items.iter().zip(&rows.badges).map(|(item, badges)| {
        let filled = listing.shown().iter().filter(|column| !is_of_summary(column));
        filled.map(|column| cell(column, item, badges)).collect()
    });
    let facets: Vec<Choices> = rows.facets.into_iter().map(|facet| choices(facet, listing)).collect();
    Ok(ListView {
        cells: cells.collect(),
        badges: rows.badges.iter().map(|badges| badges.first().cloned()).collect(),
        items: rows.items.iter().map(Entity::summary).collect(),
        starred: rows.starred,
        total: rows.total,
        facets,
        synced: rows.synced.map(|at| at.timestamp_millis()),
        troubled: count(sources.iter().filter(|source| is_troubled(source)).count()),
        sources: count(sources.len()),
        views,
        may_not,
        own,
        me,
        refused,
    })
}

/// How many values of a property can be picked in a page; with thousands it would be most of what is sent.
const LISTED: usize = 60;

/// The values of a property as they are offered: the most frequent, and those that are picked.
fn choices(facet: Facet, listing: &Listing) -> Choices {
    let key = PROPERTIES.iter().find(|property| property.path == facet.path).map_or("", |property| property.key);
    let is_picked = |value: &str| listing.picked(key).iter().any(|picked| picked.eq_ignore_ascii_case(value));
    let of_this = facet.values.into_iter().filter(|value| key != "system" || value.value.starts_with("system:"));
    let (values, beyond): (Vec<_>, Vec<_>) =
        of_this.enumerate().partition(|(at, value)| *at < LISTED || is_picked(&value.value));
    Choices {
        path: facet.path,
        values: values.into_iter().map(|(_, value)| value).collect(),
        beyond: count(beyond.len()),
    }
}

/// The one who asks, with those of their teams whose views they may keep; and why not, as far as that is on this page.
async fn keeps(mut me: Me, open: Option<&SavedView>) -> Result<(Me, String)> {
    let keep_own = may_not("keep views", Permission::KeepOwn, Target::Own).await?;
    if !keep_own.is_empty() {
        return Ok((Me { keeps: false, ..me }, keep_own));
    }
    if let Some(SavedView { team: Some(team), .. }) = open {
        let deed = format!("change this view of {}", team.short());
        let why = may_not(&deed, Permission::KeepTeamViews, Target::Team(team)).await?;
        return Ok((me, why));
    }
    let (mut kept, mut said) = (Vec::with_capacity(me.teams.len()), String::new());
    for team in std::mem::take(&mut me.teams) {
        let deed = format!("keep views for everyone in {}", team.short());
        let why = may_not(&deed, Permission::KeepTeamViews, Target::Team(&team)).await?;
        if why.is_empty() {
            kept.push(team);
        } else if said.is_empty() {
            said = why;
        }
    }
    Ok((Me { teams: kept, ..me }, said))
}

/// Whether a row says it without a cell.
fn is_of_summary(column: &Column) -> bool {
    Column::USUAL.contains(column)
}

fn cell(column: &Column, item: &Entity, badges: &[services::domain::scorecards::Badge]) -> Cell {
    match column {
        Column::Level | Column::LevelOf(_) => Cell::Level(lists::badge(column, badges).cloned()),
        Column::Team => {
            let mut teams = item.teams();
            let beyond = count(teams.len().saturating_sub(TEAMS));
            teams.truncate(TEAMS);
            Cell::Teams(teams, beyond)
        }
        other => Cell::Text(other.text(item, CELL)),
    }
}

/// The list that a view means, with the view open.
pub(crate) fn opened(view: &SavedView) -> String {
    let joint = if view.query.is_empty() { "" } else { "&" };
    format!("/catalog?{}{joint}view={}", view.query, view.id)
}

#[cfg(test)]
mod tests {
    use services::domain::catalog::FacetValue;

    use super::*;

    #[test]
    fn of_many_values_the_most_frequent_and_the_picked_are_offered() {
        let value = |number: u32| FacetValue { value: format!("group:default/team-{number:03}"), count: 900 - number };
        let facet = Facet { path: "relations.ownedBy".into(), values: (0..600).map(value).collect() };
        let told = |query: &str| {
            let Choices { values, beyond, .. } = choices(facet.clone(), &Listing::of_query(query));
            (values.len(), beyond, values.last().map(|last| last.value.clone()).unwrap_or_default())
        };
        assert_eq!(told(""), (60, 540, "group:default/team-059".into()));
        let picked = "owner=group:default/team-300";
        assert_eq!(told(picked), (61, 539, "group:default/team-300".into()));
    }
}
