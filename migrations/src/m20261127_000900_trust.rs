//! Which people and teams of a source count for sign-in and permission.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut trust = ColumnDef::new("trust");
        // What counted before counts on: otherwise nobody would have their teams any more.
        trust.text().not_null().default("all");
        manager.alter_table(Table::alter().table("sources").add_column(&mut trust).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("sources").drop_column("trust").to_owned()).await
    }
}
