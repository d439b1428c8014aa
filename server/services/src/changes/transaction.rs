//! One unit of work: rows altered, changes told, jobs asked for, all or nothing.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use domain::{changes::ChangeKind, identity::Caller};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use serde_json::Value;

use super::{listen, store};
use crate::{
    Result, Services,
    queue::{self, Job},
};

/// A change that is about to be committed; its number, time and author come from the transaction.
#[derive(Debug, Clone)]
pub struct NewChange {
    /// Where it came from: a source's id, a run's id; empty for the portal and the API.
    pub source: String,
    /// What it is about: an entity reference, `source:ID`, `run:ID`.
    pub subject: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The state before, if there was one.
    pub before: Option<Value>,
    /// The state after, if there is one.
    pub after: Option<Value>,
}

/// A database transaction that ends with its rows in `changes`. Dropped without [`Transaction::commit`], it leaves no trace.
pub struct Transaction {
    tx: DatabaseTransaction,
    services: Services,
    caller: Caller,
    changes: Vec<NewChange>,
    jobs: Vec<(Job, Option<DateTime<Utc>>)>,
}

impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

impl Services {
    /// Opens a transaction in the name of `caller`.
    pub async fn begin(&self, caller: &Caller) -> Result<Transaction> {
        // SQLite must know from the start that this one writes: a reader that turns writer cannot wait for its turn.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = self.db.begin_with_options(options).await?;
        Ok(Transaction { tx, services: self.clone(), caller: caller.clone(), changes: Vec::new(), jobs: Vec::new() })
    }
}

impl Transaction {
    /// Tells of a change; written at the commit.
    pub fn record(&mut self, change: NewChange) {
        self.changes.push(change);
    }

    /// Asks for work to be done once this is committed.
    pub fn enqueue(&mut self, job: Job) {
        self.jobs.push((job, None));
    }

    /// Asks for work to be done at `due`, or soon after.
    pub fn enqueue_at(&mut self, job: Job, due: DateTime<Utc>) {
        self.jobs.push((job, Some(due)));
    }

    /// Writes the changes and jobs, commits, and wakes those who wait for them. Returns the number of the last change,
    /// or `None` if nothing changed.
    pub async fn commit(self) -> Result<Option<i64>> {
        let Self { tx, services, caller, changes, jobs } = self;
        let has_jobs = !jobs.is_empty();
        queue::store::insert(&tx, &caller.tenant, jobs).await?;
        let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
        let mut last = None;
        if count > 0 {
            // From here to the commit no other transaction of the tenant can take a number, so readers see no gaps.
            let seq = store::take(&tx, &caller.tenant, count).await?;
            store::insert(&tx, &caller.tenant, seq - count + 1, Utc::now(), caller.label(), changes).await?;
            if tx.get_database_backend() == DbBackend::Postgres {
                let payload = format!("{}:{seq}", caller.tenant);
                let values = [listen::CHANNEL.into(), payload.into()];
                let notify = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values);
                tx.execute_raw(notify).await?;
            }
            last = Some(seq);
        }
        tx.commit().await?;
        if let Some(seq) = last {
            services.bus.publish(&caller.tenant, seq);
        }
        if has_jobs {
            services.queue.wake();
        }
        Ok(last)
    }
}
