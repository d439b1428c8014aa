//! Many keys and many rows, in statements of few shapes.
//!
//! A database prepares a statement once for each text. A statement that grows with what it carries is another one each
//! time: it takes longer to parse than to run, and stays in the cache of every connection. So keys travel as one
//! parameter, and rows in a handful of sizes.

use std::fmt::Write as _;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, Statement, Value,
    sea_query::{Expr, SimpleExpr},
};

use crate::{Result, changes::Transaction};

/// How many rows one statement carries, from the largest.
const SIZES: [usize; 4] = [256, 32, 4, 1];

/// How many bytes of texts one statement carries, unless a single row has more.
const WEIGHT: usize = 4 * 1024 * 1024;

/// Whether a column of texts holds one of `keys`.
pub(crate) fn among(db: &impl ConnectionTrait, column: impl ColumnTrait, keys: &[impl AsRef<str>]) -> SimpleExpr {
    let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "$1 = ANY(ARRAY(SELECT json_array_elements_text(CAST($2 AS json))))",
        _ => "? IN (SELECT value FROM json_each(?))",
    };
    let column = Expr::col(column.as_column_ref());
    Expr::cust_with_exprs(sql, [column, Expr::value(serde_json::Value::from(keys).to_string())])
}

/// How much of the tables a connection to SQLite holds in memory, in KiB.
pub(crate) const USUAL_CACHE: u32 = 2_000;
/// The same for who writes much: rows go to many places of an index, which would be written out and read again each time.
pub(crate) const LARGE_CACHE: u32 = 64 * 1024;

/// Lets the connection hold so much, where that is ours to say.
pub(crate) async fn hold(db: &impl ConnectionTrait, kib: u32) -> Result<()> {
    if db.get_database_backend() == DbBackend::Sqlite {
        db.execute_unprepared(&format!("PRAGMA cache_size = -{kib}")).await?;
        if kib <= USUAL_CACHE {
            // What was held beyond that would otherwise stay with the connection.
            db.execute_unprepared("PRAGMA shrink_memory").await?;
        }
    }
    Ok(())
}

/// Gives way, and goes on with as much room on whatever connection that is.
pub(crate) async fn give_way(tx: &mut Transaction) -> Result<()> {
    hold(&**tx, USUAL_CACHE).await?;
    tx.give_way().await?;
    hold(&**tx, LARGE_CACHE).await
}

/// How rows of a table are written.
pub(crate) struct Rows<const N: usize> {
    /// The table.
    pub(crate) table: &'static str,
    /// Its columns.
    pub(crate) columns: [&'static str; N],
    /// Those of them that hold JSON, which is given as a text.
    pub(crate) json: &'static [&'static str],
    /// What follows the values, such as `ON CONFLICT …`.
    pub(crate) tail: &'static str,
}

impl<const N: usize> Rows<N> {
    /// Inserts rows, each given in the order of the columns.
    pub(crate) async fn insert(
        &self,
        db: &impl ConnectionTrait,
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> Result<()> {
        let mut waiting: Vec<[Value; N]> = Vec::with_capacity(SIZES[0]);
        let mut weight = 0;
        for row in rows {
            weight += row.iter().map(weigh).sum::<usize>();
            waiting.push(row);
            if waiting.len() == SIZES[0] || weight > WEIGHT {
                self.write(db, &mut waiting).await?;
                weight = 0;
            }
        }
        self.write(db, &mut waiting).await
    }

    async fn write(&self, db: &impl ConnectionTrait, waiting: &mut Vec<[Value; N]>) -> Result<()> {
        let mut rows = waiting.drain(..);
        for size in SIZES {
            while rows.len() >= size {
                let values: Vec<Value> = rows.by_ref().take(size).flatten().collect();
                let backend = db.get_database_backend();
                db.execute_raw(Statement::from_sql_and_values(backend, self.sql(backend, size), values)).await?;
            }
        }
        Ok(())
    }

    fn sql(&self, backend: DbBackend, rows: usize) -> String {
        let mut sql = format!("INSERT INTO {} (", self.table);
        for (number, column) in self.columns.iter().enumerate() {
            // Writing into a text cannot fail.
            let _ = write!(sql, "{}\"{column}\"", if number == 0 { "" } else { ", " });
        }
        sql += ") VALUES ";
        let mut number = 0;
        for row in 0..rows {
            sql += if row == 0 { "(" } else { ", (" };
            for (at, column) in self.columns.iter().enumerate() {
                number += 1;
                let comma = if at == 0 { "" } else { ", " };
                let _ = match backend {
                    DbBackend::Postgres if self.json.contains(column) => {
                        write!(sql, "{comma}CAST(${number} AS json)")
                    }
                    DbBackend::Postgres => write!(sql, "{comma}${number}"),
                    _ => write!(sql, "{comma}?"),
                };
            }
            sql.push(')');
        }
        sql.push(' ');
        sql += self.tail;
        sql
    }
}

fn weigh(value: &Value) -> usize {
    match value {
        Value::String(Some(text)) => text.len(),
        Value::Bytes(Some(bytes)) => bytes.len(),
        _ => 8,
    }
}
