//! Opening an installation: folders, database, services.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use connectors::{
    hosting::EmbeddedHosting,
    source::{Outbound, Sources},
};
use secrecy::ExposeSecret;
use services::{CatalogSettings, DatabaseConnection, Ports, Services, database, permission, secrets::Keeper};

use crate::{
    cli::Problem,
    examples,
    settings::{self, Settings},
};

/// Opens the database and brings its schema up to date.
pub(crate) async fn open_database(settings: &Settings) -> Result<DatabaseConnection, Problem> {
    let data = &settings.data.dir;
    create_folder(data)?;
    let db = database::connect(settings.database_url().expose_secret()).await?;
    database::migrate(&db, data).await?;
    Ok(db)
}

/// Everything that use cases need, for an installation that people reach at `address`, and that lets the local guest in or
/// does not.
pub(crate) async fn open(settings: &Settings, address: SocketAddr, has_guest: bool) -> Result<Services, Problem> {
    let db = open_database(settings).await?;
    let data = fs::canonicalize(&settings.data.dir)?;
    let outbound = Outbound {
        data: data.clone(),
        base_url: settings.base_url(address),
        allow: settings.outbound.allow.clone(),
        clusters: settings::clusters(&settings.clusters)?,
    };
    let doors = settings::doors(&settings.sign_in, has_guest, &settings.outbound.allow)?;
    let hosting = EmbeddedHosting::new(&data);
    let services = Services {
        db,
        bus: services::changes::Bus::default(),
        queue: services::queue::Queue::default(),
        secrets: Arc::new(Keeper::open(&data, settings.secrets.key.as_ref())?),
        catalog: Arc::default(),
        definitions: Arc::default(),
        docs: Arc::default(),
        doors: Arc::new(doors),
        notes: Arc::default(),
        permission: Arc::new(permission::Keeper::new(settings::policies(&settings.permission)?)),
        ports: Ports {
            sources: Arc::new(Sources::new(outbound)),
            repositories: Arc::new(hosting),
            example: examples::unpack,
        },
        settings: Arc::new(services::Settings {
            data,
            base_url: settings.base_url(address),
            organisation: settings.server.organisation.clone().unwrap_or_else(|| "My organisation".into()),
            call_commands: settings.catalog.call_commands,
            catalog: CatalogSettings {
                sync_minutes: settings.catalog.sync_minutes.max(1),
                orphan_days: settings.catalog.orphan_days.min(36_500),
            },
            permission: settings::permission(&settings.permission),
            tools: settings.links.clone(),
            credentials: settings::configured(&settings.credentials)?,
        }),
    };
    permission::adopt(&services).await?;
    Ok(services)
}

fn create_folder(folder: &Path) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(|error| {
        format!("the data folder `{}` cannot be created: {error}; choose another with --data", folder.display()).into()
    })
}
