//! Who started a run, so that its steps act with the rights that they have by then.

use sea_orm_migration::prelude::*;

use crate::columns::json_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The previous release leaves it empty; such a run goes by the name of who started it.
        manager.alter_table(Table::alter().table("runs").add_column(json_null("starter")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("runs").drop_column("starter").to_owned()).await
    }
}
