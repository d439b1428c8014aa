//! What should be mended, by whose it is, and the texts where it stands.

use std::collections::{HashMap, HashSet};

use domain::{
    catalog::{EntityRef, KeptText, Part, Source, SyncRecord, Trouble, TroubleFilter},
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;

use super::{sees_all, store, unseen};
use crate::{Error, Result, Services, identity};

/// How many troubles a page shows at most.
const PAGE: u32 = 200;
/// How many are looked at for one who does not see the whole catalog.
const MOST: u32 = 10_000;

/// A part of what should be mended.
pub async fn troubles(services: &Services, caller: &Caller, filter: &TroubleFilter) -> Result<Part<Trouble>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let filter = TroubleFilter { limit: filter.limit.min(PAGE), ..filter.clone() };
    if !sees_all(services, caller).await? {
        return own_troubles(services, caller, &filter).await;
    }
    let (rows, total) = store::troubles(&services.db, &caller.tenant, &filter).await?;
    Ok(Part { rows, total: u32::try_from(total).unwrap_or(u32::MAX) })
}

/// For one who does not see the whole catalog, what is wrong with what their teams own, in sources that they see:
/// a trouble may name anything.
async fn own_troubles(services: &Services, caller: &Caller, filter: &TroubleFilter) -> Result<Part<Trouble>> {
    let every = TroubleFilter { offset: 0, limit: MOST, ..filter.clone() };
    let (mut rows, _) = store::troubles(&services.db, &caller.tenant, &every).await?;
    let seen: HashSet<Uuid> = super::sources(services, caller).await?.iter().map(|source| source.id).collect();
    rows.retain(|trouble| {
        let owner = trouble.owner.as_ref().map(EntityRef::to_string);
        let is_own = owner.is_some_and(|owner| caller.standing.teams.contains(&owner) || owner == caller.label());
        is_own && seen.contains(&trouble.source)
    });
    let total = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let rows = rows.into_iter().skip(filter.offset as usize).take(filter.limit as usize).collect();
    Ok(Part { rows, total })
}

/// How many troubles each team has, the most first; `None` for those that nobody owns. The filter's owner does not count.
pub async fn trouble_counts(
    services: &Services,
    caller: &Caller,
    filter: &TroubleFilter,
) -> Result<Vec<(Option<EntityRef>, u32)>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    if !sees_all(services, caller).await? {
        let mut counts: HashMap<Option<EntityRef>, u32> = HashMap::new();
        for trouble in own_troubles(services, caller, &TroubleFilter { limit: MOST, ..filter.clone() }).await?.rows {
            *counts.entry(trouble.owner).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(owner, count)| (std::cmp::Reverse(*count), owner.as_ref().map(EntityRef::to_string)));
        return Ok(counts);
    }
    let counts = store::trouble_counts(&services.db, &caller.tenant, filter).await?;
    let mut counts: Vec<_> =
        counts.into_iter().map(|(owner, count)| (owner, u32::try_from(count).unwrap_or(u32::MAX))).collect();
    counts.sort_by(|left, right| {
        right
            .1
            .cmp(&left.1)
            .then_with(|| left.0.as_ref().map(EntityRef::to_string).cmp(&right.0.as_ref().map(EntityRef::to_string)))
    });
    Ok(counts)
}

/// How many troubles, disputes and orphans there are.
pub async fn inbox_sizes(services: &Services, caller: &Caller) -> Result<(u32, u32, u32)> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let none = TroubleFilter::default();
    if !sees_all(services, caller).await? {
        let troubles = own_troubles(services, caller, &none).await?.total;
        let disputes = super::disputes(services, caller, (0, 0)).await?.total;
        let orphans = super::orphans(services, caller, None, (0, 0)).await?.total;
        return Ok((troubles, disputes, orphans));
    }
    let troubles = store::troubles(&services.db, &caller.tenant, &none).await?.1;
    let disputes = store::conflicts(&services.db, &caller.tenant, (0, 0)).await?.1;
    let orphans = store::orphans(&services.db, &caller.tenant, None, (0, 0)).await?.1;
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok((count(troubles), count(disputes), count(orphans)))
}

/// The kept text of a file that should be mended, with what is wrong with it.
pub async fn kept_text(services: &Services, caller: &Caller, source: Uuid, path: &str) -> Result<KeptText> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Source(source)).await?;
    let missing = || {
        let why = "is kept; only files that were rejected or warned in the last sync have one";
        Error::NotFound(format!("no text of `{path}` {why}"))
    };
    let Some((first_line, text)) = store::text(&services.db, &caller.tenant, source, path).await? else {
        return Err(missing());
    };
    if !unseen::closed(services, caller, source, &[path.to_owned()]).await?.is_empty() {
        return Err(missing());
    }
    let mut problems = store::troubles_of(&services.db, &caller.tenant, source).await?;
    problems.retain(|trouble| trouble.path == path);
    let view = path.starts_with("https://").then(|| path.to_owned());
    let problems = problems.into_iter().map(|trouble| trouble.problem).collect();
    Ok(KeptText { path: path.to_owned(), first_line, text, problems, view })
}

/// Which files of these sources have a kept text.
pub async fn kept_texts(services: &Services, caller: &Caller, sources: &[Uuid]) -> Result<HashSet<(Uuid, String)>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let mut texts = store::texts(&services.db, &caller.tenant, sources).await?;
    if !sees_all(services, caller).await? {
        let mut of_source: HashMap<Uuid, Vec<String>> = HashMap::new();
        for (source, path) in &texts {
            of_source.entry(*source).or_default().push(path.clone());
        }
        for (source, paths) in of_source {
            for path in unseen::closed(services, caller, source, &paths).await? {
                texts.remove(&(source, path));
            }
        }
    }
    Ok(texts)
}

/// The last syncs of one source, oldest first.
pub async fn syncs_of(services: &Services, caller: &Caller, source: Uuid) -> Result<Vec<SyncRecord>> {
    let Some(source) = super::source_alone(services, caller, source).await? else {
        return Err(Error::NotFound(format!("there is no source `{source}`; it may have been removed")));
    };
    let syncs = store::syncs_of(&services.db, &caller.tenant, source.id).await?;
    let narrowed = unseen::narrowed(services, caller, std::slice::from_ref(&source)).await?;
    Ok(unseen::without_numbers(syncs, narrowed.contains(&source.id)))
}

/// The last syncs of every source, oldest first.
pub async fn syncs(services: &Services, caller: &Caller) -> Result<HashMap<Uuid, Vec<SyncRecord>>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let mut syncs = store::syncs(&services.db, &caller.tenant).await?;
    if !sees_all(services, caller).await? {
        let seen = super::sources(services, caller).await?;
        let narrowed = unseen::narrowed(services, caller, &seen).await?;
        let mut all = std::mem::take(&mut syncs);
        for Source { id, .. } in seen {
            if let Some(records) = all.remove(&id) {
                syncs.insert(id, unseen::without_numbers(records, narrowed.contains(&id)));
            }
        }
    }
    Ok(syncs)
}
