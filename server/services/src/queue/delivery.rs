//! What a delivery does: the use case that the job names, and what follows if it fails.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use domain::identity::{Caller, Tenant};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};

use super::{
    Job,
    slot::{Slot, aside},
    store,
};
use crate::{Error, Result, Services, catalog, runs, scorecards};

/// How often a job is tried before it is left for a person to look at.
const ATTEMPTS: i32 = 8;
/// How long a job in hand may go on after the shutdown began.
const GRACE: Duration = Duration::from_secs(7);

/// A job on its way. The job itself is parsed by the one who does it, so that a job of a newer release cannot stop the
/// worker of an older one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Delivery {
    pub tenant: String,
    pub attempt: i32,
    pub job: Value,
}

/// Where deliveries arrive.
pub(super) struct Desk {
    services: Services,
    shutdown: CancellationToken,
    jobs: TaskTracker,
    lines: Mutex<HashMap<String, Arc<Line>>>,
}

/// Deliveries of one and the same job: one is done, at most one waits, and the one that waits sees all that came before
/// it started, so others need not.
#[derive(Default)]
struct Line {
    turn: tokio::sync::Mutex<()>,
    is_waiting: AtomicBool,
}

impl Desk {
    pub(super) fn new(services: Services, shutdown: CancellationToken) -> Self {
        Self { services, shutdown, jobs: TaskTracker::new(), lines: Mutex::default() }
    }

    pub(super) fn services(&self) -> &Services {
        &self.services
    }

    /// Does the job of a delivery. Whatever becomes of it is written down here, so the queue need not repeat it.
    pub(super) async fn deliver(self: Arc<Self>, delivery: Delivery, slot: Arc<Slot>) -> Result<()> {
        if self.shutdown.is_cancelled() {
            // Not begun, not answered: it is delivered again at the next start.
            std::future::pending::<Infallible>().await;
        }
        let desk = Arc::clone(&self);
        // A task of its own: it goes on whether the queue looks or not, and a panic is a failed job, no more.
        let work = self.jobs.spawn(async move { desk.see_to(delivery, slot).await });
        work.await.unwrap_or_else(|error| Err(Error::Internal(format!("a job broke off: {error}"))))
    }

    /// Resolves once the shutdown began and the jobs in hand have ended.
    pub(super) async fn closed(&self) {
        self.shutdown.cancelled().await;
        self.jobs.close();
        self.jobs.wait().await;
    }

    async fn see_to(self: Arc<Self>, delivery: Delivery, slot: Arc<Slot>) -> Result<()> {
        let _in_hand = self.services.queue.take();
        let desk = Arc::clone(&self);
        let given = delivery.clone();
        let work = AbortOnDropHandle::new(tokio::spawn(Slot::hold(slot, async move { desk.perform(&given).await })));
        let done = tokio::select! {
            done = work => done.unwrap_or_else(|error| Err(Error::Internal(format!("the job broke off: {error}")))),
            () = self.grace_is_over() => Err(Error::Unavailable { system: "worker".into(), why: "is stopping".into() }),
        };
        let Err(error) = done else { return Ok(()) };
        self.after_failure(delivery, &error).await.inspect_err(|_| tracing::error!(%error, "a job failed"))
    }

    async fn grace_is_over(&self) {
        self.shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    }

    async fn perform(&self, delivery: &Delivery) -> Result<()> {
        let tenant: Tenant = delivery.tenant.parse().map_err(|error| Error::Rejected(format!("{error}")))?;
        let job: Job = serde_json::from_value(delivery.job.clone())
            .map_err(|error| Error::Rejected(format!("`{}` is not a job of this release: {error}", delivery.job)))?;
        let services = &self.services;
        match job {
            Job::AdvanceRun { run } => runs::advance(services, &Caller::system(tenant, "worker"), run).await,
            Job::SyncSource { .. }
            | Job::SyncSoon { .. }
            | Job::SyncPushed { .. }
            | Job::RemoveSource { .. }
            | Job::RemoveOrphans
            | Job::EvaluateScorecards => {
                let line = self.line(delivery);
                if line.is_waiting.swap(true, Ordering::SeqCst) {
                    return Ok(());
                }
                let turn = aside(line.turn.lock()).await;
                line.is_waiting.store(false, Ordering::SeqCst);
                let done = self.follow(job, tenant).await;
                drop(turn);
                done
            }
        }
    }

    /// Does a job of which one at a time is enough.
    async fn follow(&self, job: Job, tenant: Tenant) -> Result<()> {
        let caller = Caller::system(tenant, "worker");
        match job {
            Job::SyncSource { source } => catalog::sync(&self.services, &caller, source).await.map(drop),
            Job::SyncSoon { source } | Job::SyncPushed { source, repository: None } => {
                catalog::sync_soon(&self.services, &caller, source).await.map(drop)
            }
            Job::SyncPushed { source, repository: Some(repository) } => {
                catalog::sync_pushed(&self.services, &caller, source, repository).await.map(drop)
            }
            Job::RemoveSource { source } => catalog::finish_removal(&self.services, &caller, source).await,
            Job::RemoveOrphans => catalog::remove_lapsed(&self.services, &caller).await.map(drop),
            Job::EvaluateScorecards => scorecards::evaluate(&self.services, &caller).await,
            Job::AdvanceRun { run } => runs::advance(&self.services, &caller, run).await,
        }
    }

    fn line(&self, delivery: &Delivery) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, line| Arc::strong_count(line) > 1);
        Arc::clone(lines.entry(format!("{} {}", delivery.tenant, delivery.job)).or_default())
    }

    async fn after_failure(&self, delivery: Delivery, error: &Error) -> Result<()> {
        let Delivery { tenant, attempt, job } = delivery;
        let attempt = attempt + 1;
        let may_pass = matches!(error, Error::Unavailable { .. } | Error::Internal(_) | Error::Conflict(_));
        if let Error::NotFound(what) = error {
            tracing::debug!(what, "a job came too late: what it is about is gone");
            return Ok(());
        }
        if may_pass && attempt < ATTEMPTS {
            // 1 s, 2 s, 4 s … one minute, so that an outage of half an hour needs no person.
            let pause = TimeDelta::seconds((1_i64 << attempt.clamp(1, 6)) - 1);
            tracing::warn!(%job, attempt, %error, "a job failed; trying again");
            store::put_back(&self.services.db, &tenant, job, attempt, Utc::now() + pause, &error.to_string()).await
        } else {
            tracing::error!(%job, attempt, %error, "a job failed for good");
            if let (Ok(asked), Ok(known)) = (serde_json::from_value(job.clone()), tenant.parse()) {
                let (caller, why) = (Caller::system(known, "worker"), error.to_string());
                match asked {
                    Job::AdvanceRun { run } => runs::give_up(&self.services, &caller, run, &why).await?,
                    Job::RemoveSource { source } => {
                        catalog::give_up_removal(&self.services, &caller, source, &why).await?;
                    }
                    _ => {}
                }
            }
            store::give_up(&self.services.db, &tenant, job, attempt, &error.to_string()).await
        }
    }
}
