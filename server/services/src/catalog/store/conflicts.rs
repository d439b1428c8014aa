//! Names that are declared twice.

use domain::{catalog::Conflict, identity::Tenant};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, prelude::Uuid,
};

use super::{KEYS, ROWS, parse};
use crate::{Error, Result, catalog::rows::conflict};

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
pub(in crate::catalog) async fn conflicts_around(
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
pub(in crate::catalog) async fn conflicts_about(
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

pub(in crate::catalog) async fn replace_conflicts(
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
