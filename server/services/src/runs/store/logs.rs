//! Rows of `run_logs`.

use domain::runs::{LogKind, LogLevel, LogLine};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use super::{rows, run};
use crate::{Result, runs::log::Said};

/// How many lines a run may say; beyond, only how steps end is written.
const LINES: i64 = 10_000;

/// Writes lines at the end of a run's log.
pub(in crate::runs) async fn write_log(db: &impl ConnectionTrait, run: &run::Model, said: Vec<Said>) -> Result<()> {
    if said.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(said.len()).expect("a batch holds fewer than 2^63 lines");
    let take = Statement::from_sql_and_values(
        db.get_database_backend(),
        "UPDATE runs SET logged = logged + $3 WHERE tenant = $1 AND id = $2 RETURNING logged",
        [run.tenant.as_str().into(), run.id.into(), count.into()],
    );
    // Numbers are taken from the run's row, which stays locked until the commit: a reader never skips a line.
    let Some(row) = db.query_one_raw(take).await? else { return Ok(()) };
    let last: i64 = row.try_get("", "logged")?;
    let first = last - count + 1;
    let rows: Vec<_> = (first..)
        .zip(said)
        .filter(|(seq, said)| *seq <= LINES || said.kind != LogKind::Log || said.status.is_some())
        .map(|(seq, said)| rows::log::ActiveModel {
            tenant: Set(run.tenant.clone()),
            run: Set(run.id),
            seq: Set(seq),
            at: Set(said.at),
            kind: Set(said.kind.as_str().to_owned()),
            level: Set(said.level.as_str().to_owned()),
            step: Set(said.step),
            status: Set(said.status.map(|status| status.as_str().to_owned())),
            text: Set(if seq == LINES && said.kind == LogKind::Log {
                format!("the log is full at {LINES} lines; what follows is left out")
            } else {
                said.text
            }),
        })
        .collect();
    for batch in rows.chunks(500) {
        rows::log::Entity::insert_many(batch.to_vec()).exec_without_returning(db).await?;
    }
    Ok(())
}

/// The lines after `after`, oldest first, at most `limit`.
pub(in crate::runs) async fn log(
    db: &impl ConnectionTrait,
    run: &run::Model,
    after: i64,
    limit: u64,
) -> Result<Vec<LogLine>> {
    let found = rows::log::Entity::find()
        .filter(rows::log::Column::Tenant.eq(&run.tenant))
        .filter(rows::log::Column::Run.eq(run.id))
        .filter(rows::log::Column::Seq.gt(after))
        .order_by_asc(rows::log::Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    Ok(found
        .into_iter()
        .map(|row| LogLine {
            seq: row.seq,
            at: row.at,
            kind: row.kind.parse().unwrap_or(LogKind::Log),
            level: row.level.parse().unwrap_or(LogLevel::Info),
            step: row.step,
            status: row.status.and_then(|status| status.parse().ok()),
            text: row.text,
        })
        .collect())
}
