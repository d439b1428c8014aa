//! Rows of `outbox`.

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, entity::prelude::*};

use super::Job;
use crate::Result;

mod row {
    use super::{
        ActiveModelBehavior, ActiveModelTrait, DateTime, DeriveEntityModel, DerivePrimaryKey, DeriveRelation,
        EntityTrait, EnumIter, Iden, Json, ModelTrait, PrimaryKeyTrait, Result, Utc, Uuid,
    };

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant: String,
        pub job: Json,
        pub created_at: DateTime<Utc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) async fn insert(db: &impl ConnectionTrait, tenant: &Tenant, jobs: Vec<Job>) -> Result<()> {
    let mut rows = Vec::with_capacity(jobs.len());
    for job in jobs {
        rows.push(row::ActiveModel {
            id: Set(Uuid::now_v7()),
            tenant: Set(tenant.to_string()),
            job: Set(serde_json::to_value(job)?),
            created_at: Set(Utc::now()),
        });
    }
    if !rows.is_empty() {
        row::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}
