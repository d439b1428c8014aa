//! Someone was sent away: a session or a token ended, an account was blocked, groups changed. Every replica must know at once.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{Result, Services};

/// The channel on which PostgreSQL tells the other replicas.
pub(crate) const CHANNEL: &str = "causeway_doors";

/// Forgets who was seen at the doors, here and in every other process on the same database.
pub(crate) async fn forget(services: &Services) -> Result<()> {
    services.doors.seen.forget();
    if services.db.get_database_backend() == DbBackend::Postgres {
        let tell = format!("NOTIFY {CHANNEL}");
        services.db.execute_raw(Statement::from_string(DbBackend::Postgres, tell)).await?;
    }
    Ok(())
}
