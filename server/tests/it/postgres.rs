//! A PostgreSQL database for each test.

mod cluster;

use std::{process::Command, sync::OnceLock};

use self::cluster::{binaries, database_like};
use crate::portal;

/// The address of a new, empty database.
pub(crate) fn empty_database() -> String {
    database_like("template1")
}

/// The address of a new database with all tables. They are made once, as `causeway migrate` does, and copied.
pub(crate) fn new_database() -> String {
    static MIGRATED: OnceLock<String> = OnceLock::new();
    let migrated = MIGRATED.get_or_init(|| {
        let database = empty_database();
        let folder = tempfile::tempdir().unwrap();
        portal::migrate(folder.path(), Some(&database));
        database.rsplit_once('/').unwrap().1.to_owned()
    });
    database_like(migrated)
}

/// Runs a statement in a database of the cluster.
pub(crate) fn execute(database: &str, statement: &str) {
    let output = Command::new(binaries().join("psql"))
        .args([database, "-v", "ON_ERROR_STOP=1", "-qc", statement])
        .output()
        .expect("psql comes with PostgreSQL");
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
}

/// All that a database holds, as text.
pub(crate) fn content(database: &str) -> Vec<u8> {
    let output = Command::new(binaries().join("psql"))
        .args([database, "-v", "ON_ERROR_STOP=1", "-Atqc", "SELECT database_to_xml(true, false, '')"])
        .output()
        .expect("psql comes with PostgreSQL");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
