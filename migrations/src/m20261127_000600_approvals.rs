//! Runs that wait until someone agrees to them, and what was decided.

use sea_orm_migration::prelude::*;

use crate::columns::{text_null, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns =
            [text_null("approval"), text_null("approval_by"), time_null("approval_at"), text_null("approval_note")];
        for mut column in columns {
            manager.alter_table(Table::alter().table("runs").add_column(&mut column).to_owned()).await?;
        }
        let waiting = Index::create().name("runs_by_approval").table("runs").col("tenant").col("approval").to_owned();
        manager.create_index(waiting).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("runs_by_approval").table("runs").to_owned()).await?;
        for column in ["approval_note", "approval_at", "approval_by", "approval"] {
            manager.alter_table(Table::alter().table("runs").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
