//! Where someone was, and since when they were away.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    catalog::EntityRef,
    home::{AWAY_MINUTES, LastVisit},
    identity::{Caller, Permission, Target},
};

use super::store;
use crate::{Result, Services, catalog, changes, identity};

/// How many visits are remembered.
const VISITS: usize = 40;
/// How long a visit stands before it is written again: pages that follow changes fetch themselves anew.
const AGAIN: TimeDelta = TimeDelta::minutes(2);

/// Notes that the caller looks at an entity.
pub async fn visit(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<()> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let Some(who) = caller.own_key() else { return Ok(()) };
    let now = Utc::now();
    let visits = store::visits(&services.db, &caller.tenant, who).await?;
    let key = reference.to_string();
    let is_fresh = |(name, at): &(String, DateTime<Utc>)| *name == key && now - *at < AGAIN;
    // What was looked at last stands first already.
    if visits.first().is_some_and(is_fresh) {
        return Ok(());
    }
    store::visit(&services.db, &caller.tenant, who, &key, now).await?;
    let older: Vec<String> = visits.into_iter().skip(VISITS).map(|(name, _)| name).collect();
    store::forget_visits(&services.db, &caller.tenant, who, &older).await?;
    arrive(services, caller).await?;
    Ok(())
}

/// What the caller looked at, the latest first, at most `limit`.
pub async fn recent(services: &Services, caller: &Caller, limit: usize) -> Result<Vec<EntityRef>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let Some(who) = caller.own_key() else { return Ok(Vec::new()) };
    let visits = store::visits(&services.db, &caller.tenant, who).await?;
    let visits = catalog::retain_seen(services, caller, visits, |(name, _)| name.clone()).await?;
    Ok(visits.into_iter().filter_map(|(name, _)| name.parse().ok()).take(limit).collect())
}

/// Notes that the caller is here, and says when their last visit ended; none at the first.
pub async fn arrive(services: &Services, caller: &Caller) -> Result<Option<LastVisit>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let Some(who) = caller.own_key() else { return Ok(None) };
    let now = Utc::now();
    let seq = changes::last(services, caller).await?;
    let Some(row) = store::person(&services.db, &caller.tenant, who).await? else {
        store::first_here(&services.db, &caller.tenant, who, (now, seq)).await?;
        return Ok(None);
    };
    let before = row.before_at.zip(row.before_seq).map(|(at, seq)| LastVisit { at, seq });
    let away = now - row.here_at;
    if away >= TimeDelta::minutes(AWAY_MINUTES) {
        let last = LastVisit { at: row.here_at, seq: row.here_seq };
        // Of two windows that open at once, one notes it.
        store::come_back(&services.db, &caller.tenant, &row, (now, seq)).await?;
        return Ok(Some(last));
    }
    if away >= TimeDelta::minutes(1) {
        store::still_here(&services.db, &caller.tenant, &row, (now, seq)).await?;
    }
    Ok(before)
}
