//! Of whom a record of a directory speaks: of whoever the rules find by it, and of whoever came in as the one whom it names. The two can
//! differ, since a sign-in may bring other attributes than the directory has; what holds of a record holds of both.

use std::collections::BTreeSet;

use domain::identity::Tenant;
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait};

use super::store::{
    self,
    user::{self, Column as U},
};
use crate::{
    Result, Services,
    identity::{accounts, same},
};

/// How many records are about one person.
const MOST_ROWS: u64 = 50;

/// The records of directories that speak of a person: not those of somebody else who bore the name, or was taken for them.
pub(super) async fn records_of(
    services: &Services,
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
) -> Result<Vec<user::Model>> {
    let mut accounts = accounts::store::of(db, tenant, who).await?;
    let now = same::meant(services, tenant, who).await?;
    accounts.retain(|account| now.is_of(account));
    let named = accounts.iter().map(|account| {
        Condition::all().add(U::Provider.eq(&account.provider)).add(U::ExternalId.is_in(account.externals()))
    });
    let condition = named.fold(Condition::any().add(U::Who.eq(who)), Condition::add);
    let rows = store::all(db, tenant, condition, MOST_ROWS).await?;
    let is_named = |row: &user::Model| {
        let external = row.external_id.as_ref();
        let is_it = |account: &accounts::store::Row| external.is_some_and(|id| account.externals().contains(id));
        accounts.iter().any(|account| account.provider == row.provider && is_it(account))
    };
    let mut about = Vec::with_capacity(rows.len());
    for row in rows {
        let is_meant = row.who.as_deref() == Some(who) && now.is_found_by(&row.matched_by);
        if is_named(&row) || is_meant && !names_anybody(db, tenant, &row).await? {
            about.push(row);
        }
    }
    Ok(about)
}

/// Whether a record names somebody who came in as what the provider calls them: then it speaks of nobody else.
pub(super) async fn names_anybody(db: &impl ConnectionTrait, tenant: &Tenant, row: &user::Model) -> Result<bool> {
    let Some(external) = &row.external_id else { return Ok(false) };
    Ok(!accounts::store::called(db, tenant, &row.provider, external).await?.is_empty())
}

/// Whether a record still speaks of whom it was found to be.
pub(super) async fn is_theirs(services: &Services, tenant: &Tenant, row: &user::Model) -> Result<bool> {
    let Some(who) = &row.who else { return Ok(false) };
    Ok(same::meant(services, tenant, who).await?.is_found_by(&row.matched_by))
}

/// The people of whom a record speaks.
pub(super) async fn people(
    services: &Services,
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    row: &user::Model,
) -> Result<BTreeSet<String>> {
    let named = match &row.external_id {
        Some(external) => accounts::store::called(db, tenant, &row.provider, external).await?,
        None => Vec::new(),
    };
    let mut people = BTreeSet::new();
    if named.is_empty() && is_theirs(services, tenant, row).await? {
        people.extend(row.who.clone());
    }
    for account in named {
        if same::meant(services, tenant, &account.who).await?.is_of(&account) {
            people.insert(account.who);
        }
    }
    Ok(people)
}

/// Whether the same directory lets a person in by another record than this one.
pub(super) async fn is_let_in_otherwise(
    services: &Services,
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    row: &user::Model,
    who: &str,
) -> Result<bool> {
    let others = records_of(services, db, tenant, who).await?;
    let is_let_in = |other: &user::Model| other.active && other.deleted_at.is_none();
    Ok(others.iter().any(|other| other.provider == row.provider && other.id != row.id && is_let_in(other)))
}
