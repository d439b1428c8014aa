//! The catalog in memory: what lists, facets and graphs are answered from.
//!
//! Each replica has one, filled by streaming the database and kept current by `changes`. It holds no documents: a page's
//! documents are fetched by one query. Whoever wrote catches up before answering, so that people see what they did.

mod contents;
mod set;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{
    catalog::{Entity, Filter, Order, TextFilter},
    identity::Tenant,
};
use futures::TryStreamExt;
use roaring::RoaringBitmap;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, prelude::Uuid};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use self::contents::Contents;
use super::{rows::entity, store};
use crate::{Result, Services, changes};

/// How many changes one read fetches.
const BATCH: u64 = 5_000;

/// The indexes of all tenants of this replica.
#[derive(Default)]
pub struct Index {
    tenants: Mutex<HashMap<Tenant, Arc<TenantIndex>>>,
    /// One sync of a source at a time in this process.
    turns: Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Default)]
struct TenantIndex {
    contents: RwLock<Contents>,
    /// Whether the contents were ever loaded. Questions do not wait for news, only for that.
    is_loaded: AtomicBool,
    /// Held by the one who reads changes.
    reader: tokio::sync::Mutex<()>,
}

/// A question's answer, before documents are fetched.
pub(super) struct Selected {
    pub(super) references: Vec<String>,
    pub(super) total: u64,
}

impl Index {
    /// The lock that lets one sync of a source run at a time.
    pub(super) fn turn(&self, source: Uuid) -> Arc<tokio::sync::Mutex<()>> {
        // Nothing is left half done under these locks, so a panic elsewhere does no harm.
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(source).or_default().clone()
    }

    fn tenant(&self, tenant: &Tenant) -> Arc<TenantIndex> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant.clone()).or_default().clone()
    }

    /// Brings the tenant's index up to the last change, loading it first if nobody did.
    pub async fn catch_up(&self, services: &Services, tenant: &Tenant) -> Result<()> {
        let index = self.tenant(tenant);
        let _reader = index.reader.lock().await;
        if !index.is_loaded.load(Ordering::Acquire) {
            load(services, tenant, &index).await?;
            index.is_loaded.store(true, Ordering::Release);
        }
        loop {
            let seen = index.read().seq;
            let news = changes::subjects(services, tenant, seen, BATCH).await?;
            let Some(&(last, ..)) = news.last() else { return Ok(()) };
            let mut references: Vec<String> = news
                .into_iter()
                .filter(|(_, _, kind)| kind.starts_with("entity-"))
                .map(|(_, subject, _)| subject)
                .collect();
            references.sort();
            references.dedup();
            let mut gone: HashSet<String> = references.iter().cloned().collect();
            for batch in references.chunks(1_000) {
                let rows = store::rows(&services.db, tenant, batch).await?;
                let entities = rows.into_iter().map(Entity::try_from).collect::<Result<Vec<_>>>()?;
                let mut contents = index.write();
                for entity in entities {
                    gone.remove(&entity.reference.to_string());
                    contents.put(&entity);
                }
            }
            let mut contents = index.write();
            for reference in gone {
                contents.remove(&reference);
            }
            contents.seq = last;
        }
    }

    async fn current(&self, services: &Services, tenant: &Tenant) -> Result<Arc<TenantIndex>> {
        let index = self.tenant(tenant);
        if !index.is_loaded.load(Ordering::Acquire) {
            self.catch_up(services, tenant).await?;
        }
        Ok(index)
    }

    /// The references of a page, and how many there are in all.
    pub(super) async fn select(
        &self,
        services: &Services,
        tenant: &Tenant,
        question: (&Filter, Option<&TextFilter>),
        order: &[Order],
        page: (u32, Option<u32>),
    ) -> Result<Selected> {
        let index = self.current(services, tenant).await?;
        let contents = index.read();
        let selection = contents.select(question.0, question.1);
        let limit = page.1.map_or(usize::MAX, |limit| limit as usize);
        let references = contents.page(&selection, order, page.0 as usize, limit);
        Ok(Selected { references, total: selection.len() })
    }

    /// For each path with its own filter, the values there and how often each occurs.
    pub(super) async fn facets(
        &self,
        services: &Services,
        tenant: &Tenant,
        facets: &[(String, Filter)],
        text: Option<&TextFilter>,
    ) -> Result<Vec<Vec<(String, u64)>>> {
        let index = self.current(services, tenant).await?;
        let contents = index.read();
        let mut last: Option<(&Filter, RoaringBitmap)> = None;
        let mut counted = Vec::with_capacity(facets.len());
        for (path, filter) in facets {
            let selection = match last.take() {
                Some((before, selection)) if before == filter => selection,
                _ => contents.select(filter, text),
            };
            counted.push(contents.facet(path, &selection));
            last = Some((filter, selection));
        }
        Ok(counted)
    }

    /// The relations of each of these entities; `None` for one that is not in the catalog.
    pub(super) async fn relations(
        &self,
        services: &Services,
        tenant: &Tenant,
        references: &[String],
    ) -> Result<Vec<Option<Vec<(String, String)>>>> {
        let index = self.current(services, tenant).await?;
        let contents = index.read();
        Ok(references.iter().map(|reference| contents.relations(reference)).collect())
    }

    /// How many entities a tenant has.
    pub(super) async fn len(&self, services: &Services, tenant: &Tenant) -> Result<u64> {
        Ok(self.current(services, tenant).await?.read().len())
    }
}

impl TenantIndex {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Contents> {
        self.contents.write().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn load(services: &Services, tenant: &Tenant, index: &TenantIndex) -> Result<()> {
    // The number first: what is committed while the rows are read is read again as a change.
    let seq = changes::last_of(services, tenant).await?;
    let mut contents = Contents::at(seq);
    let mut rows =
        entity::Entity::find().filter(entity::Column::Tenant.eq(tenant.as_str())).stream(&services.db).await?;
    while let Some(row) = rows.try_next().await? {
        contents.put(&Entity::try_from(row)?);
    }
    drop(rows);
    *index.write() = contents;
    Ok(())
}

/// Keeps the index current until `shutdown`: reads `changes` whenever there is news.
pub async fn follow(services: Services, shutdown: CancellationToken) {
    let mut news = services.bus.subscribe();
    catch_up_all(&services, None).await;
    loop {
        let tenant = tokio::select! {
            () = shutdown.cancelled() => return,
            news = news.recv() => match news {
                Ok((tenant, _)) => Some(tenant),
                // Whatever was missed stands in the table.
                Err(RecvError::Lagged(_)) => None,
                Err(RecvError::Closed) => return,
            },
        };
        catch_up_all(&services, tenant).await;
    }
}

async fn catch_up_all(services: &Services, tenant: Option<Tenant>) {
    let tenants = if let Some(tenant) = tenant {
        vec![tenant]
    } else {
        let known = services.catalog.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        known.keys().cloned().chain([Tenant::default()]).collect()
    };
    for tenant in tenants {
        if let Err(error) = services.catalog.catch_up(services, &tenant).await {
            tracing::error!(%tenant, %error, "the catalog's index could not be brought up to date");
        }
    }
}
