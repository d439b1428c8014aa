//! Use cases and stores: what a person or a machine can do, and where it is kept.
//!
//! This is the only crate that sees the database. It knows nothing of HTTP or HTML, and names what it needs from outside
//! as ports ([`Ports`]), which `connectors` implement and `server` joins.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub mod audit;
mod bulk;
pub mod catalog;
pub mod changes;
pub mod database;
pub mod docs;
mod error;
pub mod examples;
mod fault;
pub mod home;
pub mod identity;
pub mod lists;
pub mod permission;
mod program;
pub mod queue;
pub mod runs;
pub mod scorecards;
pub mod secrets;
pub mod templates;
#[cfg(test)]
mod testing;

pub use domain;
pub use error::{Error, Result};
pub use sea_orm::DatabaseConnection;

/// What an installation decided, as far as use cases care.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where blobs, workspaces and repositories are kept.
    pub data: PathBuf,
    /// How people reach this installation: `http://127.0.0.1:3000`, without a slash at the end.
    pub base_url: String,
    /// The organisation's name, shown in the portal.
    pub organisation: String,
    /// Whether the page of an API shows commands that call it.
    pub call_commands: bool,
    /// How the catalog treats its sources.
    pub catalog: CatalogSettings,
    /// Who may do what.
    pub permission: permission::PermissionSettings,
    /// Where its tools are.
    pub tools: domain::catalog::Tools,
    /// Credentials that its configuration names.
    pub credentials: Vec<catalog::credentials::Configured>,
}

/// What an installation decided about its catalog.
#[derive(Debug, Clone, Copy)]
pub struct CatalogSettings {
    /// Minutes between two syncs of a source that has no schedule of its own.
    pub sync_minutes: u32,
    /// Days that an orphan stays in sight; 0 removes it at once.
    pub orphan_days: u32,
}

impl Default for CatalogSettings {
    fn default() -> Self {
        Self { sync_minutes: 10, orphan_days: 14 }
    }
}

/// What use cases need from outside.
#[derive(Clone)]
pub struct Ports {
    /// Where the catalog's files are read.
    pub sources: Arc<dyn catalog::SourceReader>,
    /// Where runs publish what they make.
    pub repositories: Arc<dyn runs::Repositories>,
    /// Writes the example organisation below a folder and returns where it stands.
    pub example: fn(&Path) -> std::io::Result<PathBuf>,
}

/// Everything a use case needs; cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: DatabaseConnection,
    /// Tells readers of `changes` that there is more to read.
    pub bus: changes::Bus,
    /// The catalog in memory.
    pub catalog: Arc<catalog::Index>,
    /// The definitions of APIs that were looked at last.
    pub definitions: Arc<catalog::Definitions>,
    /// Who reads which docs from their source right now.
    pub docs: Arc<docs::Turns>,
    /// Who comes in, and how.
    pub doors: Arc<identity::Doors>,
    /// What is to be written into the audit log soon.
    pub notes: Arc<audit::Notes>,
    /// What policies and roles say.
    pub permission: Arc<permission::Keeper>,
    /// Hands work to the workers.
    pub queue: queue::Queue,
    /// Seals secrets.
    pub secrets: Arc<secrets::Keeper>,
    /// What the installation decided.
    pub settings: Arc<Settings>,
    /// The outside.
    pub ports: Ports,
}
