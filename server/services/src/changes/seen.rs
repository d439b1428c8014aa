//! What of the changes a caller is told who does not see all of the catalog.

use std::collections::{HashMap, HashSet};

use domain::{
    catalog::EntityRef,
    changes::Change,
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;

use super::{HIDDEN, store};
use crate::{
    Error, Result, Services, catalog, identity,
    permission::{self, Traits},
    runs,
};

/// Changes as far as the caller sees what they are about. Whoever reads on needs the last number, whatever it is about: what
/// is not seen tells only that something happened.
pub(super) async fn as_seen(services: &Services, caller: &Caller, changes: Vec<Change>) -> Result<Vec<Change>> {
    if changes.is_empty() || catalog::sees_all(services, caller).await? {
        return Ok(changes);
    }
    let subjects: HashSet<&str> = changes.iter().map(|change| change.subject.as_str()).collect();
    let (entities, others): (Vec<&str>, Vec<&str>) = subjects.into_iter().partition(|subject| is_entity(subject));
    let entities: Vec<String> = entities.into_iter().map(str::to_owned).collect();
    let mut seen: HashSet<String> = entities_seen(services, caller, &entities).await?;
    for subject in others {
        if is_other_seen(services, caller, subject).await? {
            seen.insert(subject.to_owned());
        }
    }
    let told = changes.iter().filter(|change| seen.contains(&change.subject)).cloned().collect();
    let told = catalog::without_empty(catalog::untied(services, caller, told).await?);
    let mut told: HashMap<i64, Change> = told.into_iter().map(|change| (change.seq, change)).collect();
    Ok(changes.into_iter().map(|change| told.remove(&change.seq).unwrap_or_else(|| hidden(change))).collect())
}

fn hidden(change: Change) -> Change {
    Change {
        actor: String::new(),
        source: String::new(),
        subject: String::new(),
        kind: HIDDEN.to_owned(),
        before: None,
        after: None,
        ..change
    }
}

/// Whether a subject is an entity: `kind:namespace/name`.
fn is_entity(subject: &str) -> bool {
    subject.split_once(':').is_some_and(|(_, rest)| rest.contains('/'))
}

/// Those of these entities that the caller sees; of those that have left, the ones that they would have seen then.
async fn entities_seen(services: &Services, caller: &Caller, references: &[String]) -> Result<HashSet<String>> {
    let (mut seen, gone) = catalog::seen_and_gone(services, caller, references).await?;
    let Some(sight) = permission::sight(services, caller).await? else { return Ok(seen) };
    for (reference, state) in store::last_states(&services.db, &caller.tenant, &gone).await? {
        if sight.decide(&Traits::of_document(&reference, &state)) {
            seen.insert(reference);
        }
    }
    Ok(seen)
}

/// Those of these entities of which the caller may be told by name: those that they see or would have seen, and those that never
/// were.
pub(crate) async fn entities_named(
    services: &Services,
    caller: &Caller,
    references: &[String],
) -> Result<HashSet<String>> {
    let (mut named, gone) = catalog::seen_and_gone(services, caller, references).await?;
    let Some(sight) = permission::sight(services, caller).await? else {
        return Ok(references.iter().cloned().collect());
    };
    let left = store::last_states(&services.db, &caller.tenant, &gone).await?;
    let hidden: HashSet<String> = left
        .into_iter()
        .filter(|(reference, state)| !sight.decide(&Traits::of_document(reference, state)))
        .map(|(reference, _)| reference)
        .collect();
    named.extend(gone.into_iter().filter(|reference| !hidden.contains(reference)));
    Ok(named)
}

/// What policies may know of an entity that has left, or bears another name, by how it was last; nothing of one that never was.
pub(crate) async fn last_traits(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Option<Traits>> {
    let key = reference.to_string();
    let state = store::last_states(&services.db, &caller.tenant, std::slice::from_ref(&key)).await?.pop();
    Ok(state.map(|(key, state)| Traits::of_document(&key, &state)))
}

/// Whether the caller sees what is no entity.
async fn is_other_seen(services: &Services, caller: &Caller, subject: &str) -> Result<bool> {
    let Some((kind, name)) = subject.split_once(':') else { return Ok(false) };
    let asks = async |permission: Permission, target: Target<'_>| {
        match identity::is_allowed(services, caller, permission, target).await {
            // What is hidden is answered so.
            Err(Error::NotFound(_)) => Ok(false),
            decided => decided,
        }
    };
    match (kind, name.parse::<Uuid>()) {
        ("source", Ok(id)) => asks(Permission::ReadCatalog, Target::Source(id)).await,
        ("run", Ok(id)) => {
            Ok(asks(Permission::ReadRuns, Target::Run(id)).await? && runs::is_there(services, caller, id).await?)
        }
        ("policy" | "role", _) => asks(Permission::ReadPolicies, Target::Platform).await,
        ("credential", _) => asks(Permission::ManageSources, Target::Platform).await,
        _ => Ok(false),
    }
}
