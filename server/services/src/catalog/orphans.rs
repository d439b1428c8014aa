//! Entities that nothing declares any more: seen for a while, kept if someone wants, then removed.

use std::collections::HashMap;

use chrono::{DateTime, Days, Utc};
use domain::{
    catalog::{Entity, EntityRef, Orphan, OrphanDeed, Part, removal},
    changes::ChangeKind,
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::{begin::begin, retain_seen, rows::entity, sees_all, store, sync::record::Plan};
use crate::{
    Error, Result, Services,
    changes::{NewChange, Transaction},
    identity,
    queue::Job,
};

/// How many entities one transaction removes.
const BATCH: u64 = 1_000;

/// How many orphans of one source are kept or removed at once.
const AT_ONCE: u64 = 10_000;

/// How many orphans a page shows at most.
const PAGE: u64 = 200;

/// A part of the orphans, those first that are removed first; of one source, or of all.
pub async fn orphans(
    services: &Services,
    caller: &Caller,
    source: Option<Uuid>,
    (offset, limit): (u32, u32),
) -> Result<Part<Orphan>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let part = (u64::from(offset), u64::from(limit).min(PAGE));
    let (rows, total) = if sees_all(services, caller).await? {
        store::orphans(&services.db, &caller.tenant, source, part).await?
    } else {
        let (rows, _) = store::orphans(&services.db, &caller.tenant, source, (0, AT_ONCE)).await?;
        let seen = retain_seen(services, caller, rows, |row| row.reference.clone()).await?;
        let total = seen.len() as u64;
        let from = usize::try_from(part.0).unwrap_or(usize::MAX);
        (seen.into_iter().skip(from).take(usize::try_from(part.1).unwrap_or(usize::MAX)).collect(), total)
    };
    Ok(Part { rows: described(services, caller, rows).await?, total: u32::try_from(total).unwrap_or(u32::MAX) })
}

/// What these own and what leaves the catalog unless someone acts, what leaves first first, at most `limit`.
pub async fn orphans_due(
    services: &Services,
    caller: &Caller,
    owners: &[EntityRef],
    limit: u64,
) -> Result<Vec<Orphan>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let owners: Vec<String> = owners.iter().map(ToString::to_string).collect();
    let rows = store::orphans_of_owners(&services.db, &caller.tenant, &owners, limit).await?;
    let rows = retain_seen(services, caller, rows, |row| row.reference.clone()).await?;
    let mut due = described(services, caller, rows).await?;
    due.retain(|orphan| orphan.kept.is_none());
    Ok(due)
}

/// What is to become of an entity, if it is an orphan.
pub async fn orphan(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Option<Orphan>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let mut rows = store::rows(&services.db, &caller.tenant, &[reference.to_string()]).await?;
    rows.retain(|row| row.orphaned_at.is_some());
    Ok(described(services, caller, rows).await?.pop())
}

async fn described(services: &Services, caller: &Caller, rows: Vec<entity::Model>) -> Result<Vec<Orphan>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = rows.iter().map(|row| row.reference.clone()).collect();
    let mut kept = store::kept_among(&services.db, &caller.tenant, &names).await?;
    let sources = store::sources(&services.db, &caller.tenant).await?;
    let targets: HashMap<Uuid, String> = sources.into_iter().map(|source| (source.id, source.target)).collect();
    let days = services.settings.catalog.orphan_days;
    let orphan = |row: entity::Model| {
        let (source, path) = (row.source_id, row.path.clone());
        let kept = kept.remove(&row.reference);
        let entity = Entity::try_from(row)?;
        let since = entity.orphaned_at.unwrap_or(entity.changed_at);
        // A source that is gone is told by what its entities say of it.
        let origin = entity.annotation("backstage.io/managed-by-origin-location").unwrap_or_default();
        let origin = origin.split_once(':').map_or(origin, |(_, target)| target);
        Ok(Orphan {
            title: entity.summary().shown().to_owned(),
            owner: entity.owner(),
            source,
            is_registered: targets.contains_key(&source),
            target: targets.get(&source).map_or(origin, String::as_str).to_owned(),
            path,
            since,
            removal: kept.is_none().then(|| removal(since, days)),
            kept,
            reference: entity.reference,
        })
    };
    rows.into_iter().map(orphan).collect()
}

