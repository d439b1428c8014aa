//! The example organisation: a ferry line's catalog, scorecards and templates, to look around in.

use domain::{
    catalog::{NewSource, Source, SourceKind},
    identity::{Caller, Permission, Target},
};

use crate::{Error, Result, Services, catalog, identity};

/// Puts the example organisation into the catalog. Safe to repeat.
pub async fn load(services: &Services, caller: &Caller) -> Result<Source> {
    identity::may(services, caller, Permission::ManageSources, Target::Platform).await?;
    let (unpack, data) = (services.ports.example, services.settings.data.clone());
    let folder = tokio::task::spawn_blocking(move || unpack(&data))
        .await
        .map_err(|error| Error::Internal(format!("unpacking the example ended early: {error}")))??;
    let target = folder.join("catalog-info.yaml").display().to_string();
    catalog::ensure(services, caller, NewSource::new(SourceKind::File, target)).await
}
