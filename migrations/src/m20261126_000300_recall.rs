//! What a sync remembers of each file, and how it sees that all of it still stands.

use sea_orm_migration::prelude::*;

use crate::columns::text_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("source_files").add_column(text_null("judged")).to_owned()).await?;
        manager
            .create_index(
                Index::create()
                    .name("entities_by_file")
                    .table("entities")
                    .col("tenant")
                    .col("source_id")
                    .col("path")
                    .col("orphaned_at")
                    .to_owned(),
            )
            .await?;
        // The new one begins with the same columns.
        manager.drop_index(Index::drop().name("entities_by_source").table("entities").to_owned()).await
    }
}
