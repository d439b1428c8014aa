//! An organisation's own kinds are looked up by every sync: a small index finds them among all entities.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Both databases use a partial index where a query repeats its condition.
        let sql = "CREATE INDEX entities_kinds ON entities (tenant) WHERE substr(ref, 1, 11) = 'entitykind:'";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("entities_kinds").table("entities").to_owned()).await
    }
}
