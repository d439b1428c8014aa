//! Through which account whoever has a role came in: entries of the catalog are given on, and keep their uid.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut new = ColumnDef::new("account");
        new.uuid().null();
        manager.alter_table(Table::alter().table("role_grants").add_column(&mut new).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("role_grants").drop_column("account").to_owned()).await
    }
}
