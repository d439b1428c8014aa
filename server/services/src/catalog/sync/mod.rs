//! Bringing the catalog in line with a source: source → fetch → parse → validate → claim → relate → record.

pub(super) mod gather;
mod outside;
mod placeholders;
pub(super) mod record;
mod stitch;

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chrono::Utc;
use domain::{
    catalog::{FileProblem, Outcome, Severity, Source, SourceFile},
    changes::ChangeKind,
    identity::{Caller, Permission},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

use self::{
    gather::{Gathered, Limits, gather},
    record::{Plan, Told},
};
use super::{
    ports::ReadProblem,
    rows::conflict,
    store::{self, Known},
};
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
    let Some(source) = store::source(&services.db, &caller.tenant, id).await? else {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    };
    let walk = gather(&*services.ports.sources, source.kind, &source.target, Limits::default());
    let gathered = match tokio::time::timeout(PATIENCE, walk).await {
        Ok(gathered) => gathered,
        Err(_) => {
            Err(ReadProblem::Unreachable(format!("reading it took longer than {} minutes", PATIENCE.as_secs() / 60)))
        }
    };
    match gathered {
        Ok(gathered) => record(services, caller, id, gathered).await,
        Err(problem) => mark_stale(services, caller, source, &problem).await,
    }
}

async fn mark_stale(services: &Services, caller: &Caller, mut source: Source, problem: &ReadProblem) -> Result<Source> {
    tracing::warn!(source = source.target, %problem, "a source could not be read");
    source.tried_at = Some(Utc::now());
    source.problem = Some(problem.to_string());
    let mut tx = services.begin(caller).await?;
    store::update_source(&*tx, &caller.tenant, &source).await?;
    tell(&mut tx, &source, Told::default());
    tx.commit().await?;
    Ok(source)
}

async fn record(services: &Services, caller: &Caller, id: Uuid, gathered: Gathered) -> Result<Source> {
    let tenant = &caller.tenant;
    let now = Utc::now();
    let mut tx = services.begin(caller).await?;
    store::lock(&*tx, tenant).await?;
    // Read again: it may have been removed meanwhile.
    let Some(mut source) = store::source(&*tx, tenant, id).await? else {
        return Err(Error::NotFound(format!("the source `{id}` was removed while it was read")));
    };
    let old_files = store::files(&*tx, tenant, id).await?;
    let claims = claim(&tx, caller, id, gathered, &old_files).await?;
    for claimer in claims.waiting {
        tx.enqueue(Job::SyncSource { source: claimer });
    }
    source.entities = count(claims.standing);
    source.files = count(claims.files.len());
    source.rejected = count(claims.files.iter().filter(|file| file.outcome == Outcome::Rejected).count());
    source.warned = count(claims.files.iter().filter(|file| file.outcome == Outcome::Warned).count());
    source.revision = claims.revision;
    source.problem = None;
    source.synced_at = Some(now);
    source.tried_at = Some(now);
    let told = claims.plan.carry_out(&mut tx, tenant, id, now).await?;
    if claims.files != old_files {
        store::replace_files(&*tx, tenant, id, &claims.files).await?;
    }
    store::update_source(&*tx, tenant, &source).await?;
    tell(&mut tx, &source, told);
    tx.commit().await?;
    services.catalog.catch_up(services, tenant).await?;
    tracing::info!(source = source.target, entities = source.entities, ?told, "synced");
    Ok(source)
}

