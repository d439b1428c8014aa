//! Served documents made anew, a part at a time: one part is put together while the one before it is written.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    catalog::{EntityRef, OwnKinds},
    changes::ChangeKind,
    identity::Tenant,
};
use sea_orm::prelude::Uuid;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    gather::Found,
    record::Told,
    stitch::{self, Parts},
    ties::Ties,
};
use crate::{
    Error, Result, bulk,
    catalog::{
        rows::conflict,
        store::{self, Row},
    },
    changes::Transaction,
};

/// How many documents are held at once.
const PART: usize = 1_000;

/// After so many parts others may write.
const PARTS: usize = 5;

/// What served documents are made anew from.
pub(super) struct Restitch<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) source: Uuid,
    pub(super) now: DateTime<Utc>,
    pub(super) orphan: HashSet<String>,
    /// What is new or changed; taken out part by part.
    pub(super) put: HashMap<String, (Found, String)>,
    /// The names in `put`.
    pub(super) declared: HashSet<String>,
    /// Rows of before, by the new names.
    pub(super) renamed: HashMap<String, Row>,
    /// Relations that are not written yet.
    pub(super) ties: &'a Ties,
    pub(super) own: Arc<OwnKinds>,
    /// Why what a file says now about an entity does not stand; nothing where it stands again.
    pub(super) rejected: HashMap<String, Option<String>>,
    /// Whether others may write in between.
    pub(super) gives_way: bool,
    /// Ends it between two parts.
    pub(super) stop: CancellationToken,
}

impl Restitch<'_> {
    /// Writes the rows of `touched` that are others now, and tells of them, in the order of their names.
    pub(super) async fn run(mut self, tx: &mut Transaction, touched: HashSet<String>, told: &mut Told) -> Result<()> {
        let mut touched: Vec<String> = touched.into_iter().collect();
        touched.sort_unstable();
        let mut standing = HashMap::new();
        let mut done = None;
        for (number, names) in touched.chunks(PART).enumerate() {
            if self.stop.is_cancelled() {
                let why = "the source is taken away, or pointed elsewhere, while it is recorded".to_owned();
                return Err(Error::Unavailable { system: "catalog".into(), why });
            }
            if self.gives_way && number > 0 && number.is_multiple_of(PARTS) {
                bulk::give_way(tx).await?;
            }
            let part = self.part(tx, names, &mut standing).await?;
            let stitching = tokio::task::spawn_blocking(move || part.stitched());
            if let Some(last) = done.take() {
                self.write(tx, last, told).await?;
            }
            let stitched = stitching.await;
            done = Some(stitched.map_err(|error| Error::Internal(format!("documents: {error}")))??);
        }
        if let Some(last) = done {
            self.write(tx, last, told).await?;
        }
        Ok(())
    }

    /// All that the documents of these names are made from. `standing` keeps which targets are in the catalog.
    async fn part(&mut self, tx: &Transaction, names: &[String], standing: &mut HashMap<String, bool>) -> Result<Part> {
        let rows = store::written(&**tx, self.tenant, names).await?;
        let mut rows: HashMap<String, Row> = rows.into_iter().map(|row| (row.reference.clone(), row)).collect();
        let mut relations: HashMap<String, BTreeSet<(String, String)>> = HashMap::new();
        for row in store::relations_from(&**tx, self.tenant, names).await? {
            relations.entry(row.source_ref).or_default().insert((row.kind, row.target_ref));
        }
        let mut conflicts: HashMap<String, Vec<conflict::Model>> = HashMap::new();
        for row in store::conflicts_about(&**tx, self.tenant, names).await? {
            conflicts.entry(row.reference.clone()).or_default().push(row);
        }
        let is_disputed = conflicts.values().flatten().any(|row| row.source_id != row.owner_id);
        let disputants = if is_disputed { store::targets(&**tx, self.tenant).await? } else { HashMap::new() };
        let mut entities = Vec::with_capacity(names.len());
        let mut unknown = HashSet::new();
        for name in names {
            let put = self.put.remove(name);
            let before = rows.remove(name).or_else(|| self.renamed.remove(name));
            // A relation may lead to what is not in the catalog.
            if put.is_none() && before.is_none() {
                continue;
            }
            let mut relations = relations.remove(name).unwrap_or_default();
            relations.extend(self.ties.of(name).map(|(kind, target)| (kind.to_owned(), target.to_owned())));
            for (_, target) in &relations {
                if !self.declared.contains(target) && !standing.contains_key(target) {
                    unknown.insert(target.clone());
                }
            }
            let conflicts = conflicts.remove(name).unwrap_or_default();
            let is_orphaned = self.orphan.contains(name);
            let rejected = match self.rejected.remove(name) {
                Some(Some(why)) => Rejection::Is(why),
                Some(None) => Rejection::IsNone,
                None => Rejection::AsBefore,
            };
            entities.push(Parted { name: name.clone(), put, before, relations, conflicts, is_orphaned, rejected });
        }
        let asked: Vec<String> = unknown.into_iter().collect();
        let existing = store::existing(&**tx, self.tenant, &asked).await?;
        standing.extend(asked.into_iter().map(|target| (target.clone(), existing.contains(&target))));
        let targets = entities.iter().flat_map(|entity| &entity.relations).map(|(_, target)| target);
        let missing = targets.filter(|target| standing.get(*target) == Some(&false)).cloned().collect();
        let (source, now, own) = (self.source, self.now, self.own.clone());
        Ok(Part { source, now, own, entities, missing, targets: disputants })
    }

    async fn write(&self, tx: &mut Transaction, stitched: Stitched, told: &mut Told) -> Result<()> {
        let Stitched { rows, reclaimed } = stitched;
        store::keep_no_longer(&**tx, self.tenant, &reclaimed).await?;
        let mut written = Vec::with_capacity(rows.len());
        for (row, kind, before) in rows {
            match kind {
                ChangeKind::EntityCreated => told.created += 1,
                ChangeKind::EntityOrphaned => told.orphaned += 1,
                ChangeKind::EntityRenamed => told.renamed += 1,
                _ => told.updated += 1,
            }
            let states = (before, Some(row.document.clone()));
            tx.record_texts(self.source.to_string(), row.reference.clone(), kind, states);
            written.push(row);
        }
        store::upsert(&**tx, self.tenant, written).await?;
        tx.ease().await
    }
}

