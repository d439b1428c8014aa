//! Opening the database and bringing its schema up to date.

use std::{fs::File, path::Path, time::Duration};

use domain::identity::Tenant;
use migrations::Migrator;
use sea_orm::{
    ColumnTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
    sea_query::{Expr, SimpleExpr},
};
use sea_orm_migration::MigratorTrait;

use crate::{Error, Result, bulk, queue};

/// Number of the PostgreSQL advisory lock that only one migrating replica holds.
const MIGRATION_LOCK: i64 = 0x00C4_A05E_3A70;

/// Opens `url` (`sqlite:PATH` or `postgres://…`).
pub async fn connect(url: &str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    // Statements are for those who ask for `sqlx=trace`: as they are sent, without the values.
    match "trace".parse() {
        Ok(level) => options.sqlx_logging(true).sqlx_logging_level(level),
        Err(_) => options.sqlx_logging(false),
    };
    options.acquire_timeout(Duration::from_secs(10)).connect_timeout(Duration::from_secs(10));
    if url.starts_with("sqlite:") {
        // Readers run beside the one writer; a writer waits for its turn instead of failing.
        options.max_connections(8).map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(30))
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("temp_store", "MEMORY")
                .pragma("cache_size", format!("-{}", bulk::USUAL_CACHE))
        });
    } else {
        options.max_connections(12).set_application_name("causeway");
    }
    let mend = mend(url);
    Database::connect(options).await.map_err(|error| Error::Unavailable {
        system: "database".into(),
        why: format!("could not be opened: {error}; {mend}"),
    })
}

/// What to look at where the database does not open.
fn mend(url: &str) -> String {
    let file =
        url.strip_prefix("sqlite:").map(|file| file.trim_start_matches("//").split('?').next().unwrap_or_default());
    let folder = file.and_then(|file| Path::new(file).parent()).filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) => format!("check that `{}` is there, can be written to and has room", folder.display()),
        None => "check `[database] url` in causeway.toml".to_owned(),
    }
}

/// Whether a column of texts has `text` in it, whatever the case of either. Of letters beyond ASCII a database knows the case only where
/// it was built or set up so, hence each letter is looked for in every case that it has.
pub(crate) fn holds(db: &impl ConnectionTrait, column: impl ColumnTrait, text: &str) -> SimpleExpr {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "$1 ~ $2",
        _ => "? GLOB ?",
    };
    Expr::cust_with_exprs(sql, [Expr::col(column.as_column_ref()), Expr::value(pattern(backend, text))])
}

/// What `text` is looked for by: a regular expression for PostgreSQL, a pattern for SQLite.
fn pattern(backend: DbBackend, text: &str) -> String {
    let is_postgres = backend == DbBackend::Postgres;
    let end = if is_postgres { "" } else { "*" };
    let mut pattern = end.to_owned();
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        let cases = cases(letter);
        if cases.chars().count() > 1 || !is_postgres && "*?[".contains(letter) {
            pattern.extend(["[", &cases, "]"]);
        } else {
            pattern.extend((is_postgres && letter.is_ascii_punctuation()).then_some('\\'));
            pattern.push(letter);
        }
    }
    pattern + end
}

/// A letter in every case that it has.
fn cases(letter: char) -> String {
    let mut cases = letter.to_string();
    let mut add = |other: String| {
        if other.chars().count() == 1 && !cases.contains(&other) {
            cases += &other;
        }
    };
    let upper = letter.to_uppercase().to_string();
    add(letter.to_lowercase().to_string());
    add(upper.to_lowercase());
    add(upper);
    cases
}

/// Has a transaction wait for the others of the tenant that ask for this number. SQLite has one writer anyway.
pub(crate) async fn lock(tx: &impl ConnectionTrait, number: i64, tenant: &Tenant) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Postgres {
        let sql = "SELECT pg_advisory_xact_lock($1 # hashtext($2)::bigint)";
        let values = [number.into(), tenant.as_str().into()];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    }
    Ok(())
}

/// Has PostgreSQL look at what these tables hold by now. It does so itself within minutes after much was written; until then it would
/// go by what they held before, and read a table whole for a few of its rows. What cannot be had is no error: it comes later.
pub(crate) async fn look_anew(db: &DatabaseConnection, tables: &[&str]) {
    if db.get_database_backend() != DbBackend::Postgres {
        return;
    }
    if let Err(error) = db.execute_unprepared(&format!("ANALYZE {}", tables.join(", "))).await {
        tracing::warn!(%error, "PostgreSQL could not look anew at what its tables hold");
    }
}

/// Brings the schema up to date, one process at a time. `data` holds the lock file of the embedded database.
pub async fn migrate(db: &DatabaseConnection, data: &Path) -> Result<()> {
    if db.get_database_backend() == DbBackend::Postgres {
        let pool = db.get_postgres_connection_pool();
        let mut holder = pool.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
        // The lock belongs to this one connection and goes with it, should the process die.
        let lock = format!("SELECT pg_advisory_lock({MIGRATION_LOCK})");
        sea_orm::sqlx::query(sea_orm::sqlx::AssertSqlSafe(lock))
            .execute(&mut *holder)
            .await
            .map_err(|error| Error::Internal(error.to_string()))?;
        let done = both(db).await;
        let unlock = format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})");
        sea_orm::sqlx::query(sea_orm::sqlx::AssertSqlSafe(unlock))
            .execute(&mut *holder)
            .await
            .map_err(|error| Error::Internal(error.to_string()))?;
        done?;
    } else {
        let lock = File::create(data.join("migrate.lock"))?;
        let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock))
            .await
            .map_err(|error| Error::Internal(error.to_string()))??;
        both(db).await?;
        drop(lock);
    }
    Ok(())
}

/// Our tables, then those of the queue.
async fn both(db: &DatabaseConnection) -> Result<()> {
    Migrator::up(db, None).await?;
    queue::prepare(db).await
}

/// Whether the database answers.
pub async fn ping(db: &DatabaseConnection) -> Result<()> {
    db.query_one_raw(Statement::from_string(db.get_database_backend(), "SELECT 1")).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_looked_for_in_every_case_and_means_only_itself() {
        for (text, sqlite, postgres) in [
            ("åB 1", "*[åÅ][Bb] 1*", "[åÅ][Bb] 1"),
            ("ß", "*ß*", "ß"),
            ("ς", "*[ςσΣ]*", "[ςσΣ]"),
            ("*[?]^\u{0}-_.\\(", r"*[*][[][?]]^-_.\(*", r"\*\[\?\]\^\-\_\.\\\("),
        ] {
            assert_eq!(pattern(DbBackend::Sqlite, text), sqlite);
            assert_eq!(pattern(DbBackend::Postgres, text), postgres);
        }
    }

    #[test]
    fn where_to_look_is_the_folder_of_a_file_or_the_address_of_a_server() {
        let folder = "check that `/srv/data` is there, can be written to and has room";
        assert_eq!(mend("sqlite:///srv/data/causeway.db?mode=rwc"), folder);
        assert_eq!(mend("sqlite:/srv/data/causeway.db"), folder);
        assert_eq!(mend("postgres://x@y/z"), "check `[database] url` in causeway.toml");
    }
}
