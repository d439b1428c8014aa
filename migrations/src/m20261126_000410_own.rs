//! What people keep for themselves and for their teams: who they are, stars, visits, views of lists.

use sea_orm_migration::prelude::*;

use crate::columns::{key, text, text_null, time, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("people")
            .col(key("tenant"))
            .col(key("who"))
            .col(text_null("ref"))
            .col(time("here_at"))
            .col(ColumnDef::new("here_seq").big_integer().not_null())
            .col(time_null("before_at"))
            .col(ColumnDef::new("before_seq").big_integer().null())
            .primary_key(Index::create().col("tenant").col("who"))
            .to_owned(),
        Table::create()
            .table("stars")
            .col(key("tenant"))
            .col(key("who"))
            .col(key("ref"))
            .col(time("at"))
            .primary_key(Index::create().col("tenant").col("who").col("ref"))
            .to_owned(),
        Table::create()
            .table("visits")
            .col(key("tenant"))
            .col(key("who"))
            .col(key("ref"))
            .col(time("at"))
            .primary_key(Index::create().col("tenant").col("who").col("ref"))
            .to_owned(),
        Table::create()
            .table("saved_views")
            .col(key("tenant"))
            .col(ColumnDef::new("id").uuid().not_null())
            .col(text("owner"))
            .col(text("name"))
            .col(text("query"))
            .col(time("changed_at"))
            .primary_key(Index::create().col("tenant").col("id"))
            .to_owned(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        let names = Index::create()
            .name("saved_views_by_owner")
            .table("saved_views")
            .col("tenant")
            .col("owner")
            .col("name")
            .unique()
            .to_owned();
        manager.create_index(names).await
    }
}
