//! Names that are declared twice.

use domain::{catalog::Conflict, identity::Tenant};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    prelude::{Expr, Uuid},
};

use super::{KEYS, ROWS, parse};
use crate::{
    Error, Result,
    bulk::among,
    catalog::rows::{conflict, entity},
};

impl TryFrom<conflict::Model> for Conflict {
    type Error = Error;

    fn try_from(row: conflict::Model) -> Result<Self> {
        Ok(Self {
            reference: parse(&row.reference)?,
            source: row.source_id,
            path: row.path,
            owner: row.owner_id,
            owner_path: row.owner_path,
            since: row.since,
        })
    }
}

/// Conflicts in which a source has a part, and files that it reads beside another source.
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

/// A part of all conflicts, and how many there are.
pub(in crate::catalog) async fn conflicts(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    part: (u64, u64),
) -> Result<(Vec<conflict::Model>, u64)> {
    let all = conflict::Entity::find()
        .filter(conflict::Column::Tenant.eq(tenant.as_str()))
        .filter(conflict::Column::IsSame.eq(false));
    let total = all.clone().count(db).await?;
    let rows = all
        .order_by_asc(conflict::Column::Reference)
        .order_by_asc(conflict::Column::SourceId)
        .order_by_asc(conflict::Column::Path)
        .offset(part.0)
        .limit(part.1)
        .all(db)
        .await?;
    Ok((rows, total))
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
            .filter(among(db, conflict::Column::Reference, keys))
            .filter(conflict::Column::IsSame.eq(false))
            .order_by_asc(conflict::Column::Path)
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The claims to these names by those who do not have them.
pub(in crate::catalog) async fn claimers(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<Vec<conflict::Model>> {
    let mut found = Vec::new();
    for keys in references.chunks(KEYS) {
        let rows = conflict::Entity::find()
            .filter(conflict::Column::Tenant.eq(tenant.as_str()))
            .filter(among(db, conflict::Column::Reference, keys))
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

/// Lets another declaration of a name stand. The row keeps what it says until the new holder's next sync, which sees by the
/// empty hash that it must write it.
pub(in crate::catalog) async fn hand_over(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    reference: &str,
    to: Uuid,
    path: &str,
) -> Result<()> {
    entity::Entity::update_many()
        .col_expr(entity::Column::SourceId, Expr::value(to))
        .col_expr(entity::Column::Path, Expr::value(path))
        .col_expr(entity::Column::Hash, Expr::value(""))
        .filter(entity::Column::Tenant.eq(tenant.as_str()))
        .filter(entity::Column::Reference.eq(reference))
        .exec(tx)
        .await?;
    Ok(())
}
