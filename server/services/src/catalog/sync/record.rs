//! Writing what changed, and nothing else: rows, relations, served documents, and the rows in `changes` that tell of them.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    catalog::{OwnKind, OwnKinds},
    changes::ChangeKind,
    identity::Tenant,
};
use sea_orm::prelude::Uuid;
use tokio_util::sync::CancellationToken;

use super::{carry::Carry, restitch::Restitch, ties::Declarations};
use crate::{
    Error, Result, bulk,
    catalog::{kinds, store, sync::gather::Found, waiting},
    changes::Transaction,
    queue::Job,
};

/// How many rows are compared, or told of, at once.
const PART: usize = 5_000;

/// From here on others would wait too long for the end (they give up after 30 seconds), so that it is done a part at a time. The index
/// then follows part by part, which costs it a quarter more memory than to be read at once.
const VERY_MUCH: usize = 110_000;

/// What is to be done to the entities of one source.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Plan {
    /// New or changed, each name once, with the hash of its declaration.
    pub(in crate::catalog) put: Vec<(Found, String)>,
    /// The kinds by which `put` was judged.
    pub(in crate::catalog) kinds: OwnKinds,
    /// No longer declared.
    pub(in crate::catalog) orphan: Vec<String>,
    /// Leaving the catalog.
    pub(in crate::catalog) remove: Vec<String>,
    /// Names in `put` that are new names of old things, each with the old one.
    pub(in crate::catalog) renames: HashMap<String, String>,
    /// Why what a file says now about an entity does not stand, so that what it said before does; nothing where it stands again.
    pub(in crate::catalog) rejected: HashMap<String, Option<String>>,
    /// Whose served documents may be others for another reason.
    pub(in crate::catalog) touched: HashSet<String>,
    /// Annotations of which no two people have the same.
    pub(in crate::catalog) telling: BTreeSet<String>,
    /// Whether it may be carried out a part at a time, where others would have to wait: the next sync of the source looks at all of
    /// it anew, should it end in between.
    pub(in crate::catalog) gives_way: bool,
    /// Ends it between two parts.
    pub(in crate::catalog) stop: CancellationToken,
}

/// How many entities changed, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::catalog) struct Told {
    pub(in crate::catalog) created: u32,
    pub(in crate::catalog) updated: u32,
    pub(in crate::catalog) renamed: u32,
    pub(in crate::catalog) orphaned: u32,
    pub(in crate::catalog) removed: u32,
}

impl Told {
    /// Whether so many changed that what is known of the tables is no longer true.
    pub(in crate::catalog) fn is_much(self) -> bool {
        let Self { created, updated, renamed, orphaned, removed } = self;
        let all = [created, updated, renamed, orphaned, removed];
        all.into_iter().map(u64::from).sum::<u64>() > PART as u64
    }
}

