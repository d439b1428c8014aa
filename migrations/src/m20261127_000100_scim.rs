//! What directories tell of people and groups (SCIM), and who came that nobody knows.

use sea_orm_migration::prelude::*;

use crate::columns::{json, key, text, text_null, time, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn number(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null();
    column
}

fn flag(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.boolean().not_null();
    column
}

fn users() -> TableCreateStatement {
    Table::create()
        .table("scim_users")
        .col(key("tenant"))
        .col(key("id"))
        .col(key("provider"))
        .col(text("user_name"))
        // Nothing for one who was deleted, so that the name is free again.
        .col(text_null("name_key"))
        .col(text_null("external_id"))
        .col(text_null("display_name"))
        .col(text_null("display_key"))
        .col(flag("active"))
        .col(text_null("who"))
        .col(text("matched_by"))
        .col(text("document"))
        .col(number("version"))
        .col(time("created_at"))
        .col(time("changed_at"))
        .col(time("heard_at"))
        .col(time_null("deleted_at"))
        .primary_key(Index::create().col("tenant").col("id"))
        .to_owned()
}

fn emails() -> TableCreateStatement {
    Table::create()
        .table("scim_emails")
        .col(key("tenant"))
        .col(key("user_id"))
        .col(number("place"))
        .col(text("value_key"))
        .col(text_null("kind"))
        .col(flag("is_primary"))
        .primary_key(Index::create().col("tenant").col("user_id").col("place"))
        .to_owned()
}

fn groups() -> TableCreateStatement {
    Table::create()
        .table("scim_groups")
        .col(key("tenant"))
        .col(key("id"))
        .col(key("provider"))
        .col(text("display_name"))
        .col(text("display_key"))
        .col(text_null("external_id"))
        // What no two groups have alike: what the directory calls it, or else its name.
        .col(text("unique_key"))
        .col(number("version"))
        .col(time("created_at"))
        .col(time("changed_at"))
        .primary_key(Index::create().col("tenant").col("id"))
        .to_owned()
}

fn members() -> TableCreateStatement {
    Table::create()
        .table("scim_members")
        .col(key("tenant"))
        .col(key("group_id"))
        .col(key("user_id"))
        .primary_key(Index::create().col("tenant").col("group_id").col("user_id"))
        .to_owned()
}

fn unmatched() -> TableCreateStatement {
    Table::create()
        .table("unmatched")
        .col(key("tenant"))
        .col(key("provider"))
        .col(key("subject"))
        .col(json("came"))
        .col(json("looked"))
        .col(json("advice"))
        .col(number("times"))
        .col(time("first_at"))
        .col(time("last_at"))
        .primary_key(Index::create().col("tenant").col("provider").col("subject"))
        .to_owned()
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
        for table in [users(), emails(), groups(), members(), unmatched()] {
            manager.create_table(table).await?;
        }
        let mut unique = [
            index("scim_users_by_name", "scim_users", &["tenant", "provider", "name_key"]),
            index("scim_groups_by_key", "scim_groups", &["tenant", "provider", "unique_key"]),
        ];
        for index in &mut unique {
            manager.create_index(index.unique().to_owned()).await?;
        }
        for index in [
            index("scim_users_by_external", "scim_users", &["tenant", "provider", "external_id"]),
            index("scim_users_by_who", "scim_users", &["tenant", "who"]),
            index("scim_emails_by_value", "scim_emails", &["tenant", "value_key"]),
            index("scim_groups_by_name", "scim_groups", &["tenant", "provider", "display_key"]),
            index("scim_members_by_user", "scim_members", &["tenant", "user_id"]),
            index("unmatched_by_time", "unmatched", &["tenant", "last_at"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["unmatched", "scim_members", "scim_groups", "scim_emails", "scim_users"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
