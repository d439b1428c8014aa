//! Rows of `audit_streams`.

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use self::stream::{Column as C, Entity};
use super::super::store::{head, heads};
use crate::Result;

/// How many tenants are looked at.
const MOST: u64 = 1_000;

mod stream {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_streams")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        pub target: Option<String>,
        pub seq: i64,
        pub sent_at: Option<DateTime<Utc>>,
        pub failures: i64,
        pub failed_at: Option<DateTime<Utc>>,
        pub problem: Option<String>,
        pub next_at: Option<DateTime<Utc>>,
        pub holder: Option<String>,
        pub held_until: Option<DateTime<Utc>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How far a log was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// Whose log it is.
    pub tenant: String,
    /// Where it goes.
    pub target: String,
    /// The last entry that was taken there.
    pub seq: i64,
    /// How many entries wait.
    pub behind: i64,
    /// When entries were last taken there.
    pub sent: Option<DateTime<Utc>>,
    /// How often it failed since then.
    pub failures: i64,
    /// When it last failed, and why; also where it works again.
    pub failed: Option<(DateTime<Utc>, String)>,
    /// When it is tried again.
    pub next: Option<DateTime<Utc>>,
}

/// Says where logs go from now on; nowhere, for `None`.
pub(super) async fn aim(db: &impl ConnectionTrait, target: Option<&str>) -> Result<()> {
    let other = match target {
        Some(target) => Condition::any().add(C::Target.is_null()).add(C::Target.ne(target)),
        None => Condition::all().add(C::Target.is_not_null()),
    };
    // Elsewhere, what failed before says nothing; how far it got stands.
    Entity::update_many()
        .col_expr(C::Target, Expr::value(target.map(str::to_owned)))
        .col_expr(C::Failures, Expr::value(0_i64))
        .col_expr(C::NextAt, Expr::value(Option::<DateTime<Utc>>::None))
        .filter(other)
        .exec(db)
        .await?;
    Ok(())
}

/// Sees to it that a tenant's stream has its row.
pub(super) async fn begin(db: &impl ConnectionTrait, tenant: &Tenant, target: &str) -> Result<()> {
    let row = stream::ActiveModel {
        tenant: Set(tenant.to_string()),
        target: Set(Some(target.to_owned())),
        seq: Set(0),
        failures: Set(0),
        ..Default::default()
    };
    let known = OnConflict::column(C::Tenant).do_nothing().to_owned();
    Entity::insert(row).on_conflict(known).exec_without_returning(db).await?;
    Ok(())
}

/// Tenants whose log has entries that were not sent, and its last.
pub(super) async fn behind(db: &impl ConnectionTrait) -> Result<Vec<(Tenant, i64)>> {
    let now = Utc::now();
    let rows = Entity::find().order_by_asc(C::Tenant).limit(MOST).all(db).await?;
    let mut behind = Vec::new();
    for (tenant, head, _) in heads(db).await? {
        let row = rows.iter().find(|row| row.tenant == tenant);
        let is_due = row.is_none_or(|row| row.seq < head && row.next_at.is_none_or(|next| next <= now));
        if let (true, Ok(tenant)) = (is_due, tenant.parse()) {
            behind.push((tenant, head));
        }
    }
    Ok(behind)
}

/// Takes the turn to send, unless another has it; says after which entry to go on.
pub(super) async fn take_turn(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    holder: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<i64>> {
    let is_free = Condition::any()
        .add(C::Holder.is_null())
        .add(C::Holder.eq(holder))
        .add(C::HeldUntil.is_null())
        .add(C::HeldUntil.lt(now));
    let taken = Entity::update_many()
        .col_expr(C::Holder, Expr::value(holder))
        .col_expr(C::HeldUntil, Expr::value(until))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(is_free)
        .exec(db)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    // Read after the turn was taken: another may have moved the mark a moment before.
    let row = Entity::find_by_id(tenant.to_string()).one(db).await?;
    Ok(row.filter(|row| row.holder.as_deref() == Some(holder)).map(|row| row.seq))
}

/// Notes that the entries after `from` up to `to` were taken; whether the turn still was the holder's.
pub(super) async fn sent(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    holder: &str,
    (from, to): (i64, i64),
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool> {
    let moved = Entity::update_many()
        .col_expr(C::Seq, Expr::value(to))
        .col_expr(C::SentAt, Expr::value(now))
        .col_expr(C::Failures, Expr::value(0_i64))
        .col_expr(C::NextAt, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(C::HeldUntil, Expr::value(until))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Holder.eq(holder))
        .filter(C::Seq.eq(from))
        .exec(db)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// How often it failed in a row.
pub(super) async fn failures(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<i64> {
    Ok(Entity::find_by_id(tenant.to_string()).one(db).await?.map_or(0, |row| row.failures))
}

/// Notes a failure, and when it is tried again.
pub(super) async fn failed(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    holder: &str,
    problem: &str,
    failures: i64,
    (now, next): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    Entity::update_many()
        .col_expr(C::Failures, Expr::value(failures))
        .col_expr(C::FailedAt, Expr::value(now))
        .col_expr(C::Problem, Expr::value(problem))
        .col_expr(C::NextAt, Expr::value(next))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Holder.eq(holder))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives the turn back.
pub(super) async fn let_go(db: &impl ConnectionTrait, holder: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(C::Holder, Expr::value(Option::<String>::None))
        .filter(C::Holder.eq(holder))
        .exec(db)
        .await?;
    Ok(())
}

fn told(row: stream::Model, head: i64) -> StreamState {
    StreamState {
        behind: (head - row.seq).max(0),
        tenant: row.tenant,
        target: row.target.unwrap_or_default(),
        seq: row.seq,
        sent: row.sent_at,
        failures: row.failures,
        failed: row.failed_at.zip(row.problem),
        next: row.next_at,
    }
}

/// A tenant's stream, if it goes anywhere.
pub(super) async fn state(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Option<StreamState>> {
    let row = Entity::find_by_id(tenant.to_string()).one(db).await?.filter(|row| row.target.is_some());
    let Some(row) = row else { return Ok(None) };
    let head = head(db, tenant).await?;
    Ok(Some(told(row, head)))
}

/// Every stream that goes somewhere.
pub(super) async fn states(db: &DatabaseConnection) -> Result<Vec<StreamState>> {
    let heads = heads(db).await?;
    let rows = Entity::find().filter(C::Target.is_not_null()).order_by_asc(C::Tenant).limit(MOST).all(db).await?;
    let states = rows.into_iter().map(|row| {
        let head = heads.iter().find(|(tenant, ..)| *tenant == row.tenant).map_or(0, |(_, head, _)| *head);
        told(row, head)
    });
    Ok(states.collect())
}
