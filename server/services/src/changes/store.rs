//! Rows of `changes` and the counter that numbers them.

mod left;

use chrono::{DateTime, Utc};
use domain::{
    catalog::EntityRef,
    changes::{Change, ChangeKind},
    identity::Tenant,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Statement, prelude::Json,
};

pub(super) use self::left::last_states;
use super::transaction::Line;
use crate::{Error, Result, bulk::Rows};

/// How many rows one query names.
const BATCH: usize = 500;

mod row {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "changes")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub at: DateTime<Utc>,
        pub actor: String,
        pub source: String,
        pub subject: String,
        pub kind: String,
        pub before: Option<Json>,
        pub after: Option<Json>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl From<row::Model> for Change {
    fn from(row: row::Model) -> Self {
        Self {
            seq: row.seq,
            at: row.at,
            actor: row.actor,
            source: row.source,
            subject: row.subject,
            kind: row.kind,
            before: row.before,
            after: row.after,
        }
    }
}

/// Takes `count` numbers from the tenant's counter and returns the last one. Locks the counter until the commit.
pub(super) async fn take(db: &impl ConnectionTrait, tenant: &Tenant, count: i64) -> Result<i64> {
    let sql = "INSERT INTO counters (tenant, seq) VALUES ($1, $2) \
               ON CONFLICT (tenant) DO UPDATE SET seq = counters.seq + excluded.seq RETURNING seq";
    let statement =
        Statement::from_sql_and_values(db.get_database_backend(), sql, [tenant.as_str().into(), count.into()]);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| Error::Internal("the counter returned no number".into()))?;
    Ok(row.try_get("", "seq")?)
}

const CHANGES: Rows<9> = Rows {
    table: "changes",
    columns: ["tenant", "seq", "at", "actor", "source", "subject", "kind", "before", "after"],
    json: &["before", "after"],
    tail: "",
};

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    first: i64,
    at: DateTime<Utc>,
    actor: &str,
    changes: Vec<Line>,
) -> Result<()> {
    let rows = changes.into_iter().zip(first..).map(|(change, seq)| {
        let Line { source, subject, kind, before, after } = change;
        [
            tenant.as_str().into(),
            seq.into(),
            at.into(),
            actor.into(),
            source.into(),
            subject.into(),
            kind.as_str().into(),
            before.into(),
            after.into(),
        ]
    });
    CHANGES.insert(db, rows).await
}

/// Where changes wait for their numbers on PostgreSQL: a table that is this transaction's alone, and goes with it.
const WAITING: Rows<6> = Rows {
    table: "waiting_changes",
    columns: ["place", "source", "subject", "kind", "before", "after"],
    json: &["before", "after"],
    tail: "",
};

/// Keeps changes until they are numbered; `before` have come before them.
pub(super) async fn hold(db: &impl ConnectionTrait, before: i64, changes: Vec<Line>) -> Result<()> {
    if before == 0 {
        let sql = "CREATE TEMPORARY TABLE waiting_changes (place bigint, source text, subject text, kind text, \
                   \"before\" json, \"after\" json) ON COMMIT DROP";
        db.execute_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    }
    let rows = changes.into_iter().zip(before..).map(|(change, place)| {
        let Line { source, subject, kind, before, after } = change;
        [place.into(), source.into(), subject.into(), kind.as_str().into(), before.into(), after.into()]
    });
    WAITING.insert(db, rows).await
}

/// Moves what waits into `changes`, from the number `first` on.
pub(super) async fn release(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    first: i64,
    at: DateTime<Utc>,
    actor: &str,
) -> Result<()> {
    let sql = "INSERT INTO changes (tenant, seq, at, actor, source, subject, kind, \"before\", \"after\") \
               SELECT $1, $2 + place, $3, $4, source, subject, kind, \"before\", \"after\" FROM waiting_changes \
               ORDER BY place";
    let values = [tenant.as_str().into(), first.into(), at.into(), actor.into()];
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(())
}

pub(super) async fn after(db: &impl ConnectionTrait, tenant: &Tenant, seq: i64, limit: u64) -> Result<Vec<Change>> {
    let rows = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Seq.gt(seq))
        .order_by_asc(row::Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Change::from).collect())
}

pub(super) async fn mark(db: &impl ConnectionTrait, tenant: &Tenant, seq: i64) -> Result<Option<String>> {
    let row: Option<(DateTime<Utc>, String, String, String)> =
        row::Entity::find_by_id((tenant.as_str().to_owned(), seq))
            .select_only()
            .columns([row::Column::At, row::Column::Actor, row::Column::Subject, row::Column::Kind])
            .into_tuple()
            .one(db)
            .await?;
    Ok(row.map(|(at, actor, subject, kind)| format!("{} {actor} {subject} {kind}", at.timestamp_micros())))
}

pub(super) async fn subjects(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    seq: i64,
    limit: u64,
) -> Result<Vec<(i64, String, String)>> {
    let rows = row::Entity::find()
        .select_only()
        .columns([row::Column::Seq, row::Column::Subject, row::Column::Kind])
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Seq.gt(seq))
        .order_by_asc(row::Column::Seq)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    with_former_names(db, tenant, rows).await
}

pub(super) async fn count_of_entities(db: &impl ConnectionTrait, tenant: &Tenant, seq: i64) -> Result<u64> {
    let told = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Seq.gt(seq))
        .filter(row::Column::Kind.starts_with("entity-"));
    Ok(told.count(db).await?)
}

