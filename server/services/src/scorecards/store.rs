//! Rows of `scorecard_results`, `scorecard_moves` and `scorecard_progress`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{catalog::EntityRef, identity::Tenant};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};

use crate::{
    Error, Result,
    bulk::{Rows, among},
};

/// How many rows one statement carries: SQLite takes at most 32,766 values.
const BATCH: usize = 400;

pub(super) mod result {
    use sea_orm::entity::prelude::*;

    /// One entity on one scorecard.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "scorecard_results")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub scorecard: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub entity: String,
        pub title: String,
        pub owner: Option<String>,
        pub system: Option<String>,
        pub standing: String,
        pub since: DateTimeUtc,
        pub earned: i32,
        pub possible: i32,
        pub failing: i32,
        pub unknown: i32,
        pub steps: i32,
        pub outcomes: String,
        pub results: Json,
        pub evaluated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod moved {
    use sea_orm::entity::prelude::*;

    /// One entity that changed its standing.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "scorecard_moves")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub scorecard: String,
        pub entity: String,
        pub owner: Option<String>,
        pub system: Option<String>,
        pub at: DateTimeUtc,
        pub left: Option<String>,
        pub reached: Option<String>,
        pub why: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A result without the results of its rules: what lists and roll-ups are made of.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Brief {
    pub(super) scorecard: String,
    pub(super) entity: String,
    pub(super) title: String,
    pub(super) owner: Option<String>,
    pub(super) system: Option<String>,
    pub(super) standing: String,
    pub(super) since: DateTime<Utc>,
    pub(super) failing: i32,
    pub(super) unknown: i32,
    pub(super) steps: i32,
    pub(super) outcomes: String,
    pub(super) evaluated_at: DateTime<Utc>,
}

/// How far the evaluation has read.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Progress {
    pub(super) seq: i64,
    pub(super) swept_at: Option<DateTime<Utc>>,
}

pub(super) async fn progress(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Progress> {
    let select = "SELECT seq, swept_at FROM scorecard_progress WHERE tenant = $1";
    let ask = || Statement::from_sql_and_values(db.get_database_backend(), select, [tenant.as_str().into()]);
    if let Some(progress) = Progress::find_by_statement(ask()).one(db).await? {
        return Ok(progress);
    }
    let insert = "INSERT INTO scorecard_progress (tenant, seq) VALUES ($1, 0) ON CONFLICT (tenant) DO NOTHING";
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), insert, [tenant.as_str().into()])).await?;
    let progress = Progress::find_by_statement(ask()).one(db).await?;
    progress.ok_or_else(|| Error::Internal("the progress of scorecards vanished".into()))
}

/// Moves the progress from one change to another, and holds its row until the commit. `false` if someone else has moved it.
pub(super) async fn advance(db: &impl ConnectionTrait, tenant: &Tenant, from: i64, to: i64) -> Result<bool> {
    let update = "UPDATE scorecard_progress SET seq = $3 WHERE tenant = $1 AND seq = $2";
    let values = [tenant.as_str().into(), from.into(), to.into()];
    let done = db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), update, values)).await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn swept(db: &impl ConnectionTrait, tenant: &Tenant, at: DateTime<Utc>) -> Result<()> {
    let update = "UPDATE scorecard_progress SET swept_at = $2 WHERE tenant = $1";
    let values = [tenant.as_str().into(), at.into()];
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), update, values)).await?;
    Ok(())
}

/// The rows of these entities on these scorecards.
pub(super) async fn of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    scorecards: &[String],
    entities: &[String],
) -> Result<Vec<result::Model>> {
    let mut rows = Vec::new();
    for entities in entities.chunks(BATCH) {
        let found = result::Entity::find()
            .filter(result::Column::Tenant.eq(tenant.as_str()))
            .filter(among(db, result::Column::Scorecard, scorecards))
            .filter(among(db, result::Column::Entity, entities))
            .all(db)
            .await?;
        rows.extend(found);
    }
    Ok(rows)
}

/// All rows of one entity.
pub(super) async fn of_entity(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    entity: &EntityRef,
) -> Result<Vec<result::Model>> {
    Ok(result::Entity::find()
        .filter(result::Column::Tenant.eq(tenant.as_str()))
        .filter(result::Column::Entity.eq(entity.to_string()))
        .order_by_asc(result::Column::Scorecard)
        .all(db)
        .await?)
}

/// All rows of one scorecard with the results of each rule.
pub(super) async fn of_scorecard(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    scorecard: &EntityRef,
) -> Result<Vec<result::Model>> {
    Ok(result::Entity::find()
        .filter(result::Column::Tenant.eq(tenant.as_str()))
        .filter(result::Column::Scorecard.eq(scorecard.to_string()))
        .order_by_asc(result::Column::Entity)
        .all(db)
        .await?)
}

