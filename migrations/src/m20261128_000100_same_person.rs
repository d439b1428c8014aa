//! Which User of the catalog somebody was when they came in: another one may be called so later.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Each table, and the columns that it gains.
const COLUMNS: [(&str, &[&str]); 3] =
    [("accounts", &["user_uid"]), ("sessions", &["user_uid"]), ("tokens", &["user_uid", "account"])];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in COLUMNS {
            for column in columns {
                let mut new = ColumnDef::new(*column);
                new.uuid().null();
                manager.alter_table(Table::alter().table(table).add_column(&mut new).to_owned()).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in COLUMNS {
            for column in columns {
                manager.alter_table(Table::alter().table(table).drop_column(*column).to_owned()).await?;
            }
        }
        Ok(())
    }
}
