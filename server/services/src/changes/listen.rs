//! News from other processes on the same PostgreSQL.

use std::time::Duration;

use domain::identity::Tenant;
use sea_orm::{DbBackend, sqlx::postgres::PgListener};
use tokio_util::sync::CancellationToken;

use super::store;
use crate::{Result, Services, identity};

/// The channel that a commit notifies.
pub(super) const CHANNEL: &str = "causeway_changes";

/// How long to wait before connecting again.
const PAUSE: Duration = Duration::from_secs(2);

/// Passes what other processes commit on to this one's [`super::Bus`], until `shutdown`. With SQLite there is no other
/// process, so there is nothing to do.
pub async fn listen(services: &Services, shutdown: CancellationToken) {
    if services.db.get_database_backend() != DbBackend::Postgres {
        return;
    }
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            ended = follow(services) => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "news of other replicas stopped; connecting again");
                }
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn follow(services: &Services) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut listener = PgListener::connect_with(services.db.get_postgres_connection_pool()).await?;
    listener.listen_all([CHANNEL, identity::DOORS_CHANNEL]).await?;
    // Whoever was sent away while nobody listened is still remembered.
    services.doors.seen.forget();
    services.permission.forget_all();
    // Whatever was committed while nobody listened is in the table; saying its last number makes readers look.
    for (tenant, seq) in store::counters(&services.db).await? {
        services.bus.publish(&tenant, seq);
    }
    loop {
        // `None` is a lost connection: the caller connects again and catches up.
        let Some(news) = listener.try_recv().await? else { return Ok(()) };
        if news.channel() == identity::DOORS_CHANNEL {
            services.doors.seen.forget();
            if news.payload() == identity::PEOPLE {
                services.permission.forget_all();
            }
            continue;
        }
        let parsed = news.payload().rsplit_once(':').and_then(|(tenant, seq)| {
            let tenant: Tenant = tenant.parse().ok()?;
            Some((tenant, seq.parse().ok()?))
        });
        if let Some((tenant, seq)) = parsed {
            services.bus.publish(&tenant, seq);
        }
    }
}
