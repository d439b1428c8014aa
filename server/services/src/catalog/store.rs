//! Queries on the catalog's tables: every one of the tenant, in batches, never one per row.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    catalog::{Conflict, Entity, EntityRef, NewSource, Outcome, Source, SourceFile},
    identity::Tenant,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Statement, prelude::Uuid, sea_query::OnConflict,
};

use super::rows::{conflict, entity, file, relation, source};
use crate::{Error, Result};

/// How many keys one query names: SQLite takes at most 32,766 values in a statement.
const KEYS: usize = 5_000;

/// How many rows of ten columns one INSERT carries.
const ROWS: usize = 3_000;

/// Number of the PostgreSQL lock that only one writer of a tenant's catalog holds.
const WRITER: i64 = 0x00C4_A7A1_0600;

/// Lets one transaction at a time decide who owns a name. SQLite has one writer anyway.
pub(super) async fn lock(tx: &impl ConnectionTrait, tenant: &Tenant) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Postgres {
        let sql = "SELECT pg_advisory_xact_lock($1 # hashtext($2)::bigint)";
        let values = [WRITER.into(), tenant.as_str().into()];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    }
    Ok(())
}

impl TryFrom<source::Model> for Source {
    type Error = Error;

    fn try_from(row: source::Model) -> Result<Self> {
        let count = |number: i32| u32::try_from(number).unwrap_or(0);
        Ok(Self {
            id: row.id,
            kind: row.kind.parse().map_err(|error| Error::Internal(format!("a source in the database: {error}")))?,
            target: row.target,
            created_at: row.created_at,
            synced_at: row.synced_at,
            tried_at: row.tried_at,
            revision: row.revision,
            problem: row.problem,
            entities: count(row.entities),
            files: count(row.files),
            rejected: count(row.rejected),
            warned: count(row.warned),
        })
    }
}

impl TryFrom<entity::Model> for Entity {
    type Error = Error;

    fn try_from(row: entity::Model) -> Result<Self> {
        Ok(Self {
            reference: parse(&row.reference)?,
            uid: row.uid,
            etag: row.etag,
            document: row.document,
            changed_at: row.changed_at,
            source: Some(row.source_id),
            orphaned_at: row.orphaned_at,
        })
    }
}

/// A reference as it stands in a row.
pub(super) fn parse(reference: &str) -> Result<EntityRef> {
    reference.parse().map_err(|error| Error::Internal(format!("a reference in the database: {error}")))
}

pub(super) async fn insert_source(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    new: &NewSource,
    now: DateTime<Utc>,
) -> Result<Source> {
    let row = source::Model {
        tenant: tenant.to_string(),
        id,
        kind: new.kind.as_str().to_owned(),
        target: new.target.clone(),
        created_at: now,
        synced_at: None,
        tried_at: None,
        revision: None,
        problem: None,
        entities: 0,
        files: 0,
        rejected: 0,
        warned: 0,
    };
    source::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
    row.try_into()
}

pub(super) async fn update_source(tx: &impl ConnectionTrait, tenant: &Tenant, source: &Source) -> Result<()> {
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    source::Entity::update_many()
        .set(source::ActiveModel {
            synced_at: Set(source.synced_at),
            tried_at: Set(source.tried_at),
            revision: Set(source.revision.clone()),
            problem: Set(source.problem.clone()),
            entities: Set(count(source.entities)),
            files: Set(count(source.files)),
            rejected: Set(count(source.rejected)),
            warned: Set(count(source.warned)),
            ..Default::default()
        })
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(source.id))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) async fn source(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<Option<Source>> {
    source::Entity::find_by_id((tenant.to_string(), id)).one(db).await?.map(Source::try_from).transpose()
}

pub(super) async fn source_by_target(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    new: &NewSource,
) -> Result<Option<Source>> {
    source::Entity::find()
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Kind.eq(new.kind.as_str()))
        .filter(source::Column::Target.eq(&new.target))
        .one(db)
        .await?
        .map(Source::try_from)
        .transpose()
}