/// Keeps an orphan, or removes it now.
pub async fn settle_orphan(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    deed: OrphanDeed,
) -> Result<()> {
    let key = reference.to_string();
    identity::may(services, caller, Permission::ManageSources, Target::Entity(reference)).await?;
    let mut tx = begin(services, caller).await?;
    let Some(row) = store::rows(&*tx, &caller.tenant, std::slice::from_ref(&key)).await?.pop() else {
        return Err(Error::NotFound(format!("no entity `{key}` is in the catalog")));
    };
    if row.orphaned_at.is_none() {
        let why = format!("`{key}` is declared again, so there is nothing to decide; look at it as it is now");
        return Err(Error::Conflict(why));
    }
    settle(&mut tx, caller, vec![key], deed).await?;
    tx.commit().await?;
    services.catalog.catch_up(services, &caller.tenant).await
}

/// Keeps or removes every orphan of a source, and says how many.
pub async fn settle_orphans_of(services: &Services, caller: &Caller, source: Uuid, deed: OrphanDeed) -> Result<u32> {
    identity::may(services, caller, Permission::ManageSources, Target::Source(source)).await?;
    let mut tx = begin(services, caller).await?;
    let names = store::orphan_names(&*tx, &caller.tenant, source, AT_ONCE).await?;
    // Those that are hidden from someone are not theirs to decide about.
    let names = retain_seen(services, caller, names, String::clone).await?;
    let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
    settle(&mut tx, caller, names, deed).await?;
    tx.commit().await?;
    services.catalog.catch_up(services, &caller.tenant).await?;
    Ok(count)
}

async fn settle(tx: &mut Transaction, caller: &Caller, names: Vec<String>, deed: OrphanDeed) -> Result<()> {
    let (tenant, now) = (&caller.tenant, Utc::now());
    match deed {
        OrphanDeed::Remove => {
            let plan = Plan { remove: names, ..Plan::default() };
            plan.carry_out(tx, tenant, Uuid::nil(), now).await?;
        }
        OrphanDeed::Keep => {
            let known = store::kept_among(&**tx, tenant, &names).await?;
            let new: Vec<String> = names.into_iter().filter(|name| !known.contains_key(name)).collect();
            store::keep(&**tx, tenant, &new, now, &caller.author()).await?;
            for subject in new {
                tx.record(NewChange {
                    source: String::new(),
                    subject,
                    kind: ChangeKind::EntityKept,
                    before: None,
                    after: Some(json!({ "kept": { "by": caller.author() } })),
                });
            }
        }
    }
    Ok(())
}

/// Asks for a removal wherever the grace of an orphan has ended.
pub(super) async fn ask_for_removal(services: &Services) -> Result<()> {
    for tenant in store::tenants_with_lapsed(&services.db, cutoff(services)).await? {
        let tenant = tenant.parse().map_err(|error| Error::Internal(format!("a tenant: {error}")))?;
        let mut tx = services.begin(&Caller::system(tenant, "schedule")).await?;
        tx.enqueue(Job::RemoveOrphans);
        tx.commit().await?;
    }
    Ok(())
}

/// Removes the orphans whose grace has ended and that nobody keeps. Safe to repeat: who is declared again meanwhile, or
/// kept, or gone, is not touched.
pub async fn remove_lapsed(services: &Services, caller: &Caller) -> Result<u32> {
    identity::may(services, caller, Permission::ManageSources, Target::Platform).await?;
    let mut removed = 0;
    loop {
        let mut tx = begin(services, caller).await?;
        let names = store::lapsed(&*tx, &caller.tenant, cutoff(services), BATCH).await?;
        if names.is_empty() {
            break;
        }
        let plan = Plan { remove: names, ..Plan::default() };
        removed += plan.carry_out(&mut tx, &caller.tenant, Uuid::nil(), Utc::now()).await?.removed;
        tx.commit().await?;
    }
    services.catalog.catch_up(services, &caller.tenant).await?;
    if removed > 0 {
        tracing::info!(removed, "removed things that nothing has declared for their time of grace");
    }
    Ok(removed)
}

/// What was orphaned before is removed.
fn cutoff(services: &Services) -> DateTime<Utc> {
    let days = Days::new(u64::from(services.settings.catalog.orphan_days));
    Utc::now().checked_sub_days(days).unwrap_or(DateTime::UNIX_EPOCH)
}
