//! What else a provider calls the person of an account, and the groups that came with them and mean nothing in the catalog.

use sea_orm_migration::prelude::*;

use crate::columns::{json_null, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEX: &str = "accounts_object";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut column in [text_null("object_id"), json_null("unmeant")] {
            manager.alter_table(Table::alter().table("accounts").add_column(&mut column).to_owned()).await?;
        }
        let mut index = Index::create();
        index.name(INDEX).table("accounts").col("tenant").col("provider").col("object_id");
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(INDEX).table("accounts").to_owned()).await?;
        for column in ["object_id", "unmeant"] {
            manager.alter_table(Table::alter().table("accounts").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