pub(super) async fn sources(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Vec<Source>> {
    let rows = source::Entity::find()
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .order_by_asc(source::Column::CreatedAt)
        .order_by_asc(source::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(Source::try_from).collect()
}

/// Every source of every tenant, for the schedule.
pub(super) async fn all_sources(db: &impl ConnectionTrait) -> Result<Vec<(Tenant, Source)>> {
    let rows = source::Entity::find().all(db).await?;
    rows.into_iter()
        .map(|row| {
            let tenant = row.tenant.parse().map_err(|error| Error::Internal(format!("a tenant: {error}")))?;
            Ok((tenant, row.try_into()?))
        })
        .collect()
}

/// Takes away a source with its files and conflicts; its entities are removed on their own.
pub(super) async fn delete_source(tx: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<()> {
    replace_files(tx, tenant, id, &[]).await?;
    conflict::Entity::delete_many()
        .filter(conflict::Column::Tenant.eq(tenant.as_str()))
        .filter(conflict::Column::SourceId.eq(id))
        .exec(tx)
        .await?;
    source::Entity::delete_by_id((tenant.to_string(), id)).exec(tx).await?;
    Ok(())
}

pub(super) async fn files(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<Vec<SourceFile>> {
    let rows = file::Entity::find()
        .filter(file::Column::Tenant.eq(tenant.as_str()))
        .filter(file::Column::SourceId.eq(id))
        .order_by_asc(file::Column::Position)
        .all(db)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SourceFile {
                path: row.path,
                outcome: match row.outcome.as_str() {
                    "found" => Outcome::Found,
                    "skipped" => Outcome::Skipped,
                    "warned" => Outcome::Warned,
                    _ => Outcome::Rejected,
                },
                entities: u32::try_from(row.entities).unwrap_or(0),
                problems: serde_json::from_value(row.problems)?,
                parent: row.parent,
            })
        })
        .collect()
}

pub(super) async fn replace_files(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    files: &[SourceFile],
) -> Result<()> {
    file::Entity::delete_many()
        .filter(file::Column::Tenant.eq(tenant.as_str()))
        .filter(file::Column::SourceId.eq(id))
        .exec(tx)
        .await?;
    let mut rows = Vec::with_capacity(files.len());
    for (file, position) in files.iter().zip(0..) {
        rows.push(file::ActiveModel {
            tenant: Set(tenant.to_string()),
            source_id: Set(id),
            path: Set(file.path.clone()),
            position: Set(position),
            outcome: Set(file.outcome.as_str().to_owned()),
            entities: Set(i32::try_from(file.entities).unwrap_or(i32::MAX)),
            problems: Set(serde_json::to_value(&file.problems)?),
            parent: Set(file.parent.clone()),
        });
    }
    for batch in rows.chunks(ROWS) {
        file::Entity::insert_many(batch.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// What a sync must know of an entity to see whether it changed.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) source: Uuid,
    pub(super) path: String,
    pub(super) hash: String,
    pub(super) is_orphaned: bool,
}

type KnownRow = (String, Uuid, String, String, Option<DateTime<Utc>>);

fn known(rows: Vec<KnownRow>) -> impl Iterator<Item = (String, Known)> {
    rows.into_iter().map(|(reference, source, path, hash, orphaned_at)| {
        (reference, Known { source, path, hash, is_orphaned: orphaned_at.is_some() })
    })
}

pub(super) async fn known_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<HashMap<String, Known>> {
    let rows = select_known(tenant).filter(entity::Column::SourceId.eq(source)).into_tuple().all(db).await?;
    Ok(known(rows).collect())
}

pub(super) async fn known_as(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<HashMap<String, Known>> {
    let mut found = HashMap::new();
    for keys in references.chunks(KEYS) {
        let rows = select_known(tenant).filter(entity::Column::Reference.is_in(keys)).into_tuple().all(db).await?;
        found.extend(known(rows));
    }
    Ok(found)
}

fn select_known(tenant: &Tenant) -> sea_orm::Select<entity::Entity> {
    entity::Entity::find()
        .select_only()
        .columns([
            entity::Column::Reference,
            entity::Column::SourceId,
            entity::Column::Path,
            entity::Column::Hash,
            entity::Column::OrphanedAt,
        ])
        .filter(entity::Column::Tenant.eq(tenant.as_str()))
}

/// Which of these are in the catalog.
pub(super) async fn existing(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for keys in references.chunks(KEYS) {
        let rows: Vec<String> = entity::Entity::find()
            .select_only()
            .column(entity::Column::Reference)
            .filter(entity::Column::Tenant.eq(tenant.as_str()))
            .filter(entity::Column::Reference.is_in(keys))
            .into_tuple()
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

pub(super) async fn rows(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<Vec<entity::Model>> {
    let mut found = Vec::with_capacity(references.len());
    for keys in references.chunks(KEYS) {
        let rows = entity::Entity::find()
            .filter(entity::Column::Tenant.eq(tenant.as_str()))
            .filter(entity::Column::Reference.is_in(keys))
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

pub(super) async fn row_by_uid(db: &impl ConnectionTrait, tenant: &Tenant, uid: Uuid) -> Result<Option<entity::Model>> {
    Ok(entity::Entity::find()
        .filter(entity::Column::Tenant.eq(tenant.as_str()))
        .filter(entity::Column::Uid.eq(uid))
        .one(db)
        .await?)
}

/// Writes whole rows, new or not.
pub(super) async fn upsert(tx: &impl ConnectionTrait, rows: Vec<entity::Model>) -> Result<()> {
    use entity::Column;
    let on_conflict = OnConflict::columns([Column::Tenant, Column::Reference])
        .update_columns([
            Column::Uid,
            Column::Etag,
            Column::Hash,
            Column::Document,
            Column::SourceId,
            Column::Path,
            Column::ChangedAt,
            Column::OrphanedAt,
        ])
        .to_owned();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<_> = rows.by_ref().take(ROWS).map(entity::Model::into_active_model).collect();
        entity::Entity::insert_many(batch).on_conflict(on_conflict.clone()).exec_without_returning(tx).await?;
    }
    Ok(())
}

pub(super) async fn delete_entities(tx: &impl ConnectionTrait, tenant: &Tenant, references: &[String]) -> Result<()> {
    for keys in references.chunks(KEYS) {
        entity::Entity::delete_many()
            .filter(entity::Column::Tenant.eq(tenant.as_str()))
            .filter(entity::Column::Reference.is_in(keys))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// The relations that these entities declare, in both directions.
pub(super) async fn declared_by(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<Vec<relation::Model>> {
    let mut found = Vec::new();
    for keys in references.chunks(KEYS) {
        let rows = relation::Entity::find()
            .filter(relation::Column::Tenant.eq(tenant.as_str()))
            .filter(relation::Column::DeclaredBy.is_in(keys))
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The relations that begin at these entities, whoever declares them.
pub(super) async fn relations_from(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<Vec<relation::Model>> {
    let mut found = Vec::new();
    for keys in references.chunks(KEYS) {
        let rows = relation::Entity::find()
            .filter(relation::Column::Tenant.eq(tenant.as_str()))
            .filter(relation::Column::SourceRef.is_in(keys))
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The entities that have a relation to one of these.
pub(super) async fn referrers(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for keys in references.chunks(KEYS) {
        let rows: Vec<String> = relation::Entity::find()
            .select_only()
            .column(relation::Column::SourceRef)
            .distinct()
            .filter(relation::Column::Tenant.eq(tenant.as_str()))
            .filter(relation::Column::TargetRef.is_in(keys))
            .into_tuple()
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

pub(super) async fn replace_relations(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    declarers: &[String],
    rows: Vec<relation::Model>,
) -> Result<()> {
    for keys in declarers.chunks(KEYS) {
        relation::Entity::delete_many()
            .filter(relation::Column::Tenant.eq(tenant.as_str()))
            .filter(relation::Column::DeclaredBy.is_in(keys))
            .exec(tx)
            .await?;
    }
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<_> = rows.by_ref().take(KEYS).map(relation::Model::into_active_model).collect();
        relation::Entity::insert_many(batch).exec_without_returning(tx).await?;
    }
    Ok(())
}

impl TryFrom<conflict::Model> for Conflict {
    type Error = Error;

    fn try_from(row: conflict::Model) -> Result<Self> {
        Ok(Self {
            reference: parse(&row.reference)?,
            source: row.source_id,
            path: row.path,
            owner: row.owner_id,
            owner_path: row.owner_path,
        })
    }
}

/// Conflicts in which a source has a part.
pub(super) async fn conflicts_around(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<Vec<conflict::Model>> {
    let part = Condition::any().add(conflict::Column::SourceId.eq(source)).add(conflict::Column::OwnerId.eq(source));
    Ok(conflict::Entity::find()
        .filter(conflict::Column::Tenant.eq(tenant.as_str()))
        .filter(part)
        .order_by_asc(conflict::Column::Reference)
        .all(db)
        .await?)
}

/// Conflicts about these entities.
pub(super) async fn conflicts_about(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<Vec<conflict::Model>> {
    let mut found = Vec::new();
    for keys in references.chunks(KEYS) {
        let rows = conflict::Entity::find()
            .filter(conflict::Column::Tenant.eq(tenant.as_str()))
            .filter(conflict::Column::Reference.is_in(keys))
            .order_by_asc(conflict::Column::Path)
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

pub(super) async fn replace_conflicts(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    rows: Vec<conflict::Model>,
) -> Result<()> {
    conflict::Entity::delete_many()
        .filter(conflict::Column::Tenant.eq(tenant.as_str()))
        .filter(conflict::Column::SourceId.eq(source))
        .exec(tx)
        .await?;
    for batch in rows.chunks(ROWS) {
        let batch: Vec<_> = batch.iter().cloned().map(conflict::Model::into_active_model).collect();
        conflict::Entity::insert_many(batch).exec_without_returning(tx).await?;
    }
    Ok(())
}
