//! Who comes in: accounts at providers, sessions of browsers, tokens, failed attempts, links for emergencies.

use sea_orm_migration::prelude::*;

use crate::columns::{json, key, text, text_null, time, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn id() -> ColumnDef {
    let mut column = ColumnDef::new("id");
    column.uuid().not_null();
    column
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("accounts")
            .col(key("tenant"))
            .col(id())
            .col(key("provider"))
            .col(key("subject"))
            .col(text("who"))
            .col(text_null("name"))
            .col(text_null("email"))
            .col(json("groups"))
            .col(text("matched_by"))
            .col(ColumnDef::new("just_in_time").boolean().not_null())
            .col(time("created_at"))
            .col(time("seen_at"))
            .col(time_null("blocked_at"))
            .primary_key(Index::create().col("tenant").col("id"))
            .to_owned(),
        Table::create()
            .table("sessions")
            .col(key("tenant"))
            .col(id())
            .col(key("hash"))
            .col(text("who"))
            .col(ColumnDef::new("account").uuid().null())
            .col(text_null("provider"))
            .col(text_null("bound_to"))
            .col(time("created_at"))
            .col(time("seen_at"))
            .col(time("expires_at"))
            .col(time("refreshed_at"))
            .col(text_null("address"))
            .col(text_null("agent"))
            .col(text_null("sealed"))
            .primary_key(Index::create().col("tenant").col("id"))
            .to_owned(),
        Table::create()
            .table("tokens")
            .col(key("tenant"))
            .col(id())
            .col(key("hash"))
            .col(text("prefix"))
            .col(text("who"))
            .col(text("name"))
            .col(text("kind"))
            .col(text("scopes"))
            .col(text("roles"))
            .col(time("created_at"))
            .col(text("created_by"))
            .col(time("expires_at"))
            .col(time_null("used_at"))
            .col(text_null("used_from"))
            .col(time_null("ended_at"))
            .primary_key(Index::create().col("tenant").col("id"))
            .to_owned(),
        Table::create()
            .table("attempts")
            .col(key("tenant"))
            .col(key("key"))
            .col(ColumnDef::new("failures").big_integer().not_null())
            .col(time("last_at"))
            .primary_key(Index::create().col("tenant").col("key"))
            .to_owned(),
        Table::create()
            .table("admin_links")
            .col(key("tenant"))
            .col(key("hash"))
            .col(time("created_at"))
            .col(time("expires_at"))
            .col(time_null("used_at"))
            .primary_key(Index::create().col("tenant").col("hash"))
            .to_owned(),
    ]
}

fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        let mut unique = [
            index("accounts_by_subject", "accounts", &["tenant", "provider", "subject"]),
            index("sessions_by_hash", "sessions", &["tenant", "hash"]),
            index("tokens_by_hash", "tokens", &["tenant", "hash"]),
        ];
        for index in &mut unique {
            manager.create_index(index.unique().to_owned()).await?;
        }
        for index in [
            index("accounts_by_who", "accounts", &["tenant", "who"]),
            index("sessions_by_who", "sessions", &["tenant", "who"]),
            index("sessions_by_end", "sessions", &["expires_at"]),
            index("tokens_by_who", "tokens", &["tenant", "who"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["admin_links", "attempts", "tokens", "sessions", "accounts"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
