//! Which administrator's token the tokens were made with that act as the administrator: another one ends them.

use sea_orm_migration::prelude::*;

use crate::columns::text_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut new = text_null("bound_to");
        manager.alter_table(Table::alter().table("tokens").add_column(&mut new).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("tokens").drop_column("bound_to").to_owned()).await
    }
}
