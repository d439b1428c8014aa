//! Relations, in both directions.

use std::collections::HashSet;

use domain::identity::Tenant;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::KEYS;
use crate::{
    Result,
    bulk::{Rows, among},
    catalog::rows::relation,
};

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
            .filter(among(db, relation::Column::DeclaredBy, keys))
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
            .filter(among(db, relation::Column::SourceRef, keys))
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
            .filter(among(db, relation::Column::TargetRef, keys))
            .into_tuple()
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// Takes away what these entities declared.
pub(in crate::catalog) async fn delete_relations(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    declarers: &[String],
) -> Result<()> {
    for keys in declarers.chunks(KEYS) {
        relation::Entity::delete_many()
            .filter(relation::Column::Tenant.eq(tenant.as_str()))
            .filter(among(tx, relation::Column::DeclaredBy, keys))
            .exec(tx)
            .await?;
    }
    Ok(())
}

const RELATIONS: Rows<5> = Rows {
    table: "relations",
    columns: ["tenant", "source_ref", "type", "target_ref", "declared_by"],
    json: &[],
    tail: "",
};

/// Writes relations: source, type, target, and who declares it.
pub(in crate::catalog) async fn insert_relations<'a>(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    rows: impl Iterator<Item = [&'a str; 4]>,
) -> Result<()> {
    let row = |[source, kind, target, declarer]: [&str; 4]| {
        [tenant.as_str().into(), source.into(), kind.into(), target.into(), declarer.into()]
    };
    RELATIONS.insert(tx, rows.map(row)).await
}
