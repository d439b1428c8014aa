//! Of whom a record of a directory speaks: of whoever the rules find by it, and of whoever came in as the one whom it names. The two can
//! differ, since a sign-in may bring other attributes than the directory has; what holds of a record holds of both.

use std::collections::BTreeSet;

use domain::identity::Tenant;
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use super::store::user::{self, Column as U};
use crate::{Result, identity::accounts};

/// The records of those providers' directories that speak of a person.
pub(super) async fn records_of(db: &impl ConnectionTrait, tenant: &Tenant, who: &str) -> Result<Condition> {
    let accounts = accounts::store::of(db, tenant, who).await?;
    let named = accounts.iter().map(|account| {
        Condition::all().add(U::Provider.eq(&account.provider)).add(U::ExternalId.is_in(account.externals()))
    });
    Ok(named.fold(Condition::any().add(U::Who.eq(who)), Condition::add))
}

/// The people of whom a record speaks.
pub(super) async fn people(db: &impl ConnectionTrait, tenant: &Tenant, row: &user::Model) -> Result<BTreeSet<String>> {
    let mut people: BTreeSet<String> = row.who.iter().cloned().collect();
    if let Some(external) = &row.external_id {
        let accounts = accounts::store::called(db, tenant, &row.provider, external).await?;
        people.extend(accounts.into_iter().map(|account| account.who));
    }
    Ok(people)
}

/// Whether the same directory lets a person in by another record than this one.
pub(super) async fn is_let_in_otherwise(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    row: &user::Model,
    who: &str,
) -> Result<bool> {
    let others = user::Entity::find()
        .filter(U::Tenant.eq(tenant.as_str()))
        .filter(U::Provider.eq(&row.provider))
        .filter(U::Active.eq(true))
        .filter(U::DeletedAt.is_null())
        .filter(U::Id.ne(&row.id))
        .filter(records_of(db, tenant, who).await?);
    Ok(others.count(db).await? > 0)
}
