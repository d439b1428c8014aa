//! Entities that nothing declares, and which of them are kept.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    prelude::Uuid,
    sea_query::{OnConflict, Query},
};

use super::KEYS;
use crate::{
    Result,
    bulk::among,
    catalog::rows::{entity, relation},
};

mod kept {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "kept_orphans")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "ref")]
        pub reference: String,
        pub at: DateTime<Utc>,
        pub by: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Since when, and by whom, something is kept.
pub(in crate::catalog) type Kept = (DateTime<Utc>, String);

fn orphaned(tenant: &Tenant, source: Option<Uuid>) -> sea_orm::Select<entity::Entity> {
    let select = entity::Entity::find()
        .filter(entity::Column::Tenant.eq(tenant.as_str()))
        .filter(entity::Column::OrphanedAt.is_not_null());
    match source {
        Some(source) => select.filter(entity::Column::SourceId.eq(source)),
        None => select,
    }
}

/// A part of the orphans, those first that are removed first, and how many there are.
pub(in crate::catalog) async fn orphans(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Option<Uuid>,
    part: (u64, u64),
) -> Result<(Vec<entity::Model>, u64)> {
    let total = orphaned(tenant, source).count(db).await?;
    let rows = orphaned(tenant, source)
        .order_by_asc(entity::Column::OrphanedAt)
        .order_by_asc(entity::Column::Reference)
        .offset(part.0)
        .limit(part.1)
        .all(db)
        .await?;
    Ok((rows, total))
}

/// The orphans of these owners, those first that are removed first, at most `limit`.
pub(in crate::catalog) async fn orphans_of_owners(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    owners: &[String],
    limit: u64,
) -> Result<Vec<entity::Model>> {
    let owned = Query::select()
        .column(relation::Column::SourceRef)
        .from(relation::Entity)
        .and_where(relation::Column::Tenant.eq(tenant.as_str()))
        .and_where(relation::Column::Kind.eq("ownedBy"))
        .and_where(relation::Column::TargetRef.is_in(owners))
        .to_owned();
    Ok(orphaned(tenant, None)
        .filter(entity::Column::Reference.in_subquery(owned))
        .order_by_asc(entity::Column::OrphanedAt)
        .order_by_asc(entity::Column::Reference)
        .limit(limit)
        .all(db)
        .await?)
}

/// The names of a source's orphans, at most `limit`.
pub(in crate::catalog) async fn orphan_names(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    limit: u64,
) -> Result<Vec<String>> {
    let names = orphaned(tenant, Some(source)).select_only().column(entity::Column::Reference);
    Ok(names.order_by_asc(entity::Column::Reference).limit(limit).into_tuple().all(db).await?)
}

/// The names of orphans that nobody keeps and whose grace ended at `cutoff`, at most `limit`.
pub(in crate::catalog) async fn lapsed(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    cutoff: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<String>> {
    let kept = Query::select()
        .column(kept::Column::Reference)
        .from(kept::Entity)
        .and_where(kept::Column::Tenant.eq(tenant.as_str()))
        .to_owned();
    Ok(entity::Entity::find()
        .select_only()
        .column(entity::Column::Reference)
        .filter(entity::Column::Tenant.eq(tenant.as_str()))
        .filter(entity::Column::OrphanedAt.lte(cutoff))
        .filter(entity::Column::Reference.not_in_subquery(kept))
        .order_by_asc(entity::Column::Reference)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?)
}

/// The tenants that have such orphans.
pub(in crate::catalog) async fn tenants_with_lapsed(
    db: &impl ConnectionTrait,
    cutoff: DateTime<Utc>,
) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT e.tenant FROM entities e WHERE e.orphaned_at <= $1 \
               AND NOT EXISTS (SELECT 1 FROM kept_orphans k WHERE k.tenant = e.tenant AND k.ref = e.ref)";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [cutoff.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "tenant")?)).collect()
}

/// Which of these are kept.
pub(in crate::catalog) async fn kept_among(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<HashMap<String, Kept>> {
    let mut found = HashMap::new();
    for keys in references.chunks(KEYS) {
        let rows = kept::Entity::find()
            .filter(kept::Column::Tenant.eq(tenant.as_str()))
            .filter(among(db, kept::Column::Reference, keys))
            .all(db)
            .await?;
        found.extend(rows.into_iter().map(|row| (row.reference, (row.at, row.by))));
    }
    Ok(found)
}

pub(in crate::catalog) async fn keep(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
    at: DateTime<Utc>,
    by: &str,
) -> Result<()> {
    for keys in references.chunks(KEYS) {
        let rows = keys.iter().map(|key| kept::ActiveModel {
            tenant: Set(tenant.to_string()),
            reference: Set(key.clone()),
            at: Set(at),
            by: Set(by.to_owned()),
        });
        let again = OnConflict::columns([kept::Column::Tenant, kept::Column::Reference]).do_nothing().to_owned();
        kept::Entity::insert_many(rows).on_conflict(again).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Forgets that these were kept: they are declared again, or gone.
pub(in crate::catalog) async fn keep_no_longer(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<()> {
    for keys in references.chunks(KEYS) {
        let rows = kept::Entity::delete_many().filter(kept::Column::Tenant.eq(tenant.as_str())).filter(among(
            tx,
            kept::Column::Reference,
            keys,
        ));
        rows.exec(tx).await?;
    }
    Ok(())
}
