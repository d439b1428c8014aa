//! Whether the audit log, and the changes that it vouches for, are as they were written.

use sea_orm::DatabaseConnection;

use super::{
    chain::{Link, digest, digest_of_many},
    store,
};
use crate::Result;

/// How many entries and changes are read at once.
const PART: u64 = 2_000;
const CHANGES: i64 = 2_000;

/// Walks every tenant's chain; says how many entries there are, or at which place it is broken, and how.
pub async fn verify(db: &DatabaseConnection) -> Result<Result<u64, String>> {
    let mut count = 0;
    for (tenant, end, hash) in store::heads(db).await? {
        match walk(db, &tenant, end, &hash).await? {
            Ok(entries) => count += entries,
            Err(problem) => return Ok(Err(format!("tenant `{tenant}`: {problem}"))),
        }
    }
    Ok(Ok(count))
}

async fn walk(db: &DatabaseConnection, tenant: &str, end: i64, head: &str) -> Result<Result<u64, String>> {
    let (mut seq, mut hash) = (0, String::new());
    loop {
        let rows = store::after(db, tenant, seq, PART).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
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
            if let Some(problem) = vouched(db, tenant, &link).await? {
                return Ok(Err(format!("entry {seq}: {problem}")));
            }
            if seq > end {
                return Ok(Err(format!("entry {seq} stands behind the end of the chain")));
            }
        }
    }
    if seq != end || hash != head {
        return Ok(Err(format!("the chain ends at entry {seq}, and should end at {end}")));
    }
    Ok(Ok(u64::try_from(seq).unwrap_or_default()))
}

/// What is wrong with the changes that an entry vouches for.
async fn vouched(db: &DatabaseConnection, tenant: &str, link: &Link) -> Result<Option<String>> {
    let Some((first, last)) = link.changes else { return Ok(None) };
    let mut digests = Vec::new();
    let mut from = first;
    while from <= last {
        let until = last.min(from + CHANGES - 1);
        for (seq, source, subject, kind, before, after) in store::changes(db, tenant, (from, until)).await? {
            if seq != first + i64::try_from(digests.len()).unwrap_or(i64::MAX) {
                return Ok(Some(format!("a change before number {seq} is missing")));
            }
            digests.push(digest(&source, &subject, &kind, (before.as_deref(), after.as_deref())));
        }
        from = until + 1;
    }
    if i64::try_from(digests.len()).unwrap_or(i64::MAX) != last - first + 1 {
        return Ok(Some(format!("changes between {first} and {last} are missing")));
    }
    let detail: serde_json::Value = serde_json::from_str(&link.detail).unwrap_or_default();
    let is_same = detail.get("digest").and_then(serde_json::Value::as_str) == Some(&digest_of_many(&digests));
    Ok((!is_same).then(|| format!("the changes {first} to {last} are not as they were written")))
}
