//! What providers find by of those to whom a role was given ahead: an entry is given on, and the role is not.

use sea_orm_migration::prelude::*;

use crate::columns::json_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut new = json_null("annotations");
        manager.alter_table(Table::alter().table("role_grants").add_column(&mut new).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("role_grants").drop_column("annotations").to_owned()).await
    }
}
