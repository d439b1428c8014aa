//! Declarations that are one and the same file, read by several sources: who else reads it, without being a rival.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut is_same = ColumnDef::new("is_same");
        is_same.boolean().not_null().default(false);
        manager.alter_table(Table::alter().table("conflicts").add_column(&mut is_same).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("conflicts").drop_column("is_same").to_owned()).await
    }
}
