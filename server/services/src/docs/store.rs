//! Queries on the docs' tables.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::rows::{file, site};
use crate::Result;

/// How many sites are kept; those that nobody looked at the longest go first.
const SITES: u64 = 2_000;

/// How many files one INSERT carries, and how large they are together.
const BATCH: (usize, usize) = (200, 4 * 1024 * 1024);

pub(super) async fn site(db: &impl ConnectionTrait, tenant: &Tenant, reference: &str) -> Result<Option<site::Model>> {
    Ok(site::Entity::find_by_id((tenant.as_str().to_owned(), reference.to_owned())).one(db).await?)
}

pub(super) async fn file(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    reference: &str,
    path: &str,
) -> Result<Option<file::Model>> {
    let key = (tenant.as_str().to_owned(), reference.to_owned(), path.to_owned());
    Ok(file::Entity::find_by_id(key).one(db).await?)
}

fn of(tenant: &Tenant, reference: &str) -> sea_orm::Select<file::Entity> {
    file::Entity::find().filter(file::Column::Tenant.eq(tenant.as_str())).filter(file::Column::Reference.eq(reference))
}

pub(super) async fn pages(db: &impl ConnectionTrait, tenant: &Tenant, reference: &str) -> Result<Vec<file::Model>> {
    Ok(of(tenant, reference).filter(file::Column::Kind.eq("page")).order_by_asc(file::Column::Path).all(db).await?)
}

/// Kind and edit address of every file, by path.
pub(super) async fn kinds(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    reference: &str,
) -> Result<Vec<(String, String, Option<String>)>> {
    let columns = [file::Column::Path, file::Column::Kind, file::Column::Edit];
    Ok(of(tenant, reference).select_only().columns(columns).into_tuple().all(db).await?)
}

/// Hash and time of every file, by path.
pub(super) async fn known(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    reference: &str,
) -> Result<HashMap<String, (String, DateTime<Utc>)>> {
    let columns = [file::Column::Path, file::Column::Hash, file::Column::ChangedAt];
    let rows: Vec<(String, String, DateTime<Utc>)> =
        of(tenant, reference).select_only().columns(columns).into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(path, hash, at)| (path, (hash, at))).collect())
}

/// Notes that the source was looked at, and what came of it.
pub(super) async fn touch(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    reference: &str,
    now: DateTime<Utc>,
    problem: Option<String>,
) -> Result<()> {
    site::Entity::update_many()
        .col_expr(site::Column::CheckedAt, Expr::value(now))
        .col_expr(site::Column::Problem, Expr::value(problem))
        .filter(site::Column::Tenant.eq(tenant.as_str()))
        .filter(site::Column::Reference.eq(reference))
        .exec(db)
        .await?;
    Ok(())
}

/// Writes a site, new or not.
pub(super) async fn put(tx: &impl ConnectionTrait, row: site::Model) -> Result<()> {
    use site::Column;
    let on_conflict = OnConflict::columns([Column::Tenant, Column::Reference])
        .update_columns([
            Column::Place,
            Column::Revision,
            Column::Name,
            Column::Home,
            Column::Nav,
            Column::Remarks,
            Column::Hash,
            Column::ChangedAt,
            Column::CheckedAt,
            Column::Problem,
        ])
        .to_owned();
    site::Entity::insert(row.into_active_model()).on_conflict(on_conflict).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes files away, then writes others.
pub(super) async fn replace(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    reference: &str,
    gone: &[String],
    new: Vec<file::Model>,
) -> Result<()> {
    for paths in gone.chunks(5_000) {
        file::Entity::delete_many()
            .filter(file::Column::Tenant.eq(tenant.as_str()))
            .filter(file::Column::Reference.eq(reference))
            .filter(file::Column::Path.is_in(paths))
            .exec(tx)
            .await?;
    }
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for row in new {
        bytes += row.content.len();
        batch.push(row.into_active_model());
        if batch.len() >= BATCH.0 || bytes >= BATCH.1 {
            file::Entity::insert_many(std::mem::take(&mut batch)).exec_without_returning(tx).await?;
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        file::Entity::insert_many(batch).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Forgets the sites beyond the bound; one that is asked for again is read again.
pub(super) async fn tidy(tx: &impl ConnectionTrait, tenant: &Tenant) -> Result<()> {
    let all = site::Entity::find().filter(site::Column::Tenant.eq(tenant.as_str()));
    if all.clone().count(tx).await? <= SITES {
        return Ok(());
    }
    let oldest: Vec<String> = all
        .select_only()
        .column(site::Column::Reference)
        .order_by_asc(site::Column::CheckedAt)
        .limit(SITES / 10)
        .into_tuple()
        .all(tx)
        .await?;
    forget(tx, tenant, &oldest).await
}

async fn forget(tx: &impl ConnectionTrait, tenant: &Tenant, references: &[String]) -> Result<()> {
    site::Entity::delete_many()
        .filter(site::Column::Tenant.eq(tenant.as_str()))
        .filter(site::Column::Reference.is_in(references))
        .exec(tx)
        .await?;
    file::Entity::delete_many()
        .filter(file::Column::Tenant.eq(tenant.as_str()))
        .filter(file::Column::Reference.is_in(references))
        .exec(tx)
        .await?;
    Ok(())
}
