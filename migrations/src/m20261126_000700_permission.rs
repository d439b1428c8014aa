//! Policies, roles that were given, and the audit log.

use sea_orm_migration::prelude::*;

use crate::columns::{key, text, text_null, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn number(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null();
    column
}

fn number_null(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().null();
    column
}

fn policies() -> TableCreateStatement {
    let mut version = ColumnDef::new("version");
    version.integer().not_null();
    Table::create()
        .table("policies")
        .col(key("tenant"))
        .col(key("name"))
        .col(text("text"))
        .col(text("cases"))
        .col(version)
        .col(time("changed_at"))
        .col(text("changed_by"))
        .primary_key(Index::create().col("tenant").col("name"))
        .to_owned()
}

fn role_grants() -> TableCreateStatement {
    Table::create()
        .table("role_grants")
        .col(key("tenant"))
        .col(key("role"))
        .col(key("grantee"))
        .col(time("given_at"))
        .col(text("given_by"))
        .primary_key(Index::create().col("tenant").col("role").col("grantee"))
        .to_owned()
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table("audit")
        .col(key("tenant"))
        .col(number("seq"))
        .col(text("at"))
        .col(text("actor"))
        .col(text("entry"))
        .col(text_null("address"))
        .col(text_null("request"))
        .col(text("kind"))
        .col(text("subject"))
        .col(number_null("first"))
        .col(number_null("last"))
        .col(text("detail"))
        .col(text("hash"))
        .primary_key(Index::create().col("tenant").col("seq"))
        .to_owned()
}

/// The end of each tenant's chain.
fn audit_heads() -> TableCreateStatement {
    Table::create()
        .table("audit_heads")
        .col(key("tenant"))
        .col(number("seq"))
        .col(text("hash"))
        .primary_key(Index::create().col("tenant"))
        .to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [policies(), role_grants(), audit(), audit_heads()] {
            manager.create_table(table).await?;
        }
        for column in ["actor", "kind", "subject"] {
            let index = Index::create()
                .name(format!("audit_by_{column}"))
                .table("audit")
                .col("tenant")
                .col(column)
                .col("seq")
                .to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["audit_heads", "audit", "role_grants", "policies"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
