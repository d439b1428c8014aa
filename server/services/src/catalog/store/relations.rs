//! Relations, in both directions.

use std::collections::HashSet;

use domain::identity::Tenant;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use super::KEYS;
use crate::{Result, catalog::rows::relation};

/// The relations that these entities declare, in both directions.
pub(in crate::catalog) async fn declared_by(
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
pub(in crate::catalog) async fn relations_from(
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
pub(in crate::catalog) async fn referrers(
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

pub(in crate::catalog) async fn replace_relations(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    declarers: &[String],
    mut rows: Vec<relation::Model>,
) -> Result<()> {
    for keys in declarers.chunks(KEYS) {
        relation::Entity::delete_many()
            .filter(relation::Column::Tenant.eq(tenant.as_str()))
            .filter(relation::Column::DeclaredBy.is_in(keys))
            .exec(tx)
            .await?;
    }
    // In the order of the table: each row then goes beside the one before it.
    rows.sort_unstable_by(|left, right| {
        (&left.source_ref, &left.kind, &left.target_ref, &left.declared_by).cmp(&(
            &right.source_ref,
            &right.kind,
            &right.target_ref,
            &right.declared_by,
        ))
    });
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<_> = rows.by_ref().take(KEYS).map(relation::Model::into_active_model).collect();
        relation::Entity::insert_many(batch).exec_without_returning(tx).await?;
    }
    Ok(())
}
