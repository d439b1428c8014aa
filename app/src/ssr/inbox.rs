//! Gathers what the pages of sources and their inboxes show.

use std::collections::{HashMap, HashSet};

use chrono::Utc;
use services::{
    Error, Result, Services, catalog,
    domain::catalog::{Dispute, EntityRef, Orphan, Source, SyncRecord, TroubleFilter},
    identity::{Caller, Permission, Target},
};
use uuid::Uuid;

use super::{count, entity::source_id, may_not, may_not_each};
use crate::catalog::{
    inbox_views::{
        Bar, DisputesView, OrphansView, ROWS, Sizes, SourceRow, SourceView, SourcesView, TroubleRow, TroublesView,
    },
    source_files::listed,
    views::is_troubled,
};

/// How many bars a row of the list has.
const BARS: usize = 24;

/// Sources, those that are being removed first, and those that need someone.
pub(crate) async fn sources(
    services: &Services,
    caller: &Caller,
    text: &str,
    is_narrowed: bool,
    page: u32,
) -> Result<SourcesView> {
    let mut sources = catalog::sources(services, caller).await?;
    let troubled = count(sources.iter().filter(|source| is_troubled(source)).count());
    let things = sources.iter().map(|source| source.entities).sum();
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    sources.retain(|source| {
        let said = format!("{} {}", source.kind.as_str(), source.target.to_lowercase());
        (!is_narrowed || is_troubled(source)) && words.iter().all(|word| said.contains(word))
    });
    // In the order in which they were registered, else.
    sources.sort_by_key(|source| (source.leaving_at.is_none(), !is_troubled(source)));
    let total = count(sources.len());
    let sources: Vec<Source> = sources.into_iter().skip(offset(page) as usize).take(ROWS as usize).collect();
    let mut syncs = catalog::syncs(services, caller).await?;
    let sizes = sizes(services, caller).await?;
    let mut unasked: HashMap<Uuid, String> = HashMap::new();
    for source in catalog::unasked(services, caller).await? {
        unasked.insert(source.source, source.by.unwrap_or_else(|| "somebody".to_owned()));
    }
    let rows = sources.into_iter().map(|source| {
        let mut syncs = syncs.remove(&source.id).unwrap_or_default();
        let unasked = unasked.remove(&source.id);
        SourceRow { unasked, ..row(services, source, syncs.split_off(syncs.len().saturating_sub(BARS))) }
    });
    Ok(SourcesView { rows: rows.collect(), total, troubled, things, sizes })
}

fn row(services: &Services, source: Source, syncs: Vec<SyncRecord>) -> SourceRow {
    let next = source.next_sync(services.settings.catalog.sync_minutes, Utc::now()).map(|next| next.timestamp_millis());
    SourceRow { source, bars: syncs.into_iter().map(bar).collect(), next, unasked: None }
}

fn bar(sync: SyncRecord) -> Bar {
    let millis = (sync.ended_at - sync.started_at).num_milliseconds().max(0);
    let took = match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min", millis / 60_000),
    };
    Bar {
        at: sync.started_at.timestamp_millis(),
        took,
        read: sync.read,
        changed: sync.changed(),
        rejected: sync.rejected,
        problem: sync.problem,
        is_narrowed: sync.is_narrowed,
    }
}

async fn sizes(services: &Services, caller: &Caller) -> Result<Sizes> {
    let (troubles, disputes, orphans) = catalog::inbox_sizes(services, caller).await?;
    let sources = count(catalog::sources(services, caller).await?.len());
    Ok(Sizes { sources, troubles, disputes, orphans })
}

/// One source.
pub(crate) async fn source(services: &Services, caller: &Caller, id: Uuid, find: &str) -> Result<SourceView> {
    let trace = catalog::source(services, caller, id).await?;
    let syncs = catalog::syncs_of(services, caller, id).await?;
    let all = trace.files.len();
    let (files, found) = listed(trace.files, find);
    let settings = services.settings.catalog;
    let credential = catalog::credentials::credential_for(services, caller, &trace.source.target).await?;
    Ok(SourceView {
        row: row(services, trace.source, syncs),
        credential,
        files: (files, found, all),
        texts: catalog::kept_texts(services, caller, &[id]).await?.into_iter().map(|(_, path)| path).collect(),
        disputes: settled_by(catalog::disputes_of(services, caller, id).await?).await?,
        webhook: catalog::webhooks::webhook(services, caller, id).await?,
        orphans: catalog::orphans(services, caller, Some(id), (0, 0)).await?.total,
        orphan_days: settings.orphan_days,
        default_minutes: settings.sync_minutes,
        may_not: may_not("sync, change or remove this source", Permission::ManageSources, Target::Source(id)).await?,
        may_not_trust: may_not("decide which people and teams count", Permission::ManagePeople, Target::Platform)
            .await?,
    })
}