impl Plan {
    /// Carries it out within `tx`, which holds the catalog's lock.
    pub(in crate::catalog) async fn carry_out(
        self,
        tx: &mut Transaction,
        tenant: &Tenant,
        source: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Told> {
        let mut told = Told::default();
        if self.put.is_empty() && self.orphan.is_empty() && self.remove.is_empty() && self.touched.is_empty() {
            return Ok(told);
        }
        let is_much = self.put.len() + self.orphan.len() + self.remove.len() + self.touched.len() > PART;
        if is_much {
            bulk::hold(&**tx, bulk::LARGE_CACHE).await?;
        }
        let Self { put, kinds: judged_by, orphan, remove, renames, rejected, mut touched, telling, gives_way, stop } =
            self;
        // What is renamed has no row until it is written under its new name.
        let gives_way = gives_way && put.len() > VERY_MUCH && renames.is_empty();
        if gives_way {
            store::set_partial(&**tx, tenant, source, true).await?;
        }
        let former: Vec<String> = renames.values().cloned().collect();
        let has_gone = orphan.iter().chain(&remove).any(|reference| is_kind(reference));
        if has_gone || put.iter().any(|(found, _)| found.reference.kind() == "entitykind") {
            judge_again(tx, tenant, source, has_gone).await?;
        }
        let own = with_new(kinds::all(&**tx, tenant).await?, &put);
        let (put, mut declared) = declare(put, judged_by).await?;
        let put_refs: Vec<String> = put.keys().cloned().collect();
        let existed = store::existing(&**tx, tenant, &put_refs).await?;

        // Relations, as they are declared now. Those that stand already stay, and those at their other ends with them.
        let lapsed: Vec<String> = existed.iter().chain(&remove).chain(&former).cloned().collect();
        for declarers in lapsed.chunks(PART) {
            let mut old: HashMap<String, Vec<_>> = HashMap::new();
            for row in store::declared_by(&**tx, tenant, declarers).await? {
                old.entry(row.declared_by.clone()).or_default().push(row);
            }
            let mut others = Vec::new();
            for declarer in declarers {
                let rows = old.remove(declarer).unwrap_or_default();
                if put.contains_key(declarer) && declared.is_same(declarer, &rows) {
                    declared.forget(declarer);
                } else if !rows.is_empty() {
                    touched.extend(rows.into_iter().map(|row| row.source_ref));
                    others.push(declarer.clone());
                }
            }
            store::delete_relations(&**tx, tenant, &others).await?;
        }
        let ties = declared.sorted();
        touched.extend(ties.sources().map(str::to_owned));

        // Those who refer to what came or went must say so, or no longer.
        let came_or_went: Vec<String> = put_refs
            .iter()
            .filter(|reference| !existed.contains(*reference))
            .chain(&remove)
            .chain(&former)
            .cloned()
            .collect();
        touched.extend(store::referrers(&**tx, tenant, &came_or_went).await?);

        for names in remove.chunks(PART) {
            for row in store::written(&**tx, tenant, names).await? {
                told.removed += 1;
                let states = (Some(row.document), None);
                tx.record_texts(row.source_id.to_string(), row.reference, ChangeKind::EntityRemoved, states);
            }
            tx.ease().await?;
        }
        let mut old: HashMap<String, store::Row> =
            store::written(&**tx, tenant, &former).await?.into_iter().map(|row| (row.reference.clone(), row)).collect();
        let renamed: HashMap<String, store::Row> =
            renames.into_iter().filter_map(|(new, name)| Some((new, old.remove(&name)?))).collect();
        let names: Vec<(String, Uuid)> = renamed.values().map(|row| (row.reference.clone(), row.uid)).collect();
        store::note_former_names(&**tx, tenant, &names, now).await?;
        let gone = orphan.iter().chain(&remove).chain(&former).collect();
        Carry { tenant, source, renamed: &renamed, put: &put, ties: &ties, gone, telling: &telling }.run(tx).await?;
        store::delete_entities(&**tx, tenant, &remove).await?;
        store::delete_entities(&**tx, tenant, &former).await?;
        store::keep_no_longer(&**tx, tenant, &remove).await?;
        // Whoever claims a name that has left takes it now, and not with its next schedule.
        let claims = store::claimers(&**tx, tenant, &remove).await?;
        waiting::ask(tx, claims.iter().filter(|claim| claim.source_id != source).map(waiting::claim).collect());

        touched.extend(orphan.iter().cloned());
        touched.extend(put_refs.iter().cloned());
        // Another thing may have the name now.
        for reference in remove.iter().chain(&former).filter(|reference| !put.contains_key(*reference)) {
            touched.remove(reference);
        }
        let orphan: HashSet<String> = orphan.into_iter().collect();
        let declared: HashSet<String> = put_refs.into_iter().collect();
        let (ties, own) = (&ties, Arc::new(own));
        let restitch =
            Restitch { tenant, source, now, orphan, put, declared, renamed, ties, own, rejected, gives_way, stop };
        restitch.run(tx, touched, &mut told).await?;
        if gives_way {
            bulk::give_way(tx).await?;
        }
        store::insert_relations(&**tx, tenant, ties.rows()).await?;
        if gives_way {
            bulk::give_way(tx).await?;
        }
        if is_much {
            bulk::hold(&**tx, bulk::USUAL_CACHE).await?;
        }
        Ok(told)
    }
}

/// Reads what each document declares, on another thread: it is parsed for that.
async fn declare(
    put: Vec<(Found, String)>,
    kinds: OwnKinds,
) -> Result<(HashMap<String, (Found, String)>, Declarations)> {
    let work = move || {
        let mut declarations = Declarations::default();
        let mut by_name = HashMap::with_capacity(put.len());
        for (found, hash) in put {
            let name = found.reference.to_string();
            declarations.declare(&name, &found.declared(&kinds).relations);
            by_name.insert(name, (found, hash));
        }
        (by_name, declarations)
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Internal(format!("reading what documents declare: {error}")))
}

/// The kinds that stand, and those that come.
fn with_new(mut own: OwnKinds, put: &[(Found, String)]) -> OwnKinds {
    for (found, _) in put.iter().filter(|(found, _)| found.reference.kind() == "entitykind") {
        if let Ok(kind) = OwnKind::read(&found.value()) {
            own.insert(kind);
        }
    }
    own
}

fn is_kind(reference: &str) -> bool {
    reference.starts_with("entitykind:")
}

/// Has the documents of a kind that came, changed or went judged again, wherever they stand.
async fn judge_again(tx: &mut Transaction, tenant: &Tenant, source: Uuid, has_gone: bool) -> Result<()> {
    for other in store::sources(&**tx, tenant).await? {
        // The walk that brought a kind has judged by it already.
        if has_gone || other.id != source {
            tx.enqueue(Job::SyncSource { source: other.id });
        }
    }
    Ok(())
}
