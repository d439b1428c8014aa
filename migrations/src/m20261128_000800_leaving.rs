//! Since when a source is being removed, and what becomes of what it declares.

use sea_orm_migration::prelude::*;

use crate::columns::time_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut at = time_null("leaving_at");
        manager.alter_table(Table::alter().table("sources").add_column(&mut at).to_owned()).await?;
        let mut orphans = ColumnDef::new("leaves_orphans");
        orphans.boolean().not_null().default(false);
        manager.alter_table(Table::alter().table("sources").add_column(&mut orphans).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("sources").drop_column("leaves_orphans").to_owned()).await?;
        manager.alter_table(Table::alter().table("sources").drop_column("leaving_at").to_owned()).await
    }
}
