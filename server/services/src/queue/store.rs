//! Rows of `outbox`.

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    entity::prelude::*,
};

use super::{FailedJob, Job};
use crate::Result;

mod row {
    use super::{
        ActiveModelBehavior, DateTime, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
        Json, PrimaryKeyTrait, Result, Utc, Uuid,
    };

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant: String,
        pub job: Json,
        pub created_at: DateTime<Utc>,
        pub due_at: Option<DateTime<Utc>>,
        pub attempt: i32,
        pub failed_at: Option<DateTime<Utc>>,
        pub problem: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A job in the outbox whose time has come.
pub(super) struct Due {
    pub id: Uuid,
    pub tenant: String,
    pub job: Json,
    pub attempt: i32,
}

/// Writes jobs, each with the moment before which it must not be done.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    jobs: Vec<(Job, Option<DateTime<Utc>>)>,
) -> Result<()> {
    let mut rows = Vec::with_capacity(jobs.len());
    for (job, due_at) in jobs {
        rows.push(new_row(tenant.as_str(), serde_json::to_value(job)?, 0, due_at));
    }
    if !rows.is_empty() {
        row::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Whether a job waits for a time that is not after `until`.
pub(crate) async fn awaits(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    job: &Job,
    until: DateTime<Utc>,
) -> Result<bool> {
    let waiting = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::FailedAt.is_null())
        .filter(row::Column::DueAt.is_not_null())
        .filter(row::Column::DueAt.lte(until))
        .all(db)
        .await?;
    let job = serde_json::to_value(job)?;
    Ok(waiting.into_iter().any(|row| row.job == job))
}

/// Puts a job back that failed for the `attempt`th time, until `due_at`.
pub(super) async fn put_back(
    db: &impl ConnectionTrait,
    tenant: &str,
    job: Json,
    attempt: i32,
    due_at: DateTime<Utc>,
    problem: &str,
) -> Result<()> {
    let mut row = new_row(tenant, job, attempt, Some(due_at));
    row.problem = Set(Some(problem.to_owned()));
    row::Entity::insert_many([row]).exec_without_returning(db).await?;
    Ok(())
}

/// Keeps a job that was given up, for people to see.
pub(super) async fn give_up(
    db: &impl ConnectionTrait,
    tenant: &str,
    job: Json,
    attempt: i32,
    problem: &str,
) -> Result<()> {
    let mut row = new_row(tenant, job, attempt, None);
    row.failed_at = Set(Some(Utc::now()));
    row.problem = Set(Some(problem.to_owned()));
    row::Entity::insert_many([row]).exec_without_returning(db).await?;
    Ok(())
}

/// The jobs whose time has come, oldest first, at most `limit`.
pub(super) async fn due(db: &impl ConnectionTrait, now: DateTime<Utc>, limit: u64) -> Result<Vec<Due>> {
    let rows = row::Entity::find()
        .filter(row::Column::FailedAt.is_null())
        .filter(Condition::any().add(row::Column::DueAt.is_null()).add(row::Column::DueAt.lte(now)))
        .order_by_asc(row::Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| Due { id: row.id, tenant: row.tenant, job: row.job, attempt: row.attempt }).collect())
}

/// Forgets jobs that were handed over.
pub(super) async fn delete(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::Id.is_in(ids)).exec(db).await?;
    Ok(())
}

/// The jobs that were given up, newest first.
pub(super) async fn failed(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Vec<FailedJob>> {
    let rows = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::FailedAt.is_not_null())
        .order_by_desc(row::Column::FailedAt)
        .limit(200)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(FailedJob {
                id: row.id,
                job: row.job,
                attempts: row.attempt,
                failed_at: row.failed_at?,
                problem: row.problem.unwrap_or_default(),
            })
        })
        .collect())
}

fn new_row(tenant: &str, job: Json, attempt: i32, due_at: Option<DateTime<Utc>>) -> row::ActiveModel {
    row::ActiveModel {
        id: Set(Uuid::now_v7()),
        tenant: Set(tenant.to_owned()),
        job: Set(job),
        created_at: Set(Utc::now()),
        due_at: Set(due_at),
        attempt: Set(attempt),
        failed_at: Set(None),
        problem: Set(None),
    }
}
