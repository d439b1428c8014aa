//! Sources: adding, listing, looking into, and taking away.

use std::time::Duration;

use chrono::Utc;
use domain::{
    catalog::{Conflict, EntityRef, NewSource, Source, SourceTrace},
    changes::ChangeKind,
    identity::{Caller, Permission, Target, Tenant},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::{
    begin::begin,
    hosted, page_of_repository,
    rows::entity,
    spelling, store,
    sync::{record::Plan, sync},
    trust, unseen,
};
use crate::{Error, Result, Services, changes::NewChange, identity, permission, queue::Job};

/// The longest that may lie between two syncs: 30 days, in minutes.
const LONGEST: u32 = 30 * 24 * 60;

/// Adds a source, which is then fetched by a worker.
///
/// # Errors
/// [`Error::Conflict`] if it is there already.
pub async fn register(services: &Services, caller: &Caller, new: NewSource) -> Result<Source> {
    let new = checked(services, caller, new).await?;
    // No name is at stake, so that who is recording much is not waited for.
    let mut tx = services.begin(caller).await?;
    store::lock(&*tx, &caller.tenant).await?;
    if let Some(source) = store::source_by_target(&*tx, &caller.tenant, &new).await? {
        let why = if source.leaving_at.is_some() {
            "is being removed; register it again once that is done"
        } else {
            "is registered already"
        };
        return Err(Error::Conflict(format!("`{}` {why}, as source `{}`", source.target, source.id)));
    }
    let source = store::insert_source(&*tx, &caller.tenant, Uuid::now_v7(), &new, Utc::now()).await?;
    tx.record(NewChange {
        source: source.id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceRegistered,
        before: None,
        after: Some(json!({ "kind": source.kind, "target": source.target, "trust": source.trust })),
    });
    tx.enqueue(Job::SyncSoon { source: source.id });
    tx.commit().await?;
    Ok(source)
}

/// Adds a source, or finds the one that is there already, and syncs it at once if that takes no longer than `patience`.
pub async fn register_and_sync(
    services: &Services,
    caller: &Caller,
    new: NewSource,
    patience: Duration,
) -> Result<Source> {
    let source = ensure(services, caller, new).await?;
    match tokio::time::timeout(patience, first_sync(services, caller, &source)).await {
        Ok(synced) => synced,
        // A worker finishes it.
        Err(_) => Ok(source),
    }
}

/// Syncs a source. Who may add it may have it read for the first time, though nothing is theirs yet of what it declares.
pub async fn first_sync(services: &Services, caller: &Caller, source: &Source) -> Result<Source> {
    if source.synced_at.is_some() {
        return sync(services, caller, source.id).await;
    }
    identity::may(services, caller, Permission::ManageSources, Target::Place(&spelling::asked(&source.target))).await?;
    sync(services, &Caller::system(caller.tenant.clone(), "registration"), source.id).await
}

/// Adds a source, or finds the one that is there already.
pub async fn ensure(services: &Services, caller: &Caller, new: NewSource) -> Result<Source> {
    let new = checked(services, caller, new).await?;
    match store::source_by_target(&services.db, &caller.tenant, &new).await? {
        Some(source) => Ok(source),
        None => register(services, caller, new).await,
    }
}

/// The entities that a source declares.
pub async fn entities_of(services: &Services, caller: &Caller, id: Uuid) -> Result<Vec<EntityRef>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Source(id)).await?;
    let keys: Vec<String> = store::known_of(&services.db, &caller.tenant, id).await?.into_keys().collect();
    let mut keys = super::retain_seen(services, caller, keys, String::clone).await?;
    keys.sort();
    keys.iter().map(|key| store::parse(key)).collect()
}

/// A source by its kind and target, if it is registered.
pub async fn find(services: &Services, caller: &Caller, new: &NewSource) -> Result<Option<Source>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let target = page_of_repository::repository(services, caller, new.kind, new.target.clone()).await?;
    let new = NewSource { target, ..new.clone() };
    let found = store::source_by_target(&services.db, &caller.tenant, &new).await?;
    Ok(seen_sources(services, caller, found.into_iter().collect()).await?.pop())
}

/// Asks who may, brings the target into the one form it is kept in, and says what the source is trusted with.
pub(super) async fn checked(services: &Services, caller: &Caller, new: NewSource) -> Result<NewSource> {
    let (kind, asked) = (new.kind, new.trust);
    let placed = placed(services, caller, new).await?;
    let trust = trust::of_new(services, caller, kind, asked).await?;
    Ok(NewSource { trust: Some(trust), ..placed })
}

async fn placed(services: &Services, caller: &Caller, new: NewSource) -> Result<NewSource> {
    let kind = new.kind;
    // What is decided about is what is kept, and what is kept is what is read.
    let target = spelling::plain(kind, &new.target).map_err(Error::Rejected)?;
    let target = page_of_repository::repository(services, caller, kind, target).await?;
    identity::may(services, caller, Permission::ManageSources, Target::Place(&spelling::asked(&target))).await?;
    if let Some(repository) = hosted::repository(&services.settings.base_url, &target) {
        identity::may(services, caller, Permission::ReadRepository, Target::Repository(&repository)).await?;
    }
    if spelling::is_on_disk(kind, &target) {
        identity::may(services, caller, Permission::ReadServerFiles, Target::Place(&target)).await?;
    }
    Ok(NewSource::new(kind, target))
}

/// Every source, oldest first.
pub async fn sources(services: &Services, caller: &Caller) -> Result<Vec<Source>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let sources = store::sources(&services.db, &caller.tenant).await?;
    seen_sources(services, caller, sources).await
}

