//! Writing what changed, and nothing else: rows, relations, served documents, and the rows in `changes` that tell of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    catalog::{EntityRef, OwnKind, OwnKinds},
    changes::ChangeKind,
    identity::Tenant,
};
use sea_orm::prelude::Uuid;
use serde_json::Value;

use super::stitch::{self, Parts};
use crate::{
    Result,
    catalog::{
        kinds,
        rows::{conflict, entity, relation},
        store,
        sync::gather::Found,
    },
    changes::{NewChange, Transaction},
    queue::Job,
};

/// What is to be done to the entities of one source.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Plan {
    /// New or changed, each name once, with the hash of its declaration.
    pub(in crate::catalog) put: Vec<(Found, String)>,
    /// No longer declared.
    pub(in crate::catalog) orphan: Vec<String>,
    /// Leaving the catalog.
    pub(in crate::catalog) remove: Vec<String>,
    /// Names in `put` that are new names of old things, each with the old one.
    pub(in crate::catalog) renames: HashMap<String, String>,
    /// Whose served documents may be others for another reason.
    pub(in crate::catalog) touched: HashSet<String>,
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
        let Self { put, orphan, remove, renames, mut touched } = self;
        let former: Vec<String> = renames.values().cloned().collect();
        let has_gone = orphan.iter().chain(&remove).any(|reference| is_kind(reference));
        if has_gone || put.iter().any(|(found, _)| found.reference.kind() == "entitykind") {
            judge_again(tx, tenant, source, has_gone).await?;
        }
        let put_refs: Vec<String> = put.iter().map(|(found, _)| found.reference.to_string()).collect();
        let existed = store::existing(&**tx, tenant, &put_refs).await?;

        // Relations, as they are declared now.
        let lapsed: Vec<String> = existed.iter().chain(&remove).chain(&former).cloned().collect();
        let old = store::declared_by(&**tx, tenant, &lapsed).await?;
        let new: HashSet<relation::Model> = put.iter().flat_map(|(found, _)| both_ways(tenant, found)).collect();
        touched.extend(old.into_iter().map(|row| row.source_ref));
        touched.extend(new.iter().map(|row| row.source_ref.clone()));
        store::replace_relations(&**tx, tenant, &lapsed, new.into_iter().collect()).await?;

        // Those who refer to what came or went must say so, or no longer.
        let came_or_went: Vec<String> = put_refs
            .iter()
            .filter(|reference| !existed.contains(*reference))
            .chain(&remove)
            .chain(&former)
            .cloned()
            .collect();
        touched.extend(store::referrers(&**tx, tenant, &came_or_went).await?);

        for row in store::rows(&**tx, tenant, &remove).await? {
            told.removed += 1;
            tx.record(change(row.source_id, row.reference, ChangeKind::EntityRemoved, Some(row.document), None));
        }
        let mut old: HashMap<String, entity::Model> =
            store::rows(&**tx, tenant, &former).await?.into_iter().map(|row| (row.reference.clone(), row)).collect();
        let renamed: HashMap<String, entity::Model> =
            renames.into_iter().filter_map(|(new, name)| Some((new, old.remove(&name)?))).collect();
        let names: Vec<(String, Uuid)> = renamed.values().map(|row| (row.reference.clone(), row.uid)).collect();
        store::note_former_names(&**tx, tenant, &names, now).await?;
        store::delete_entities(&**tx, tenant, &remove).await?;
        store::delete_entities(&**tx, tenant, &former).await?;
        store::keep_no_longer(&**tx, tenant, &remove).await?;

        touched.extend(orphan.iter().cloned());
        touched.extend(put_refs);
        for reference in remove.iter().chain(&former) {
            touched.remove(reference);
        }
        let orphan: HashSet<String> = orphan.into_iter().collect();
        let put = put.into_iter().map(|(found, hash)| (found.reference.to_string(), (found, hash))).collect();
        let rows = Restitch { tenant, source, now, orphan, put, renamed }.run(tx, touched, &mut told).await?;
        store::upsert(&**tx, rows).await?;
        Ok(told)
    }
}

struct Restitch<'a> {
    tenant: &'a Tenant,
    source: Uuid,
    now: DateTime<Utc>,
    orphan: HashSet<String>,
    put: HashMap<String, (Found, String)>,
    /// Rows of before, by the new names.
    renamed: HashMap<String, entity::Model>,
}

