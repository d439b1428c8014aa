//! Entities: what a sync must know of them, and whole rows.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{catalog::Entity, identity::Tenant};
use futures::Stream;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    StreamTrait,
    prelude::Uuid,
    sea_query::{Expr, ExprTrait},
};

use super::{KEYS, parse};
use crate::{
    Error, Result,
    bulk::{Rows, among},
    catalog::rows::entity,
};

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

/// What a sync must know of an entity to see whether it changed.
#[derive(Debug, Clone)]
pub(in crate::catalog) struct Known {
    pub(in crate::catalog) source: Uuid,
    pub(in crate::catalog) path: String,
    pub(in crate::catalog) hash: String,
    pub(in crate::catalog) is_orphaned: bool,
}

type KnownRow = (String, Uuid, String, String, Option<DateTime<Utc>>);

fn known(rows: Vec<KnownRow>) -> impl Iterator<Item = (String, Known)> {
    rows.into_iter().map(|(reference, source, path, hash, orphaned_at)| {
        (reference, Known { source, path, hash, is_orphaned: orphaned_at.is_some() })
    })
}

pub(in crate::catalog) async fn known_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<HashMap<String, Known>> {
    let rows = select_known(tenant).filter(entity::Column::SourceId.eq(source)).into_tuple().all(db).await?;
    Ok(known(rows).collect())
}

/// What a source has in these files.
pub(in crate::catalog) async fn known_in(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    paths: &[String],
) -> Result<HashMap<String, Known>> {
    let mut found = HashMap::new();
    for paths in paths.chunks(KEYS) {
        let query = select_known(tenant).filter(entity::Column::SourceId.eq(source));
        found.extend(known(query.filter(among(db, entity::Column::Path, paths)).into_tuple().all(db).await?));
    }
    Ok(found)
}

