//! Queries on the catalog's tables: every one of the tenant, in batches, never one per row.

mod conflicts;
mod credentials;
mod entities;
mod files;
mod names;
mod orphans;
mod problems;
mod relations;
mod sources;
mod syncs;
mod webhooks;

use domain::{catalog::EntityRef, identity::Tenant};
use sea_orm::ConnectionTrait;

pub(super) use self::{
    conflicts::*, credentials::*, entities::*, files::*, names::*, orphans::*, problems::*, relations::*, sources::*,
    syncs::*, webhooks::*,
};
use crate::{Error, Result, database};

/// How many keys one query names: SQLite takes at most 32,766 values in a statement.
const KEYS: usize = 5_000;

/// How many rows of ten columns one INSERT carries.
const ROWS: usize = 3_000;

/// Number of the PostgreSQL lock that only one writer of a tenant's catalog holds.
const WRITER: i64 = 0x00C4_A7A1_0600;

/// Lets one transaction at a time decide who owns a name.
pub(super) async fn lock(tx: &impl ConnectionTrait, tenant: &Tenant) -> Result<()> {
    database::lock(tx, WRITER, tenant).await
}

/// A reference as it stands in a row.
pub(super) fn parse(reference: &str) -> Result<EntityRef> {
    reference.parse().map_err(|error| Error::Internal(format!("a reference in the database: {error}")))
}
