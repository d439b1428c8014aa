//! The catalog in memory: what lists, facets, searches and graphs are answered from.
//!
//! Each replica has one, filled by streaming the database and kept current by `changes`. Whoever wrote catches up before
//! answering, so that people see what they did.
//!
//! [`Contents`] is one tenant's index. An entity is a number (`u32`) in it, a selection is a `RoaringBitmap` of numbers,
//! and every question is put together from a few parts, which a further kind of question can use as well:
//!
//! - **select**: [`Contents::select`] for a filter and a text, [`Contents::meeting`] for one condition (a path exists, or has
//!   one of some values), [`Contents::having`] for any other test of a path's values, [`Contents::all`]; what these return is
//!   combined with `&`, `|` and `-`.
//! - **page**: [`Contents::page`] takes a selection, an order and a `Start`: an offset, or a place (`PageKey`) after or
//!   before which the page is, as [`Contents::key`] names it for the last or the first entity of the page beside it. A page
//!   by place stays right while entities come and go; one by offset shifts.
//! - **count**: [`Contents::facet`], or the length of a selection.
//! - **search**: [`Contents::search`] ranks.
//!
//! A use case never asks [`Contents`] itself but a [`View`] of it, which has what the caller may see and nothing else.
//! [`Index::ask`] runs a question; [`Index::documents`] also fetches the documents of the entities that it names, from
//! memory where all fit or where they were asked for lately, and by one query of the database otherwise. Documents are handed
//! through as the bytes that are sent.

mod classes;
mod contents;
mod documents;
mod facet;
mod hidden;
mod keep;
mod load;
mod order;
mod packed;
mod page;
mod predicate;
mod rank;
mod select;
mod set;
mod snapshot;
mod terms;
#[cfg(test)]
mod tests;
mod ties;
mod view;
mod words;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicI64},
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    catalog::{Condition, Filter},
    identity::{Caller, Tenant},
};
use sea_orm::prelude::Uuid;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::contents::Contents;
use self::documents::{Documents, Known};
pub use self::load::follow;
pub(super) use self::{hidden::strip, view::View};
use super::{pushes::Pushes, store};
use crate::{
    Result, Services,
    permission::{self, Sight, Traits},
    queue::servers::Pace,
};

/// The indexes of all tenants of this replica.
#[derive(Default)]
pub struct Index {
    tenants: Mutex<HashMap<Tenant, Arc<TenantIndex>>>,
    /// Whose turn it is at each source in this process.
    turns: Mutex<HashMap<Uuid, Arc<Turns>>>,
    /// In which hurry each source is read.
    paces: Mutex<HashMap<Uuid, Pace>>,
    /// What ends the recording of a source that is under way.
    recordings: Mutex<HashMap<Uuid, CancellationToken>>,
}

/// The turns of those who read a source. Who reads it whole and who reads what was pushed do not wait for each other: whoever comes to
/// record after the other reads anew.
#[derive(Default)]
pub(super) struct Turns {
    /// When the last one began who recorded the whole.
    pub(super) whole: tokio::sync::Mutex<Option<DateTime<Utc>>>,
    pub(super) pushed: Pushes,
}

#[derive(Default)]
struct TenantIndex {
    contents: RwLock<Contents>,
    documents: Documents,
    /// Whether the contents were ever loaded. Questions do not wait for news, only for that.
    is_loaded: watch::Sender<bool>,
    /// Held by the one who reads changes.
    reader: tokio::sync::Mutex<()>,
    /// Held by the one who decides who owns a name.
    writer: Arc<tokio::sync::Mutex<()>>,
    /// The last change that the snapshot knows.
    saved: AtomicI64,
}

impl Index {
    /// The lock that lets one sync of a source run at a time, and the places of those who read what was pushed to it.
    pub(super) fn turns(&self, source: Uuid) -> Arc<Turns> {
        // Nothing is left half done under these locks, so a panic elsewhere does no harm.
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(source).or_default().clone()
    }

