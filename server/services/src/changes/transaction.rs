//! One unit of work: rows altered, changes told, jobs asked for, all or nothing.

use std::{ops::Deref, time::Duration};

use chrono::{DateTime, Utc};
use domain::{
    changes::ChangeKind,
    identity::{Caller, Tenant},
};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;

use super::{listen, store};
use crate::{
    Result, Services, audit,
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
    changes: Vec<Line>,
    /// Bytes in `changes`.
    weight: usize,
    written: Written,
    /// What the audit log vouches for.
    told: audit::Told,
    /// What it is told besides.
    notes: Vec<(String, String, Value)>,
    jobs: Vec<(Job, Option<DateTime<Utc>>)>,
    /// Kept until the end, however often it gives way.
    turn: Option<OwnedMutexGuard<()>>,
}

/// A change as it will stand in its row.
pub(super) struct Line {
    pub(super) source: String,
    pub(super) subject: String,
    pub(super) kind: ChangeKind,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// Changes that were written before the commit.
#[derive(Debug, Clone, Copy)]
enum Written {
    Nothing,
    /// In their table, up to this number, with this moment. Nobody else writes meanwhile.
    Numbered(i64, DateTime<Utc>),
    /// So many, where they wait for their numbers.
    Waiting(i64),
}

/// How long others have when a transaction gives way: SQLite looks every tenth of a second whether it is its turn.
const WAY: Duration = Duration::from_millis(120);

/// How many bytes of changes are held back for the commit.
const HELD: usize = 8 * 1024 * 1024;

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
        Ok(Transaction {
            tx,
            services: self.clone(),
            caller: caller.clone(),
            changes: Vec::new(),
            weight: 0,
            written: Written::Nothing,
            told: audit::Told::default(),
            notes: Vec::new(),
            jobs: Vec::new(),
            turn: None,
        })
    }
}

impl Transaction {
    /// Tells of a change; written at the commit.
    pub fn record(&mut self, change: NewChange) {
        let NewChange { source, subject, kind, before, after } = change;
        let text = |state: Option<Value>| state.map(|state| state.to_string());
        self.record_texts(source, subject, kind, (text(before), text(after)));
    }

    /// Tells of a change whose states are written as JSON already.
    pub(crate) fn record_texts(
        &mut self,
        source: String,
        subject: String,
        kind: ChangeKind,
        (before, after): (Option<String>, Option<String>),
    ) {
        self.weight += [&before, &after].into_iter().flatten().map(String::len).sum::<usize>() + subject.len() + 64;
        self.told.add(&source, &subject, kind.as_str(), (before.as_deref(), after.as_deref()));
        self.changes.push(Line { source, subject, kind, before, after });
    }

    /// Writes what was told so far, should it be much: whoever tells of thousands of changes calls this now and then.
    pub(crate) async fn ease(&mut self) -> Result<()> {
        if self.weight < HELD {
            return Ok(());
        }
        self.weight = 0;
        let changes = std::mem::take(&mut self.changes);
        let count = number(changes.len());
        self.written = match (self.tx.get_database_backend(), self.written) {
            // A number taken early would make all others of the tenant wait for the commit.
            (DbBackend::Postgres, written) => {
                let before = if let Written::Waiting(before) = written { before } else { 0 };
                store::hold(&self.tx, before, changes).await?;
                Written::Waiting(before + count)
            }
            // SQLite has one writer, which is this one.
            (_, written) => {
                let at = if let Written::Numbered(_, at) = written { at } else { Utc::now() };
                Written::Numbered(self.number(at, changes).await?, at)
            }
        };
        Ok(())
    }

    /// Writes changes with the next numbers; returns the last one.
    async fn number(&self, at: DateTime<Utc>, changes: Vec<Line>) -> Result<i64> {
        let count = number(changes.len());
        let seq = store::take(&self.tx, &self.caller.tenant, count).await?;
        store::insert(&self.tx, &self.caller.tenant, seq - count + 1, at, &self.caller.author(), changes).await?;
        Ok(seq)
    }

    /// Keeps what lets one work at a time until the transaction ends.
    pub(crate) fn keep_turn(&mut self, turn: OwnedMutexGuard<()>) {
        self.turn = Some(turn);
    }

    /// Lets others write on a database with one writer: what was done so far is committed, with what was told of it, and it goes on
    /// from there; jobs wait for the end. Whoever calls this has to cope with an end in between. Elsewhere nobody waits, and nothing is done.
    pub(crate) async fn give_way(&mut self) -> Result<()> {
        if self.tx.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        self.write_down().await?;
        self.weight = 0;
        // It holds nothing yet, and waits for nobody.
        let next = self.services.db.begin().await?;
        std::mem::replace(&mut self.tx, next).commit().await?;
        self.written = Written::Nothing;
        tokio::time::sleep(WAY).await;
        // Its first statement writes, so that it waits for its turn; who reads first cannot.
        store::take(&self.tx, &self.caller.tenant, 0).await?;
        Ok(())
    }

    /// Whose rows these are.
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.caller.tenant
    }

    /// Tells the audit log of what is no change that everyone may read of.
    pub(crate) fn tell(&mut self, what: &str, about: &str, detail: Value) {
        self.notes.push((what.to_owned(), about.to_owned(), detail));
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
    pub async fn commit(mut self) -> Result<Option<i64>> {
        let has_jobs = !self.jobs.is_empty();
        queue::store::insert(&self.tx, &self.caller.tenant, std::mem::take(&mut self.jobs)).await?;
        let last = self.write_down().await?;
        let Self { tx, services, caller, .. } = self;
        if let Some(seq) = last
            && tx.get_database_backend() == DbBackend::Postgres
        {
            let payload = format!("{}:{seq}", caller.tenant);
            let values = [listen::CHANNEL.into(), payload.into()];
            let notify = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values);
            tx.execute_raw(notify).await?;
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

    /// Writes what was told so far; returns the number of the last change.
    async fn write_down(&mut self) -> Result<Option<i64>> {
        // From here to the commit no other transaction of the tenant can take a number, so readers see no gaps.
        let numbered = self.number_all().await?;
        if let Some((seq, at)) = numbered {
            audit::vouch(&self.tx, &self.caller, at, std::mem::take(&mut self.told), seq).await?;
        }
        let notes = std::mem::take(&mut self.notes);
        if !notes.is_empty() {
            audit::note_all(&self.tx, &self.caller, Utc::now(), notes).await?;
        }
        Ok(numbered.map(|(last, _)| last))
    }

    /// Sees to it that every change has its number; returns the last one.
    async fn number_all(&mut self) -> Result<Option<(i64, DateTime<Utc>)>> {
        let changes = std::mem::take(&mut self.changes);
        match self.written {
            Written::Nothing if changes.is_empty() => Ok(None),
            Written::Nothing => {
                let at = Utc::now();
                Ok(Some((self.number(at, changes).await?, at)))
            }
            Written::Numbered(last, at) if changes.is_empty() => Ok(Some((last, at))),
            Written::Numbered(_, at) => Ok(Some((self.number(at, changes).await?, at))),
            Written::Waiting(before) => {
                let count = before + number(changes.len());
                store::hold(&self.tx, before, changes).await?;
                let seq = store::take(&self.tx, &self.caller.tenant, count).await?;
                let (tenant, author) = (&self.caller.tenant, self.caller.author());
                let at = Utc::now();
                store::release(&self.tx, tenant, seq - count + 1, at, &author).await?;
                Ok(Some((seq, at)))
            }
        }
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
