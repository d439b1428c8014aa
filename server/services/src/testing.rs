//! An installation for a test: a database of its own, and of the outside only what the test gives it.

#[path = "../../tests/it/postgres/cluster.rs"]
mod cluster;

use std::{fs, path::Path, sync::Arc, thread};

use sea_orm::DatabaseConnection;
use tokio::{runtime, sync::OnceCell};

use crate::{CatalogSettings, Ports, Services, Settings, catalog::SourceReader, database, runs::Repositories, secrets};

/// Everything a use case needs, kept in `data`.
pub(crate) async fn services(
    data: &Path,
    sources: Arc<dyn SourceReader>,
    repositories: Arc<dyn Repositories>,
) -> Services {
    with(new_database(data).await, data, sources, repositories)
}

/// The same with a PostgreSQL database of its own.
pub(crate) async fn services_on_postgres(
    data: &Path,
    sources: Arc<dyn SourceReader>,
    repositories: Arc<dyn Repositories>,
) -> Services {
    static MIGRATED: OnceCell<String> = OnceCell::const_new();
    let migrated = MIGRATED.get_or_init(async || thread::spawn(migrated_on_postgres).join().unwrap()).await;
    let db = database::connect(&cluster::database_like(migrated)).await.unwrap();
    with(db, data, sources, repositories)
}

/// The name of a database with all tables, to be copied.
fn migrated_on_postgres() -> String {
    let folder = tempfile::tempdir().unwrap();
    let address = cluster::database_like("template1");
    runtime::Runtime::new().unwrap().block_on(async {
        let db = database::connect(&address).await.unwrap();
        database::migrate(&db, folder.path()).await.unwrap();
        db.close().await.unwrap();
    });
    address.rsplit_once('/').unwrap().1.to_owned()
}

fn with(
    db: DatabaseConnection,
    data: &Path,
    sources: Arc<dyn SourceReader>,
    repositories: Arc<dyn Repositories>,
) -> Services {
    Services {
        db,
        bus: crate::changes::Bus::default(),
        catalog: Arc::default(),
        definitions: Arc::default(),
        docs: Arc::default(),
        doors: Arc::default(),
        notes: Arc::default(),
        permission: Arc::default(),
        queue: crate::queue::Queue::default(),
        secrets: Arc::new(secrets::Keeper::open(data, None).unwrap()),
        settings: Arc::new(Settings {
            data: data.to_owned(),
            base_url: "http://127.0.0.1:3000".into(),
            organisation: "Saltmarsh".into(),
            call_commands: false,
            catalog: CatalogSettings::default(),
            permission: crate::permission::PermissionSettings::default(),
            tools: domain::catalog::Tools::default(),
            credentials: Vec::new(),
        }),
        ports: Ports { sources, repositories, example: |_| Err(std::io::Error::other("none here")) },
    }
}

/// An embedded database in `data`, with all tables. They are made once and copied: that is a tenth of making them.
async fn new_database(data: &Path) -> DatabaseConnection {
    static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();
    // What makes them must outlive no test: each has a runtime of its own.
    let migrated = MIGRATED.get_or_init(async || thread::spawn(migrated).join().unwrap()).await;
    let file = data.join("causeway.sqlite3");
    fs::write(&file, migrated).unwrap();
    open(&file).await
}

fn migrated() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("causeway.sqlite3");
    runtime::Runtime::new().unwrap().block_on(async {
        let db = open(&file).await;
        database::migrate(&db, folder.path()).await.unwrap();
        // The last to leave brings everything into the one file.
        db.close().await.unwrap();
    });
    fs::read(file).unwrap()
}

async fn open(file: &Path) -> DatabaseConnection {
    database::connect(&format!("sqlite:{}", file.display())).await.unwrap()
}
