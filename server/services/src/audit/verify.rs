//! Whether the audit log, and the changes that it vouches for, are as they were written.

use sea_orm::DatabaseConnection;
use serde_json::Value;

use super::{
    chain::{Link, digest, digest_of_many},
    store::{self, moment},
};
use crate::Result;

/// How many entries and changes are read at once.
const PART: u64 = 2_000;
const CHANGES: i64 = 2_000;

/// Walks every tenant's chain; says how many entries there are, or at which place it is broken, and how.
pub async fn verify(db: &DatabaseConnection) -> Result<Result<u64, String>> {
    // What the rest of the database says that there must be: read first, for more may be written meanwhile.
    let claims = store::claims(db).await?;
    let heads = store::heads(db).await?;
    let mut count = 0;
    for store::Claim { tenant, changes, sent, stray } in claims {
        let (end, hash) =
            heads.iter().find(|(known, ..)| *known == tenant).map_or((0, ""), |(_, end, hash)| (*end, hash.as_str()));
        if end < sent {
            return Ok(Err(format!(
                "tenant `{tenant}`: the log ends at entry {end}, but entries up to {sent} were sent to its stream: its end is missing"
            )));
        }
        if let Some(seq) = stray {
            return Ok(Err(format!(
                "tenant `{tenant}`: no entry vouches for change {seq}: {changes} were numbered, and this is none of them"
            )));
        }
        match walk(db, &tenant, (end, hash), changes).await? {
            Ok(entries) => count += entries,
            Err(problem) => return Ok(Err(format!("tenant `{tenant}`: {problem}"))),
        }
    }
    Ok(Ok(count))
}

async fn walk(
    db: &DatabaseConnection,
    tenant: &str,
    (end, head): (i64, &str),
    changes: i64,
) -> Result<Result<u64, String>> {
    let (mut seq, mut hash) = (0, String::new());
    // The last change that an entry vouched for; what was changed before there was a log, no entry vouches for.
    let mut vouched_to: Option<i64> = None;
    'entries: loop {
        let rows = store::after(db, tenant, seq, PART).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            // Written since the end was read.
            if row.seq > end {
                break 'entries;
            }
            if row.seq != seq + 1 {
                return Ok(Err(format!("entry {} is missing", seq + 1)));
            }
            seq = row.seq;
            let written = row.hash.clone();
            let link = Link::from(row);
            if link.hash(tenant, seq, &hash) != written {
                return Ok(Err(format!("entry {seq} was altered, or the one before it")));
            }
            hash = written;
            if let Some((first, last)) = link.changes {
                if let Some(before) = vouched_to.filter(|before| first != before + 1) {
                    return Ok(Err(format!(
                        "entry {seq}: no entry vouches for the changes {} to {}",
                        before + 1,
                        first - 1
                    )));
                }
                vouched_to = Some(last);
            }
            if let Some(problem) = vouched(db, tenant, &link).await? {
                return Ok(Err(format!("entry {seq}: {problem}")));
            }
        }
    }
    if seq != end || hash != head {
        return Ok(Err(format!("the chain ends at entry {seq}, and should end at {end}")));
    }
    let vouched_to = vouched_to.unwrap_or_default();
    if vouched_to < changes {
        return Ok(Err(format!(
            "there were {changes} changes, but no entry vouches for those after {vouched_to}: the end of the log is missing"
        )));
    }
    Ok(Ok(u64::try_from(seq).unwrap_or_default()))
}

/// What is wrong with the changes that an entry vouches for.
async fn vouched(db: &DatabaseConnection, tenant: &str, link: &Link) -> Result<Option<String>> {
    let Some((first, last)) = link.changes else { return Ok(None) };
    let detail: Value = serde_json::from_str(&link.detail).unwrap_or_default();
    let by = detail.get("by").and_then(Value::as_str);
    let mut digests = Vec::new();
    let mut from = first;
    while from <= last {
        let until = last.min(from + CHANGES - 1);
        for change in store::changes(db, tenant, (from, until)).await? {
            let seq = change.seq;
            if seq != first + i64::try_from(digests.len()).unwrap_or(i64::MAX) {
                return Ok(Some(format!("a change before number {seq} is missing")));
            }
            // Entries of older releases do not say by whom.
            if by.is_some_and(|by| by != change.actor || moment(change.at) != link.at) {
                return Ok(Some(format!("who did change {seq}, or when, is not as it was written")));
            }
            let states = (change.before.as_deref(), change.after.as_deref());
            digests.push(digest(&change.source, &change.subject, &change.kind, states));
        }
        from = until + 1;
    }
    if i64::try_from(digests.len()).unwrap_or(i64::MAX) != last - first + 1 {
        return Ok(Some(format!("changes between {first} and {last} are missing")));
    }
    let is_same = detail.get("digest").and_then(Value::as_str) == Some(&digest_of_many(&digests));
    Ok((!is_same).then(|| format!("the changes {first} to {last} are not as they were written")))
}
