//! Runs, their steps and logs.

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
                    .table("runs")
                    .col(key("tenant"))
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("number").big_integer().not_null())
                    .col(text("title"))
                    .col(text("template"))
                    .col(text("template_title"))
                    .col(text("template_etag"))
                    .col(json("template_document"))
                    .col(json("answers"))
                    .col(text("status"))
                    .col(ColumnDef::new("version").big_integer().not_null())
                    .col(ColumnDef::new("logged").big_integer().not_null())
                    .col(text("created_by"))
                    .col(time("created_at"))
                    .col(time_null("started_at"))
                    .col(time_null("ended_at"))
                    .col(time_null("cancel_asked_at"))
                    .col(text_null("problem"))
                    .col(json_null("output"))
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("runs_by_number").table("runs").col("tenant").col("number").unique().to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("runs_by_status")
                    .table("runs")
                    .col("tenant")
                    .col("status")
                    .col("number")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("run_steps")
                    .col(key("tenant"))
                    .col(ColumnDef::new("run").uuid().not_null())
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(text("step_id"))
                    .col(text("name"))
                    .col(text("action"))
                    .col(json("definition"))
                    .col(text("status"))
                    .col(ColumnDef::new("attempt").integer().not_null())
                    .col(ColumnDef::new("attempts_before").integer().not_null())
                    .col(ColumnDef::new("version").big_integer().not_null())
                    .col(text_null("leased_by"))
                    .col(time_null("leased_until"))
                    .col(time_null("due_at"))
                    .col(time_null("started_at"))
                    .col(time_null("ended_at"))
                    .col(json_null("inputs"))
                    .col(json_null("output"))
                    .col(text_null("tree"))
                    .col(text_null("problem"))
                    .primary_key(Index::create().col("tenant").col("run").col("position"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("run_logs")
                    .col(key("tenant"))
                    .col(ColumnDef::new("run").uuid().not_null())
                    .col(ColumnDef::new("seq").big_integer().not_null())
                    .col(time("at"))
                    .col(text("kind"))
                    .col(text("level"))
                    .col(text_null("step"))
                    .col(text_null("status"))
                    .col(text("text"))
                    .primary_key(Index::create().col("tenant").col("run").col("seq"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["run_logs", "run_steps", "runs"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
