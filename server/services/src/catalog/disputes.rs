//! Names that are declared twice: who claims what, and letting the other one have it.

use std::collections::{HashMap, HashSet};

use domain::{
    catalog::{Claim, Dispute, EntityRef, Outcome, Part},
    changes::ChangeKind,
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::{begin::begin, retain_seen, rows::conflict, sees_all, store, sync::sync, trust::Trusts};
use crate::{Error, Result, Services, changes::NewChange, identity, queue::Job};

/// How many disputes a page shows at most.
const PAGE: u32 = 200;

/// How many are looked at for one who does not see the whole catalog.
const MOST: u64 = 10_000;

/// A part of all disputes.
pub async fn disputes(services: &Services, caller: &Caller, (offset, limit): (u32, u32)) -> Result<Part<Dispute>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let part = (u64::from(offset), u64::from(limit.min(PAGE)));
    let (rows, total) = if sees_all(services, caller).await? {
        store::conflicts(&services.db, &caller.tenant, part).await?
    } else {
        let (rows, _) = store::conflicts(&services.db, &caller.tenant, (0, MOST)).await?;
        let seen = retain_seen(services, caller, rows, |row| row.reference.clone()).await?;
        let total = seen.len() as u64;
        (seen.into_iter().skip(offset as usize).take(limit.min(PAGE) as usize).collect(), total)
    };
    Ok(Part { rows: described(services, caller, rows).await?, total: u32::try_from(total).unwrap_or(u32::MAX) })
}

/// The disputes about an entity.
pub async fn disputes_about(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Vec<Dispute>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let rows = store::conflicts_about(&services.db, &caller.tenant, &[reference.to_string()]).await?;
    described(services, caller, rows).await
}

/// The disputes in which a source has a part.
pub async fn disputes_of(services: &Services, caller: &Caller, source: Uuid) -> Result<Vec<Dispute>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Source(source)).await?;
    let mut rows = store::conflicts_around(&services.db, &caller.tenant, source).await?;
    rows.retain(|row| !row.is_same);
    let mut rows = retain_seen(services, caller, rows, |row| row.reference.clone()).await?;
    rows.truncate(PAGE as usize);
    described(services, caller, rows).await
}

async fn described(services: &Services, caller: &Caller, rows: Vec<conflict::Model>) -> Result<Vec<Dispute>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let sources = store::sources(&services.db, &caller.tenant).await?;
    let targets: HashMap<Uuid, String> = sources.into_iter().map(|source| (source.id, source.target)).collect();
    let holders: HashSet<(Uuid, String)> = rows.iter().map(|row| (row.owner_id, row.owner_path.clone())).collect();
    let broken = store::files_with(&services.db, &caller.tenant, &holders, Outcome::Rejected).await?;
    let owners = rows.iter().map(|row| row.owner_id);
    let trusts = Trusts::load(&services.db, &caller.tenant).await?;
    let trusts = trusts.with_gone(&services.db, &caller.tenant, owners).await?;
    let claim = |source: Uuid, path: String, is_broken: bool| Claim {
        source,
        target: targets.get(&source).cloned().unwrap_or_default(),
        path,
        is_broken,
    };
    rows.into_iter()
        .map(|row| {
            let is_broken = broken.contains(&(row.owner_id, row.owner_path.clone()));
            let is_weaker = |source, path: &str| !trusts.stands_by(&row.reference, source, path);
            Ok(Dispute {
                reference: store::parse(&row.reference)?,
                by_trust: is_weaker(row.source_id, &row.path) && !is_weaker(row.owner_id, &row.owner_path),
                since: row.since,
                holder: claim(row.owner_id, row.owner_path, is_broken),
                claimer: claim(row.source_id, row.path, false),
            })
        })
        .collect()
}

/// Lets another declaration of a name stand instead of the one that does now. What it says is taken in with the next sync
/// of its source, which is done at once. A person or team that counts is not handed to a source that is not believed.
pub async fn hand_over(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    to: Uuid,
    path: &str,
) -> Result<()> {
    let (key, tenant) = (reference.to_string(), &caller.tenant);
    identity::may(services, caller, Permission::ManageSources, Target::Entity(reference)).await?;
    let mut tx = begin(services, caller).await?;
    let Some(row) = store::rows(&*tx, tenant, std::slice::from_ref(&key)).await?.pop() else {
        return Err(Error::NotFound(format!("no entity `{key}` is in the catalog")));
    };
    let disputes = store::conflicts_about(&*tx, tenant, std::slice::from_ref(&key)).await?;
    let Some(dispute) = disputes.iter().find(|row| row.source_id == to && row.path == path) else {
        let why = format!("`{path}` no longer claims `{key}`, so it cannot have the name; look at how it is now");
        return Err(Error::Conflict(why));
    };
    let trusts = Trusts::load(&*tx, tenant).await?.with_gone(&*tx, tenant, std::iter::once(row.source_id)).await?;
    if trusts.stands_by(&key, row.source_id, &row.path) && !trusts.stands_by(&key, to, path) {
        let why = format!(
            "`{key}` stays with `{}`, whose source is trusted with people: who they are decides what they may do. Trust the \
             other source with people, or take the declaration out here",
            row.path
        );
        return Err(Error::Conflict(why));
    }
    tx.record(NewChange {
        source: to.to_string(),
        subject: key.clone(),
        kind: ChangeKind::EntityHandedOver,
        before: Some(json!({ "source": row.source_id, "path": row.path })),
        after: Some(json!({ "source": to, "path": dispute.path })),
    });
    let mut others: HashSet<Uuid> = disputes.iter().map(|row| row.source_id).chain([row.source_id]).collect();
    others.remove(&to);
    store::hand_over(&*tx, tenant, &key, to, &dispute.path).await?;
    // The one that takes over first, so that the others see who holds it.
    tx.enqueue(Job::SyncSoon { source: to });
    for source in others.iter().copied() {
        tx.enqueue(Job::SyncSource { source });
    }
    tx.commit().await?;
    // Whoever pressed the button sees the outcome; what is not done in time, a worker finishes.
    let soon = async {
        sync(services, caller, to).await?;
        for source in others {
            sync(services, caller, source).await?;
        }
        Ok::<(), Error>(())
    };
    match tokio::time::timeout(std::time::Duration::from_secs(10), soon).await {
        Ok(Err(Error::NotFound(_))) | Err(_) => Ok(()),
        Ok(done) => done,
    }
}