fn offset(page: u32) -> u32 {
    page.clamp(1, 1_000_000).saturating_sub(1).saturating_mul(ROWS)
}

fn id_or_none(source: &str) -> Result<Option<Uuid>> {
    if source.is_empty() { Ok(None) } else { source_id(source).map(Some) }
}

/// What should be mended.
pub(crate) async fn troubles(
    services: &Services,
    caller: &Caller,
    owner: String,
    source: &str,
    rejected_only: bool,
    page: u32,
) -> Result<TroublesView> {
    let owner = match owner.as_str() {
        "" | "nobody" => owner,
        // `berths` and `group:default/berths` name the same team.
        text => {
            let defaults = services::domain::catalog::ReferenceDefaults {
                kind: Some("group"),
                namespace: services::domain::catalog::DEFAULT_NAMESPACE,
            };
            EntityRef::parse(text, defaults).map_err(|error| Error::Rejected(error.to_string()))?.to_string()
        }
    };
    let source = id_or_none(source)?;
    let filter = TroubleFilter { owner, source, rejected_only, offset: offset(page), limit: ROWS };
    let part = catalog::troubles(services, caller, &filter).await?;
    let sources = catalog::sources(services, caller).await?;
    let targets: HashMap<Uuid, String> = sources.into_iter().map(|source| (source.id, source.target)).collect();
    let named: HashSet<EntityRef> = part.rows.iter().filter_map(|trouble| trouble.reference.clone()).collect();
    let named: Vec<EntityRef> = named.into_iter().collect();
    let known: HashMap<EntityRef, Option<String>> = catalog::entities(services, caller, &named)
        .await?
        .into_iter()
        .flatten()
        .map(|entity| {
            let edit = entity.annotation("backstage.io/edit-url").filter(|url| super::entity::is_web_address(url));
            (entity.reference.clone(), edit.map(str::to_owned))
        })
        .collect();
    let shown: Vec<Uuid> = part.rows.iter().map(|trouble| trouble.source).collect();
    let texts = catalog::kept_texts(services, caller, &shown).await?;
    let rows = part.rows.into_iter().map(|trouble| {
        let known = trouble.reference.as_ref().and_then(|reference| known.get(reference));
        TroubleRow {
            target: targets.get(&trouble.source).cloned().unwrap_or_default(),
            has_text: texts.contains(&(trouble.source, trouble.path.clone())),
            source: trouble.source.to_string(),
            path: trouble.path,
            problem: trouble.problem,
            is_known: known.is_some(),
            edit: known.cloned().flatten(),
            reference: trouble.reference,
            owner: trouble.owner,
        }
    });
    Ok(TroublesView {
        rows: rows.collect(),
        total: part.total,
        owners: catalog::trouble_counts(services, caller, &filter).await?,
        sizes: sizes(services, caller).await?,
        source: source.and_then(|id| targets.get(&id).cloned()),
    })
}

/// Orphans, each with why the one who looks may not settle it.
pub(crate) async fn kept_by(orphans: Vec<Orphan>) -> Result<Vec<(Orphan, String)>> {
    may_not_each("keep or remove it", Permission::ManageSources, orphans, |orphan| &orphan.reference).await
}

/// Disputes, each with why the one who looks may not settle it.
pub(crate) async fn settled_by(disputes: Vec<Dispute>) -> Result<Vec<(Dispute, String)>> {
    may_not_each("settle it", Permission::ManageSources, disputes, |dispute| &dispute.reference).await
}

/// Names that are declared twice.
pub(crate) async fn disputes(services: &Services, caller: &Caller, page: u32) -> Result<DisputesView> {
    let part = catalog::disputes(services, caller, (offset(page), ROWS)).await?;
    Ok(DisputesView { rows: settled_by(part.rows).await?, total: part.total, sizes: sizes(services, caller).await? })
}

/// What nothing declares any more.
pub(crate) async fn orphans(services: &Services, caller: &Caller, source: &str, page: u32) -> Result<OrphansView> {
    let id = id_or_none(source)?;
    let part = catalog::orphans(services, caller, id, (offset(page), ROWS)).await?;
    let target = part.rows.first().map(|orphan| orphan.target.clone()).unwrap_or_default();
    let may_not = match id {
        Some(id) => may_not("settle them all at once", Permission::ManageSources, Target::Source(id)).await?,
        None => String::new(),
    };
    Ok(OrphansView {
        source: id.map(|id| (id.to_string(), target)),
        rows: kept_by(part.rows).await?,
        may_not,
        total: part.total,
        sizes: sizes(services, caller).await?,
    })
}
