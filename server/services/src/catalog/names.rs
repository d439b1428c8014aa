//! What things were called before.

use chrono::{DateTime, Utc};
use domain::{
    catalog::EntityRef,
    changes::Change,
    identity::{Caller, Permission, Target, Tenant},
};
use sea_orm::prelude::Uuid;

use super::store;
use crate::{Error, Result, Services, changes, identity};

/// What became of a name: what the thing that bore it last is called now, if it is still in the catalog.
pub async fn renamed_to(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Option<EntityRef>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let Some(uid) = store::who_was(&services.db, &caller.tenant, &reference.to_string()).await? else {
        return Ok(None);
    };
    let row = store::row_by_uid(&services.db, &caller.tenant, uid).await?;
    let Some(now) = row.map(|row| store::parse(&row.reference)).transpose()? else { return Ok(None) };
    // It may be hidden by now from those who saw it then.
    match identity::may(services, caller, Permission::ReadCatalog, Target::Entity(&now)).await {
        Ok(()) => Ok(Some(now)),
        Err(Error::NotFound(_) | Error::Denied(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What became of whom a name meant at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Since {
    /// They have not lost it.
    Same,
    /// They are called so now.
    Called(String),
    /// They have left the catalog.
    Gone,
}

/// What became of whom a name meant `at` a moment; somebody else may bear it by now.
pub(crate) async fn since(services: &Services, tenant: &Tenant, name: &str, at: DateTime<Utc>) -> Result<Since> {
    let Some(uid) = store::who_lost(&services.db, tenant, name, at).await? else { return Ok(Since::Same) };
    Ok(match store::row_by_uid(&services.db, tenant, uid).await? {
        Some(row) if row.reference == name => Since::Same,
        Some(row) => Since::Called(row.reference),
        None => Since::Gone,
    })
}

/// What an entity is called now; nothing of one that is not in the catalog.
pub(crate) async fn name_of(services: &Services, tenant: &Tenant, uid: Uuid) -> Result<Option<String>> {
    Ok(store::row_by_uid(&services.db, tenant, uid).await?.map(|row| row.reference))
}

/// What an entity was called before, each until when; nothing of one that is not in the catalog.
pub(crate) async fn former_names(
    services: &Services,
    tenant: &Tenant,
    reference: &str,
) -> Result<Vec<(String, DateTime<Utc>)>> {
    match store::rows(&services.db, tenant, &[reference.to_owned()]).await?.pop() {
        Some(row) => store::former_names(&services.db, tenant, row.uid).await,
        None => Ok(Vec::new()),
    }
}

/// The latest changes about an entity under all its names, newest first, at most `limit`.
pub async fn history(services: &Services, caller: &Caller, reference: &EntityRef, limit: u64) -> Result<Vec<Change>> {
    history_of(services, caller, reference, Span::default(), limit).await
}

/// A part of a history.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// Only changes of lower numbers.
    pub before: Option<i64>,
    /// Only changes until then.
    pub until: Option<DateTime<Utc>>,
}

/// The same, of a part of the history.
pub async fn history_of(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    span: Span,
    limit: u64,
) -> Result<Vec<Change>> {
    let key = reference.to_string();
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let row = store::rows(&services.db, &caller.tenant, std::slice::from_ref(&key)).await?.pop();
    let former = match row {
        Some(row) => store::former_names(&services.db, &caller.tenant, row.uid).await?,
        None => Vec::new(),
    };
    changes::about_also(services, caller, &key, &former, (span.before, span.until), limit).await
}