/// The rows that match, without the results of their rules.
pub(super) async fn briefs(db: &impl ConnectionTrait, tenant: &Tenant, which: Condition) -> Result<Vec<Brief>> {
    use result::Column as C;
    Ok(result::Entity::find()
        .select_only()
        .columns([C::Scorecard, C::Entity, C::Title, C::Owner, C::System, C::Standing, C::Since])
        .columns([C::Failing, C::Unknown, C::Steps, C::Outcomes, C::EvaluatedAt])
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(which)
        .order_by_asc(C::Scorecard)
        .order_by_asc(C::Entity)
        .into_model::<Brief>()
        .all(db)
        .await?)
}

/// Rows of a scorecard that a pass which began at `began` did not touch.
pub(super) async fn untouched(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    scorecard: &EntityRef,
    began: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<String>> {
    Ok(result::Entity::find()
        .select_only()
        .column(result::Column::Entity)
        .filter(result::Column::Tenant.eq(tenant.as_str()))
        .filter(result::Column::Scorecard.eq(scorecard.to_string()))
        .filter(result::Column::EvaluatedAt.lt(began))
        .order_by_asc(result::Column::Entity)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?)
}

/// The scorecards that have rows.
pub(super) async fn scorecards(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Vec<String>> {
    Ok(result::Entity::find()
        .select_only()
        .column(result::Column::Scorecard)
        .distinct()
        .filter(result::Column::Tenant.eq(tenant.as_str()))
        .into_tuple()
        .all(db)
        .await?)
}

const RESULTS: Rows<16> = Rows {
    table: "scorecard_results",
    columns: [
        "tenant",
        "scorecard",
        "entity",
        "title",
        "owner",
        "system",
        "standing",
        "since",
        "earned",
        "possible",
        "failing",
        "unknown",
        "steps",
        "outcomes",
        "results",
        "evaluated_at",
    ],
    json: &["results"],
    tail: "ON CONFLICT (tenant, scorecard, entity) DO UPDATE SET title = excluded.title, owner = excluded.owner, \
           \"system\" = excluded.\"system\", standing = excluded.standing, since = excluded.since, \
           earned = excluded.earned, possible = excluded.possible, failing = excluded.failing, \
           \"unknown\" = excluded.\"unknown\", steps = excluded.steps, outcomes = excluded.outcomes, \
           results = excluded.results, evaluated_at = excluded.evaluated_at",
};

pub(super) async fn upsert(db: &impl ConnectionTrait, rows: Vec<result::Model>) -> Result<()> {
    let values = rows.into_iter().map(|row| {
        [
            row.tenant.into(),
            row.scorecard.into(),
            row.entity.into(),
            row.title.into(),
            row.owner.into(),
            row.system.into(),
            row.standing.into(),
            row.since.into(),
            row.earned.into(),
            row.possible.into(),
            row.failing.into(),
            row.unknown.into(),
            row.steps.into(),
            row.outcomes.into(),
            row.results.to_string().into(),
            row.evaluated_at.into(),
        ]
    });
    RESULTS.insert(db, values).await
}

pub(super) async fn delete(db: &impl ConnectionTrait, tenant: &Tenant, rows: &[result::Model]) -> Result<()> {
    let mut by_scorecard: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in rows {
        by_scorecard.entry(&row.scorecard).or_default().push(&row.entity);
    }
    for (scorecard, entities) in by_scorecard {
        for entities in entities.chunks(BATCH) {
            let gone = result::Entity::delete_many()
                .filter(result::Column::Tenant.eq(tenant.as_str()))
                .filter(result::Column::Scorecard.eq(scorecard))
                .filter(among(db, result::Column::Entity, entities));
            gone.exec(db).await?;
        }
    }
    Ok(())
}

/// Forgets a scorecard that has left the catalog, with its history.
pub(super) async fn forget(db: &impl ConnectionTrait, tenant: &Tenant, scorecard: &str) -> Result<()> {
    result::Entity::delete_many()
        .filter(result::Column::Tenant.eq(tenant.as_str()))
        .filter(result::Column::Scorecard.eq(scorecard))
        .exec(db)
        .await?;
    moved::Entity::delete_many()
        .filter(moved::Column::Tenant.eq(tenant.as_str()))
        .filter(moved::Column::Scorecard.eq(scorecard))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn insert_moves(db: &impl ConnectionTrait, rows: Vec<moved::Model>) -> Result<()> {
    for rows in rows.chunks(BATCH) {
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        moved::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// The moves of a scorecard since `from`, oldest first.
pub(super) async fn moves(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    scorecard: &EntityRef,
    from: DateTime<Utc>,
) -> Result<Vec<moved::Model>> {
    Ok(moved::Entity::find()
        .filter(moved::Column::Tenant.eq(tenant.as_str()))
        .filter(moved::Column::Scorecard.eq(scorecard.to_string()))
        .filter(moved::Column::At.gte(from))
        .order_by_asc(moved::Column::At)
        .order_by_asc(moved::Column::Id)
        .all(db)
        .await?)
}
