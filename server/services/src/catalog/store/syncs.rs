//! The last syncs of each source.

use std::collections::HashMap;

use domain::{catalog::SyncRecord, identity::Tenant};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid,
};

use crate::Result;

/// How many syncs of a source are remembered.
const REMEMBERED: u64 = 50;

mod row {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "source_syncs")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub started_at: DateTime<Utc>,
        pub ended_at: DateTime<Utc>,
        pub read: i32,
        pub created: i32,
        pub updated: i32,
        pub renamed: i32,
        pub orphaned: i32,
        pub removed: i32,
        pub rejected: i32,
        pub warned: i32,
        pub problem: Option<String>,
        pub part: Option<Json>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl From<row::Model> for SyncRecord {
    fn from(row: row::Model) -> Self {
        let count = |number: i32| u32::try_from(number).unwrap_or(0);
        Self {
            started_at: row.started_at,
            ended_at: row.ended_at,
            read: count(row.read),
            created: count(row.created),
            updated: count(row.updated),
            renamed: count(row.renamed),
            orphaned: count(row.orphaned),
            removed: count(row.removed),
            rejected: count(row.rejected),
            warned: count(row.warned),
            problem: row.problem,
            is_narrowed: false,
        }
    }
}

/// A sync that was recorded.
pub(in crate::catalog) struct Recorded {
    pub(in crate::catalog) id: Uuid,
    pub(in crate::catalog) has_failed: bool,
    /// What it touched, where that is known and not all.
    pub(in crate::catalog) part: Option<Vec<String>>,
}

/// The last syncs of a source by what they touched.
pub(in crate::catalog) async fn recorded(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<Vec<Recorded>> {
    let rows = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::SourceId.eq(source))
        .all(db)
        .await?;
    let recorded = rows.into_iter().map(|row| Recorded {
        id: row.id,
        has_failed: row.problem.is_some(),
        part: row.part.and_then(|part| serde_json::from_value(part).ok()),
    });
    Ok(recorded.collect())
}

/// Remembers a sync with what it touched, where that is not all, and forgets the one that is too many.
pub(in crate::catalog) async fn remember_sync(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    (record, part): (&SyncRecord, Option<&[String]>),
) -> Result<()> {
    let count = |number: u32| Set(i32::try_from(number).unwrap_or(i32::MAX));
    let row = row::ActiveModel {
        tenant: Set(tenant.to_string()),
        source_id: Set(source),
        id: Set(Uuid::now_v7()),
        started_at: Set(record.started_at),
        ended_at: Set(record.ended_at),
        read: count(record.read),
        created: count(record.created),
        updated: count(record.updated),
        renamed: count(record.renamed),
        orphaned: count(record.orphaned),
        removed: count(record.removed),
        rejected: count(record.rejected),
        warned: count(record.warned),
        problem: Set(record.problem.clone()),
        part: Set(part.map(serde_json::to_value).transpose()?),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    let oldest: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::SourceId.eq(source))
        .order_by_desc(row::Column::StartedAt)
        .order_by_desc(row::Column::Id)
        .offset(REMEMBERED)
        .limit(REMEMBERED)
        .into_tuple()
        .all(tx)
        .await?;
    if !oldest.is_empty() {
        let old = row::Entity::delete_many()
            .filter(row::Column::Tenant.eq(tenant.as_str()))
            .filter(row::Column::SourceId.eq(source))
            .filter(row::Column::Id.is_in(oldest));
        old.exec(tx).await?;
    }
    Ok(())
}

/// The last syncs of a source, oldest first.
pub(in crate::catalog) async fn syncs_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<Vec<SyncRecord>> {
    let rows = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::SourceId.eq(source))
        .order_by_asc(row::Column::StartedAt)
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(SyncRecord::from).collect())
}

/// The last syncs of every source, oldest first.
pub(in crate::catalog) async fn syncs(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
) -> Result<HashMap<Uuid, Vec<SyncRecord>>> {
    let rows = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .order_by_asc(row::Column::StartedAt)
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    let mut found: HashMap<Uuid, Vec<SyncRecord>> = HashMap::new();
    for row in rows {
        found.entry(row.source_id).or_default().push(row.into());
    }
    Ok(found)
}

pub(in crate::catalog) async fn forget_syncs(tx: &impl ConnectionTrait, tenant: &Tenant, source: Uuid) -> Result<()> {
    let all = row::Entity::delete_many()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::SourceId.eq(source));
    all.exec(tx).await?;
    Ok(())
}
