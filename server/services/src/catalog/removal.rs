//! Taking a source away. That may take long, so it is noted before it is begun: everybody sees it, and it goes on after a restart.

use std::collections::HashSet;

use chrono::{TimeDelta, Utc};
use domain::{
    changes::ChangeKind,
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::{
    begin::begin,
    rows::conflict,
    store,
    sync::record::Plan,
    through::{Progress, through},
    waiting,
};
use crate::{Error, Result, Services, changes::NewChange, fault, identity, queue::Job};

/// How long whoever began a removal has for it before a worker looks whether it was done.
const ALONE: TimeDelta = TimeDelta::minutes(1);

/// What becomes of the entities of a source that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entities {
    /// They are orphans, and can be kept, or claimed by registering the source again.
    Orphan,
    /// They leave with it.
    Remove,
}

/// Takes a source away. What it declares becomes orphans, or leaves with it; whoever asked does not wait for the end of very much.
pub async fn remove_source(services: &Services, caller: &Caller, id: Uuid, entities: Entities) -> Result<Progress> {
    identity::may(services, caller, Permission::ManageSources, Target::Source(id)).await?;
    let (services, caller) = (services.clone(), caller.clone());
    let work = async move {
        announce(&services, &caller, id, entities).await?;
        fault::point("leaving", "source");
        ended(take_away(&services, &caller, id).await)
    };
    through("removing the source", work).await
}

fn gone(id: Uuid) -> Error {
    Error::NotFound(format!("there is no source `{id}`; it may have been removed"))
}

/// Notes that the source leaves, with a job that takes it away should this process end before it did.
pub(super) async fn announce(services: &Services, caller: &Caller, id: Uuid, entities: Entities) -> Result<()> {
    let mut tx = services.begin(caller).await?;
    let Some(source) = store::source(&*tx, &caller.tenant, id).await? else { return Err(gone(id)) };
    let (now, is_orphaning) = (Utc::now(), entities == Entities::Orphan);
    store::note_leaving(&*tx, &caller.tenant, id, Some((source.leaving_at.unwrap_or(now), is_orphaning))).await?;
    if source.leaving_at.is_none() {
        tx.record(NewChange {
            source: id.to_string(),
            subject: source.subject(),
            kind: ChangeKind::SourceLeaving,
            before: None,
            after: Some(json!({ "target": source.target, "entities": if is_orphaning { "orphan" } else { "remove" } })),
        });
    }
    tx.enqueue_at(Job::RemoveSource { source: id }, now + ALONE);
    tx.commit().await?;
    Ok(())
}

/// Goes on with a removal that was begun. Safe to repeat.
pub async fn finish_removal(services: &Services, caller: &Caller, id: Uuid) -> Result<()> {
    identity::may(services, caller, Permission::ManageSources, Target::Source(id)).await?;
    match store::source(&services.db, &caller.tenant, id).await? {
        Some(source) if source.leaving_at.is_some() => ended(take_away(services, caller, id).await),
        _ => Ok(()),
    }
}

/// A source that is gone is what was asked for: whoever noted it and a worker may both be at it.
fn ended(done: Result<()>) -> Result<()> {
    if let Err(Error::NotFound(_)) = done { Ok(()) } else { done }
}

/// Lets a source stay that could not be removed again and again, so that it is synced, and its removal can be asked for once more.
pub(crate) async fn give_up_removal(services: &Services, caller: &Caller, id: Uuid, why: &str) -> Result<()> {
    let mut tx = services.begin(caller).await?;
    let Some(source) = store::source(&*tx, &caller.tenant, id).await? else { return Ok(()) };
    if source.leaving_at.is_none() {
        return Ok(());
    }
    store::note_leaving(&*tx, &caller.tenant, id, None).await?;
    tx.record(NewChange {
        source: id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceStays,
        before: None,
        after: Some(json!({ "target": source.target, "problem": why })),
    });
    tx.commit().await?;
    Ok(())
}

async fn take_away(services: &Services, caller: &Caller, id: Uuid) -> Result<()> {
    // A sync under way is not waited for: it sees that the source leaves before it writes what it read, and between what it writes.
    services.catalog.interrupt(id);
    let tenant = &caller.tenant;
    let mut tx = begin(services, caller).await?;
    let Some(source) = store::source(&*tx, tenant, id).await? else { return Err(gone(id)) };
    if source.leaving_at.is_none() {
        // What was to become of its entities is known no longer.
        let why = "its removal was given up after it failed again and again; ask for it once more".to_owned();
        return Err(Error::Unavailable { system: "catalog".into(), why });
    }
    let known = store::known_of(&*tx, tenant, id).await?;
    let is_at_once = !store::leaves_orphans(&*tx, tenant, id).await? || services.settings.catalog.orphan_days == 0;
    let around = store::conflicts_around(&*tx, tenant, id).await?;
    // What another source reads from the very same file goes on: that one takes it over as it is.
    let goes_on = |row: &&conflict::Model| row.owner_id == id && row.source_id != id && row.is_same;
    let goes_on: HashSet<String> = around.iter().filter(goes_on).map(|row| row.reference.clone()).collect();
    let (remove, orphan): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|(key, _)| is_at_once && !goes_on.contains(key));
    let remove = remove.into_iter().map(|(key, _)| key).collect();
    let orphan = orphan.into_iter().filter(|(_, known)| !known.is_orphaned).map(|(key, _)| key).collect();
    let waiting = around.iter().filter(|row| row.source_id != id).map(waiting::claim).collect();
    let touched = around.into_iter().filter(|row| row.source_id == id).map(|row| row.reference).collect();
    store::delete_source(&*tx, tenant, id).await?;
    Plan { orphan, remove, touched, ..Plan::default() }.carry_out(&mut tx, tenant, id, Utc::now()).await?;
    // Whoever was second is first now.
    waiting::ask(&mut tx, waiting);
    tx.record(NewChange {
        source: id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceRemoved,
        before: Some(json!({ "kind": source.kind, "target": source.target, "trust": source.trust })),
        after: None,
    });
    tx.commit().await?;
    services.catalog.catch_up(services, tenant).await
}
