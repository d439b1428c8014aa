//! An entity as it was, and what changed around it: both from `changes`.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::{
    catalog::{Entity, EntityRef},
    changes::{Change, ChangeKind},
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;

use super::{Span, store};
use crate::{Error, Result, Services, changes, identity};

/// How many neighbours are looked at.
const NEIGHBOURS: usize = 500;

/// The changes that carry whole documents.
const DOCUMENTS: [ChangeKind; 5] = [
    ChangeKind::EntityCreated,
    ChangeKind::EntityUpdated,
    ChangeKind::EntityOrphaned,
    ChangeKind::EntityRenamed,
    ChangeKind::EntityRemoved,
];

/// An entity as it was at a moment.
#[derive(Debug, Clone)]
pub struct Past {
    /// How it was; its relations are in its document.
    pub entity: Entity,
    /// The moment.
    pub at: DateTime<Utc>,
    /// The first moment that the history knows, where the moment lies before it: then this is how it was just before that.
    pub begins: Option<DateTime<Utc>>,
    /// Whether it was another then than it is now.
    pub is_other: bool,
}

/// An entity as it was at a moment.
///
/// # Errors
/// `NotFound` if it was not in the catalog then, or if the history does not reach so far; the message says which.
pub async fn as_of(services: &Services, caller: &Caller, reference: &EntityRef, at: DateTime<Utc>) -> Result<Past> {
    let key = reference.to_string();
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let present = Utc::now();
    // The end of today, anywhere on earth, means now.
    let at = if at - present <= TimeDelta::days(1) { at.min(present) } else { at };
    if at > present {
        return Err(Error::Rejected(format!("{} lies ahead; choose a moment that has been", said(at))));
    }
    let (db, tenant) = (&services.db, &caller.tenant);
    let now = store::rows(db, tenant, std::slice::from_ref(&key)).await?.pop();
    let former = match &now {
        Some(row) => store::former_names(db, tenant, row.uid).await?,
        None => Vec::new(),
    };
    let kinds = DOCUMENTS.map(ChangeKind::as_str);
    let is_other = |document: &serde_json::Value| now.as_ref().is_none_or(|now| now.document != *document);
    if let Some(change) = changes::last_before(services, caller, &key, &former, &kinds, at).await? {
        let Some(document) = change.after else {
            let when = said(change.at);
            return Err(Error::NotFound(format!(
                "`{reference}` was not in the catalog at {}: it had left at {when}",
                said(at)
            )));
        };
        if let Some((name, renamed_at)) = renamed_away(services, caller, &key, (&document, change.at), at).await? {
            return Err(Error::NotFound(format!(
                "`{reference}` was not in the catalog at {}: it {name} since {}",
                said(at),
                said(renamed_at)
            )));
        }
        let is_other = is_other(&document);
        let entity = entity(reference, document, change.at, &change.kind, &change.source);
        return Ok(Past { entity, at, begins: None, is_other });
    }
    let Some(change) = changes::first_after(services, caller, &key, &former, &kinds, at).await? else {
        return Err(match now {
            Some(_) => Error::NotFound(format!(
                "the history of `{reference}` does not reach back to {}: nothing is recorded of it",
                said(at)
            )),
            None => Error::NotFound(format!("no entity `{reference}` is in the catalog, and none was at {}", said(at))),
        });
    };
    match change.before {
        Some(document) => {
            let is_other = is_other(&document);
            let entity = entity(reference, document, change.at, "", &change.source);
            Ok(Past { entity, at, begins: Some(change.at), is_other })
        }
        None => Err(Error::NotFound(format!(
            "`{reference}` was not in the catalog at {}: it came at {}",
            said(at),
            said(change.at)
        ))),
    }
}

