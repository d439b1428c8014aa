//! Rows of the audit log and the end of its chain.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::{
    audit::{AuditEntry, AuditFilter},
    identity::Tenant,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Statement,
    sea_query::{Expr, SimpleExpr},
};

use super::chain::Link;
use crate::{Error, Result, bulk::Rows};

pub(super) mod audit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub at: String,
        pub actor: String,
        pub entry: String,
        pub address: Option<String>,
        pub request: Option<String>,
        pub kind: String,
        pub subject: String,
        pub first: Option<i64>,
        pub last: Option<i64>,
        pub detail: String,
        pub hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl From<audit::Model> for Link {
    fn from(row: audit::Model) -> Self {
        Self {
            at: row.at,
            actor: row.actor,
            entry: row.entry,
            address: row.address,
            request: row.request,
            kind: row.kind,
            subject: row.subject,
            changes: row.first.zip(row.last),
            detail: row.detail,
        }
    }
}

impl From<audit::Model> for AuditEntry {
    fn from(row: audit::Model) -> Self {
        Self {
            seq: row.seq,
            at: row.at.parse().unwrap_or_default(),
            actor: row.actor,
            entry: row.entry,
            address: row.address,
            request: row.request,
            kind: row.kind,
            subject: row.subject,
            changes: row.first.zip(row.last),
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
            hash: row.hash,
        }
    }
}

const AUDIT: Rows<13> = Rows {
    table: "audit",
    columns: [
        "tenant", "seq", "at", "actor", "entry", "address", "request", "kind", "subject", "first", "last", "detail",
        "hash",
    ],
    json: &[],
    tail: "",
};

/// Puts entries at the end of the tenant's chain, which stays locked until the commit.
pub(super) async fn append(db: &impl ConnectionTrait, tenant: &Tenant, links: Vec<Link>) -> Result<()> {
    let count = i64::try_from(links.len()).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(());
    }
    let backend = db.get_database_backend();
    let sql = "INSERT INTO audit_heads (tenant, seq, hash) VALUES ($1, $2, '') \
               ON CONFLICT (tenant) DO UPDATE SET seq = audit_heads.seq + excluded.seq RETURNING seq, hash";
    let values = [tenant.as_str().into(), count.into()];
    let row = db.query_one_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    let row = row.ok_or_else(|| Error::Internal("the audit log has no end".into()))?;
    let (last, mut hash): (i64, String) = (row.try_get("", "seq")?, row.try_get("", "hash")?);
    let mut rows = Vec::with_capacity(links.len());
    for (link, seq) in links.into_iter().zip(last - count + 1..) {
        hash = link.hash(tenant.as_str(), seq, &hash);
        let (first, last) = link.changes.unzip();
        rows.push([
            tenant.as_str().into(),
            seq.into(),
            link.at.into(),
            link.actor.into(),
            link.entry.into(),
            link.address.into(),
            link.request.into(),
            link.kind.into(),
            link.subject.into(),
            first.into(),
            last.into(),
            link.detail.into(),
            hash.clone().into(),
        ]);
    }
    AUDIT.insert(db, rows).await?;
    let sql = "UPDATE audit_heads SET hash = $1 WHERE tenant = $2";
    db.execute_raw(Statement::from_sql_and_values(backend, sql, [hash.into(), tenant.as_str().into()])).await?;
    Ok(())
}

pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The entry at a place.
pub(super) async fn one(db: &impl ConnectionTrait, tenant: &Tenant, seq: i64) -> Result<Option<AuditEntry>> {
    Ok(audit::Entity::find_by_id((tenant.to_string(), seq)).one(db).await?.map(AuditEntry::from))
}

/// Entries that a filter means, the latest first, of lower places than `before`, at most `limit`.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<AuditEntry>> {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let backend = db.get_database_backend();
    let rows = audit::Entity::find()
        .filter(audit::Column::Tenant.eq(tenant.as_str()))
        .apply_if(said(&filter.actor), |query, actor| query.filter(audit::Column::Actor.eq(actor)))
        // What many changes at once tell of stands in these.
        .apply_if(said(&filter.kind), |query, kind| {
            query.filter(Condition::any().add(audit::Column::Kind.eq(&kind)).add(among_changes(backend, "kind", kind)))
        })
        .apply_if(said(&filter.subject), |query, subject| {
            query.filter(
                Condition::any()
                    .add(audit::Column::Subject.eq(&subject))
                    .add(is_of_role(backend, &subject))
                    .add(among_changes(backend, "subject", subject.clone()))
                    .add(role_among_changes(backend, subject)),
            )
        })
        .apply_if(said(&filter.through), |query, through| query.filter(is_through(backend, &through)))
        // Written with the same number of letters, moments sort as texts.
        .apply_if(filter.since, |query, since| query.filter(audit::Column::At.gte(moment(since))))
        .apply_if(filter.until, |query, until| query.filter(audit::Column::At.lte(moment(until))))
        .apply_if(before, |query, before| query.filter(audit::Column::Seq.lt(before)))
        .order_by_desc(audit::Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(AuditEntry::from).collect())
}

/// Whether an entry was made with this, or with what begins so. In what entries quote, quotation marks are written otherwise.
fn is_through(backend: DbBackend, through: &str) -> SimpleExpr {
    let said = format!("\"through\":{}", serde_json::Value::from(through));
    let said = said.trim_end_matches('"').to_owned();
    let sql =
        if backend == DbBackend::Postgres { "strpos(audit.detail, $1) > 0" } else { "instr(audit.detail, ?) > 0" };
    Expr::cust_with_values(sql, [said])
}

