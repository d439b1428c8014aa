//! Views that people and teams save, and find again by name or by their link.

use chrono::Utc;
use domain::{
    catalog::{EntityRef, Listing, SavedView, ViewName},
    changes::ChangeKind,
    home::Me,
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use super::store::{self, saved_view};
use crate::{Error, Result, Services, changes::NewChange, home, identity};

/// How many views one person or one team has at most.
const MOST: u64 = 100;
/// How long the query of a view is at most.
const LONGEST: usize = 4_000;

/// The caller's views, and those of their teams, by name.
pub async fn views(services: &Services, caller: &Caller, me: &Me) -> Result<Vec<SavedView>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let teams = me.teams.iter().map(ToString::to_string);
    let owners: Vec<String> = caller.own_key().map(str::to_owned).into_iter().chain(teams).collect();
    let rows = store::views_of(&services.db, &caller.tenant, &owners, MOST * 3).await?;
    Ok(rows.into_iter().map(SavedView::from).collect())
}

/// One view, for whoever has its link.
pub async fn view(services: &Services, caller: &Caller, id: Uuid) -> Result<SavedView> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    match store::view(&services.db, &caller.tenant, id).await? {
        Some(row) => Ok(row.into()),
        None => Err(gone(id)),
    }
}

fn gone(id: Uuid) -> Error {
    Error::NotFound(format!("there is no view `{id}`; it may have been removed"))
}

/// Keeps a list under a name, for the caller or for a team that they are in.
pub async fn save_view(
    services: &Services,
    caller: &Caller,
    name: ViewName,
    team: Option<EntityRef>,
    query: &str,
) -> Result<SavedView> {
    let owner = match &team {
        None => home::own_key(services, caller).await?.to_owned(),
        Some(team) => {
            identity::may(services, caller, Permission::KeepTeamViews, Target::Team(team)).await?;
            let me = home::me(services, caller).await?;
            if !me.teams.contains(team) {
                return Err(not_a_member(team));
            }
            team.to_string()
        }
    };
    let row = saved_view::Model {
        tenant: caller.tenant.to_string(),
        id: Uuid::new_v4(),
        owner,
        name: name.to_string(),
        query: canonical(query)?,
        changed_at: Utc::now(),
    };
    let mut tx = services.begin(caller).await?;
    if store::count(&*tx, &caller.tenant, &row.owner).await? >= MOST {
        return Err(Error::Rejected(format!(
            "{MOST} views are saved there, which is as many as can be; remove one first"
        )));
    }
    store::insert(&*tx, row.clone()).await?;
    tx.record(change(&row, ChangeKind::ViewSaved, None, Some(told(&row))));
    tx.commit().await?;
    Ok(row.into())
}

/// Gives a view another name.
pub async fn rename_view(services: &Services, caller: &Caller, id: Uuid, name: ViewName) -> Result<SavedView> {
    alter(services, caller, id, |row| {
        row.name = name.to_string();
        Ok(())
    })
    .await
}

/// Lets a view mean another list.
pub async fn change_view(services: &Services, caller: &Caller, id: Uuid, query: &str) -> Result<SavedView> {
    alter(services, caller, id, |row| {
        row.query = canonical(query)?;
        Ok(())
    })
    .await
}

async fn alter(
    services: &Services,
    caller: &Caller,
    id: Uuid,
    how: impl FnOnce(&mut saved_view::Model) -> Result<()>,
) -> Result<SavedView> {
    let me = home::me(services, caller).await?;
    let mut tx = services.begin(caller).await?;
    let before = owned(services, caller, &me, store::view(&*tx, &caller.tenant, id).await?, id).await?;
    let mut row = before.clone();
    how(&mut row)?;
    if row == before {
        return Ok(row.into());
    }
    row.changed_at = Utc::now();
    store::update(&*tx, row.clone()).await?;
    tx.record(change(&row, ChangeKind::ViewSaved, Some(told(&before)), Some(told(&row))));
    tx.commit().await?;
    Ok(row.into())
}

/// Takes a view away; returns what it showed.
pub async fn remove_view(services: &Services, caller: &Caller, id: Uuid) -> Result<String> {
    let me = home::me(services, caller).await?;
    let mut tx = services.begin(caller).await?;
    let row = owned(services, caller, &me, store::view(&*tx, &caller.tenant, id).await?, id).await?;
    store::delete(&*tx, &caller.tenant, id).await?;
    tx.record(change(&row, ChangeKind::ViewRemoved, Some(told(&row)), None));
    tx.commit().await?;
    Ok(row.query)
}

/// The view, if it is the caller's or of a team that they are in.
async fn owned(
    services: &Services,
    caller: &Caller,
    me: &Me,
    row: Option<saved_view::Model>,
    id: Uuid,
) -> Result<saved_view::Model> {
    let key = home::own_key(services, caller).await?;
    let row = row.ok_or_else(|| gone(id))?;
    if row.owner == key {
        return Ok(row);
    }
    match row.owner.parse::<EntityRef>() {
        Ok(team) => {
            identity::may(services, caller, Permission::KeepTeamViews, Target::Team(&team)).await?;
            if me.teams.contains(&team) { Ok(row) } else { Err(not_a_member(&team)) }
        }
        Err(_) => Err(Error::Rejected("this view is someone else's; save it as one of your own".to_owned())),
    }
}

fn not_a_member(team: &EntityRef) -> Error {
    Error::Rejected(format!(
        "its views are for the members of `{}`; if you are one, open your page among the people and say `This is me`",
        team.short()
    ))
}

/// The query as the list itself would write it: nothing that lists do not know is kept.
fn canonical(query: &str) -> Result<String> {
    if query.len() > LONGEST {
        return Err(Error::Rejected(format!(
            "the list narrows by more than a view can keep ({LONGEST} letters); pick less"
        )));
    }
    Ok(Listing::of_query(query).kept())
}

fn told(row: &saved_view::Model) -> Value {
    json!({ "name": row.name, "owner": row.owner, "query": row.query })
}

fn change(row: &saved_view::Model, kind: ChangeKind, before: Option<Value>, after: Option<Value>) -> NewChange {
    NewChange { source: String::new(), subject: format!("view:{}", row.id), kind, before, after }
}
