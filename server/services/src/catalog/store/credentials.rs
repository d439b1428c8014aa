//! Credentials that were sealed in the portal.

use domain::identity::Tenant;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::Result;

mod row {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "credentials")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// What it is bound to, with spaces between.
        pub at: String,
        pub kind: String,
        pub user: Option<String>,
        pub sealed: String,
        pub known_hosts: Option<String>,
        pub created_at: DateTime<Utc>,
        pub created_by: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A credential as it is kept.
pub(in crate::catalog) type CredentialRow = row::Model;

pub(in crate::catalog) async fn credentials(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Vec<CredentialRow>> {
    let rows = row::Entity::find().filter(row::Column::Tenant.eq(tenant.as_str())).order_by_asc(row::Column::Name);
    Ok(rows.all(db).await?)
}

/// Keeps a credential in place of the one of that name.
pub(in crate::catalog) async fn put_credential(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    row: CredentialRow,
) -> Result<()> {
    drop_credential(tx, tenant, &row.name).await?;
    row::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}

pub(in crate::catalog) async fn drop_credential(tx: &impl ConnectionTrait, tenant: &Tenant, name: &str) -> Result<()> {
    row::Entity::delete_by_id((tenant.to_string(), name.to_owned())).exec(tx).await?;
    Ok(())
}
