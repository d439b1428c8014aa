//! Names that entities had before.

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid,
    sea_query::OnConflict,
};

use super::KEYS;
use crate::Result;

/// How many former names of one entity count.
const MOST: u64 = 50;

mod row {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "former_names")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "ref")]
        pub reference: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: Uuid,
        pub at: DateTime<Utc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Notes that each of these entities bore that name until `at`.
pub(in crate::catalog) async fn note_former_names(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    names: &[(String, Uuid)],
    at: DateTime<Utc>,
) -> Result<()> {
    use row::Column;
    for names in names.chunks(KEYS) {
        let rows = names.iter().map(|(reference, uid)| row::ActiveModel {
            tenant: Set(tenant.to_string()),
            reference: Set(reference.clone()),
            uid: Set(*uid),
            at: Set(at),
        });
        let again =
            OnConflict::columns([Column::Tenant, Column::Reference, Column::Uid]).update_column(Column::At).to_owned();
        row::Entity::insert_many(rows).on_conflict(again).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The entity that bore a name last.
pub(in crate::catalog) async fn who_was(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    reference: &str,
) -> Result<Option<Uuid>> {
    let last = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Reference.eq(reference))
        .order_by_desc(row::Column::At)
        .one(db)
        .await?;
    Ok(last.map(|row| row.uid))
}

/// The entity that bore a name at a moment, if it lost the name since.
pub(in crate::catalog) async fn who_lost(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    reference: &str,
    at: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let first = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Reference.eq(reference))
        .filter(row::Column::At.gte(at))
        .order_by_asc(row::Column::At)
        .one(db)
        .await?;
    Ok(first.map(|row| row.uid))
}

/// The names that an entity bore, each with when it lost it, the last first.
pub(in crate::catalog) async fn former_names(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    uid: Uuid,
) -> Result<Vec<(String, DateTime<Utc>)>> {
    Ok(row::Entity::find()
        .select_only()
        .columns([row::Column::Reference, row::Column::At])
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Uid.eq(uid))
        .order_by_desc(row::Column::At)
        .limit(MOST)
        .into_tuple()
        .all(db)
        .await?)
}
