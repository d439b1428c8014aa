//! Tells of changes, so that the browser need not know what stood in them.

use std::time::{Duration, Instant};

use serde_json::Value;
use services::{
    Result, Services, catalog,
    domain::{
        catalog::{Difference, EntityRef},
        changes::Change,
        scorecards::Outcome,
    },
    identity::Caller,
};

use crate::catalog::views::{HistoryView, Place, Told};

/// How many changes a page of a history has.
const PAGE: u64 = 40;
/// For how long the texts of a page are held against each other, line by line.
const PATIENCE: Duration = Duration::from_millis(500);

/// A page of the history of an entity, or of what is around it.
pub(crate) async fn page(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    place: &Place,
    until: Option<chrono::DateTime<chrono::Utc>>,
) -> Result<HistoryView> {
    if place.change > 0 {
        return whole(services, caller, reference, place.change, until).await;
    }
    let before = (place.before > 0).then_some(place.before);
    let span = catalog::Span { before, until };
    let mut changes = if place.around {
        catalog::changes_around(services, caller, reference, span, PAGE + 1).await?
    } else {
        catalog::history_of(services, caller, reference, span, PAGE + 1).await?
    };
    let has_more = changes.len() as u64 > PAGE;
    changes.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let older = changes.last().filter(|_| has_more).map(|last| last.seq);
    let changes = all(changes).await?;
    Ok(HistoryView { changes, around: place.around, is_whole: false, older, is_first: before.is_none() })
}

/// One change of an entity, with everything that it altered.
async fn whole(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    seq: i64,
    until: Option<chrono::DateTime<chrono::Utc>>,
) -> Result<HistoryView> {
    let span = catalog::Span { before: Some(seq.saturating_add(1)), until };
    let mut changes = catalog::history_of(services, caller, reference, span, 1).await?;
    changes.retain(|change| change.seq == seq);
    if changes.is_empty() {
        return Err(services::Error::NotFound(format!("`{reference}` has no change {seq} in its history")));
    }
    let changes = compared(changes, Difference::whole).await?;
    Ok(HistoryView { changes, around: false, is_whole: true, older: None, is_first: false })
}

/// Changes, each in words and fields.
pub(crate) async fn all(changes: Vec<Change>) -> Result<Vec<Told>> {
    compared(changes, Difference::within).await
}

/// How two states of a document are compared, until a moment.
type Compare = fn(&Value, &Value, Option<Instant>) -> Difference;

async fn compared(changes: Vec<Change>, compare: Compare) -> Result<Vec<Told>> {
    let until = Instant::now() + PATIENCE;
    let told = move || changes.into_iter().map(|change| told(change, compare, until)).collect();
    let changes = tokio::task::spawn_blocking(told).await;
    changes.map_err(|error| services::Error::Internal(format!("comparing documents failed: {error}")))
}

/// A change, in words and fields; texts are compared until that moment.
fn told(change: Change, compare: Compare, until: Instant) -> Told {
    let difference = match (&change.before, &change.after) {
        (Some(before), Some(after)) if change.kind.starts_with("entity-") => compare(before, after, Some(until)),
        _ => Difference::default(),
    };
    let title = match change.kind.as_str() {
        "entity-created" => "Came into the catalog".to_owned(),
        "entity-updated" => updated(&difference),
        "entity-orphaned" => "No longer declared by its source".to_owned(),
        "entity-removed" => "Left the catalog".to_owned(),
        "docs-changed" => "Docs changed".to_owned(),
        "entity-renamed" => renamed(&change),
        "entity-kept" => "Kept, although nothing declares it".to_owned(),
        "entity-handed-over" => handed(&change),
        "scorecard-evaluated" => judged(&change),
        other => other.to_owned(),
    };
    Told {
        seq: change.seq,
        at: change.at.timestamp_millis(),
        // As far as moments are kept, so that the change itself is among what was so then.
        then: change.at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true),
        actor: change.actor,
        about: change.subject.parse().ok(),
        kind: change.kind,
        title,
        difference,
    }
}

/// Which fields a change is about.
fn updated(difference: &Difference) -> String {
    const NAMED: usize = 3;
    let names: Vec<&str> = difference.fields.iter().take(NAMED).map(|field| field.path.as_str()).collect();
    let more = difference.fields.len().saturating_sub(NAMED) + difference.more as usize;
    match (names.is_empty(), more) {
        (true, _) => "Changed where it comes from".to_owned(),
        (_, 0) => format!("Changed: {}", names.join(", ")),
        _ => format!("Changed: {} and {more} more", names.join(", ")),
    }
}

/// From which name to which.
fn renamed(change: &Change) -> String {
    let name = |document: &Option<Value>| document.as_ref().and_then(EntityRef::of);
    match (name(&change.before), name(&change.after)) {
        (Some(from), Some(to)) => format!("Renamed from {} to {}", from.short(), to.short()),
        _ => "Renamed".to_owned(),
    }
}

/// Which file has the name now.
fn handed(change: &Change) -> String {
    let path = change.after.as_ref().and_then(|after| after.get("path")?.as_str());
    let why = change.after.as_ref().and_then(|after| after.get("why")?.as_str());
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    path.map_or_else(|| "Handed over".to_owned(), |path| format!("Handed over to {path}{why}"))
}

/// What an evaluation changed.
fn judged(change: &Change) -> String {
    let text = |state: &Option<Value>, field: &str| {
        state.as_ref().and_then(|state| Some(state.get(field)?.as_str()?.to_owned()))
    };
    let title = text(&change.after, "title").or_else(|| text(&change.before, "title")).unwrap_or_default();
    match (text(&change.before, "levelTitle"), text(&change.after, "levelTitle")) {
        (Some(from), Some(to)) if from != to => format!("{title}: {from} → {to}"),
        (None, Some(to)) => format!("{title}: {to}"),
        (Some(_), None) => format!("{title}: no longer about it"),
        _ => {
            let outcomes = change.after.as_ref().and_then(|state| state.get("outcomes")?.as_object());
            let rules = outcomes.into_iter().flatten().filter_map(|(rule, outcome)| {
                let outcome = Outcome::ALL.into_iter().find(|known| Some(known.as_str()) == outcome.as_str())?;
                Some(format!("{} {}", rule.replace(['-', '_'], " "), outcome.label()))
            });
            format!("{title}: {}", rules.collect::<Vec<_>>().join(", "))
        }
    }
}
