//! Credentials that are sealed in the portal, and what forges allow.

use sea_orm_migration::prelude::*;

use crate::columns::{json_null, key, text, text_null, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn credentials() -> TableCreateStatement {
    Table::create()
        .table("credentials")
        .col(key("tenant"))
        .col(key("name"))
        .col(text("at"))
        .col(text("kind"))
        .col(text_null("user"))
        .col(text("sealed"))
        .col(text_null("known_hosts"))
        .col(time("created_at"))
        .col(text("created_by"))
        .primary_key(Index::create().col("tenant").col("name"))
        .to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(credentials()).await?;
        let mut allowance = json_null("allowance");
        manager.alter_table(Table::alter().table("sources").add_column(&mut allowance).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("sources").drop_column("allowance").to_owned()).await?;
        manager.drop_table(Table::drop().table("credentials").to_owned()).await
    }
}
