//! Bringing the catalog in line with a source: source → fetch → parse → validate → claim → relate → record.

mod bundle;
mod claim;
pub(super) mod gather;
mod keep;
mod outside;
mod placeholders;
pub(super) mod record;
mod rename;
mod stitch;
mod troubles;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{
    catalog::{Outcome, Source, SyncRecord},
    changes::ChangeKind,
    identity::{Caller, Permission},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

use self::{
    gather::{Gathered, Limits, Terms, gather},
    record::Told,
};
use super::{kinds, ports::ReadProblem, store};
use crate::{
    Error, Result, Services,
    changes::{NewChange, Transaction},
    identity,
    queue::Job,
};

/// How long reading a source may take in all.
const PATIENCE: Duration = Duration::from_mins(10);

/// Fetches a source and brings the catalog in line with it. A source that cannot be read keeps its last good state and is
/// marked stale; that is not an error of this use case. Safe to repeat: what did not change is not written.
pub async fn sync(services: &Services, caller: &Caller, id: Uuid) -> Result<Source> {
    identity::may(caller, Permission::ManageSources, Some(&format!("source:{id}")))?;
    // An older state must not be recorded after a newer one.
    let turn = services.catalog.turn(id);
    let _turn = turn.lock().await;
    let started = Utc::now();
    let Some(source) = store::source(&services.db, &caller.tenant, id).await? else {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    };
    let terms = Terms { given: kinds::given(&services.db, &caller.tenant, Some(id)).await?, ..Terms::default() };
    let walk = gather(&*services.ports.sources, source.kind, &source.target, Limits::default(), terms);
    let gathered = match tokio::time::timeout(PATIENCE, walk).await {
        Ok(gathered) => gathered,
        Err(_) => {
            Err(ReadProblem::Unreachable(format!("reading it took longer than {} minutes", PATIENCE.as_secs() / 60)))
        }
    };
    match gathered {
        Ok(gathered) => record(services, caller, id, started, gathered).await,
        Err(problem) => mark_stale(services, caller, source, started, &problem).await,
    }
}

async fn mark_stale(
    services: &Services,
    caller: &Caller,
    mut source: Source,
    started: DateTime<Utc>,
    problem: &ReadProblem,
) -> Result<Source> {
    tracing::warn!(source = source.target, %problem, "a source could not be read");
    source.problem = Some(problem.to_string());
    let mut tx = services.begin(caller).await?;
    end(&mut tx, caller, &mut source, started, Told::default()).await?;
    tx.commit().await?;
    Ok(source)
}

async fn record(
    services: &Services,
    caller: &Caller,
    id: Uuid,
    started: DateTime<Utc>,
    mut gathered: Gathered,
) -> Result<Source> {
    let tenant = &caller.tenant;
    let now = Utc::now();
    let mut tx = services.begin(caller).await?;
    store::lock(&*tx, tenant).await?;
    // Read again: it may have been removed meanwhile.
    let Some(mut source) = store::source(&*tx, tenant, id).await? else {
        return Err(Error::NotFound(format!("the source `{id}` was removed while it was read")));
    };
    let old = store::files_and_documents(&*tx, tenant, id).await?;
    let (notes, texts) = (std::mem::take(&mut gathered.notes), std::mem::take(&mut gathered.texts));
    source.revision = gathered.revision.take();
    source.branch = gathered.branch.take();
    let mut claims = claim::claim(&tx, caller, id, gathered, &old).await?;
    if services.settings.catalog.orphan_days == 0 {
        claims.plan.remove.append(&mut claims.plan.orphan);
    }
    for claimer in claims.waiting {
        tx.enqueue(Job::SyncSource { source: claimer });
    }
    source.entities = count(claims.standing);
    source.files = count(claims.files.len());
    source.rejected = count(claims.files.iter().filter(|file| file.outcome == Outcome::Rejected).count());
    source.warned = count(claims.files.iter().filter(|file| file.outcome == Outcome::Warned).count());
    source.problem = None;
    source.synced_at = Some(now);
    let told = claims.plan.carry_out(&mut tx, tenant, id, now).await?;
    let all = notes.into_iter().chain(claims.notes).collect();
    troubles::record(&tx, caller, id, all, (&claims.files, &claims.documents)).await?;
    store::replace_texts(&*tx, tenant, id, texts).await?;
    if claims.files != old.0 || claims.documents != old.1 {
        store::replace_files(&*tx, tenant, id, &claims.files, &claims.documents).await?;
    }
    end(&mut tx, caller, &mut source, started, told).await?;
    tx.commit().await?;
    services.catalog.catch_up(services, tenant).await?;
    tracing::info!(source = source.target, entities = source.entities, ?told, "synced");
    Ok(source)
}

/// Writes down how a sync went, for the source, for those who look back, and for those who listen.
async fn end(
    tx: &mut Transaction,
    caller: &Caller,
    source: &mut Source,
    started: DateTime<Utc>,
    told: Told,
) -> Result<()> {
    let now = Utc::now();
    source.tried_at = Some(now);
    // Who asked after it began waits for the next one.
    source.asked_at = source.asked_at.filter(|asked| *asked > started);
    store::update_source(&**tx, &caller.tenant, source).await?;
    let record = SyncRecord {
        started_at: started,
        ended_at: now,
        read: if source.problem.is_none() { source.files } else { 0 },
        created: told.created,
        updated: told.updated,
        renamed: told.renamed,
        orphaned: told.orphaned,
        removed: told.removed,
        rejected: if source.problem.is_none() { source.rejected } else { 0 },
        warned: if source.problem.is_none() { source.warned } else { 0 },
        problem: source.problem.clone(),
    };
    store::remember_sync(&**tx, &caller.tenant, source.id, &record).await?;
    let after = json!({
        "target": source.target, "problem": source.problem, "revision": source.revision,
        "entities": source.entities, "files": source.files, "rejected": source.rejected, "warned": source.warned,
        "created": told.created, "updated": told.updated, "renamed": told.renamed, "orphaned": told.orphaned,
        "removed": told.removed,
    });
    tx.record(NewChange {
        source: source.id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceSynced,
        before: None,
        after: Some(after),
    });
    Ok(())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
