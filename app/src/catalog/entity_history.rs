//! What happened to an entity.

use domain::{catalog::EntityRef, changes::Change};
use leptos::prelude::*;

use crate::ui::{Empty, Glyph, Moved, Panel, Timeline};

#[component]
pub(super) fn HistorySide(changes: Vec<Change>) -> impl IntoView {
    let body = if changes.is_empty() {
        view! { <Empty glyph=Glyph::History title="Nothing has been recorded about it"/> }.into_any()
    } else {
        view! { <Timeline items=changes.into_iter().map(moved).collect()/> }.into_any()
    };
    view! { <div class="max-w-3xl"><Panel title="History">{body}</Panel></div> }
}

/// A change, in words.
pub(crate) fn moved(change: Change) -> Moved {
    let (glyph, tone, title) = match change.kind.as_str() {
        "entity-created" => (Glyph::Plus, "text-success", "Came into the catalog".to_owned()),
        "entity-updated" => (Glyph::Pencil, "text-info", updated(&change)),
        "entity-orphaned" => (Glyph::TriangleAlert, "text-warning", "No longer declared by its source".to_owned()),
        "entity-removed" => (Glyph::Trash, "text-error", "Left the catalog".to_owned()),
        "docs-changed" => (Glyph::BookOpen, "text-info", "Docs changed".to_owned()),
        "entity-renamed" => (Glyph::Tag, "text-info", renamed(&change)),
        "entity-kept" => (Glyph::Anchor, "text-info", "Kept, although nothing declares it".to_owned()),
        "entity-handed-over" => (Glyph::Send, "text-info", handed(&change)),
        "scorecard-evaluated" => (Glyph::Medal, "text-muted", crate::scorecards::told(&change)),
        "source-registered" => (Glyph::Upload, "text-info", "Source registered".to_owned()),
        "source-synced" => (Glyph::RefreshCw, "text-muted", "Source synced".to_owned()),
        "source-removed" => (Glyph::Trash, "text-muted", "Source removed".to_owned()),
        "source-asked" => (Glyph::RefreshCw, "text-muted", "Sync asked for".to_owned()),
        "source-scheduled" => (Glyph::Clock, "text-muted", "Schedule changed".to_owned()),
        "source-webhook" => (Glyph::Key, "text-muted", "Webhook changed".to_owned()),
        "source-moved" => (Glyph::Pencil, "text-info", "Source pointed somewhere else".to_owned()),
        "run-created" => (Glyph::Play, "text-info", "Run started".to_owned()),
        "run-moved" => (Glyph::Route, "text-muted", "Run moved on".to_owned()),
        other => (Glyph::CircleDot, "text-muted", other.to_owned()),
    };
    let detail = format!("by {} · change {}", change.actor, change.seq);
    Moved { glyph, tone, title, detail, at: change.at.into(), href: None }
}

/// Which fields a change is about, as far as both states are known.
fn updated(change: &Change) -> String {
    let part =
        |value: &Option<serde_json::Value>, name: &str| value.as_ref().and_then(|value| value.get(name)).cloned();
    let names = ["metadata", "spec", "relations", "status"];
    let altered: Vec<&str> =
        names.into_iter().filter(|name| part(&change.before, name) != part(&change.after, name)).collect();
    if altered.is_empty() { "Changed".to_owned() } else { format!("Changed: {}", altered.join(", ")) }
}

/// From which name to which.
fn renamed(change: &Change) -> String {
    let name = |document: &Option<serde_json::Value>| document.as_ref().and_then(EntityRef::of);
    match (name(&change.before), name(&change.after)) {
        (Some(from), Some(to)) => format!("Renamed from {} to {}", from.short(), to.short()),
        _ => "Renamed".to_owned(),
    }
}

/// Which file has the name now.
fn handed(change: &Change) -> String {
    let path = change.after.as_ref().and_then(|after| after.get("path")?.as_str());
    path.map_or_else(|| "Handed over".to_owned(), |path| format!("Handed over to {path}"))
}
