//! The spine: changes, the counter that numbers them, and the work that commits with them.

use sea_orm_migration::prelude::*;

use crate::columns::{json, json_null, key, text, text_null, time, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("counters")
                    .col(key("tenant"))
                    .col(ColumnDef::new("seq").big_integer().not_null())
                    .primary_key(Index::create().col("tenant"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("changes")
                    .col(key("tenant"))
                    .col(ColumnDef::new("seq").big_integer().not_null())
                    .col(time("at"))
                    .col(text("actor"))
                    .col(text("source"))
                    .col(text("subject"))
                    .col(text("kind"))
                    .col(json_null("before"))
                    .col(json_null("after"))
                    .primary_key(Index::create().col("tenant").col("seq"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("changes_by_subject")
                    .table("changes")
                    .col("tenant")
                    .col("subject")
                    .col("seq")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("outbox")
                    .col(ColumnDef::new("id").uuid().not_null().primary_key())
                    .col(key("tenant"))
                    .col(json("job"))
                    .col(time("created_at"))
                    .col(time_null("due_at"))
                    .col(ColumnDef::new("attempt").integer().not_null().default(0))
                    .col(time_null("failed_at"))
                    .col(text_null("problem"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["outbox", "changes", "counters"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