/// One entity on its way.
struct Parted {
    name: String,
    put: Option<(Found, String)>,
    before: Option<Row>,
    relations: BTreeSet<(String, String)>,
    conflicts: Vec<conflict::Model>,
    /// Whether nothing declares it any more, from now on.
    is_orphaned: bool,
    rejected: Rejection,
}

/// Whether what its file says now stands.
enum Rejection {
    /// It does not, for this reason.
    Is(String),
    IsNone,
    AsBefore,
}

/// Some of them, with what their documents say beyond what is declared.
struct Part {
    source: Uuid,
    now: DateTime<Utc>,
    own: Arc<OwnKinds>,
    entities: Vec<Parted>,
    /// References that name nothing in the catalog.
    missing: HashSet<String>,
    /// What sources are, where names are disputed.
    targets: HashMap<Uuid, String>,
}

/// Rows that are others now, each with how, and with the document of before.
struct Stitched {
    rows: Vec<(Row, ChangeKind, Option<String>)>,
    /// Orphans that are declared again.
    reclaimed: Vec<String>,
}

impl Part {
    fn stitched(mut self) -> Result<Stitched> {
        let (mut rows, mut reclaimed) = (Vec::new(), Vec::new());
        for entity in std::mem::take(&mut self.entities) {
            if entity.put.is_some() && entity.before.as_ref().is_some_and(|row| row.orphaned_at.is_some()) {
                reclaimed.push(entity.name.clone());
            }
            rows.extend(self.row(entity)?);
        }
        Ok(Stitched { rows, reclaimed })
    }

    fn row(&self, entity: Parted) -> Result<Option<(Row, ChangeKind, Option<String>)>> {
        let Parted { name, put, before, relations, conflicts, is_orphaned, rejected } = entity;
        let uid = before.as_ref().map_or_else(Uuid::new_v4, |row| row.uid);
        let orphaned_before = before.as_ref().and_then(|row| row.orphaned_at);
        let is_orphaned = put.is_none() && (is_orphaned || orphaned_before.is_some());
        let (document, hash, path, source_id, rejected) = match (put, &before) {
            (Some((found, hash)), _) => (found.value(), hash, found.path, self.source, None),
            (None, Some(row)) => {
                let served: Value = serde_json::from_str(&row.document)?;
                let rejected = match rejected {
                    _ if is_orphaned => None,
                    Rejection::Is(why) => Some(why),
                    Rejection::IsNone => None,
                    Rejection::AsBefore => stitch::rejection(&served),
                };
                (stitch::declaration(served), row.hash.clone(), row.path.clone(), row.source_id, rejected)
            }
            (None, None) => return Ok(None),
        };
        let reference: EntityRef = store::parse(&name)?;
        let (document, etag) = stitch::stitch(Parts {
            reference: &reference,
            uid,
            document,
            relations: &relations,
            missing: &self.missing,
            conflicts: &conflicts,
            targets: &self.targets,
            own: &self.own,
            is_orphaned,
            rejected: rejected.as_deref(),
        });
        let orphaned_at = is_orphaned.then(|| orphaned_before.unwrap_or(self.now));
        let is_same = before.as_ref().is_some_and(|old| {
            old.reference == name
                && old.etag == etag
                && old.orphaned_at == orphaned_at
                && old.source_id == source_id
                && old.hash == hash
                && old.path == path
        });
        if is_same {
            return Ok(None);
        }
        let kind = match &before {
            None => ChangeKind::EntityCreated,
            Some(row) if row.reference != name => ChangeKind::EntityRenamed,
            Some(row) if row.orphaned_at.is_none() && is_orphaned => ChangeKind::EntityOrphaned,
            Some(_) => ChangeKind::EntityUpdated,
        };
        let document = document.to_string();
        let changed_at = self.now;
        let row = Row { reference: name, uid, etag, hash, document, source_id, path, changed_at, orphaned_at };
        Ok(Some((row, kind, before.map(|row| row.document))))
    }
}
