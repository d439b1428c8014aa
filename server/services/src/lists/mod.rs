//! Lists of entities as people put them together: what they mean, their rows, views that are saved, tables to take away.

mod export;
mod store;
mod views;

use domain::{
    catalog::{Column, Entity, EntityRef, Facet, ListQuery, Listing, OWNER_ME, OWNER_MY_TEAMS, PROPERTIES, Pick},
    identity::Caller,
    scorecards::Badge,
};

pub use self::{
    export::Export,
    views::{change_view, remove_view, rename_view, save_view, view, views},
};
use crate::{Result, Services, catalog, home, scorecards};

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The entities.
    pub items: Vec<Entity>,
    /// Where each stands, in the same order.
    pub badges: Vec<Vec<Badge>>,
    /// Whether the caller has starred each.
    pub starred: Vec<bool>,
    /// How many there are in all.
    pub total: u32,
    /// What else could be picked.
    pub facets: Vec<Facet>,
    /// When a source was last brought in line.
    pub synced: Option<chrono::DateTime<chrono::Utc>>,
}

/// A page of the list that an address names.
pub async fn page(services: &Services, caller: &Caller, listing: &Listing) -> Result<Rows> {
    let question = meant(services, caller, listing).await?;
    let page = catalog::list(services, caller, &question).await?;
    let references: Vec<EntityRef> = page.items.iter().map(|item| item.reference.clone()).collect();
    Ok(Rows {
        badges: badges(services, caller, listing, &references).await?,
        starred: home::starred(services, caller, &references).await?,
        items: page.items,
        total: page.total,
        facets: page.facets,
        synced: page.synced,
    })
}

/// Where each stands, if a column shows it.
async fn badges(
    services: &Services,
    caller: &Caller,
    listing: &Listing,
    references: &[EntityRef],
) -> Result<Vec<Vec<Badge>>> {
    if listing.shown().iter().any(Column::is_level) {
        scorecards::levels(services, caller, references).await
    } else {
        Ok(vec![Vec::new(); references.len()])
    }
}

/// The badge that a column shows.
pub fn badge<'a>(column: &Column, badges: &'a [Badge]) -> Option<&'a Badge> {
    match column {
        Column::Level => badges.first(),
        Column::LevelOf(name) => {
            badges.iter().find(|badge| domain::scorecards::slug(&badge.scorecard).eq_ignore_ascii_case(name))
        }
        _ => None,
    }
}

/// The question that a list asks, for this caller: whose `me` and `my-teams` are, which teams are below others, what is starred.
async fn meant(services: &Services, caller: &Caller, listing: &Listing) -> Result<ListQuery> {
    let mut question = listing.question();
    let owner = PROPERTIES.iter().find(|property| property.key == "owner").map_or("", |property| property.path);
    if let Some(pick) = question.picks.iter_mut().find(|pick| pick.path == owner) {
        pick.values = owners(services, caller, std::mem::take(&mut pick.values), listing.below).await?;
    }
    if listing.starred {
        let stars = home::stars(services, caller).await?;
        let found = catalog::entities(services, caller, &stars).await?;
        let uids = found.into_iter().flatten().map(|entity| entity.uid.to_string()).collect();
        question.picks.push(Pick { path: "metadata.uid".to_owned(), values: or_nothing(uids) });
    }
    Ok(question)
}

/// Values that nothing has, where there are none: no value would mean any.
fn or_nothing(values: Vec<String>) -> Vec<String> {
    if values.is_empty() { vec!["-".to_owned()] } else { values }
}

async fn owners(services: &Services, caller: &Caller, picked: Vec<String>, below: bool) -> Result<Vec<String>> {
    let (mut owners, mut teams) = (Vec::new(), Vec::new());
    let is_mine = |value: &String| value == OWNER_ME || value == OWNER_MY_TEAMS;
    let me = if picked.iter().any(is_mine) { home::me(services, caller).await? } else { home::Me::default() };
    for value in picked {
        match value.as_str() {
            OWNER_ME => owners.extend(me.user.iter().map(ToString::to_string)),
            OWNER_MY_TEAMS => teams.extend(me.teams.iter().cloned()),
            _ => match value.parse::<EntityRef>() {
                Ok(team) if below && team.kind() == "group" => teams.push(team),
                _ => owners.push(value),
            },
        }
    }
    // Teams of one's own count with those below them: whoever leads teams has them in sight.
    if !teams.is_empty() {
        let all = catalog::teams_below(services, caller, &teams).await?;
        owners.extend(all.iter().map(ToString::to_string));
    }
    Ok(or_nothing(owners))
}
