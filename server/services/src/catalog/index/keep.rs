//! What outlasts a stop of the process, and what is read before anyone asks: the index's snapshot, and the documents.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use domain::identity::{Caller, Tenant};
use tokio::task::spawn_blocking;

use super::{
    TenantIndex, View, documents,
    load::{PIECE, stumbled},
    snapshot::{self, Draft},
};
use crate::{Result, Services, changes};

/// A smaller catalog is read faster than its snapshot would be missed.
const FEW: u64 = 1_000;
/// One entity of so many is much that changed.
const MUCH: u64 = 20;
/// How small the documents of a whole catalog are at least, in bytes each, for it to be worth a try to keep them all.
const SMALL: u64 = 1024;

fn snapshot_of(services: &Services, tenant: &Tenant) -> PathBuf {
    services.settings.data.join("index").join(format!("{tenant}.snapshot"))
}

/// Whether the index could be had from its snapshot.
pub(super) async fn restored(services: &Services, tenant: &Tenant, index: &TenantIndex) -> bool {
    let started = std::time::Instant::now();
    let path = snapshot_of(services, tenant);
    let read = spawn_blocking(move || {
        let read =
            snapshot::read(&path).inspect_err(|error| tracing::warn!(%error, "the index's snapshot was not read"));
        let read = read.ok().flatten();
        read.inspect(|(contents, _)| contents.warm_up())
    });
    let Ok(Some((contents, mark))) = read.await else { return false };
    // The database may be another one, or one that was set back.
    if changes::mark(services, tenant, contents.seq).await.ok().flatten() != Some(mark) {
        return false;
    }
    tracing::info!(
        entities = contents.len(),
        milliseconds = started.elapsed().as_millis(),
        "read the index's snapshot"
    );
    index.saved.store(contents.seq, Ordering::Relaxed);
    *index.write() = contents;
    true
}

/// Makes a snapshot of the index of each tenant that changed since the last one, or changed much if `only_much`.
pub(super) async fn save_all(services: &Services, only_much: bool) {
    for tenant in services.catalog.known() {
        if let Err(error) = save(services, &tenant, only_much).await {
            tracing::warn!(%tenant, %error, "the index's snapshot was not written; the next start takes longer");
        }
    }
}

async fn save(services: &Services, tenant: &Tenant, only_much: bool) -> Result<()> {
    let index = services.catalog.tenant(tenant);
    let (seq, count) = {
        let contents = index.read();
        (contents.seq, contents.len())
    };
    let news = seq.abs_diff(index.saved.load(Ordering::Relaxed));
    if count < FEW || news == 0 || (only_much && news < count / MUCH) {
        return Ok(());
    }
    let Some(mark) = changes::mark(services, tenant, seq).await? else { return Ok(()) };
    let path = snapshot_of(services, tenant);
    let written = spawn_blocking(move || {
        let contents = index.read();
        if contents.seq != seq {
            // Another change came in the meantime: the next snapshot knows it.
            return Ok(());
        }
        let draft = Draft::write(&contents, &mark, &path)?;
        drop(contents);
        draft.settle(&path)?;
        index.saved.store(seq, Ordering::Relaxed);
        Ok(())
    });
    written.await.map_err(stumbled)?
}

/// Reads the documents of each catalog of which all can be kept, so that none is read when it is asked for.
pub(super) async fn read_ahead(services: &Services) -> Result<()> {
    for tenant in services.catalog.known() {
        let index: Arc<TenantIndex> = services.catalog.tenant(&tenant);
        let ids: Vec<u32> = index.read().alive.iter().collect();
        if ids.len() as u64 * SMALL > documents::MOST as u64 {
            continue;
        }
        let caller = Caller::system(tenant, "catalog");
        for some in ids.chunks(PIECE) {
            if index.documents.is_full() {
                break;
            }
            let these = |_: &View<'_>| (some.iter().copied().map(Some).collect(), ());
            services.catalog.documents(services, &caller, these).await?;
        }
    }
    Ok(())
}
