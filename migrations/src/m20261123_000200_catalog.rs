//! Sources, their files, entities, relations and conflicts.

use sea_orm_migration::prelude::*;

use crate::columns::{json, key, text, text_null, time, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn uuid(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.uuid().not_null();
    column
}

fn number(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.integer().not_null();
    column
}

fn index(table: &'static str, name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table).col("tenant");
    for column in columns {
        index.col(*column);
    }
    index
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("sources")
            .col(key("tenant"))
            .col(uuid("id"))
            .col(text("kind"))
            .col(text("target"))
            .col(time("created_at"))
            .col(time_null("synced_at"))
            .col(time_null("tried_at"))
            .col(text_null("revision"))
            .col(text_null("problem"))
            .col(number("entities"))
            .col(number("files"))
            .col(number("rejected"))
            .col(number("warned"))
            .primary_key(Index::create().col("tenant").col("id"))
            .to_owned(),
        Table::create()
            .table("source_files")
            .col(key("tenant"))
            .col(uuid("source_id"))
            .col(key("path"))
            .col(number("position"))
            .col(text("outcome"))
            .col(number("entities"))
            .col(json("problems"))
            .col(text_null("parent"))
            .primary_key(Index::create().col("tenant").col("source_id").col("path"))
            .to_owned(),
        Table::create()
            .table("entities")
            .col(key("tenant"))
            .col(key("ref"))
            .col(uuid("uid"))
            .col(text("etag"))
            .col(text("hash"))
            .col(json("document"))
            .col(uuid("source_id"))
            .col(text("path"))
            .col(time("changed_at"))
            .col(time_null("orphaned_at"))
            .primary_key(Index::create().col("tenant").col("ref"))
            .to_owned(),
        Table::create()
            .table("relations")
            .col(key("tenant"))
            .col(key("source_ref"))
            .col(key("type"))
            .col(key("target_ref"))
            .col(key("declared_by"))
            .primary_key(
                Index::create().col("tenant").col("source_ref").col("type").col("target_ref").col("declared_by"),
            )
            .to_owned(),
        Table::create()
            .table("conflicts")
            .col(key("tenant"))
            .col(key("ref"))
            .col(uuid("source_id"))
            .col(key("path"))
            .col(uuid("owner_id"))
            .col(text("owner_path"))
            .primary_key(Index::create().col("tenant").col("ref").col("source_id").col("path"))
            .to_owned(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        manager.create_index(index("sources", "sources_by_target", &["kind", "target"]).unique().to_owned()).await?;
        manager.create_index(index("entities", "entities_by_source", &["source_id"])).await?;
        manager.create_index(index("entities", "entities_by_uid", &["uid"])).await?;
        manager.create_index(index("relations", "relations_by_target", &["target_ref"])).await?;
        manager.create_index(index("relations", "relations_by_declarer", &["declared_by"])).await?;
        manager.create_index(index("conflicts", "conflicts_by_source", &["source_id"])).await?;
        manager.create_index(index("conflicts", "conflicts_by_owner", &["owner_id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["conflicts", "relations", "entities", "source_files", "sources"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
