//! Bringing the catalog in line with a source: source → fetch → parse → validate → claim → relate → record.

mod before;
mod bundle;
mod carry;
mod claim;
pub(super) mod gather;
mod keep;
mod led;
mod noting;
mod outside;
mod part;
mod placeholders;
mod precedence;
mod recall;
pub(super) mod record;
mod rejected;
mod rename;
mod restitch;
mod stitch;
mod ties;
mod troubles;

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use domain::{
    catalog::{Outcome, Source, SyncRecord},
    changes::ChangeKind,
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

pub(super) use self::placeholders::with_whole_addresses;
use self::{
    before::Before,
    gather::{Gathered, Limits, Terms, gather},
    precedence::Taken,
    record::Told,
};
use super::{
    begin::begin,
    keys::Reader,
    kinds,
    ports::{Moved, ReadProblem},
    store::{self, FileRow},
    waiting, webhooks,
};
use crate::{
    Error, Result, Services,
    changes::{NewChange, Transaction},
    database, identity,
    queue::{self, Job, aside},
};

/// How long reading a source may take in all.
const PATIENCE: Duration = Duration::from_mins(10);

/// How often a sync begins anew because the catalog became another one while the source was read.
const ATTEMPTS: u32 = 3;

/// Why a name changes hands by itself.
const WHY: &str = "the source is trusted with people, and the one that held it is not";

/// What is told of a source where the fault is not its own.
const NOT_RECORDED: &str =
    "what was read could not be recorded, and what stood before stands; the log of the server says why";

/// The same where a part of it was.
const RECORDED_IN_PART: &str =
    "only a part of what was read could be recorded; the rest is with the next sync; the log of the server says why";

/// Fetches a source and brings the catalog in line with it. A source that cannot be read keeps its last good state and is
/// marked stale; that is not an error of this use case. Safe to repeat: what did not change is not written.
pub async fn sync(services: &Services, caller: &Caller, id: Uuid) -> Result<Source> {
    sync_in(services, caller, id, Wanted::All).await.map(|(source, _)| source)
}

/// The same where somebody waits for it: it waits for none at its server that are just due, nor does one of this source that has
/// begun and waits for its turn there.
pub async fn sync_soon(services: &Services, caller: &Caller, id: Uuid) -> Result<Source> {
    let _asked = services.catalog.pace(id).hurry();
    sync_in(services, caller, id, Wanted::All).await.map(|(source, _)| source)
}

/// The same for an organisation of which only a repository was pushed to: this is read first, beside others that were pushed to, and the
/// rest is asked for afterwards if that was not done of late.
pub async fn sync_pushed(services: &Services, caller: &Caller, id: Uuid, repository: String) -> Result<Source> {
    identity::may(services, caller, Permission::ManageSources, Target::Source(id)).await?;
    let asked = services.catalog.pace(id).hurry();
    let Some(turn) = aside(services.catalog.turns(id).pushed.take(repository)).await else {
        return found(services, caller, id).await;
    };
    let (source, is_behind) = sync_in(services, caller, id, Wanted::Pushed(turn.repositories())).await?;
    turn.done();
    drop(asked);
    if !is_behind {
        return Ok(source);
    }
    // Of many pushes, one has it asked for.
    let wanted = source.synced_at.map_or(Wanted::All, Wanted::AllSince);
    sync_in(services, caller, id, wanted).await.map(|(source, _)| source)
}

async fn found(services: &Services, caller: &Caller, id: Uuid) -> Result<Source> {
    let gone = || Error::NotFound(format!("there is no source `{id}`; it may have been removed"));
    store::source(&services.db, &caller.tenant, id).await?.ok_or_else(gone)
}

/// How much of a source is to be read.
#[derive(Debug, Clone)]
enum Wanted {
    All,
    /// All, unless that was begun since.
    AllSince(DateTime<Utc>),
    /// These repositories are enough.
    Pushed(BTreeSet<String>),
}

/// The source as it is then, and whether it is time to ask for the rest of it.
async fn sync_in(services: &Services, caller: &Caller, id: Uuid, wanted: Wanted) -> Result<(Source, bool)> {
    identity::may(services, caller, Permission::ManageSources, Target::Source(id)).await?;
    // An older state must not be recorded after a newer one: who finds that another was quicker reads anew, and the last time lets nobody
    // come in between. A push need not wait until an organisation was asked for all there is.
    let turns = services.catalog.turns(id);
    let mut begun = None;
    let enough = match wanted {
        Wanted::Pushed(enough) => Some(enough),
        Wanted::All | Wanted::AllSince(_) => {
            let turn = begun.insert(aside(turns.whole.lock()).await);
            if let Wanted::AllSince(since) = wanted
                && turn.is_some_and(|begun| begun >= since)
            {
                return Ok((found(services, caller, id).await?, false));
            }
            None
        }
    };
    let mut alone = None;
    for attempt in 1..=ATTEMPTS {
        if attempt == ATTEMPTS && enough.is_none() {
            alone = Some(aside(turns.pushed.close()).await);
        }
        let started = Utc::now();
        let source = found(services, caller, id).await?;
        if source.leaving_at.is_some() {
            return Ok((source, false));
        }
        services.catalog.pace(id).is_new(source.tried_at.is_none());
        let before = Before::load(services, caller, source.clone(), attempt < ATTEMPTS).await?;
        let given = kinds::given(&services.db, &caller.tenant, Some(id)).await?;
        let terms = Terms { given, recall: before.recall.clone(), ..Terms::default() };
        let pushed = webhooks::pushed(services, &caller.tenant, &source).await?;
        let moved = match &enough {
            Some(repositories) if before.stands(services, caller).await? => {
                Some(Moved { repositories: repositories.clone(), files: led::into(&before.files, repositories) })
            }
            _ => None,
        };
        let mut reader = Reader { pushed, moved, ..services.reader(caller) };
        reader.reads.pace = services.catalog.pace(id);
        let walk = gather(&reader, source.kind, &source.target, Limits::default(), terms);
        let gathered = tokio::time::timeout(PATIENCE, walk).await.unwrap_or_else(|_| {
            let minutes = PATIENCE.as_secs() / 60;
            Err(ReadProblem::Unreachable(format!("reading it took longer than {minutes} minutes")))
        });
        match gathered {
            Ok(gathered) => {
                let is_behind = gathered.is_behind;
                match record(services, caller, before, started, gathered).await {
                    Ok(Some((source, is_owed))) => {
                        if let Some(begun) = &mut begun {
                            **begun = Some(started);
                        }
                        return Ok((source, is_behind || is_owed));
                    }
                    Ok(None) => {
                        tracing::debug!(source = source.target, attempt, "the catalog changed while a source was read");
                    }
                    Err(error) => {
                        if matches!(error, Error::Internal(_)) {
                            // It is tried again; until that helps, whoever looks at the source is told.
                            let is_partial = store::is_partial(&services.db, &caller.tenant, id).await?;
                            let why = if is_partial { RECORDED_IN_PART } else { NOT_RECORDED };
                            let why = ReadProblem::Unreachable(why.to_owned());
                            mark_stale(services, caller, source, started, &why).await?;
                        }
                        return Err(error);
                    }
                }
            }
            Err(problem) => return Ok((mark_stale(services, caller, source, started, &problem).await?, false)),
        }
    }
    drop(alone);
    if enough.is_some() {
        // Others were quicker again and again: who reads all of it can keep them off.
        return Ok((found(services, caller, id).await?, true));
    }
    let why = "it was changed by others again and again while it was read; sync it once more".to_owned();
    Err(Error::Unavailable { system: "catalog".into(), why })
}

async fn mark_stale(
    services: &Services,
    caller: &Caller,
    source: Source,
    started: DateTime<Utc>,
    problem: &ReadProblem,
) -> Result<Source> {
    tracing::warn!(source = source.target, %problem, "a source could not be read");
    let mut tx = services.begin(caller).await?;
    let now = store::source(&*tx, &caller.tenant, source.id).await?;
    let Some(mut now) = now else {
        return Err(Error::NotFound(format!("the source `{}` was removed while it was read", source.id)));
    };
    if (now.kind, &now.target) != (source.kind, &source.target) {
        // It leads elsewhere by now, and is read there.
        return Ok(now);
    }
    // What others recorded of it meanwhile stands.
    let was = now.clone();
    now.problem = Some(problem.to_string());
    end(&mut tx, caller, (&was, &mut now), (started, None), Told::default()).await?;
    tx.commit().await?;
    Ok(now)
}

/// Records what was gathered, and says whether the rest has to do with it; nothing if what was known before is no longer so.
async fn record(
    services: &Services,
    caller: &Caller,
    before: Before,
    started: DateTime<Utc>,
    mut gathered: Gathered,
) -> Result<Option<(Source, bool)>> {
    let (tenant, id, now) = (&caller.tenant, before.source.id, Utc::now());
    let mut tx = begin(services, caller).await?;
    let stop = services.catalog.recording(id);
    // Read again: it may have been removed meanwhile.
    let Some(mut source) = store::source(&*tx, tenant, id).await? else {
        return Err(Error::NotFound(format!("the source `{id}` was removed while it was read")));
    };
    if source.leaving_at.is_some() {
        return Ok(None);
    }
    let touched = gathered.part.as_ref().and_then(|part| part::touched(part, &gathered.files));
    let Some(old) = before.now(&tx, tenant, (&source, touched.as_deref())).await? else { return Ok(None) };
    let was = source.clone();
    let (mut notes, texts) = (std::mem::take(&mut gathered.notes), std::mem::take(&mut gathered.texts));
    let rests = std::mem::take(&mut gathered.rests);
    let prints = std::mem::take(&mut gathered.prints);
    let is_whole = !gathered.cut && gathered.unlisted.is_empty();
    let is_part = gathered.part.is_some();
    if let Some(again) = gathered.again_at.take() {
        ask_again(&mut tx, id, again).await?;
    }
    source.revision = gathered.revision.take();
    source.branch = gathered.branch.take();
    source.allowance = gathered.allowance.take();
    let Some(mut claims) = claim::claim(&tx, caller, id, (gathered, &notes), &old).await? else { return Ok(None) };
    notes.extend(rests);
    if services.settings.catalog.orphan_days == 0 {
        claims.plan.remove.append(&mut claims.plan.orphan);
    }
    for taken in std::mem::take(&mut claims.taken) {
        tx.record(handed_over(id, taken));
    }
    waiting::ask(&mut tx, std::mem::take(&mut claims.waiting));
    for source in std::mem::take(&mut claims.losers) {
        tx.enqueue(Job::SyncSource { source });
    }
    source.entities = count(claims.standing);
    source.files = count(claims.files.len());
    source.rejected = count(claims.files.iter().filter(|file| file.outcome == Outcome::Rejected).count());
    source.warned = count(claims.files.iter().filter(|file| file.outcome == Outcome::Warned).count());
    source.problem = None;
    source.synced_at = Some(now);
    claims.plan.gives_way = true;
    claims.plan.stop = stop.clone();
    claims.plan.telling = identity::telling(services);
    let told = match std::mem::take(&mut claims.plan).carry_out(&mut tx, tenant, id, now).await {
        Err(_) if stop.is_cancelled() => return Ok(None),
        told => told?,
    };
    let mut judged = if is_whole { recall::remember(prints, &notes, &claims) } else { recall::remember_away(prints) };
    judged.resize(claims.files.len(), None);
    if is_part {
        recall::carry(&mut judged, &claims, &old);
    }
    let mut all: Vec<_> = notes.into_iter().chain(std::mem::take(&mut claims.notes)).collect();
    // File by file: whether one waited for a kind, or is as it was, makes no difference.
    all.sort_by_key(|note| note.file);
    troubles::record(&tx, caller, id, all, (&claims.files, &claims.documents, &claims.carried)).await?;
    store::replace_texts(&*tx, tenant, id, texts, &claims.carried).await?;
    let rows = claims.files.into_iter().zip(claims.documents).zip(judged);
    let rows: Vec<FileRow> = rows.map(|((file, documents), judged)| FileRow { file, documents, judged }).collect();
    store::replace_files(&*tx, tenant, id, &old, (&rows, is_part)).await?;
    store::set_partial(&*tx, tenant, id, false).await?;
    end(&mut tx, caller, (&was, &mut source), (started, touched), told).await?;
    tx.commit().await?;
    drop((rows, old));
    services.catalog.catch_up(services, tenant).await?;
    if told.is_much() {
        database::look_anew(&services.db, &["entities", "relations", "changes", "source_files"]).await;
    }
    tracing::info!(source = source.target, entities = source.entities, ?told, "synced");
    Ok(Some((source, is_part && claims.is_owed)))
}

/// Writes down how a sync went, for the source, for those who look back, and, where it brought something or was asked for, for
/// those who listen.
async fn end(
    tx: &mut Transaction,
    caller: &Caller,
    (was, source): (&Source, &mut Source),
    (started, touched): (DateTime<Utc>, Option<Vec<String>>),
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
        is_narrowed: false,
    };
    store::remember_sync(&**tx, &caller.tenant, source.id, (&record, touched.as_deref())).await?;
    let state = |source: &Source| {
        let Source { problem, revision, branch, entities, files, rejected, warned, .. } = source.clone();
        (problem, revision, branch, entities, files, rejected, warned)
    };
    let is_first = was.synced_at.is_none() && was.tried_at.is_none();
    if told == Told::default() && !is_first && was.asked_at.is_none() && state(was) == state(source) {
        return Ok(());
    }
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

/// Has a source read once more at that time, unless it is to be before.
async fn ask_again(tx: &mut Transaction, id: Uuid, at: DateTime<Utc>) -> Result<()> {
    let job = Job::SyncSoon { source: id };
    if !queue::awaits(&**tx, tx.tenant(), &job, at).await? {
        tx.enqueue_at(job, at);
    }
    Ok(())
}

/// Tells that a name is this source's now, and why nobody was asked.
fn handed_over(id: Uuid, Taken { reference, from: (source, path), path: to }: Taken) -> NewChange {
    NewChange {
        source: id.to_string(),
        subject: reference,
        kind: ChangeKind::EntityHandedOver,
        before: Some(json!({ "source": source, "path": path })),
        after: Some(json!({ "source": id, "path": to, "why": WHY })),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
