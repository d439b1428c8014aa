//! Someone was sent away: a session or a token ended, an account was blocked, groups changed. Every replica must know at once.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{Result, Services};

/// The channel on which PostgreSQL tells the other replicas.
pub(crate) const CHANNEL: &str = "causeway_doors";

/// What is told where it is another one now to whom roles are given: two accounts were found to be one person's, or one to be two's.
pub(crate) const PEOPLE: &str = "people";

/// Forgets who was seen at the doors, here and in every other process on the same database.
pub(crate) async fn forget(services: &Services) -> Result<()> {
    tell(services, "").await
}

/// The same, and whose the roles are.
pub(crate) async fn forget_people(services: &Services) -> Result<()> {
    services.permission.forget_all();
    tell(services, PEOPLE).await
}

async fn tell(services: &Services, what: &str) -> Result<()> {
    services.doors.seen.forget();
    if services.db.get_database_backend() == DbBackend::Postgres {
        let tell = format!("NOTIFY {CHANNEL}, '{what}'");
        services.db.execute_raw(Statement::from_string(DbBackend::Postgres, tell)).await?;
    }
    Ok(())
}