/// The sources among these that the caller may see.
pub(super) async fn seen_sources(services: &Services, caller: &Caller, sources: Vec<Source>) -> Result<Vec<Source>> {
    let Some(sight) = permission::source_sight(services, caller).await? else { return Ok(sources) };
    let mut seen = Vec::new();
    for source in sources {
        let owners = services.catalog.owners_of_all(services, &caller.tenant, source.id).await?;
        let target = spelling::asked_of(source.kind, &source.target);
        if sight.decide_source(&source.id.to_string(), source.kind.as_str(), &target, &owners) {
            seen.push(source);
        }
    }
    unseen::recount(services, caller, &mut seen).await?;
    Ok(seen)
}

/// One source with every file of its last sync.
pub async fn source(services: &Services, caller: &Caller, id: Uuid) -> Result<SourceTrace> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Source(id)).await?;
    let Some(source) = store::source(&services.db, &caller.tenant, id).await? else {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    };
    let files = store::files(&services.db, &caller.tenant, id).await?;
    let conflicts = store::conflicts_around(&services.db, &caller.tenant, id).await?;
    let conflicts = conflicts.into_iter().filter(|row| !row.is_same).map(Conflict::try_from).collect::<Result<_>>()?;
    unseen::narrow(services, caller, SourceTrace { source, files, conflicts }).await
}

/// What is known of the source of an entity, for use cases that asked about the entity.
pub(crate) async fn source_of(services: &Services, tenant: &Tenant, id: Uuid) -> Result<Option<Source>> {
    store::source(&services.db, tenant, id).await
}

/// One source without its files, of which there may be many; `None` if it was removed, or is not for the caller to see.
pub async fn source_alone(services: &Services, caller: &Caller, id: Uuid) -> Result<Option<Source>> {
    match identity::is_allowed(services, caller, Permission::ReadCatalog, Target::Source(id)).await {
        Ok(true) => {}
        Ok(false) | Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    }
    let Some(mut source) = store::source(&services.db, &caller.tenant, id).await? else { return Ok(None) };
    if !super::sees_all(services, caller).await? {
        unseen::recount(services, caller, std::slice::from_mut(&mut source)).await?;
    }
    Ok(Some(source))
}

/// Refuses what makes no sense for a source that is being removed.
pub(super) fn stays(source: &Source) -> Result<()> {
    match source.leaving_at {
        Some(_) => Err(Error::Conflict(format!("`{}` is being removed; that goes on by itself", source.target))),
        None => Ok(()),
    }
}

/// Has a source fetched again by a worker.
pub async fn refresh(services: &Services, caller: &Caller, id: Uuid) -> Result<()> {
    identity::may(services, caller, Permission::ManageSources, Target::Source(id)).await?;
    let mut tx = services.begin(caller).await?;
    let Some(source) = store::source(&*tx, &caller.tenant, id).await? else {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    };
    stays(&source)?;
    store::note_asked(&*tx, &caller.tenant, &[id], Utc::now()).await?;
    tx.record(NewChange {
        source: id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceAsked,
        before: None,
        after: None,
    });
    tx.enqueue(Job::SyncSoon { source: id });
    tx.commit().await?;
    Ok(())
}

/// Sets how many minutes lie between two syncs of a source: 0 for none by itself, `None` for the installation's.
pub async fn schedule_source(services: &Services, caller: &Caller, id: Uuid, minutes: Option<u32>) -> Result<()> {
    identity::may(services, caller, Permission::ManageSources, Target::Source(id)).await?;
    if minutes.is_some_and(|minutes| minutes > LONGEST) {
        return Err(Error::Rejected(format!(
            "a source is synced at least every {LONGEST} minutes, which is 30 days, or by webhook only: 0"
        )));
    }
    let mut tx = services.begin(caller).await?;
    let Some(source) = store::source(&*tx, &caller.tenant, id).await? else {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    };
    if source.every_minutes == minutes {
        return Ok(());
    }
    store::set_schedule(&*tx, &caller.tenant, id, minutes).await?;
    tx.record(NewChange {
        source: id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceScheduled,
        before: Some(json!({ "every_minutes": source.every_minutes })),
        after: Some(json!({ "every_minutes": minutes })),
    });
    tx.commit().await?;
    Ok(())
}

/// Has the source of an entity fetched again by a worker.
pub async fn refresh_entity(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<()> {
    let entity = super::entity(services, caller, reference).await?;
    match entity.source {
        Some(source) => refresh(services, caller, source).await,
        None => Ok(()),
    }
}

/// Takes one entity away. If its source still declares it, it comes back with the next sync.
pub async fn remove_entity(services: &Services, caller: &Caller, uid: Uuid) -> Result<()> {
    identity::may(services, caller, Permission::ManageSources, Target::Platform).await?;
    let tenant = &caller.tenant;
    let gone = || Error::NotFound(format!("no entity with the uid `{uid}` is in the catalog"));
    // What a policy hides from someone is not there for them to take away.
    let row = store::row_by_uid(&services.db, tenant, uid).await?.ok_or_else(gone)?;
    let seen = store::parse(&row.reference)?;
    match identity::is_allowed(services, caller, Permission::ReadCatalog, Target::Entity(&seen)).await {
        Ok(true) => {}
        Ok(false) | Err(Error::NotFound(_)) => return Err(gone()),
        Err(error) => return Err(error),
    }
    let mut tx = begin(services, caller).await?;
    let row = store::row_by_uid(&*tx, tenant, uid).await?;
    let Some(entity::Model { reference, source_id, .. }) = row.filter(|row| row.reference == seen.to_string()) else {
        return Err(gone());
    };
    let plan = Plan { remove: vec![reference], ..Plan::default() };
    plan.carry_out(&mut tx, tenant, source_id, Utc::now()).await?;
    tx.commit().await?;
    services.catalog.catch_up(services, tenant).await
}