/// The name that a thing has borne since it lost `key`, and since when, if that was between its last change under `key` and `at`.
async fn renamed_away(
    services: &Services,
    caller: &Caller,
    key: &str,
    (document, changed_at): (&serde_json::Value, DateTime<Utc>),
    at: DateTime<Utc>,
) -> Result<Option<(String, DateTime<Utc>)>> {
    let uid = document.pointer("/metadata/uid").and_then(serde_json::Value::as_str);
    let Some(uid) = uid.and_then(|uid| uid.parse::<Uuid>().ok()) else { return Ok(None) };
    // Under its present name, what it bore before is a part of its history.
    let is_key = EntityRef::of(document).is_some_and(|name| name.to_string() == key);
    if !is_key {
        return Ok(None);
    }
    let names = store::former_names(&services.db, &caller.tenant, uid).await?;
    let lost = names.iter().position(|(name, lost_at)| name == key && (changed_at..=at).contains(lost_at));
    let Some(lost) = lost else { return Ok(None) };
    let lost_at = names[lost].1;
    // The newest stands first: the name after this one is the one before it in the list.
    let next = match lost.checked_sub(1).and_then(|newer| names.get(newer)) {
        Some((name, _)) => Some(name.clone()),
        None => store::row_by_uid(&services.db, &caller.tenant, uid).await?.map(|row| row.reference),
    };
    let Some(next) = next.filter(|next| next != key) else { return Ok(None) };
    let may_see = match next.parse::<EntityRef>() {
        Ok(next) => identity::may(services, caller, Permission::ReadCatalog, Target::Entity(&next)).await.is_ok(),
        Err(_) => false,
    };
    let next = if may_see { format!("has been `{next}`") } else { "has had another name".to_owned() };
    Ok(Some((next, lost_at)))
}

/// What is left of an entity that left the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// When it left, and by whom.
    pub why: String,
    /// The page of how it was.
    pub before: String,
}

/// When and by whom an entity was taken out of the catalog, and where to see how it was; nothing if it never was there, or is now.
pub async fn farewell(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Option<Farewell>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let kinds = DOCUMENTS.map(ChangeKind::as_str);
    let last = changes::last_before(services, caller, &reference.to_string(), &[], &kinds, Utc::now()).await?;
    let Some(change) = last.filter(|change| change.after.is_none()) else { return Ok(None) };
    // As near as an address says it: it may have stood for no longer.
    let before = change.at - TimeDelta::milliseconds(1);
    // Told only to those who may see how it was.
    let was_there = as_of(services, caller, reference, before).await.is_ok();
    Ok(was_there.then(|| {
        let (gone, path) = (said(change.at), reference.path());
        let then = before.to_rfc3339_opts(SecondsFormat::Millis, true);
        let why = format!("`{reference}` left the catalog at {gone}, by {}", change.actor);
        Farewell { why, before: format!("{path}?asOf={then}") }
    }))
}

/// A moment in a message.
fn said(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn entity(
    reference: &EntityRef,
    document: serde_json::Value,
    changed_at: DateTime<Utc>,
    kind: &str,
    source: &str,
) -> Entity {
    let text =
        |pointer: &str| document.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    Entity {
        // It may have borne another name.
        reference: EntityRef::of(&document).unwrap_or_else(|| reference.clone()),
        uid: text("/metadata/uid").parse().unwrap_or_default(),
        etag: text("/metadata/etag"),
        changed_at,
        source: source.parse::<Uuid>().ok(),
        orphaned_at: (kind == ChangeKind::EntityOrphaned.as_str()).then_some(changed_at),
        document,
    }
}

/// Whom an entity was tied to.
fn tied_then(past: &Past) -> Vec<String> {
    let relations = past.entity.document["relations"].as_array().into_iter().flatten();
    relations.filter_map(|relation| relation["targetRef"].as_str()).map(str::to_owned).collect()
}

/// What changed about the entities that this one is tied to, or was then, newest first, at most `limit`.
pub async fn changes_around(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    span: Span,
    limit: u64,
) -> Result<Vec<Change>> {
    let key = reference.to_string();
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let mut subjects: Vec<String> = if let Some(at) = span.until {
        tied_then(&as_of(services, caller, reference, at).await?)
    } else {
        let relations = services.catalog.relations(services, caller, std::slice::from_ref(&key)).await?;
        relations.into_iter().flatten().flatten().map(|(_, target)| target).collect()
    };
    subjects.sort();
    subjects.dedup();
    subjects.retain(|subject| *subject != key);
    subjects.truncate(NEIGHBOURS);
    changes::about_any(services, caller, &subjects, span, limit).await
}
