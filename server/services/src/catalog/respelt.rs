//! Sources that an earlier release kept as they were typed: they are brought into the one spelling, so that a place is one source.

use domain::{
    catalog::{NewSource, Source},
    changes::ChangeKind,
    identity::{Caller, Tenant},
};
use serde_json::json;

use super::{begin::begin, spelling, store};
use crate::{Result, Services, changes::NewChange};

/// Spells the targets of all sources alike; that it failed is told in the log, and the next start tries again.
pub async fn respell(services: &Services) {
    if let Err(error) = respell_all(services).await {
        tracing::error!(%error, "the addresses of sources could not be brought into one spelling");
    }
}

async fn respell_all(services: &Services) -> Result<()> {
    let mut tenant = store::tenant_after(&services.db, None).await?;
    while let Some(each) = tenant {
        for source in store::sources(&services.db, &each).await? {
            match spelling::plain(source.kind, &source.target) {
                Ok(plain) if plain != source.target => respell_one(services, &each, source, plain).await?,
                Ok(_) => {}
                // It was taken by a release that knew less; its next sync says what is wrong with it.
                Err(why) => tracing::debug!(source = source.target, why, "a source has no plain spelling"),
            }
        }
        tenant = store::tenant_after(&services.db, Some(&each)).await?;
    }
    Ok(())
}

async fn respell_one(services: &Services, tenant: &Tenant, source: Source, plain: String) -> Result<()> {
    let mut tx = begin(services, &Caller::system(tenant.clone(), "start")).await?;
    // Somebody may have pointed it elsewhere, or removed it, since it was read.
    let now = store::source(&*tx, tenant, source.id).await?;
    if now.is_none_or(|now| (now.kind, now.target) != (source.kind, source.target.clone())) {
        return Ok(());
    }
    let new = NewSource::new(source.kind, &plain);
    if let Some(other) = store::source_by_target(&*tx, tenant, &new).await?.filter(|other| other.id != source.id) {
        tracing::warn!(
            source = source.target,
            other = other.target,
            "two sources read one place, spelt in two ways; remove one of them under Sources"
        );
        return Ok(());
    }
    store::respell(&*tx, tenant, source.id, &plain).await?;
    let place = |target: &str| Some(json!({ "kind": source.kind, "target": target }));
    tx.record(NewChange {
        source: source.id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceMoved,
        before: place(&source.target),
        after: place(&plain),
    });
    tx.commit().await?;
    Ok(())
}
