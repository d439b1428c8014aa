//! What is done by the clock: syncs that are due, and orphans whose grace has ended.

use std::{collections::HashMap, time::Duration};

use chrono::{TimeDelta, Utc};
use domain::identity::{Caller, Tenant};
use sea_orm::prelude::Uuid;
use tokio_util::sync::CancellationToken;

use super::{orphans, store};
use crate::{Result, Services, queue::Job};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(15);

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

async fn ask_for_syncs(services: &Services) -> Result<()> {
    let now = Utc::now();
    let minutes = services.settings.catalog.sync_minutes;
    let mut by_tenant: HashMap<Tenant, Vec<Uuid>> = HashMap::new();
    for (tenant, source) in store::all_sources(&services.db).await? {
        let is_due = source.next_sync(minutes).is_some_and(|next| next <= now);
        // Asked for by someone, or by another replica that was faster.
        let is_asked = source.asked_at.is_some_and(|asked| asked > now - LOST);
        if is_due && !is_asked {
            by_tenant.entry(tenant).or_default().push(source.id);
        }
    }
    for (tenant, sources) in by_tenant {
        let mut tx = services.begin(&Caller::system(tenant.clone(), "schedule")).await?;
        store::note_asked(&*tx, &tenant, &sources, now).await?;
        for source in sources {
            tx.enqueue(Job::SyncSource { source });
        }
        tx.commit().await?;
    }
    Ok(())
}
