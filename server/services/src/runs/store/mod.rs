//! Rows of runs, steps and logs. A row moves by compare-and-set on its version, so that of two workers one wins.

mod awaited;
mod logs;
mod rows;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    catalog::EntityRef,
    identity::Tenant,
    runs::{Run, RunStatus, RunSummary, Step, StepStatus},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
    sea_query::{Expr, ExprTrait as _, LikeExpr},
};
use serde_json::Value;
use uuid::Uuid;

pub(super) use self::{
    awaited::{awaited, count_awaited},
    logs::{log, write_log},
    rows::{run, step},
};
use super::RunFilter;
use crate::{Error, Result, permission::RunsSeen};

impl run::Model {
    pub(super) fn status(&self) -> Result<RunStatus> {
        self.status.parse().map_err(|error| Error::Internal(format!("run {}: {error}", self.id)))
    }

    pub(super) fn subject(&self) -> String {
        format!("run:{}", self.id)
    }

    pub(super) fn template(&self) -> Result<EntityRef> {
        self.template.parse().map_err(|error| Error::Internal(format!("run {}: {error}", self.id)))
    }
}

impl step::Model {
    pub(super) fn status(&self) -> Result<StepStatus> {
        self.status.parse().map_err(|error| Error::Internal(format!("run {}: {error}", self.run)))
    }
}

/// Writes a new run and its steps, and returns its number. The caller tries again if another took the number.
pub(super) async fn insert(db: &impl ConnectionTrait, mut run: run::Model, steps: Vec<step::Model>) -> Result<i64> {
    let next = Statement::from_sql_and_values(
        db.get_database_backend(),
        "SELECT COALESCE(MAX(number), 0) + 1 AS number FROM runs WHERE tenant = $1",
        [run.tenant.as_str().into()],
    );
    let row = db.query_one_raw(next).await?.ok_or_else(|| Error::Internal("an aggregate without a row".into()))?;
    run.number = row.try_get("", "number")?;
    let number = run.number;
    run::Entity::insert(run::ActiveModel::from(run).reset_all()).exec_without_returning(db).await?;
    let steps: Vec<_> = steps.into_iter().map(|step| step::ActiveModel::from(step).reset_all()).collect();
    if !steps.is_empty() {
        step::Entity::insert_many(steps).exec_without_returning(db).await?;
    }
    Ok(number)
}

pub(super) async fn find(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<Option<run::Model>> {
    Ok(run::Entity::find_by_id((tenant.to_string(), id)).one(db).await?)
}

pub(super) async fn find_by_number(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    number: i64,
) -> Result<Option<run::Model>> {
    let found = run::Entity::find()
        .filter(run::Column::Tenant.eq(tenant.as_str()))
        .filter(run::Column::Number.eq(number))
        .one(db)
        .await?;
    Ok(found)
}

/// The steps of a run, in order.
pub(super) async fn steps(db: &impl ConnectionTrait, run: &run::Model) -> Result<Vec<step::Model>> {
    let found = step::Entity::find()
        .filter(step::Column::Tenant.eq(&run.tenant))
        .filter(step::Column::Run.eq(run.id))
        .order_by_asc(step::Column::Position)
        .all(db)
        .await?;
    Ok(found)
}

/// A page of runs, newest first, and how many there are in all.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    filter: &RunFilter,
    seen: Option<Condition>,
) -> Result<(Vec<RunSummary>, u64)> {
    let mut select = run::Entity::find().filter(run::Column::Tenant.eq(tenant.as_str()));
    if let Some(seen) = seen {
        select = select.filter(seen);
    }
    if !filter.status.is_empty() {
        select = select.filter(run::Column::Status.is_in(filter.status.iter().map(|status| status.as_str())));
    }
    if !filter.created_by.is_empty() {
        select = select.filter(run::Column::CreatedBy.is_in(filter.created_by.iter().map(String::as_str)));
    }
    if let Some(template) = &filter.template {
        select = select.filter(run::Column::Template.eq(template.to_string()));
    }
    if let Some(awaits) = filter.awaits_approval {
        let awaited = awaited::condition();
        select = select.filter(if awaits { awaited } else { awaited.not() });
    }
    if let Some(entity) = &filter.entity {
        // Names hold no quotes, so the text between quotes is the whole reference.
        let told = LikeExpr::new(format!("%\"{}\"%", entity.to_string().replace('_', "\\_"))).escape('\\');
        select = select.filter(Expr::col(run::Column::Output).cast_as("text").like(told));
    }
    let total = select.clone().count(db).await?;
    let order = if filter.oldest_first { sea_orm::Order::Asc } else { sea_orm::Order::Desc };
    let rows = select
        .order_by(run::Column::Number, order)
        .offset(filter.offset)
        .limit(filter.limit.clamp(1, 500))
        .all(db)
        .await?;
    Ok((rows.iter().map(summary).collect::<Result<_>>()?, total))
}

