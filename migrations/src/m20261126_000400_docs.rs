//! Documentation of entities, as it was last read from their sources.

use sea_orm_migration::prelude::*;

use crate::columns::{json, key, text, text_null, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("docs_sites")
                    .col(key("tenant"))
                    .col(key("ref"))
                    .col(text("place"))
                    .col(text_null("revision"))
                    .col(text("name"))
                    .col(text_null("home"))
                    .col(json("nav"))
                    .col(json("remarks"))
                    .col(text("hash"))
                    .col(time("changed_at"))
                    .col(time("checked_at"))
                    .col(text_null("problem"))
                    .primary_key(Index::create().col("tenant").col("ref"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("docs_files")
                    .col(key("tenant"))
                    .col(key("ref"))
                    .col(key("path"))
                    .col(text("kind"))
                    .col(text("title"))
                    .col(text("hash"))
                    .col(text_null("edit"))
                    .col(ColumnDef::new("content").blob().not_null())
                    .col(time("changed_at"))
                    .primary_key(Index::create().col("tenant").col("ref").col("path"))
                    .to_owned(),
            )
            .await
    }
}
