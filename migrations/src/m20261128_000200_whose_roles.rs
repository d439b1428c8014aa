//! To which User of the catalog a role was given: another one may be called so later. And through which account tokens were made, where
//! only one can have.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut new = ColumnDef::new("user_uid");
        new.uuid().null();
        manager.alter_table(Table::alter().table("role_grants").add_column(&mut new).to_owned()).await?;
        let of = "FROM accounts AS a WHERE a.tenant = tokens.tenant AND a.who = tokens.who";
        let sql = format!(
            "UPDATE tokens SET account = (SELECT a.id {of}) \
             WHERE kind = 'personal' AND account IS NULL AND (SELECT COUNT(*) {of}) = 1"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("role_grants").drop_column("user_uid").to_owned()).await
    }
}
