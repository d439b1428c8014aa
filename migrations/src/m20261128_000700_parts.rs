//! What a sync touched, where that was not all of its source: who reads another part of it need not begin anew.

use sea_orm_migration::prelude::*;

use crate::columns::json_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut new = json_null("part");
        manager.alter_table(Table::alter().table("source_syncs").add_column(&mut new).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("source_syncs").drop_column("part").to_owned()).await
    }
}
