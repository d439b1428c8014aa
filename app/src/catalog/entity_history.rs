//! What happened to an entity, and around it.

use domain::catalog::EntityRef;
use leptos::prelude::*;

use super::views::{HistoryView, Told, at_moment};
use crate::ui::{Button, Diff, Empty, EntityLink, Glyph, Icon, Moment, Moved, Panel, When};

/// Up to how many fields are told without being asked for.
const FEW: usize = 4;

#[component]
pub(super) fn HistorySide(reference: EntityRef, history: HistoryView, moment: String) -> impl IntoView {
    let HistoryView { changes, around, is_whole, older, is_first } = history;
    let base = at_moment(&format!("{}/history", reference.path()), &moment);
    let joint = if moment.is_empty() { '?' } else { '&' };
    let around_it = format!("{base}{joint}of=around");
    let here = if around { around_it.clone() } else { base.clone() };
    let page = |before: i64| format!("{here}{}before={before}", if around { '&' } else { joint });
    let title = match (around, is_whole) {
        (true, _) => "What changed around it",
        (_, true) => "One change",
        _ => "History",
    };
    let body = if changes.is_empty() {
        let words = if around {
            "Nothing has been recorded about what it is tied to"
        } else {
            "Nothing has been recorded about it"
        };
        view! { <Empty glyph=Glyph::History title=words/> }.into_any()
    } else {
        let rows = changes.into_iter().map(|change| {
            view! { <Row change reference=reference.clone() moment=moment.clone() around is_whole/> }
        });
        view! { <ol class="flex flex-col">{rows.collect_view()}</ol> }.into_any()
    };
    let switch = {
        let (of_it, around_it) = (base.clone(), around_it);
        move || {
            let link = |label: &'static str, href: String, is_here: bool| {
                let class = if is_here {
                    "bg-neutral px-2.5 py-1 text-neutral-content"
                } else {
                    "bg-base-100 px-2.5 py-1 hover:bg-base-200"
                };
                view! { <a class=class href=href aria-current=is_here.then_some("true") data-noscroll="true">{label}</a> }
            };
            view! {
                <span class="no-print flex overflow-hidden rounded-field border border-base-300 text-base-content">
                    {link("It", of_it.clone(), !around)}
                    {link("Around it", around_it.clone(), around)}
                </span>
            }
        }
    };
    let newest = (!is_first).then(
        || view! { <a class="btn" rel="prev" href=here.clone()>{if is_whole { "All changes" } else { "Latest" }}</a> },
    );
    let older = older.map(|older| view! { <a class="btn" rel="next" href=page(older)>"Older"</a> });
    view! {
        <div class="grid max-w-4xl gap-4">
            <AsOf path=reference.path()/>
            <Panel title action=switch>{body}</Panel>
            <nav aria-label="Pages" class="flex justify-end gap-3 empty:hidden">{newest}{older}</nav>
        </div>
    }
}

/// A way to any moment.
#[component]
fn AsOf(path: String) -> impl IntoView {
    view! {
        <form action=path method="get" class="no-print surface flex flex-wrap items-center gap-3 px-4 py-3 text-table">
            <label class="flex flex-wrap items-center gap-2">
                "Show it as it was at"
                <input type="datetime-local" name="asOf" step="1" required class="input h-8 w-auto"/>
                <span class="text-muted">"UTC"</span>
            </label>
            <Button submit=true glyph=Glyph::History>"Show"</Button>
        </form>
    }
}

#[component]
fn Row(change: Told, reference: EntityRef, moment: String, around: bool, is_whole: bool) -> impl IntoView {
    let Told { seq, at, then, actor, about, title, difference, kind } = change;
    let (glyph, tone) = look(&kind);
    let subject = about.clone().unwrap_or(reference);
    let has_state = kind.starts_with("entity-")
        && !matches!(kind.as_str(), "entity-removed" | "entity-kept" | "entity-handed-over");
    let was = has_state.then(|| {
        let href = at_moment(&subject.path(), &then);
        view! { " · " <a href=href>"as it was then"</a> }
    });
    let what = around.then(|| view! { <EntityLink to=subject.clone()/> " " });
    let count = difference.fields.len() + difference.more as usize;
    let whole = (difference.is_part && !is_whole).then(|| {
        let history = at_moment(&format!("{}/history", subject.path()), &moment);
        let joint = if moment.is_empty() { '?' } else { '&' };
        view! { <a class="mt-1 inline-block text-meta text-link" href=format!("{history}{joint}change={seq}")>"The whole change"</a> }
    });
    let fields = (count > 0).then(|| {
        let words = if count == 1 { "1 field".to_owned() } else { format!("{count} fields") };
        view! {
            <details class="mt-1.5" open=(is_whole || count <= FEW).then_some("")>
                <summary class="inline-flex items-center gap-1 text-meta text-primary">{words}</summary>
                <div class="mt-1"><Diff difference/></div>
                {whole}
            </details>
        }
    });
    view! {
        <li class="flex gap-3 border-t border-base-300 py-3 first:border-t-0 first:pt-0 last:pb-0" id=format!("change-{seq}")>
            <Icon glyph class=tone/>
            <div class="min-w-0 flex-1">
                <p class="text-table break-words">{what}{title}</p>
                <p class="prose-links text-meta text-muted break-words">{format!("by {actor} · change {seq}")}{was}</p>
                {fields}
            </div>
            <span class="flex-none text-meta text-muted"><When at=Moment(at)/></span>
        </li>
    }
}

/// The pictogram of a kind of change, and its colour.
fn look(kind: &str) -> (Glyph, &'static str) {
    match kind {
        "entity-created" => (Glyph::Plus, "text-success"),
        "entity-updated" => (Glyph::Pencil, "text-info"),
        "entity-orphaned" => (Glyph::TriangleAlert, "text-warning"),
        "entity-removed" => (Glyph::Trash, "text-error"),
        "docs-changed" => (Glyph::BookOpen, "text-info"),
        "entity-renamed" => (Glyph::Tag, "text-info"),
        "entity-kept" => (Glyph::Anchor, "text-info"),
        "entity-handed-over" => (Glyph::Send, "text-info"),
        "scorecard-evaluated" => (Glyph::Medal, "text-muted"),
        _ => (Glyph::CircleDot, "text-muted"),
    }
}

/// A change as a line among others.
pub(crate) fn moved(change: Told) -> Moved {
    let (glyph, tone) = look(&change.kind);
    let detail = format!("by {} · change {}", change.actor, change.seq);
    Moved { glyph, tone, title: change.title, detail, at: Moment(change.at), href: None }
}
