//! Sources that count for sign-in and permission although nobody said so: they were there before that was asked.

use std::collections::HashMap;

use domain::{
    catalog::Trust,
    changes::ChangeKind,
    identity::{Caller, Permission, Subject, Target, Tenant},
};
use sea_orm::{ConnectionTrait, prelude::Uuid};

use super::store;
use crate::{Result, Services, changes, identity};

/// A source whose people and teams count, and whom nobody trusted with that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unasked {
    /// The source.
    pub source: Uuid,
    /// What it reads.
    pub target: String,
    /// Who registered it, where that is known.
    pub by: Option<String>,
    /// How many people and teams it declares.
    pub people: u64,
}

/// The sources that are to be looked at, for those who decide.
pub async fn unasked(services: &Services, caller: &Caller) -> Result<Vec<Unasked>> {
    if !identity::is_allowed(services, caller, Permission::ManagePeople, Target::Platform).await? {
        return Ok(Vec::new());
    }
    unasked_in(&services.db, &caller.tenant).await
}

/// The same, for those who look at an installation from outside.
pub async fn unasked_in(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Vec<Unasked>> {
    let mut sources = store::sources(db, tenant).await?;
    sources.retain(|source| source.trust != Trust::None);
    let subjects: Vec<String> = sources.iter().map(domain::catalog::Source::subject).collect();
    let kinds = [ChangeKind::SourceRegistered, ChangeKind::SourceTrusted, ChangeKind::SourceMoved];
    let mut by: HashMap<String, String> = HashMap::new();
    let mut decided = Vec::new();
    for change in changes::about_in(db, tenant, &subjects, &kinds.map(ChangeKind::as_str)).await? {
        if change.after.as_ref().is_some_and(|after| after.get("trust").is_some()) {
            decided.push(change.subject);
        } else if change.kind == ChangeKind::SourceRegistered.as_str() {
            by.insert(change.subject, change.actor);
        }
    }
    let mut found = Vec::new();
    for source in sources {
        let subject = source.subject();
        // Who is an administrator by the way they come in decides it by registering.
        let is_plain = by.get(&subject).is_some_and(|by| {
            [Subject::Guest, Subject::Administrator].iter().any(|subject| subject.label() == by) || by == "start"
        });
        if is_plain || decided.contains(&subject) {
            continue;
        }
        let people = store::count_people(db, tenant, source.id).await?;
        if people > 0 {
            found.push(Unasked { source: source.id, target: source.target, by: by.remove(&subject), people });
        }
    }
    Ok(found)
}

/// Tells of them in the log.
pub async fn tell_of_unasked(services: &Services) {
    match unasked_in(&services.db, &Tenant::default()).await {
        Ok(found) => {
            for Unasked { source, target, by, people } in found {
                tracing::warn!(
                    %source, target, registered_by = by.unwrap_or_default(), people,
                    "people and teams of this source count for sign-in and permission since before that was asked: decide it on its page"
                );
            }
        }
        Err(error) => tracing::warn!(%error, "it could not be told which sources count that nobody trusted"),
    }
}
