//! The life of what sources declare: grace for orphans, former names, remembered syncs, kept problems, webhooks.

use sea_orm_migration::prelude::*;

use crate::columns::{json_null, key, text, text_null, time, time_null};

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

fn number_null(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.integer().null();
    column
}

fn flag(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.boolean().not_null().default(false);
    column
}

/// What tables of before gain; SQLite adds one column at a time.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    vec![
        ("sources", time_null("asked_at")),
        ("sources", number_null("every_minutes")),
        ("sources", text_null("branch")),
        ("sources", flag("follows_default")),
        ("source_files", json_null("documents")),
        ("conflicts", time_null("since")),
    ]
}

fn about_entities() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("kept_orphans")
            .col(key("tenant"))
            .col(key("ref"))
            .col(time("at"))
            .col(text("by"))
            .primary_key(Index::create().col("tenant").col("ref"))
            .to_owned(),
        Table::create()
            .table("former_names")
            .col(key("tenant"))
            .col(key("ref"))
            .col(uuid("uid"))
            .col(time("at"))
            .primary_key(Index::create().col("tenant").col("ref").col("uid"))
            .to_owned(),
    ]
}

fn about_syncs() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("source_syncs")
            .col(key("tenant"))
            .col(uuid("source_id"))
            .col(uuid("id"))
            .col(time("started_at"))
            .col(time("ended_at"))
            .col(number("read"))
            .col(number("created"))
            .col(number("updated"))
            .col(number("renamed"))
            .col(number("orphaned"))
            .col(number("removed"))
            .col(number("rejected"))
            .col(number("warned"))
            .col(text_null("problem"))
            .primary_key(Index::create().col("tenant").col("source_id").col("id"))
            .to_owned(),
        Table::create()
            .table("source_texts")
            .col(key("tenant"))
            .col(uuid("source_id"))
            .col(key("path"))
            .col(number("first_line"))
            .col(text("hash"))
            .col(text("text"))
            .primary_key(Index::create().col("tenant").col("source_id").col("path"))
            .to_owned(),
        Table::create()
            .table("source_problems")
            .col(key("tenant"))
            .col(uuid("source_id"))
            .col(number("position"))
            .col(text("path"))
            .col(text("severity"))
            .col(text("message"))
            .col(text_null("field"))
            .col(number_null("at_line"))
            .col(number_null("at_column"))
            .col(text_null("ref"))
            .col(text_null("owner"))
            .primary_key(Index::create().col("tenant").col("source_id").col("position"))
            .to_owned(),
    ]
}

fn about_webhooks() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("source_webhooks")
            .col(key("tenant"))
            .col(uuid("source_id"))
            .col(text("secret"))
            .col(time("created_at"))
            .col(text("created_by"))
            .col(time_null("shown_until"))
            .col(time_null("refused_at"))
            .col(text_null("refused_why"))
            .primary_key(Index::create().col("tenant").col("source_id"))
            .to_owned(),
        Table::create()
            .table("webhook_deliveries")
            .col(key("tenant"))
            .col(uuid("source_id"))
            .col(key("delivery"))
            .col(time("received_at"))
            .col(text("forge"))
            .col(text("event"))
            .col(text("outcome"))
            .col(text("detail"))
            .primary_key(Index::create().col("tenant").col("source_id").col("delivery"))
            .to_owned(),
    ]
}

fn index(table: &'static str, name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table).col("tenant");
    for column in columns {
        index.col(*column);
    }
    index
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            manager.alter_table(Table::alter().table(table).add_column(&mut column).to_owned()).await?;
        }
        for table in about_entities().into_iter().chain(about_syncs()).chain(about_webhooks()) {
            manager.create_table(table).await?;
        }
        manager.create_index(index("former_names", "former_names_by_uid", &["uid"])).await?;
        manager.create_index(index("source_problems", "source_problems_by_owner", &["owner"])).await?;
        manager.create_index(index("webhook_deliveries", "webhook_deliveries_by_time", &["received_at"])).await?;
        // Few are orphaned, and an ordinary index would be paid for by every entity.
        let sql = "CREATE INDEX entities_by_orphaned ON entities (tenant, orphaned_at) WHERE orphaned_at IS NOT NULL";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("entities_by_orphaned").table("entities").to_owned()).await?;
        for table in about_entities().into_iter().chain(about_syncs()).chain(about_webhooks()) {
            if let Some(name) = table.get_table_name() {
                manager.drop_table(Table::drop().table(name.clone()).to_owned()).await?;
            }
        }
        for (table, column) in columns() {
            let name = Alias::new(column.get_column_name());
            manager.alter_table(Table::alter().table(table).drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}
