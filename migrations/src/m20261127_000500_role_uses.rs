//! When a role that was given was last of use, and to whom.

use sea_orm_migration::prelude::*;

use crate::columns::{key, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("role_uses")
            .col(key("tenant"))
            .col(key("role"))
            // To whom the role was given: a person, a group, a machine; nothing for everyone.
            .col(key("grantee"))
            .col(key("subject"))
            .col(time("used_at"))
            .primary_key(Index::create().col("tenant").col("role").col("grantee").col("subject"))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("role_uses").to_owned()).await
    }
}
