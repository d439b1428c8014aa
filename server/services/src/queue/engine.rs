//! The tables of apalis, on the database that is already there.

use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::WorkerIdentity;
use crate::{Error, Result};

/// The queue's name in the tables of apalis.
pub(super) const QUEUE: &str = "causeway";

/// Brings the tables of apalis up to date. They do not meet ours: apalis has `Jobs` and `Workers` on SQLite and a schema
/// of its own on PostgreSQL.
pub(crate) async fn prepare(db: &DatabaseConnection) -> Result<()> {
    let done = if is_postgres(db) {
        PostgresStorage::<()>::migrations().run(db.get_postgres_connection_pool()).await
    } else {
        // Not `setup`: it also turns `synchronous` off on a connection of our pool.
        SqliteStorage::<()>::migrations().run(db.get_sqlite_connection_pool()).await
    };
    done.map_err(|error| Error::Internal(format!("tables of the queue: {error}")))
}

/// Frees the deliveries that died with this worker's predecessor.
pub(super) async fn take_over(db: &DatabaseConnection, identity: &WorkerIdentity) -> Result<()> {
    if !identity.is_sole() {
        return Ok(());
    }
    let jobs = jobs(db);
    let sql = format!(
        "UPDATE {jobs} SET status = 'Pending', lock_by = NULL, lock_at = NULL \
         WHERE job_type = $1 AND status IN ('Queued', 'Running') AND lock_by LIKE $2"
    );
    let values = [QUEUE.into(), format!("{}/%", identity.name).into()];
    let freed = db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    if freed.rows_affected() > 0 {
        tracing::info!(jobs = freed.rows_affected(), "taking up jobs that were in hand when the last worker stopped");
    }
    Ok(())
}

/// Deletes deliveries that ended and workers that are gone.
pub(super) async fn clear(db: &DatabaseConnection) -> Result<()> {
    let statements = if is_postgres(db) {
        [
            "DELETE FROM apalis.jobs WHERE status IN ('Done', 'Killed', 'Failed') AND done_at < now() - interval '1 day'",
            "DELETE FROM apalis.workers w WHERE last_seen < now() - interval '1 day' \
             AND NOT EXISTS (SELECT 1 FROM apalis.jobs j WHERE j.lock_by = w.id)",
        ]
    } else {
        [
            "DELETE FROM Jobs WHERE status IN ('Done', 'Killed', 'Failed') AND done_at < unixepoch() - 86400",
            "DELETE FROM Workers WHERE last_seen < unixepoch() - 86400 \
             AND NOT EXISTS (SELECT 1 FROM Jobs WHERE Jobs.lock_by = Workers.id)",
        ]
    };
    for sql in statements {
        db.execute_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    }
    Ok(())
}

/// Whether the database is PostgreSQL.
pub(super) fn is_postgres(db: &DatabaseConnection) -> bool {
    db.get_database_backend() == DbBackend::Postgres
}

fn jobs(db: &DatabaseConnection) -> &'static str {
    if is_postgres(db) { "apalis.jobs" } else { "Jobs" }
}