/// How many runs there are in each status.
pub(super) async fn counts(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    seen: Option<Condition>,
) -> Result<Vec<(RunStatus, i64)>> {
    let rows: Vec<(String, i64)> = run::Entity::find()
        .select_only()
        .column(run::Column::Status)
        .column_as(run::Column::Id.count(), "runs")
        .filter(run::Column::Tenant.eq(tenant.as_str()))
        .filter(seen.unwrap_or_else(Condition::all))
        .group_by(run::Column::Status)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(status, count)| Some((status.parse().ok()?, count))).collect())
}

/// Every template that runs were started from, each with those who started them.
pub(super) async fn origins(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<BTreeMap<String, Vec<String>>> {
    let pairs: Vec<(String, String)> = run::Entity::find()
        .select_only()
        .columns([run::Column::Template, run::Column::CreatedBy])
        .distinct()
        .filter(run::Column::Tenant.eq(tenant.as_str()))
        .into_tuple()
        .all(db)
        .await?;
    let mut origins: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (template, starter) in pairs {
        origins.entry(template).or_default().push(starter);
    }
    Ok(origins)
}

/// Runs of these templates, of each as far as it says who started them.
pub(super) fn started_from(seen: Vec<(String, RunsSeen)>) -> Condition {
    let (mut whole, mut any) = (Vec::new(), Condition::any());
    for (template, starters) in seen {
        let of = run::Column::Template.eq(template.as_str());
        any = match starters {
            RunsSeen::All => {
                whole.push(template);
                any
            }
            RunsSeen::Of(who) => any.add(of.and(run::Column::CreatedBy.is_in(who))),
            RunsSeen::Except(who) => any.add(of.and(run::Column::CreatedBy.is_not_in(who))),
        };
    }
    any.add(run::Column::Template.is_in(whole))
}

/// Moves a run on, unless someone else did since it was read.
pub(super) async fn move_run(db: &impl ConnectionTrait, run: &run::Model, mut to: run::ActiveModel) -> Result<bool> {
    to.version = Set(run.version + 1);
    let done = run::Entity::update_many()
        .set(to)
        .filter(run::Column::Tenant.eq(&run.tenant))
        .filter(run::Column::Id.eq(run.id))
        .filter(run::Column::Version.eq(run.version))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Moves a step on, unless someone else did since it was read.
pub(super) async fn move_step(
    db: &impl ConnectionTrait,
    step: &step::Model,
    mut to: step::ActiveModel,
) -> Result<bool> {
    to.version = Set(step.version + 1);
    let done = step::Entity::update_many()
        .set(to)
        .filter(step::Column::Tenant.eq(&step.tenant))
        .filter(step::Column::Run.eq(step.run))
        .filter(step::Column::Position.eq(step.position))
        .filter(step::Column::Version.eq(step.version))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Holds a step for longer. `false`: it is someone else's by now.
pub(super) async fn renew(db: &impl ConnectionTrait, step: &step::Model, until: DateTime<Utc>) -> Result<bool> {
    let done = step::Entity::update_many()
        .set(step::ActiveModel { leased_until: Set(Some(until)), ..Default::default() })
        .filter(step::Column::Tenant.eq(&step.tenant))
        .filter(step::Column::Run.eq(step.run))
        .filter(step::Column::Position.eq(step.position))
        .filter(step::Column::Version.eq(step.version))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Notes that a person asked to stop the run. `false`: it was over, or already asked.
pub(super) async fn ask_to_cancel(db: &impl ConnectionTrait, run: &run::Model, now: DateTime<Utc>) -> Result<bool> {
    let open = [RunStatus::Open.as_str(), RunStatus::Processing.as_str()];
    let done = run::Entity::update_many()
        .set(run::ActiveModel { cancel_asked_at: Set(Some(now)), ..Default::default() })
        .filter(run::Column::Tenant.eq(&run.tenant))
        .filter(run::Column::Id.eq(run.id))
        .filter(run::Column::Status.is_in(open))
        .filter(run::Column::CancelAskedAt.is_null())
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Whether a person asked to stop the run.
pub(super) async fn is_cancel_asked(db: &impl ConnectionTrait, run: &run::Model) -> Result<bool> {
    let asked = run::Entity::find_by_id((run.tenant.clone(), run.id))
        .select_only()
        .column(run::Column::CancelAskedAt)
        .into_tuple::<Option<DateTime<Utc>>>()
        .one(db)
        .await?;
    Ok(asked.flatten().is_some())
}

/// Runs of every tenant that nobody is at work on and no timer will wake: `dead` is a worker whose leases count for nothing.
pub(super) async fn left(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    dead: Option<&str>,
) -> Result<Vec<(String, Uuid)>> {
    let sql = "SELECT r.tenant, r.id FROM runs r WHERE r.status IN ('open', 'processing') AND \
               (COALESCE(r.approval, '') <> 'waiting' OR r.cancel_asked_at IS NOT NULL) AND NOT EXISTS (\
                 SELECT 1 FROM run_steps s WHERE s.tenant = r.tenant AND s.run = r.id AND r.cancel_asked_at IS NULL AND (\
                   (s.status = 'waiting' AND s.due_at > $1) OR \
                   (s.status = 'processing' AND s.leased_until > $1 AND NOT s.leased_by LIKE $2))) \
               ORDER BY r.created_at LIMIT 1000";
    let dead = dead.map_or_else(|| "-".to_owned(), |name| format!("{name}/%"));
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [now.into(), dead.into()]);
    let mut left = Vec::new();
    for row in db.query_all_raw(statement).await? {
        left.push((row.try_get("", "tenant")?, row.try_get("", "id")?));
    }
    Ok(left)
}

pub(super) fn summary(row: &run::Model) -> Result<RunSummary> {
    Ok(RunSummary {
        id: row.id,
        number: row.number,
        title: row.title.clone(),
        template: row.template()?,
        template_title: row.template_title.clone(),
        status: row.status()?,
        created_by: row.starter(),
        created_at: row.created_at,
        started_at: row.started_at,
        ended_at: row.ended_at,
        problem: row.problem.clone(),
        cancel_asked_at: row.cancel_asked_at,
        approval: row.approval(),
    })
}

pub(super) fn whole(row: &run::Model, steps: &[step::Model]) -> Result<Run> {
    let steps = steps
        .iter()
        .map(|step| {
            Ok(Step {
                position: step.position,
                id: step.step_id.clone(),
                name: step.name.clone(),
                action: step.action.clone(),
                status: step.status()?,
                attempt: step.attempt,
                started_at: step.started_at,
                ended_at: step.ended_at,
                due_at: step.due_at,
                problem: step.problem.clone(),
                output: step.output.clone().unwrap_or(Value::Null),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Run {
        summary: summary(row)?,
        template_etag: row.template_etag.clone(),
        values: row.answers.clone(),
        steps,
        output: row.output.clone().map(serde_json::from_value).transpose()?.unwrap_or_default(),
    })
}
