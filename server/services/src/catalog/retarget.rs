//! Sources, as clients of other catalogs expect them: asked for by a predicate, and pointed somewhere else.

use domain::{
    catalog::{Entry, NewSource, Page, Predicate, Source, Trust},
    changes::ChangeKind,
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::{
    begin::begin,
    origin_of,
    sources::{checked, seen_sources, stays},
    store, trust as trusted,
};
use crate::{Error, Result, Services, changes::NewChange, identity, queue::Job};

/// What a predicate about sources may ask for.
const FIELDS: [&str; 4] = ["id", "type", "target", "entityref"];

/// A question about sources.
#[derive(Debug, Clone, Default)]
pub struct SourceQuery {
    /// What holds for them.
    pub predicate: Option<Predicate>,
    /// Behind this one; sources are sorted by id.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

/// A part of the sources that a question means.
///
/// # Errors
/// [`Error::Rejected`] if the predicate asks for something that a source does not have.
pub async fn query_sources(services: &Services, caller: &Caller, query: &SourceQuery) -> Result<Page<Source>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    if let Some(unknown) = query.predicate.iter().flat_map(Predicate::paths).find(|path| !FIELDS.contains(path)) {
        let why = format!("a location has no `{unknown}`; ask for `id`, `type`, `target` or `entityRef`");
        return Err(Error::Rejected(why));
    }
    let sources = store::sources(&services.db, &caller.tenant).await?;
    let mut sources = seen_sources(services, caller, sources).await?;
    sources.retain(|source| query.predicate.as_ref().is_none_or(|predicate| predicate.matches(&entries(source))));
    sources.sort_by_key(|source| source.id);
    let total = u32::try_from(sources.len()).unwrap_or(u32::MAX);
    let behind = sources.into_iter().filter(|source| query.after.is_none_or(|after| source.id > after));
    Ok(Page { items: behind.take(query.limit as usize).collect(), total })
}

fn entries(source: &Source) -> Vec<Entry> {
    let values = [source.id.to_string(), source.kind.to_string(), source.target.clone(), origin_of(source).to_string()];
    FIELDS.iter().zip(values).map(|(path, value)| Entry { path: (*path).to_owned(), value: Some(value) }).collect()
}

/// Points a source somewhere else, from where it is then fetched by a worker. What only the old place declared is
/// orphaned.
///
/// # Errors
/// [`Error::Conflict`] if another source is there already.
pub async fn retarget(services: &Services, caller: &Caller, id: Uuid, new: NewSource) -> Result<Source> {
    identity::may(services, caller, Permission::ManageSources, Target::Source(id)).await?;
    let asked = new.trust;
    let new = checked(services, caller, new).await?;
    let may_trust = identity::is_allowed(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let tenant = &caller.tenant;
    if !store::source(&services.db, tenant, id)
        .await?
        .is_some_and(|now| (now.kind, &now.target) == (new.kind, &new.target))
    {
        // A sync under way is not waited for: it sees that the source is another one before it writes what it read, and between what
        // it writes.
        services.catalog.interrupt(id);
    }
    let mut tx = begin(services, caller).await?;
    let Some(before) = store::source(&*tx, tenant, id).await? else {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    };
    stays(&before)?;
    if let Some(other) = store::source_by_target(&*tx, tenant, &new).await?.filter(|other| other.id != id) {
        return Err(Error::Conflict(format!("`{}` is registered already, as source `{}`", other.target, other.id)));
    }
    let mut trust = before.trust;
    if (before.kind, &before.target) == (new.kind, &new.target) {
        if asked.is_some_and(|asked| asked != before.trust) {
            let why = "it stays where it is, so only its trust would change: decide that by itself, on its page or at `/trust`";
            return Err(Error::Rejected(why.to_owned()));
        }
    } else {
        // What was believed was the old place: who may not decide that leads nobody's trust elsewhere.
        trust = if may_trust { asked.unwrap_or(before.trust) } else { Trust::None };
        if !trust.fits(new.kind) {
            trust = Trust::None;
        }
        store::retarget(&*tx, tenant, id, &new).await?;
        store::set_trust(&*tx, tenant, id, trust).await?;
        if trust != before.trust {
            trusted::ask_those_who_wait(&mut tx, tenant, id).await?;
        }
        tx.record(NewChange {
            source: id.to_string(),
            subject: before.subject(),
            kind: ChangeKind::SourceMoved,
            before: Some(json!({ "kind": before.kind, "target": before.target, "trust": before.trust })),
            after: Some(json!({ "kind": new.kind, "target": new.target, "trust": trust })),
        });
    }
    tx.enqueue(Job::SyncSoon { source: id });
    tx.commit().await?;
    if trust != before.trust {
        identity::forget_all(services).await?;
    }
    Ok(Source { kind: new.kind, target: new.target, trust, revision: None, problem: None, ..before })
}
