//! Filling the index from its snapshot or from the database, and keeping it current.

use std::{sync::PoisonError, time::Duration};

use bytes::Bytes;
use domain::{catalog::Entity, identity::Tenant};
use futures::{StreamExt, TryStreamExt};
use tokio::{sync::broadcast::error::RecvError, task::spawn_blocking};
use tokio_util::sync::CancellationToken;

use super::{
    Contents, Index, TenantIndex,
    documents::Kept,
    keep::{read_ahead, restored, save_all},
};
use crate::{
    Error, Result, Services,
    catalog::store::{self, Raw},
    changes,
};

/// How many changes one read fetches.
const BATCH: u64 = 5_000;
/// How many documents are parsed at once, and for how many questions wait at most while the index takes them in.
pub(super) const PIECE: usize = 512;
const SIP: usize = 64;
/// How many pieces are parsed beside each other.
const BESIDE: usize = 2;
/// From how many changed entities on orders are made anew.
const MANY: usize = 1_000;
/// How often a snapshot is made, if much changed.
const SAVE_EVERY: Duration = Duration::from_mins(5);

impl Index {
    /// Brings the tenant's index up to the last change, loading it first if nobody did.
    pub async fn catch_up(&self, services: &Services, tenant: &Tenant) -> Result<()> {
        let index = self.tenant(tenant);
        let _reader = index.reader.lock().await;
        if !*index.is_loaded.borrow() && !restored(services, tenant, &index).await {
            load(services, tenant, &index).await?;
        }
        loop {
            let (seen, count) = {
                let contents = index.read();
                (contents.seq, contents.len())
            };
            let news = changes::subjects(services, tenant, seen, BATCH).await?;
            let Some(&(last, ..)) = news.last() else {
                index.is_loaded.send_replace(true);
                return Ok(());
            };
            if news.iter().any(|(_, _, kind)| kind.starts_with("policy-") || kind.starts_with("role-")) {
                services.permission.forget(tenant);
            }
            let mut references: Vec<String> = news
                .into_iter()
                .filter(|(_, _, kind)| kind.starts_with("entity-"))
                .map(|(_, subject, _)| subject)
                .collect();
            // After much came in at once, reading everything is less work, and nobody waits while it goes on.
            if references.len() as u64 > BATCH / 2
                && changes::last_of(services, tenant).await? - seen > i64::try_from(count / 2).unwrap_or(i64::MAX)
            {
                load(services, tenant, &index).await?;
                // What was told meanwhile was not read.
                services.permission.forget(tenant);
                continue;
            }
            references.sort();
            references.dedup();
            index.follow(services, tenant, references).await?;
            index.write().seq = last;
        }
    }
}

impl Index {
    /// The tenants that were ever asked for, and the one that every installation has.
    pub(super) fn known(&self) -> Vec<Tenant> {
        let known = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let default = Tenant::default();
        known.keys().filter(|&tenant| *tenant != default).cloned().chain([default.clone()]).collect()
    }
}

impl TenantIndex {
    /// Takes in what these entities have become.
    async fn follow(&self, services: &Services, tenant: &Tenant, references: Vec<String>) -> Result<()> {
        if references.len() > MANY {
            self.write().forget_orders();
        }
        for keys in references.chunks(PIECE) {
            let rows = store::raw(&services.db, tenant, keys).await?;
            let read = parse(rows).await?;
            for some in read.chunks(SIP) {
                let mut contents = self.write();
                let taken_in = some.iter().map(|(entity, document)| (contents.put(entity), document.clone()));
                self.documents.renew(taken_in);
            }
            let mut gone: std::collections::HashSet<&str> = keys.iter().map(String::as_str).collect();
            for (entity, _) in &read {
                gone.remove(entity.reference.to_string().as_str());
            }
            let mut contents = self.write();
            for reference in gone {
                if let Some(id) = contents.remove(reference) {
                    self.documents.forget(id);
                }
            }
        }
        Ok(())
    }
}

/// Parses documents on another thread: it is most of the work of reading them.
async fn parse(rows: Vec<Raw>) -> Result<Vec<(Entity, Bytes)>> {
    spawn_blocking(|| rows.into_iter().map(Raw::read).collect()).await.map_err(stumbled)?
}

pub(super) fn stumbled(error: tokio::task::JoinError) -> Error {
    Error::Internal(format!("the catalog's index: {error}"))
}

/// Reads the whole catalog.
async fn load(services: &Services, tenant: &Tenant, index: &TenantIndex) -> Result<()> {
    let started = std::time::Instant::now();
    // The number first: what is committed while the rows are read is read again as a change.
    let seq = changes::last_of(services, tenant).await?;
    let mut contents = Contents::at(seq);
    let rows = store::every_raw(&services.db, tenant).await?;
    let pieces = rows.try_chunks(PIECE).map(|rows| match rows {
        Ok(rows) => Ok(parse(rows)),
        Err(error) => Err(Error::from(error.1)),
    });
    let mut parsed = std::pin::pin!(pieces.try_buffered(BESIDE));
    // Documents are kept if all of them can be: some, by the order of names, would serve nobody in particular.
    let mut documents = Some(Kept::default());
    while let Some(read) = parsed.try_next().await? {
        let (entities, read): (Vec<Entity>, Vec<Bytes>) = read.into_iter().unzip();
        let take_in = move || {
            let ids = contents.fill(&entities);
            documents = documents.and_then(|mut kept| {
                let fits = ids.into_iter().zip(&read).all(|(id, document)| kept.take_in(id, document));
                fits.then_some(kept)
            });
            (contents, documents)
        };
        (contents, documents) = spawn_blocking(take_in).await.map_err(stumbled)?;
    }
    let warm = move || {
        contents.warm_up();
        contents
    };
    let contents = spawn_blocking(warm).await.map_err(stumbled)?;
    tracing::info!(entities = contents.len(), milliseconds = started.elapsed().as_millis(), "read the catalog");
    let mut current = index.write();
    *current = contents;
    index.documents.become_these(documents.unwrap_or_default());
    Ok(())
}

/// Keeps the index current until `shutdown`: reads `changes` whenever there is news.
pub async fn follow(services: Services, shutdown: CancellationToken) {
    let mut news = services.bus.subscribe();
    catch_up_all(&services, None).await;
    if let Err(error) = read_ahead(&services).await {
        tracing::warn!(%error, "documents are read when they are asked for");
    }
    let mut pauses = tokio::time::interval_at(tokio::time::Instant::now() + SAVE_EVERY, SAVE_EVERY);
    loop {
        let tenant = tokio::select! {
            () = shutdown.cancelled() => {
                save_all(&services, false).await;
                return;
            }
            _ = pauses.tick() => {
                save_all(&services, true).await;
                continue;
            }
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
    let tenants = if let Some(tenant) = tenant { vec![tenant] } else { services.catalog.known() };
    for tenant in tenants {
        if let Err(error) = services.catalog.catch_up(services, &tenant).await {
            tracing::error!(%tenant, %error, "the catalog's index could not be brought up to date");
        }
    }
}
