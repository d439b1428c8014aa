//! What is done by the clock: syncs that are due, and orphans whose grace has ended.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    catalog::Source,
    identity::{Caller, Tenant},
};
use sea_orm::prelude::Uuid;
use tokio_util::sync::CancellationToken;

use super::{orphans, store};
use crate::{Result, Services, queue::Job};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(15);

/// How many sources are looked at together.
const AT_A_TIME: u64 = 500;

/// A sync that was asked for this long ago and did not end is asked for again.
const LOST: TimeDelta = TimeDelta::hours(1);

/// Asks workers for what is due, until `shutdown`.
pub async fn schedule(services: Services, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        if let Err(error) = ask_for_syncs(&services).await {
            tracing::error!(%error, "the syncs of sources could not be scheduled");
        }
        if let Err(error) = orphans::ask_for_removal(&services).await {
            tracing::error!(%error, "the removal of orphans could not be scheduled");
        }
    }
}

/// Goes through the tenants, and through the sources of each some at a time, so that it takes no more memory the more there are.
async fn ask_for_syncs(services: &Services) -> Result<()> {
    let now = Utc::now();
    let mut tenant = store::tenant_after(&services.db, None).await?;
    while let Some(each) = tenant {
        let mut last = None;
        loop {
            let some = store::sources_after(&services.db, &each, last, AT_A_TIME).await?;
            last = some.last().map(|source| source.id);
            let is_all = (some.len() as u64) < AT_A_TIME;
            ask_for_those_due(services, &each, some, now).await?;
            if is_all {
                break;
            }
        }
        tenant = store::tenant_after(&services.db, Some(&each)).await?;
    }
    Ok(())
}

async fn ask_for_those_due(
    services: &Services,
    tenant: &Tenant,
    sources: Vec<Source>,
    now: DateTime<Utc>,
) -> Result<()> {
    let minutes = services.settings.catalog.sync_minutes;
    let is_due = |source: &Source| {
        // Asked for by someone, or by another replica that was faster.
        let is_asked = source.asked_at.is_some_and(|asked| asked > now - LOST && asked < now + LOST);
        !is_asked && source.next_sync(minutes, now).is_some_and(|next| next <= now)
    };
    let due: Vec<Uuid> = sources.iter().filter(|source| is_due(source)).map(|source| source.id).collect();
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = services.begin(&Caller::system(tenant.clone(), "schedule")).await?;
    store::note_asked(&*tx, tenant, &due, now).await?;
    for source in due {
        tx.enqueue(Job::SyncSource { source });
    }
    tx.commit().await?;
    Ok(())
}
