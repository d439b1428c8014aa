//! How far the audit log was sent to a webhook.

use sea_orm_migration::prelude::*;

use crate::columns::{key, text_null, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn number(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null().default(0);
    column
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("audit_streams")
            .col(key("tenant"))
            // Where it goes, as people may see it; nothing where it goes nowhere any more.
            .col(text_null("target"))
            // The last entry that was taken there.
            .col(number("seq"))
            .col(time_null("sent_at"))
            // What failed since then, how often, and when it is tried again.
            .col(number("failures"))
            .col(time_null("failed_at"))
            .col(text_null("problem"))
            .col(time_null("next_at"))
            // Whose turn it is to send, and until when.
            .col(text_null("holder"))
            .col(time_null("held_until"))
            .primary_key(Index::create().col("tenant"))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("audit_streams").to_owned()).await
    }
}