/// Adds to each rename a row for the name that is gone, which nothing else tells of.
async fn with_former_names(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    mut rows: Vec<(i64, String, String)>,
) -> Result<Vec<(i64, String, String)>> {
    let renamed = ChangeKind::EntityRenamed.as_str();
    let seqs: Vec<i64> = rows.iter().filter(|(_, _, kind)| kind == renamed).map(|(seq, ..)| *seq).collect();
    if seqs.is_empty() {
        return Ok(rows);
    }
    for seqs in seqs.chunks(BATCH) {
        let documents: Vec<(i64, Option<Json>)> = row::Entity::find()
            .select_only()
            .columns([row::Column::Seq, row::Column::Before])
            .filter(row::Column::Tenant.eq(tenant.as_str()))
            .filter(row::Column::Seq.is_in(seqs.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        let former = documents
            .into_iter()
            .filter_map(|(seq, document)| Some((seq, EntityRef::of(&document?)?.to_string(), renamed.to_owned())));
        rows.extend(former);
    }
    rows.sort_by_key(|(seq, ..)| *seq);
    Ok(rows)
}

/// Changes about a thing: its name, and those that it bore before, each until it was lost.
fn of(subject: &str, former: &[(String, DateTime<Utc>)]) -> Condition {
    let mut subjects = Condition::any().add(row::Column::Subject.eq(subject));
    for (name, until) in former {
        subjects = subjects.add(Condition::all().add(row::Column::Subject.eq(name)).add(row::Column::At.lte(*until)));
    }
    subjects
}

pub(super) async fn about(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    subject: &str,
    former: &[(String, DateTime<Utc>)],
    (before, until): (Option<i64>, Option<DateTime<Utc>>),
    limit: u64,
) -> Result<Vec<Change>> {
    let rows = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(of(subject, former))
        .apply_if(before, |query, before| query.filter(row::Column::Seq.lt(before)))
        .apply_if(until, |query, until| query.filter(row::Column::At.lte(until)))
        .order_by_desc(row::Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Change::from).collect())
}

/// On which side of a moment something is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    /// The last until then.
    Until(DateTime<Utc>),
    /// The first after it.
    After(DateTime<Utc>),
}

/// The change of these kinds that is nearest to a moment.
pub(super) async fn nearest(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    (subject, former): (&str, &[(String, DateTime<Utc>)]),
    kinds: &[&str],
    side: Side,
) -> Result<Option<Change>> {
    let query = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(of(subject, former))
        .filter(row::Column::Kind.is_in(kinds.iter().copied()));
    let query = match side {
        Side::Until(at) => query.filter(row::Column::At.lte(at)).order_by_desc(row::Column::Seq),
        Side::After(at) => query.filter(row::Column::At.gt(at)).order_by_asc(row::Column::Seq),
    };
    Ok(query.one(db).await?.map(Change::from))
}

pub(super) async fn about_any(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    subjects: &[String],
    (before, until): (Option<i64>, Option<DateTime<Utc>>),
    limit: u64,
) -> Result<Vec<Change>> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    // The numbers come from the index alone; only the rows that are told are read.
    let numbers: Vec<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::Seq)
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Subject.is_in(subjects))
        .apply_if(before, |query, before| query.filter(row::Column::Seq.lt(before)))
        .apply_if(until, |query, until| query.filter(row::Column::At.lte(until)))
        .order_by_desc(row::Column::Seq)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    let rows = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Seq.is_in(numbers))
        .order_by_desc(row::Column::Seq)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Change::from).collect())
}

pub(super) async fn of_kinds(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    subjects: &[String],
    kinds: &[&str],
) -> Result<Vec<Change>> {
    let rows = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Subject.is_in(subjects))
        .filter(row::Column::Kind.is_in(kinds.iter().copied()))
        .order_by_asc(row::Column::Seq)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Change::from).collect())
}

pub(super) async fn last_of_each(db: &impl ConnectionTrait, tenant: &Tenant, beginning: &str) -> Result<Vec<Change>> {
    let numbers: Vec<i64> = row::Entity::find()
        .select_only()
        .column_as(row::Column::Seq.max(), "seq")
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::Subject.starts_with(beginning))
        .group_by(row::Column::Subject)
        .into_tuple()
        .all(db)
        .await?;
    let mut found = Vec::new();
    for numbers in numbers.chunks(BATCH) {
        let rows = row::Entity::find()
            .filter(row::Column::Tenant.eq(tenant.as_str()))
            .filter(row::Column::Seq.is_in(numbers.iter().copied()))
            .all(db)
            .await?;
        found.extend(rows.into_iter().map(Change::from));
    }
    Ok(found)
}

pub(super) async fn last(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<i64> {
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "SELECT seq FROM counters WHERE tenant = $1",
        [tenant.as_str().into()],
    );
    match db.query_one_raw(statement).await? {
        Some(row) => Ok(row.try_get("", "seq")?),
        None => Ok(0),
    }
}

/// Every tenant with the number of its last change.
pub(super) async fn counters(db: &impl ConnectionTrait) -> Result<Vec<(Tenant, i64)>> {
    let statement = Statement::from_string(db.get_database_backend(), "SELECT tenant, seq FROM counters");
    let mut counters = Vec::new();
    for row in db.query_all_raw(statement).await? {
        let tenant: String = row.try_get("", "tenant")?;
        let tenant = tenant.parse().map_err(|error| Error::Internal(format!("counters: {error}")))?;
        counters.push((tenant, row.try_get("", "seq")?));
    }
    Ok(counters)
}
