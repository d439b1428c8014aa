//! Results of scorecards, the moves between their levels, and how far the evaluation has read.

use sea_orm_migration::prelude::*;

use crate::columns::{json, key, text, text_null, time, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn number(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.integer().not_null();
    column
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("scorecard_results")
                    .col(key("tenant"))
                    .col(key("scorecard"))
                    .col(key("entity"))
                    .col(text("title"))
                    .col(text_null("owner"))
                    .col(text_null("system"))
                    .col(text("standing"))
                    .col(time("since"))
                    .col(number("earned"))
                    .col(number("possible"))
                    .col(number("failing"))
                    .col(number("unknown"))
                    .col(number("steps"))
                    .col(text("outcomes"))
                    .col(json("results"))
                    .col(time("evaluated_at"))
                    .primary_key(Index::create().col("tenant").col("scorecard").col("entity"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("scorecard_results_by_entity")
                    .table("scorecard_results")
                    .col("tenant")
                    .col("entity")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("scorecard_moves")
                    .col(key("tenant"))
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(text("scorecard"))
                    .col(text("entity"))
                    .col(text_null("owner"))
                    .col(text_null("system"))
                    .col(time("at"))
                    .col(text_null("left"))
                    .col(text_null("reached"))
                    .col(json("why"))
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("scorecard_moves_by_time")
                    .table("scorecard_moves")
                    .col("tenant")
                    .col("scorecard")
                    .col("at")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("scorecard_progress")
                    .col(key("tenant"))
                    .col(ColumnDef::new("seq").big_integer().not_null())
                    .col(time_null("swept_at"))
                    .primary_key(Index::create().col("tenant"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["scorecard_progress", "scorecard_moves", "scorecard_results"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
