//! The audit log: every mutation, sign-in, refusal and use of a token, who did it and from where, in one chain for each
//! tenant.
//!
//! What is changed is told of in the same transaction: [`crate::changes::Transaction`] adds entries that vouch for its rows
//! of `changes`, where the states before and after stand. What is asked for again and again (refusals, uses of tokens) is
//! noted once in a while, without anyone waiting for it ([`Notes`]).

mod chain;
mod notes;
mod store;
mod stream;
mod verify;

use chrono::{DateTime, Utc};
pub use domain::audit::{AuditEntry, AuditFilter, Happening};
use domain::{
    changes::Change,
    identity::{Caller, Entry, Permission, Target},
};
use sea_orm::ConnectionTrait;
use serde_json::Value;

use self::chain::Link;
pub(crate) use self::chain::Told;
pub use self::{
    notes::{Notes, flush, keep},
    stream::{Delivery, Outlet, Receiver, StreamState, stream, stream_state, stream_states},
    verify::verify,
};
use crate::{Error, Result, Services, changes, identity};

/// The longest subject that is kept, in letters.
const LONGEST: usize = 500;

/// Notes something that is no change, at once: sign-ins, sign-outs, what must not be lost. `caller` is who did it, with the
/// address and the request that they came with.
pub async fn note(services: &Services, caller: &Caller, what: Happening, about: &str, detail: &Value) -> Result<()> {
    let about: String = about.chars().take(LONGEST).collect();
    let link = Link::new(caller, Utc::now(), what.as_str(), &about, detail.to_string());
    let tx = services.begin(caller).await?;
    store::append(&*tx, &caller.tenant, vec![link]).await?;
    tx.commit().await?;
    Ok(())
}

/// Notes what was done already and is not undone: where it cannot be written now, it waits until it can.
pub async fn note_done(services: &Services, caller: &Caller, what: Happening, about: &str, detail: Value) {
    if let Err(error) = note(services, caller, what, about, &detail).await {
        tracing::error!(%error, who = caller.label(), what = what.as_str(), about, %detail, "the audit log could not be written; it is tried again");
        services.notes.hold(caller, what, about, &detail);
    }
}

/// Notes that a token was used: the first time in an hour, without waiting for it. Of a pipeline, each of its jobs is told of, not each
/// time that it runs.
pub fn note_token(services: &Services, caller: &Caller) {
    let through = caller.standing.through.as_deref().unwrap_or_default();
    let about = match &caller.standing.source {
        Entry::Pipeline(name) => {
            let job = through.split(identity::BETWEEN).next().unwrap_or_default();
            format!("{name} {job}").trim_end().to_owned()
        }
        _ => through.strip_prefix("token ").unwrap_or(through).to_owned(),
    };
    services.notes.add(caller, Happening::TokenUsed, &about, Value::Null);
}

/// Writes what a transaction changed, up to the change numbered `last`.
pub(crate) async fn vouch(
    db: &impl ConnectionTrait,
    caller: &Caller,
    at: DateTime<Utc>,
    told: Told,
    last: i64,
) -> Result<()> {
    store::append(db, &caller.tenant, told.links(caller, at, last)).await
}

/// Writes what a transaction tells besides changes.
pub(crate) async fn note_all(
    db: &impl ConnectionTrait,
    caller: &Caller,
    at: DateTime<Utc>,
    notes: Vec<(String, String, Value)>,
) -> Result<()> {
    let links = notes.into_iter().map(|(what, about, detail)| {
        let about: String = about.chars().take(LONGEST).collect();
        Link::new(caller, at, &what, &about, detail.to_string())
    });
    store::append(db, &caller.tenant, links.collect()).await
}

/// Entries that a filter means, the latest first, of lower places than `before`, at most `limit`.
pub async fn entries(
    services: &Services,
    caller: &Caller,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<AuditEntry>> {
    identity::may(services, caller, Permission::ReadAudit, Target::Platform).await?;
    store::page(&services.db, &caller.tenant, filter, before, limit.min(1_000)).await
}

/// How many of the changes that an entry vouches for are shown with it at once.
const SHOWN: u64 = 100;

/// One entry, a hundred of the changes that it vouches for, from the number `from` on or from the first, with the states before and
/// after, and the number of the next.
///
/// # Errors
/// [`Error::NotFound`] if there is no such entry.
pub async fn entry(
    services: &Services,
    caller: &Caller,
    seq: i64,
    from: Option<i64>,
) -> Result<(AuditEntry, Vec<Change>, Option<i64>)> {
    identity::may(services, caller, Permission::ReadAudit, Target::Platform).await?;
    let entry = store::one(&services.db, &caller.tenant, seq).await?;
    let entry = entry.ok_or_else(|| Error::NotFound(format!("the audit log has no entry {seq}")))?;
    let Some((first, last)) = entry.changes else { return Ok((entry, Vec::new(), None)) };
    let from = from.unwrap_or(first).clamp(first, last);
    let changes = changes::vouched_for(services, caller, (from, last), SHOWN).await?;
    let next = changes.last().map(|change| change.seq + 1).filter(|next| *next <= last);
    Ok((entry, changes, next))
}