/// For each file of a source, how many entities stand because of it, and how many there are with the orphans.
pub(in crate::catalog) async fn standing(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<HashMap<String, (u64, u64)>> {
    let rows: Vec<(String, i64, i64)> = entity::Entity::find()
        .select_only()
        .column(entity::Column::Path)
        .column_as(entity::Column::Path.count(), "number")
        .column_as(entity::Column::OrphanedAt.count(), "orphans")
        .filter(entity::Column::Tenant.eq(tenant.as_str()))
        .filter(entity::Column::SourceId.eq(source))
        .group_by(entity::Column::Path)
        .into_tuple()
        .all(db)
        .await?;
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(rows.into_iter().map(|(path, all, orphans)| (path, (number(all - orphans), number(all)))).collect())
}

/// How many people and teams stand because of a source.
pub(in crate::catalog) async fn count_people(db: &impl ConnectionTrait, tenant: &Tenant, source: Uuid) -> Result<u64> {
    let is_of_people =
        Condition::any().add(entity::Column::Reference.like("user:%")).add(entity::Column::Reference.like("group:%"));
    let all = entity::Entity::find().filter(entity::Column::Tenant.eq(tenant.as_str()));
    let all = all.filter(entity::Column::SourceId.eq(source)).filter(entity::Column::OrphanedAt.is_null());
    Ok(all.filter(is_of_people).count(db).await?)
}

pub(in crate::catalog) async fn known_as(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<HashMap<String, Known>> {
    let mut found = HashMap::new();
    for keys in references.chunks(KEYS) {
        let rows = select_known(tenant).filter(among(db, entity::Column::Reference, keys)).into_tuple().all(db).await?;
        found.extend(known(rows));
    }
    Ok(found)
}

/// The people of the catalog.
pub(in crate::catalog) async fn known_people(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
) -> Result<HashMap<String, Known>> {
    let rows = select_known(tenant).filter(entity::Column::Reference.like("user:%")).into_tuple().all(db).await?;
    Ok(known(rows).collect())
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
pub(in crate::catalog) async fn existing(
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
            .filter(among(db, entity::Column::Reference, keys))
            .into_tuple()
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

pub(in crate::catalog) async fn rows(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<Vec<entity::Model>> {
    let mut found = Vec::with_capacity(references.len());
    for keys in references.chunks(KEYS) {
        let rows = entity::Entity::find()
            .filter(entity::Column::Tenant.eq(tenant.as_str()))
            .filter(among(db, entity::Column::Reference, keys))
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// A row whose document is still a text.
#[derive(Debug, sea_orm::FromQueryResult)]
pub(in crate::catalog) struct Raw {
    reference: String,
    uid: Uuid,
    etag: String,
    document: String,
    source_id: Uuid,
    changed_at: DateTime<Utc>,
    orphaned_at: Option<DateTime<Utc>>,
}

impl Raw {
    /// The entity, and its document as it is written.
    pub(in crate::catalog) fn read(self) -> Result<(Entity, Bytes)> {
        let entity = Entity {
            reference: parse(&self.reference)?,
            uid: self.uid,
            etag: self.etag,
            document: serde_json::from_str(&self.document)?,
            changed_at: self.changed_at,
            source: Some(self.source_id),
            orphaned_at: self.orphaned_at,
        };
        Ok((entity, self.document.into()))
    }
}

fn select_raw(tenant: &Tenant) -> sea_orm::Select<entity::Entity> {
    use entity::Column;
    entity::Entity::find()
        .select_only()
        .column_as(Column::Reference, "reference")
        .columns([Column::Uid, Column::Etag, Column::SourceId, Column::ChangedAt, Column::OrphanedAt])
        .column_as(as_text(), "document")
        .filter(Column::Tenant.eq(tenant.as_str()))
}

/// The document as it was written, unparsed.
fn as_text() -> sea_orm::sea_query::SimpleExpr {
    Expr::col((entity::Entity, entity::Column::Document)).cast_as("text")
}

/// These entities, each with its document as a text.
pub(in crate::catalog) async fn raw(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<Vec<Raw>> {
    let mut found = Vec::with_capacity(references.len());
    for keys in references.chunks(KEYS) {
        let query = select_raw(tenant).filter(among(db, entity::Column::Reference, keys));
        found.extend(query.into_model::<Raw>().all(db).await?);
    }
    Ok(found)
}

/// Every entity, by reference, each with its document as a text.
pub(in crate::catalog) async fn every_raw<'a>(
    db: &'a (impl ConnectionTrait + StreamTrait),
    tenant: &Tenant,
) -> Result<impl Stream<Item = Result<Raw, DbErr>> + 'a> {
    Ok(select_raw(tenant).order_by_asc(entity::Column::Reference).into_model::<Raw>().stream(db).await?)
}

/// The documents of these entities as texts, each with its reference.
pub(in crate::catalog) async fn documents(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<Vec<(String, String)>> {
    let mut found = Vec::with_capacity(references.len());
    for keys in references.chunks(KEYS) {
        let rows: Vec<(String, String)> = entity::Entity::find()
            .select_only()
            .column(entity::Column::Reference)
            .column_as(as_text(), "document")
            .filter(entity::Column::Tenant.eq(tenant.as_str()))
            .filter(among(db, entity::Column::Reference, keys))
            .into_tuple()
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

pub(in crate::catalog) async fn row_by_uid(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    uid: Uuid,
) -> Result<Option<entity::Model>> {
    Ok(entity::Entity::find()
        .filter(entity::Column::Tenant.eq(tenant.as_str()))
        .filter(entity::Column::Uid.eq(uid))
        .one(db)
        .await?)
}

/// The documents of an organisation's own kinds that stand in the catalog, with their sources and since when nothing declares them.
pub(in crate::catalog) async fn kinds(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
) -> Result<Vec<(Uuid, serde_json::Value, Option<DateTime<Utc>>)>> {
    Ok(entity::Entity::find()
        .select_only()
        .columns([entity::Column::SourceId, entity::Column::Document, entity::Column::OrphanedAt])
        .filter(entity::Column::Tenant.eq(tenant.as_str()))
        // Word for word the condition of the index.
        .filter(Expr::cust("substr(ref, 1, 11) = 'entitykind:'"))
        .order_by_asc(entity::Column::Reference)
        .into_tuple()
        .all(db)
        .await?)
}

/// A whole row, with its document as a text.
#[derive(Debug, Clone, sea_orm::FromQueryResult)]
pub(in crate::catalog) struct Row {
    pub(in crate::catalog) reference: String,
    pub(in crate::catalog) uid: Uuid,
    pub(in crate::catalog) etag: String,
    pub(in crate::catalog) hash: String,
    pub(in crate::catalog) document: String,
    pub(in crate::catalog) source_id: Uuid,
    pub(in crate::catalog) path: String,
    pub(in crate::catalog) changed_at: DateTime<Utc>,
    pub(in crate::catalog) orphaned_at: Option<DateTime<Utc>>,
}

/// These rows, as they are written.
pub(in crate::catalog) async fn written(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<Vec<Row>> {
    let mut found = Vec::with_capacity(references.len());
    for keys in references.chunks(KEYS) {
        let query = select_raw(tenant).columns([entity::Column::Hash, entity::Column::Path]).filter(among(
            db,
            entity::Column::Reference,
            keys,
        ));
        found.extend(query.into_model::<Row>().all(db).await?);
    }
    Ok(found)
}

const ENTITIES: Rows<10> = Rows {
    table: "entities",
    columns: ["tenant", "ref", "uid", "etag", "hash", "document", "source_id", "path", "changed_at", "orphaned_at"],
    json: &["document"],
    tail: "ON CONFLICT (tenant, ref) DO UPDATE SET uid = excluded.uid, etag = excluded.etag, hash = excluded.hash, \
           document = excluded.document, source_id = excluded.source_id, path = excluded.path, \
           changed_at = excluded.changed_at, orphaned_at = excluded.orphaned_at",
};

/// Writes whole rows, new or not.
pub(in crate::catalog) async fn upsert(tx: &impl ConnectionTrait, tenant: &Tenant, rows: Vec<Row>) -> Result<()> {
    let values = rows.into_iter().map(|row| {
        [
            tenant.as_str().into(),
            row.reference.into(),
            row.uid.into(),
            row.etag.into(),
            row.hash.into(),
            row.document.into(),
            row.source_id.into(),
            row.path.into(),
            row.changed_at.into(),
            row.orphaned_at.into(),
        ]
    });
    ENTITIES.insert(tx, values).await
}

pub(in crate::catalog) async fn delete_entities(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<()> {
    for keys in references.chunks(KEYS) {
        entity::Entity::delete_many()
            .filter(entity::Column::Tenant.eq(tenant.as_str()))
            .filter(among(tx, entity::Column::Reference, keys))
            .exec(tx)
            .await?;
    }
    Ok(())
}
