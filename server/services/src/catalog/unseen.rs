//! What is told of sources and their files to a caller from whom a policy hides something that they declare.

use std::collections::{HashMap, HashSet};

use domain::{
    catalog::{EntityRef, FileProblem, Outcome, Severity, Source, SourceTrace, SyncRecord},
    identity::Caller,
};
use sea_orm::prelude::Uuid;
use serde_json::Value;

use super::{index::View, retain_seen, store, yaml};
use crate::{
    Result, Services,
    permission::{self, Sight, Traits},
};

/// How many kept texts are looked through; those of the rest are not shown.
const TEXTS: usize = 500;

/// Takes out of the counts of sources what is not seen.
pub(super) async fn recount(services: &Services, caller: &Caller, sources: &mut [Source]) -> Result<()> {
    let count = |view: &View<'_>| view.unseen_by_source();
    let unseen: HashMap<String, u64> = services.catalog.ask(services, caller, count).await?;
    for source in sources {
        if let Some(unseen) = unseen.get(&source.id.to_string()) {
            source.entities = source.entities.saturating_sub(u32::try_from(*unseen).unwrap_or(u32::MAX));
        }
        if source.rejected + source.warned > 0 {
            let files = store::troubled(&services.db, &caller.tenant, source.id).await?;
            let paths: Vec<String> = files.iter().map(|(path, _)| path.clone()).collect();
            let closed = closed(services, caller, source.id, &paths).await?;
            let count = |outcome: Outcome| {
                let open = files.iter().filter(|(path, had)| *had == outcome && !closed.contains(path));
                u32::try_from(open.count()).unwrap_or(u32::MAX)
            };
            (source.rejected, source.warned) = (count(Outcome::Rejected), count(Outcome::Warned));
        }
    }
    Ok(())
}

/// Of which of these sources a policy hides something that they declare, or would declare.
pub(super) async fn narrowed(services: &Services, caller: &Caller, sources: &[Source]) -> Result<HashSet<Uuid>> {
    if super::sees_all(services, caller).await? {
        return Ok(HashSet::new());
    }
    let count = |view: &View<'_>| view.unseen_by_source();
    let unseen: HashMap<String, u64> = services.catalog.ask(services, caller, count).await?;
    let mut narrowed = HashSet::new();
    for source in sources {
        let id = source.id;
        let files = store::troubled(&services.db, &caller.tenant, id).await?;
        let paths: Vec<String> = files.into_iter().map(|(path, _)| path).collect();
        if unseen.contains_key(&id.to_string()) || !closed(services, caller, id, &paths).await?.is_empty() {
            narrowed.insert(id);
        }
    }
    Ok(narrowed)
}

/// Syncs, without what they counted where that would tell of what is hidden.
pub(super) fn without_numbers(syncs: Vec<SyncRecord>, is_narrowed: bool) -> Vec<SyncRecord> {
    if is_narrowed { syncs.into_iter().map(SyncRecord::narrowed).collect() } else { syncs }
}

/// Takes out of a trace what tells of things that are not seen.
pub(super) async fn narrow(services: &Services, caller: &Caller, mut trace: SourceTrace) -> Result<SourceTrace> {
    if super::sees_all(services, caller).await? {
        return Ok(trace);
    }
    let id = trace.source.id;
    let unseen = services.catalog.ask(services, caller, |view| view.unseen_of(id)).await?;
    let known = store::known_as(&services.db, &caller.tenant, &unseen).await?;
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for known in known.values().filter(|known| !known.is_orphaned) {
        *counts.entry(&known.path).or_default() += 1;
    }
    let paths: Vec<String> =
        trace.files.iter().filter(|file| !file.problems.is_empty()).map(|file| file.path.clone()).collect();
    let closed = closed(services, caller, id, &paths).await?;
    let told =
        retain_seen(services, caller, trace.conflicts.clone(), |conflict| conflict.reference.to_string()).await?;
    let hidden: Vec<String> = trace
        .conflicts
        .iter()
        .filter(|conflict| !told.contains(conflict))
        .map(|conflict| format!("`{}`", conflict.reference))
        .collect();
    for file in &mut trace.files {
        file.entities = file.entities.saturating_sub(counts.get(file.path.as_str()).copied().unwrap_or(0));
        if closed.contains(&file.path) {
            // Whether anything is wrong is not told either.
            file.outcome = Outcome::Found;
            file.problems = vec![masked("what is said of it is not for you to see")];
            continue;
        }
        for problem in &mut file.problems {
            if hidden.iter().any(|name| problem.message.contains(name)) {
                let message = "this name is taken by something that is not for you to see; choose another name";
                *problem = FileProblem { message: message.to_owned(), ..problem.clone() };
            }
        }
    }
    // Of which nothing is seen, that is not there.
    trace.files.retain(|file| file.entities > 0 || !closed.contains(&file.path));
    trace.conflicts = told;
    recount(services, caller, std::slice::from_mut(&mut trace.source)).await?;
    Ok(trace)
}

fn masked(message: &str) -> FileProblem {
    let severity = Severity::Info;
    FileProblem { severity, message: message.to_owned(), field: None, line: None, column: None }
}

/// Which of these files of a source are closed to the caller: they declare something that a policy hides from them, or may do.
pub(super) async fn closed(
    services: &Services,
    caller: &Caller,
    source: Uuid,
    paths: &[String],
) -> Result<HashSet<String>> {
    let Some(sight) = permission::sight(services, caller).await? else { return Ok(HashSet::new()) };
    let mut known = store::known_in(&services.db, &caller.tenant, source, paths).await?;
    // What a file declares no longer is not in its text.
    known.retain(|_, known| !known.is_orphaned);
    let keys = known.keys().cloned().collect();
    let seen: HashSet<String> = retain_seen(services, caller, keys, String::clone).await?.into_iter().collect();
    let unseen = known.iter().filter(|(key, _)| !seen.contains(*key));
    let mut closed: HashSet<String> = unseen.map(|(_, known)| known.path.clone()).collect();
    let open: Vec<String> = paths.iter().filter(|path| !closed.contains(*path)).cloned().collect();
    let looked_at = &open[..open.len().min(TEXTS)];
    closed.extend(open[looked_at.len()..].iter().cloned());
    for (path, text) in store::texts_in(&services.db, &caller.tenant, source, looked_at).await? {
        if !is_open(&sight, &text) {
            closed.insert(path);
        }
    }
    Ok(closed)
}

/// Whether everything that a text declares would be seen. Of what cannot be read nobody knows.
fn is_open(sight: &Sight, text: &str) -> bool {
    let Ok(documents) = yaml::read(text.as_bytes(), &yaml::Limits::default()) else { return false };
    documents.iter().all(|document| document.as_ref().is_ok_and(|document| sight.decide(&traits(&document.value))))
}

/// What policies may know of a document, also of one that says too little to be an entity.
fn traits(document: &Value) -> Traits {
    let reference = EntityRef::of(document).map(|reference| reference.to_string());
    Traits::of_document(&reference.unwrap_or_default(), document)
}
