//! From the outbox to apalis.

use std::{collections::HashSet, time::Duration};

use apalis::prelude::TaskSink;
use chrono::Utc;
use tokio_util::sync::CancellationToken;

use super::{
    delivery::Delivery,
    engine::is_postgres,
    store,
    worker::{Bell, postgres_storage, sqlite_storage},
};
use crate::{Error, Result, Services};

/// How many jobs one round moves.
const BATCH: u64 = 200;
/// How often the outbox is read without being woken: timers, retries, and what other processes wrote.
const SWEEP: Duration = Duration::from_secs(1);

/// Moves jobs until `shutdown`.
pub(super) async fn run(services: &Services, bell: &Bell, shutdown: &CancellationToken) {
    loop {
        match hand_over(services).await {
            Ok(0) => {}
            Ok(_) => {
                bell.ring();
                continue;
            }
            Err(error) => tracing::warn!(%error, "could not hand jobs to the queue; trying again"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = services.queue.woken() => {}
            () = tokio::time::sleep(SWEEP) => {}
        }
    }
}

/// Moves one batch and returns how many rows it took. Pushed first and deleted after: whoever dies in between leaves a
/// duplicate, never a gap. The same job twice in a batch is one.
async fn hand_over(services: &Services) -> Result<usize> {
    let due = store::due(&services.db, Utc::now(), BATCH).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(due.len());
    let mut deliveries = Vec::with_capacity(due.len());
    for row in due {
        ids.push(row.id);
        if seen.insert((row.tenant.clone(), row.job.to_string())) {
            deliveries.push(Delivery { tenant: row.tenant, attempt: row.attempt, job: row.job });
        }
    }
    let count = ids.len();
    let pushed = if is_postgres(&services.db) {
        postgres_storage(&services.db).push_bulk(deliveries).await.map_err(|error| error.to_string())
    } else {
        sqlite_storage(&services.db).push_bulk(deliveries).await.map_err(|error| error.to_string())
    };
    pushed.map_err(|error| Error::Internal(format!("queue: {error}")))?;
    store::delete(&services.db, ids).await?;
    Ok(count)
}
