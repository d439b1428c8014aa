//! Rows of `saved_views`.

use domain::{catalog::SavedView, identity::Tenant};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, SqlErr, prelude::Uuid,
};

use crate::{Error, Result};

pub(super) mod saved_view {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "saved_views")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// A person's key, or the reference of a team.
        pub owner: String,
        pub name: String,
        pub query: String,
        pub changed_at: DateTime<Utc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use saved_view::{Column, Entity, Model};

impl From<Model> for SavedView {
    fn from(row: Model) -> Self {
        Self { id: row.id, name: row.name, query: row.query, team: row.owner.parse().ok() }
    }
}

fn named_twice(error: DbErr, name: &str) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Error::Conflict(format!("a view named `{name}` is saved there already; choose another name"))
        }
        _ => error.into(),
    }
}

pub(super) async fn views_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    owners: &[String],
    limit: u64,
) -> Result<Vec<Model>> {
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find()
        .filter(Column::Tenant.eq(tenant.as_str()))
        .filter(Column::Owner.is_in(owners))
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await?)
}

pub(super) async fn count(db: &impl ConnectionTrait, tenant: &Tenant, owner: &str) -> Result<u64> {
    Ok(Entity::find().filter(Column::Tenant.eq(tenant.as_str())).filter(Column::Owner.eq(owner)).count(db).await?)
}

pub(super) async fn view(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find_by_id((tenant.to_string(), id)).one(db).await?)
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<()> {
    let name = row.name.clone();
    let done = Entity::insert(row.into_active_model()).exec_without_returning(db).await;
    done.map_err(|error| named_twice(error, &name))?;
    Ok(())
}

pub(super) async fn update(db: &impl ConnectionTrait, row: Model) -> Result<()> {
    let name = row.name.clone();
    let changed = row.into_active_model().reset_all();
    Entity::update(changed).exec(db).await.map_err(|error| named_twice(error, &name))?;
    Ok(())
}

pub(super) async fn delete(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<()> {
    Entity::delete_by_id((tenant.to_string(), id)).exec(db).await?;
    Ok(())
}
