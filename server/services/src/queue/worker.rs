//! The workers of apalis: they take deliveries from the queue and keep their claim on them alive.

use std::{
    convert::Infallible,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use apalis::prelude::{BackendExt, PollSnapshot, PollStrategy, WorkerBuilder, WorkerBuilderExt, WorkerError};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use sea_orm::DatabaseConnection;
use tokio::{
    sync::{Semaphore, watch},
    time::Sleep,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    delivery::{Delivery, Desk},
    engine::{QUEUE, is_postgres},
    slot::Slot,
};
use crate::Services;

/// How many jobs one process does at a time that have just begun.
const SLOTS: usize = 4;
/// How long a job keeps its slot. One that takes longer mostly waits for another system, such as a server that does not answer, and
/// must not keep others waiting.
const SWIFT: Duration = Duration::from_secs(2);
/// How many jobs one process has in hand at most, with those that wait for other systems.
const CONCURRENCY: usize = 4_096;
/// How often a worker says that it lives; one that misses three is taken for dead.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often the queue is asked without being woken.
const POLL: Duration = Duration::from_secs(2);
/// How long a worker has to tell the queue that the last jobs ended. What it does not tell is delivered again.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// A fetch that was under way while the bell rang may have looked too early, so the bell echoes.
const ECHOES: [Duration; 3] = [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(500)];

/// Tells the worker that the queue has something for it.
#[derive(Debug, Clone)]
pub(super) struct Bell(watch::Sender<u64>);

impl Default for Bell {
    fn default() -> Self {
        Self(watch::channel(0).0)
    }
}

impl Bell {
    /// Wakes the worker.
    pub(super) fn ring(&self) {
        self.0.send_modify(|rings| *rings = rings.wrapping_add(1));
    }
}

/// The queue on SQLite.
pub(super) fn sqlite_storage(db: &DatabaseConnection) -> SqliteStorage<Delivery> {
    let config = apalis_sqlite::Config::default()
        .queue(QUEUE)
        .batch_size(SLOTS)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(3);
    SqliteStorage::new(db.get_sqlite_connection_pool()).with_config(config)
}

/// The queue on PostgreSQL.
pub(super) fn postgres_storage(db: &DatabaseConnection) -> PostgresStorage<Delivery> {
    let config = apalis_postgres::Config::default()
        .queue(QUEUE)
        .batch_size(SLOTS)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(3);
    PostgresStorage::new(db.get_postgres_connection_pool()).with_config(config)
}

/// Delivers jobs until `shutdown`. A worker that loses its database stops and is started anew under another name.
pub(super) async fn run(services: &Services, bell: &Bell, shutdown: &CancellationToken) {
    let desk = Arc::new(Desk::new(services.clone(), shutdown.clone()));
    while !shutdown.is_cancelled() {
        let name = format!("{}/{}", services.queue.identity().name, Uuid::now_v7());
        if let Err(error) = serve(&name, &desk, bell).await {
            tracing::warn!(%error, "the queue's worker stopped; starting another");
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }
}

async fn serve(name: &str, desk: &Arc<Desk>, bell: &Bell) -> Result<(), WorkerError> {
    let db = &desk.services().db;
    let knock = Knock::new(bell);
    let closing = Arc::clone(desk);
    let desk = Arc::clone(desk);
    let slots = Arc::new(Semaphore::new(SLOTS));
    let handle = move |delivery: Delivery| {
        let (desk, slots) = (Arc::clone(&desk), Arc::clone(&slots));
        async move {
            let slot = Slot::take(&slots).await;
            let mut work = pin!(desk.deliver(delivery, slot.clone()));
            if let Ok(done) = tokio::time::timeout(SWIFT, &mut work).await {
                return done;
            }
            slot.lose();
            work.await
        }
    };
    // The two storages are different types with the same methods.
    let work: Pin<Box<dyn Future<Output = Result<(), WorkerError>> + Send>> = if is_postgres(db) {
        let backend = postgres_storage(db).poll_with_strategy(knock);
        Box::pin(WorkerBuilder::new(name).backend(backend).concurrency(CONCURRENCY).build(handle).run())
    } else {
        let backend = sqlite_storage(db).poll_with_strategy(knock);
        Box::pin(WorkerBuilder::new(name).backend(backend).concurrency(CONCURRENCY).build(handle).run())
    };
    // Told to stop, a worker of apalis waits for the jobs in hand without going on with what it has begun itself. That may
    // be a transaction, which the jobs would wait for in turn. So it works on until they have ended, and is dropped.
    let closed = async {
        closing.closed().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        ended = work => ended,
        () = closed => Ok(()),
    }
}

/// Asks the queue when the bell rings, a little later for what the first look missed, and every [`POLL`].
struct Knock {
    rings: Pin<Box<dyn Future<Output = watch::Receiver<u64>> + Send + Sync>>,
    echo: usize,
    timer: Pin<Box<Sleep>>,
}

impl Knock {
    fn new(bell: &Bell) -> Self {
        Self {
            rings: Box::pin(heard(bell.0.subscribe())),
            echo: ECHOES.len(),
            timer: Box::pin(tokio::time::sleep(POLL)),
        }
    }
}

/// Resolves at the next ring; if the bell is gone, never.
async fn heard(mut rings: watch::Receiver<u64>) -> watch::Receiver<u64> {
    if rings.changed().await.is_err() {
        match std::future::pending::<Infallible>().await {}
    }
    rings
}

impl PollStrategy for Knock {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut news = false;
        while let Poll::Ready(rings) = self.rings.as_mut().poll(cx) {
            self.rings = Box::pin(heard(rings));
            self.echo = 0;
            self.timer = Box::pin(tokio::time::sleep(ECHOES[0]));
            news = true;
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            self.echo = (self.echo + 1).min(ECHOES.len());
            self.timer = Box::pin(tokio::time::sleep(ECHOES.get(self.echo).copied().unwrap_or(POLL)));
            news = true;
        }
        if news { Poll::Ready(Some(())) } else { Poll::Pending }
    }
}