impl Restitch<'_> {
    /// The rows of `touched` that are others now.
    async fn run(
        mut self,
        tx: &mut Transaction,
        touched: HashSet<String>,
        told: &mut Told,
    ) -> Result<Vec<entity::Model>> {
        let touched: Vec<String> = touched.into_iter().collect();
        let rows = store::rows(&**tx, self.tenant, &touched).await?;
        let mut rows: HashMap<String, entity::Model> =
            rows.into_iter().map(|row| (row.reference.clone(), row)).collect();
        let mut served: Vec<String> =
            touched.into_iter().filter(|key| rows.contains_key(key) || self.put.contains_key(key)).collect();
        served.sort();
        let around = Around::load(tx, self.tenant, &served, &self.put, &rows).await?;
        let (mut written, mut reclaimed) = (Vec::new(), Vec::new());
        for key in served {
            let before = rows.remove(&key).or_else(|| self.renamed.remove(&key));
            if before.as_ref().is_some_and(|row| row.orphaned_at.is_some()) && self.put.contains_key(&key) {
                reclaimed.push(key.clone());
            }
            if let Some((row, kind)) = self.row(&key, before.as_ref(), &around)? {
                match kind {
                    ChangeKind::EntityCreated => told.created += 1,
                    ChangeKind::EntityOrphaned => told.orphaned += 1,
                    ChangeKind::EntityRenamed => told.renamed += 1,
                    _ => told.updated += 1,
                }
                let before = before.map(|row| row.document);
                tx.record(change(self.source, key, kind, before, Some(row.document.clone())));
                written.push(row);
            }
        }
        store::keep_no_longer(&**tx, self.tenant, &reclaimed).await?;
        Ok(written)
    }

    fn row(
        &mut self,
        key: &str,
        before: Option<&entity::Model>,
        around: &Around,
    ) -> Result<Option<(entity::Model, ChangeKind)>> {
        let put = self.put.remove(key);
        let is_put = put.is_some();
        let uid = before.map_or_else(Uuid::new_v4, |row| row.uid);
        let is_orphaned = !is_put && (self.orphan.contains(key) || before.is_some_and(|row| row.orphaned_at.is_some()));
        let (document, hash, path, source_id) = match (put, before) {
            (Some((found, hash)), _) => (found.document, hash, found.path, self.source),
            (None, Some(row)) => {
                (stitch::declaration(row.document.clone()), row.hash.clone(), row.path.clone(), row.source_id)
            }
            (None, None) => return Ok(None),
        };
        let reference: EntityRef = store::parse(key)?;
        let nothing = BTreeSet::new();
        let (document, etag) = stitch::stitch(Parts {
            reference: &reference,
            uid,
            document,
            relations: around.relations.get(key).unwrap_or(&nothing),
            missing: &around.missing,
            conflicts: &around.conflicts.iter().filter(|conflict| conflict.reference == key).collect::<Vec<_>>(),
            own: &around.own,
            is_orphaned,
        });
        let orphaned_at = is_orphaned.then(|| before.and_then(|row| row.orphaned_at).unwrap_or(self.now));
        let kind = match before {
            None => ChangeKind::EntityCreated,
            Some(row) if row.reference != key => ChangeKind::EntityRenamed,
            Some(row) if row.orphaned_at.is_none() && is_orphaned => ChangeKind::EntityOrphaned,
            Some(_) => ChangeKind::EntityUpdated,
        };
        let row = entity::Model {
            tenant: self.tenant.to_string(),
            reference: key.to_owned(),
            uid,
            etag,
            hash,
            document,
            source_id,
            path,
            changed_at: self.now,
            orphaned_at,
        };
        let is_same = before.is_some_and(|old| {
            old.reference == row.reference
                && old.etag == row.etag
                && old.orphaned_at == row.orphaned_at
                && old.source_id == row.source_id
                && old.hash == row.hash
                && old.path == row.path
        });
        Ok((!is_same).then_some((row, kind)))
    }
}

/// What served documents say beyond what is declared.
struct Around {
    relations: HashMap<String, BTreeSet<(String, String)>>,
    missing: HashSet<String>,
    conflicts: Vec<conflict::Model>,
    own: OwnKinds,
}

impl Around {
    async fn load(
        tx: &Transaction,
        tenant: &Tenant,
        served: &[String],
        put: &HashMap<String, (Found, String)>,
        rows: &HashMap<String, entity::Model>,
    ) -> Result<Self> {
        let mut relations: HashMap<String, BTreeSet<(String, String)>> = HashMap::new();
        let mut targets = HashSet::new();
        for row in store::relations_from(&**tx, tenant, served).await? {
            if !put.contains_key(&row.target_ref) && !rows.contains_key(&row.target_ref) {
                targets.insert(row.target_ref.clone());
            }
            relations.entry(row.source_ref).or_default().insert((row.kind, row.target_ref));
        }
        let asked: Vec<String> = targets.iter().cloned().collect();
        let existing = store::existing(&**tx, tenant, &asked).await?;
        let missing = targets.into_iter().filter(|target| !existing.contains(target)).collect();
        let mut own = kinds::all(&**tx, tenant).await?;
        for (found, _) in put.values().filter(|(found, _)| is_kind(&found.reference.to_string())) {
            if let Ok(kind) = OwnKind::read(&found.document) {
                own.insert(kind);
            }
        }
        Ok(Self { relations, missing, conflicts: store::conflicts_about(&**tx, tenant, served).await?, own })
    }
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

fn both_ways(tenant: &Tenant, found: &Found) -> Vec<relation::Model> {
    let this = found.reference.to_string();
    let row = |source_ref: &str, kind: &str, target_ref: &str| relation::Model {
        tenant: tenant.to_string(),
        source_ref: source_ref.to_owned(),
        kind: kind.to_owned(),
        target_ref: target_ref.to_owned(),
        declared_by: this.clone(),
    };
    found
        .relations
        .iter()
        .flat_map(|relation| {
            let target = relation.target.to_string();
            [row(&this, &relation.relation, &target), row(&target, &relation.reverse, &this)]
        })
        .collect()
}

fn change(source: Uuid, subject: String, kind: ChangeKind, before: Option<Value>, after: Option<Value>) -> NewChange {
    NewChange { source: source.to_string(), subject, kind, before, after }
}