    /// In which hurry a source is read.
    pub(super) fn pace(&self, source: Uuid) -> Pace {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).entry(source).or_default().clone()
    }

    /// Says that a source is being recorded, by the one whose turn it is in the catalog; the token ends it.
    pub(super) fn recording(&self, source: Uuid) -> CancellationToken {
        let stop = CancellationToken::new();
        self.recordings.lock().unwrap_or_else(PoisonError::into_inner).insert(source, stop.clone());
        stop
    }

    /// Ends the recording of a source for somebody who makes another thing of it: they need not wait for what goes anyway. What is
    /// recorded begins anew, should the source still be there.
    pub(super) fn interrupt(&self, source: Uuid) {
        if let Some(stop) = self.recordings.lock().unwrap_or_else(PoisonError::into_inner).get(&source) {
            stop.cancel();
        }
    }

    /// The lock that lets one transaction of this process at a time decide who owns a name.
    pub(super) fn writer(&self, tenant: &Tenant) -> Arc<tokio::sync::Mutex<()>> {
        self.tenant(tenant).writer.clone()
    }

    fn tenant(&self, tenant: &Tenant) -> Arc<TenantIndex> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = tenants.get(tenant) {
            return index.clone();
        }
        tenants.entry(tenant.clone()).or_default().clone()
    }

    /// Waits until the catalog of a tenant has been read by whoever reads it, so that questions are answered at once.
    pub async fn loaded(&self, tenant: &Tenant) {
        let index = self.tenant(tenant);
        // The index holds the sender, so this ends only when it is loaded.
        let _ = index.is_loaded.subscribe().wait_for(|is_loaded| *is_loaded).await;
    }

    async fn current(&self, services: &Services, tenant: &Tenant) -> Result<Arc<TenantIndex>> {
        let index = self.tenant(tenant);
        if !*index.is_loaded.borrow() {
            self.catch_up(services, tenant).await?;
        }
        Ok(index)
    }

    /// Answers a question from what the caller may see.
    pub(super) async fn ask<T>(
        &self,
        services: &Services,
        caller: &Caller,
        question: impl FnOnce(&View<'_>) -> T,
    ) -> Result<T> {
        let sight = permission::sight(services, caller).await?;
        let index = self.current(services, &caller.tenant).await?;
        let contents = index.contents_for(sight.as_ref());
        let seen = sight.map(|sight| contents.seen(&sight));
        Ok(question(&View::new(&contents, seen)))
    }

    /// What policies may know of an entity; `None` if it is not in the catalog.
    pub(super) async fn traits(&self, services: &Services, tenant: &Tenant, key: &str) -> Result<Option<Traits>> {
        let index = self.current(services, tenant).await?;
        let contents = index.read();
        Ok(contents.find(key).and_then(|id| contents.traits(id)))
    }

    /// What policies may know of some entities, at even distances.
    pub(super) async fn sample(&self, services: &Services, tenant: &Tenant, most: usize) -> Result<Vec<Traits>> {
        let index = self.current(services, tenant).await?;
        let contents = index.read();
        let apart = usize::try_from(contents.len()).unwrap_or(usize::MAX).div_ceil(most.max(1)).max(1);
        Ok(contents.all().iter().step_by(apart).filter_map(|id| contents.traits(id)).collect())
    }

    /// Who owns everything that a source declares; nobody if it declares nothing.
    pub(super) async fn owners_of_all(
        &self,
        services: &Services,
        tenant: &Tenant,
        source: Uuid,
    ) -> Result<Vec<String>> {
        let index = self.current(services, tenant).await?;
        let contents = index.read();
        let of_source = Filter::all(vec![Condition::equals("source", &source.to_string())]);
        let declared = contents.select(&of_source, None);
        let owners = contents.facet("relations.ownedby", &declared).into_iter();
        Ok(owners.filter(|(_, count)| *count == declared.len()).map(|(owner, _)| owner.to_lowercase()).collect())
    }

    /// Answers a question with the documents of the entities that the answer names; `None` where it names none, or one
    /// that has just left.
    pub(super) async fn documents<T>(
        &self,
        services: &Services,
        caller: &Caller,
        question: impl FnOnce(&View<'_>) -> (Vec<Option<u32>>, T),
    ) -> Result<(Vec<Option<Bytes>>, T)> {
        let sight = permission::sight(services, caller).await?;
        let index = self.current(services, &caller.tenant).await?;
        let (mut found, missing, answer) = {
            let contents = index.contents_for(sight.as_ref());
            let seen = sight.as_ref().map(|sight| contents.seen(sight));
            let (ids, answer) = question(&View::new(&contents, seen));
            let mut found = vec![None; ids.len()];
            let mut missing: HashMap<String, (u32, u32, Vec<usize>)> = HashMap::new();
            let named = ids.into_iter().enumerate().filter_map(|(at, id)| Some((at, id?))).collect::<Vec<_>>();
            let mut places = named.iter().map(|(at, _)| *at);
            index.documents.get(named.iter().map(|(_, id)| *id), |id, known| {
                let Some(at) = places.next() else { return };
                match known {
                    Known::Here(document) => found[at] = Some(document),
                    Known::Elsewhere(version) => {
                        if let Some(reference) = contents.reference(id) {
                            let entry = missing.entry(reference.to_owned());
                            entry.or_insert((id, version, Vec::new())).2.push(at);
                        }
                    }
                }
            });
            (found, missing, answer)
        };
        if !missing.is_empty() {
            let keys: Vec<String> = missing.keys().cloned().collect();
            for (reference, document) in store::documents(&services.db, &caller.tenant, &keys).await? {
                let document = Bytes::from(document);
                if let Some((id, version, places)) = missing.get(&reference) {
                    index.documents.keep(*id, *version, &document);
                    for &at in places {
                        found[at] = Some(document.clone());
                    }
                }
            }
        }
        if let Some(sight) = &sight {
            let contents = index.contents_for(Some(sight));
            let view = View::new(&contents, Some(contents.seen(sight)));
            for document in found.iter_mut().flatten() {
                *document = hidden::without(document, &view)?;
            }
        }
        Ok((found, answer))
    }

    /// The relations of each of these entities; `None` for one that is not in the catalog.
    pub(super) async fn relations(
        &self,
        services: &Services,
        caller: &Caller,
        references: &[String],
    ) -> Result<Vec<Option<Vec<(String, String)>>>> {
        let relations = |view: &View<'_>| references.iter().map(|key| view.relations(key)).collect();
        self.ask(services, caller, relations).await
    }
}

impl TenantIndex {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The contents, with classes of entities where a caller does not see all.
    fn contents_for(&self, sight: Option<&Sight>) -> std::sync::RwLockReadGuard<'_, Contents> {
        loop {
            let contents = self.read();
            let Some(sight) = sight.filter(|sight| !contents.has_classes(sight.mentions())) else { return contents };
            drop(contents);
            self.write().make_classes(sight.mentions());
        }
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Contents> {
        self.contents.write().unwrap_or_else(PoisonError::into_inner)
    }
}