/// Changes of who has a role, which are about whoever has it as well.
const OF_ROLES: &str = "('role-given', 'role-taken')";

/// Whether an entry tells of a role that this one was given, or that was taken from them.
fn is_of_role(backend: DbBackend, who: &str) -> SimpleExpr {
    let said = format!("\"to\":{}", serde_json::Value::from(who));
    let is_said =
        if backend == DbBackend::Postgres { "strpos(audit.detail, $1) > 0" } else { "instr(audit.detail, ?) > 0" };
    Expr::cust_with_values(format!("(audit.kind IN {OF_ROLES} AND {is_said})"), [said])
}

/// The same of one of the changes that an entry for many vouches for.
fn role_among_changes(backend: DbBackend, who: String) -> SimpleExpr {
    let given = if backend == DbBackend::Postgres { "$1" } else { "?" };
    let sql = format!(
        "(audit.kind = 'changes' AND EXISTS (SELECT 1 FROM changes WHERE changes.tenant = audit.tenant \
         AND changes.kind IN {OF_ROLES} AND coalesce(changes.after, changes.before) ->> 'to' = {given} \
         AND changes.seq BETWEEN audit.\"first\" AND audit.\"last\"))"
    );
    Expr::cust_with_values(sql, [who])
}

/// Whether one of the changes that an entry for many vouches for has this in this column.
fn among_changes(backend: DbBackend, column: &str, value: String) -> SimpleExpr {
    let given = if backend == DbBackend::Postgres { "$1" } else { "?" };
    let sql = format!(
        "(audit.kind = 'changes' AND EXISTS (SELECT 1 FROM changes WHERE changes.tenant = audit.tenant \
         AND changes.{column} = {given} AND changes.seq BETWEEN audit.\"first\" AND audit.\"last\"))"
    );
    Expr::cust_with_values(sql, [value])
}

/// The entries after a place, oldest first.
pub(super) async fn after(db: &impl ConnectionTrait, tenant: &str, seq: i64, limit: u64) -> Result<Vec<audit::Model>> {
    let rows = audit::Entity::find()
        .filter(audit::Column::Tenant.eq(tenant))
        .filter(audit::Column::Seq.gt(seq))
        .order_by_asc(audit::Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows)
}

/// The place of a tenant's last entry; 0 before the first.
pub(super) async fn head(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<i64> {
    let sql = "SELECT seq FROM audit_heads WHERE tenant = $1";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [tenant.as_str().into()]);
    let row = db.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "seq")).transpose()?.unwrap_or_default())
}

/// The end of every tenant's chain.
pub(super) async fn heads(db: &impl ConnectionTrait) -> Result<Vec<(String, i64, String)>> {
    let statement = Statement::from_string(db.get_database_backend(), "SELECT tenant, seq, hash FROM audit_heads");
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "tenant")?, row.try_get("", "seq")?, row.try_get("", "hash")?))).collect()
}

/// A change as it stands.
pub(super) struct Standing {
    pub(super) seq: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) actor: String,
    /// What its digest is made of, with the states before and after.
    pub(super) source: String,
    pub(super) subject: String,
    pub(super) kind: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// What is known of a tenant's log besides itself, at one moment.
pub(super) struct Claim {
    pub(super) tenant: String,
    /// How many changes were numbered.
    pub(super) changes: i64,
    /// The last entry that was sent anywhere.
    pub(super) sent: i64,
    /// A change with a number that nobody gave out.
    pub(super) stray: Option<i64>,
}

/// What the rest of the database says of every tenant's log.
pub(super) async fn claims(db: &impl ConnectionTrait) -> Result<Vec<Claim>> {
    let sql = "SELECT t.tenant AS tenant, COALESCE(c.seq, 0) AS seq, \
               COALESCE((SELECT MAX(s.seq) FROM audit_streams s WHERE s.tenant = t.tenant), 0) AS sent, \
               (SELECT MIN(x.seq) FROM changes x WHERE x.tenant = t.tenant AND (x.seq > COALESCE(c.seq, 0) OR x.seq < 1)) AS stray \
               FROM (SELECT tenant FROM counters UNION SELECT DISTINCT tenant FROM changes) t \
               LEFT JOIN counters c ON c.tenant = t.tenant";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let claim = |row: &sea_orm::QueryResult| {
        Ok(Claim {
            tenant: row.try_get("", "tenant")?,
            changes: row.try_get("", "seq")?,
            sent: row.try_get("", "sent")?,
            stray: row.try_get("", "stray")?,
        })
    };
    rows.iter().map(claim).collect()
}

/// Changes between two numbers, both included, as their texts stand.
pub(super) async fn changes(
    db: &impl ConnectionTrait,
    tenant: &str,
    (first, last): (i64, i64),
) -> Result<Vec<Standing>> {
    let backend = db.get_database_backend();
    let text = if backend == DbBackend::Postgres { "text" } else { "TEXT" };
    let sql = format!(
        "SELECT seq, at, actor, source, subject, kind, CAST(\"before\" AS {text}) AS b, CAST(\"after\" AS {text}) AS a FROM changes \
         WHERE tenant = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq"
    );
    let values = [tenant.into(), first.into(), last.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    rows.iter()
        .map(|row| {
            Ok(Standing {
                seq: row.try_get("", "seq")?,
                at: row.try_get("", "at")?,
                actor: row.try_get("", "actor")?,
                source: row.try_get("", "source")?,
                subject: row.try_get("", "subject")?,
                kind: row.try_get("", "kind")?,
                before: row.try_get("", "b")?,
                after: row.try_get("", "a")?,
            })
        })
        .collect()
}