fn tell(tx: &mut Transaction, source: &Source, told: Told) {
    let after = json!({
        "target": source.target, "problem": source.problem, "revision": source.revision,
        "entities": source.entities, "files": source.files, "rejected": source.rejected, "warned": source.warned,
        "created": told.created, "updated": told.updated, "orphaned": told.orphaned,
    });
    tx.record(NewChange {
        source: source.id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceSynced,
        before: None,
        after: Some(after),
    });
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Who owns which name.
struct Claims {
    plan: Plan,
    files: Vec<SourceFile>,
    revision: Option<String>,
    /// How many entities the source owns.
    standing: usize,
    /// Sources that wait for a name that has become free.
    waiting: HashSet<Uuid>,
}

async fn claim(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
    gathered: Gathered,
    old_files: &[SourceFile],
) -> Result<Claims> {
    let tenant = &caller.tenant;
    let Gathered { found, mut files, failed, cut, revision } = gathered;
    let own = store::known_of(&**tx, tenant, id).await?;
    let strange: Vec<String> =
        found.iter().map(|found| found.reference.to_string()).filter(|key| !own.contains_key(key)).collect();
    let others = store::known_as(&**tx, tenant, &strange).await?;
    let mut plan = Plan::default();
    let mut claimed: HashMap<String, String> = HashMap::new();
    let mut conflicts: HashMap<(String, String), conflict::Model> = HashMap::new();
    for found in found {
        let key = found.reference.to_string();
        let other = others.get(&key).filter(|other| !other.is_orphaned);
        let owner = match (claimed.get(&key), other) {
            (Some(path), _) => Some((id, path.clone())),
            (None, Some(other)) => Some((other.source, other.path.clone())),
            (None, None) => None,
        };
        if let Some((owner_id, owner_path)) = owner {
            let row = conflict::Model {
                tenant: tenant.to_string(),
                reference: key.clone(),
                source_id: id,
                path: found.path.clone(),
                owner_id,
                owner_path,
            };
            tell_twice(&mut files, &row);
            conflicts.insert((key, found.path), row);
            continue;
        }
        claimed.insert(key.clone(), found.path.clone());
        let hash = stitch::hash(&found.document);
        let is_same = |known: &Known| known.hash == hash && known.path == found.path && !known.is_orphaned;
        if !own.get(&key).is_some_and(is_same) {
            plan.put.push((found, hash));
        }
    }
    let conflicts: HashSet<conflict::Model> = conflicts.into_values().collect();
    let keep = Keep::new(&files, old_files, failed, cut);
    let mut standing = claimed.len();
    for (key, known) in own {
        if claimed.contains_key(&key) || known.is_orphaned {
            continue;
        }
        if keep.stands(&known.path) {
            standing += 1;
        } else {
            plan.orphan.push(key);
        }
    }
    let around = store::conflicts_around(&**tx, tenant, id).await?;
    let freed: HashSet<&String> = plan.orphan.iter().collect();
    let is_waiting =
        |row: &&conflict::Model| row.owner_id == id && row.source_id != id && freed.contains(&row.reference);
    let waiting = around.iter().filter(is_waiting).map(|row| row.source_id).collect();
    let old: HashSet<conflict::Model> = around.into_iter().filter(|row| row.source_id == id).collect();
    if old != conflicts {
        plan.touched.extend(old.symmetric_difference(&conflicts).map(|row| row.reference.clone()));
        store::replace_conflicts(&**tx, tenant, id, conflicts.into_iter().collect()).await?;
    }
    Ok(Claims { plan, files, revision, standing, waiting })
}

fn tell_twice(files: &mut [SourceFile], row: &conflict::Model) {
    if let Some(file) = files.iter_mut().find(|file| file.path == row.path) {
        let whose = if row.owner_id == row.source_id { "" } else { " of another source" };
        let message = format!(
            "`{}` is declared already, in `{}`{whose}; that one was first and stands. Remove one of the two, or rename it",
            row.reference, row.owner_path
        );
        let (field, line, column) = (None, None, None);
        file.problems.push(FileProblem { severity: Severity::Warning, message, field, line, column });
        file.outcome = file.outcome.max(Outcome::Warned);
    }
}

/// Which files' entities stand although nothing declares them now, because what declared them could not be read.
struct Keep<'a> {
    seen: HashSet<&'a str>,
    parents: HashMap<&'a str, &'a str>,
    failed: HashSet<String>,
    cut: bool,
}

impl<'a> Keep<'a> {
    fn new(files: &'a [SourceFile], old_files: &'a [SourceFile], failed: HashSet<String>, cut: bool) -> Self {
        let parents = old_files.iter().filter_map(|file| Some((file.path.as_str(), file.parent.as_deref()?))).collect();
        Self { seen: files.iter().map(|file| file.path.as_str()).collect(), parents, failed, cut }
    }

    fn stands(&self, path: &str) -> bool {
        if self.seen.contains(path) {
            return self.failed.contains(path);
        }
        let mut at = path;
        // As deep as Locations may lead, and a bound should an old trace hold a circle.
        for _ in 0..32 {
            match self.parents.get(at) {
                Some(parent) if self.failed.contains(*parent) => return true,
                Some(parent) => at = parent,
                None => break,
            }
        }
        self.cut
    }
}
