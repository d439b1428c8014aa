//! Work that happens after a commit: a job is written in the same transaction as what it follows from (`outbox`), then
//! handed to the queue, which delivers it at least once. Every job is safe to repeat.
//!
//! The way of a job: [`store`] keeps it until its transaction is committed and its time has come, [`relay`] moves it to
//! the tables of apalis, [`worker`] takes it from there, and [`delivery`] calls the use case that does it. A job that
//! fails goes back to the outbox with a later due time; one that fails too often stays there, marked as failed.

mod delivery;
mod engine;
mod identity;
mod relay;
pub(crate) mod servers;
mod slot;
pub(crate) mod store;
mod worker;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use domain::identity::{Caller, Permission, Target};
pub(crate) use engine::prepare;
pub(crate) use identity::WorkerIdentity;
use serde::{Deserialize, Serialize};
pub(crate) use slot::aside;
pub(crate) use store::awaits;
use tokio::sync::{Notify, futures::Notified, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Result, Services, catalog, runs};

/// A piece of work, small enough to be a message: it names what to do, and the worker reads the state itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "job")]
pub enum Job {
    /// Fetch a source and bring the catalog in line with it.
    SyncSource {
        /// The source.
        source: Uuid,
    },
    /// The same for one that somebody waits for: it was pushed to, or asked for by hand.
    SyncSoon {
        /// The source.
        source: Uuid,
    },
    /// The same where only a repository of an organisation was pushed to: this is read first.
    SyncPushed {
        /// The source.
        source: Uuid,
        /// By its path, as its server calls it; nothing in a job of a release that did not say.
        #[serde(default)]
        repository: Option<String>,
    },
    /// Take a source away, if who began to do so did not end it.
    RemoveSource {
        /// The source.
        source: Uuid,
    },
    /// Remove the orphans whose grace has ended.
    RemoveOrphans,
    /// Bring scorecard results in line with the changes up to now.
    EvaluateScorecards,
    /// Take the next step of a run.
    AdvanceRun {
        /// The run.
        run: Uuid,
    },
}

/// A job that was tried too often and is left for a person to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedJob {
    /// Its identity.
    pub id: Uuid,
    /// What was to be done.
    pub job: serde_json::Value,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was given up.
    pub failed_at: DateTime<Utc>,
    /// What went wrong the last time.
    pub problem: String,
}

/// The way to the workers.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    work: Arc<Notify>,
    worker: Arc<OnceLock<WorkerIdentity>>,
    in_hand: watch::Sender<usize>,
    pub(crate) servers: Arc<servers::Servers>,
}

/// A job in hand.
struct InHand(watch::Sender<usize>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Queue {
    /// Says that the outbox holds new work.
    pub fn wake(&self) {
        self.work.notify_one();
    }

    /// How many jobs this process has in hand.
    pub fn in_hand(&self) -> watch::Receiver<usize> {
        self.in_hand.subscribe()
    }

    /// Counts a job until what is returned is dropped.
    fn take(&self) -> InHand {
        self.in_hand.send_modify(|count| *count += 1);
        InHand(self.in_hand.clone())
    }

    /// Resolves when the outbox holds new work.
    fn woken(&self) -> Notified<'_> {
        self.work.notified()
    }

    /// Who this process is among those that work on this data directory or another: known as its predecessor there was, if it is
    /// the only one.
    pub(crate) fn holder(&self, data: &std::path::Path) -> String {
        let identity = self.worker.get_or_init(|| WorkerIdentity::claim(data));
        if identity.is_sole() { identity.name.clone() } else { identity.start.to_string() }
    }

    /// Who this process is among the workers.
    pub(crate) fn identity(&self) -> &WorkerIdentity {
        self.worker.get_or_init(WorkerIdentity::passing)
    }
}

/// Works until `shutdown`: hands jobs over, delivers them, and takes up what a worker that died has left.
///
/// Jobs in hand at the shutdown get seven seconds to end; what they leave is taken up at the next start.
pub async fn work(services: Services, shutdown: CancellationToken) -> Result<()> {
    let identity = services.queue.worker.get_or_init(|| WorkerIdentity::claim(&services.settings.data));
    engine::take_over(&services.db, identity).await?;
    runs::recover(&services, true).await?;
    let bell = worker::Bell::default();
    tokio::join!(
        relay::run(&services, &bell, &shutdown),
        worker::run(&services, &bell, &shutdown),
        sweep(&services, &shutdown),
    );
    Ok(())
}

/// The jobs that were given up, newest first.
pub async fn failed(services: &Services, caller: &Caller) -> Result<Vec<FailedJob>> {
    crate::identity::may(services, caller, Permission::ManageSources, Target::Platform).await?;
    store::failed(&services.db, &caller.tenant).await
}

/// How many rounds of looking for runs make an hour.
const ROUNDS: u32 = 360;

/// Looks now and then for runs whose worker died, and clears away what the queue no longer needs.
async fn sweep(services: &Services, shutdown: &CancellationToken) {
    let mut rounds = 0_u32;
    loop {
        if rounds.is_multiple_of(ROUNDS)
            && let Err(error) = clear(services).await
        {
            tracing::warn!(%error, "could not clear away what is no longer needed; trying again in an hour");
        }
        rounds = rounds.wrapping_add(1);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(runs::LEASE) => {}
        }
        if let Err(error) = runs::recover(services, false).await {
            tracing::warn!(%error, "could not look for runs that were left; trying again");
        }
    }
}

async fn clear(services: &Services) -> Result<()> {
    engine::clear(&services.db).await?;
    catalog::webhooks::forget_deliveries(services).await?;
    runs::clear_workspaces(services).await
}
