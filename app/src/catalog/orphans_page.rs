//! What nothing declares any more: until when it stays, and the two deeds.

use domain::catalog::Orphan;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    inbox_functions::{SettleOrphan, SettleOrphans, get_orphans},
    inbox_tabs::{Inbox, InboxTabs, Pager, many},
    inbox_views::OrphansView,
};
use crate::ui::{
    Button, ButtonKind, Empty, EntityLink, Glyph, Load, MayNot, OwnerLink, Page, ProblemNote, Until, When, fetch, live,
};

/// The inbox of orphans.
#[component]
pub(crate) fn OrphansPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let page = query.get_str("page").and_then(|page| page.parse().ok()).unwrap_or(1);
            (query.get_str("source").unwrap_or_default().to_owned(), page)
        })
    });
    let version = live(|kind, _| {
        matches!(kind, "entity-orphaned" | "entity-removed" | "entity-kept" | "source-synced" | "source-removed")
    });
    let orphans = fetch(move || (asked.get(), version.get()), |((source, page), _)| get_orphans(source, page));
    view! {
        <Load of=orphans let:found>
            <Orphans found page=asked.get_untracked().1/>
        </Load>
    }
    .into_any()
}

#[component]
fn Orphans(found: OrphansView, page: u32) -> impl IntoView {
    let OrphansView { sizes, rows, total, source, may_not } = found;
    let settle = ServerAction::<SettleOrphan>::new();
    let problem = move || settle.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    let answer = match total {
        0 => "Everything in the catalog is declared by its source".to_owned(),
        _ => format!(
            "{} declares any more; each is removed when its time is over, unless it is kept",
            many(total, "thing that nothing", "things that nothing")
        ),
    };
    let base = match &source {
        Some((id, _)) => format!("/sources/orphans?source={id}"),
        None => "/sources/orphans".to_owned(),
    };
    let of_source = source.map(|(id, target)| view! { <OfSource id target total may_not/> });
    let is_empty = rows.is_empty();
    let rows = rows.into_iter().map(
        |(orphan, may_not)| view! { <li class="border-t border-base-300 px-4 py-3 first:border-t-0"><Row orphan may_not settle/></li> },
    );
    let rows = rows.collect_view();
    let body = if is_empty {
        view! {
            <div class="surface">
                <Empty glyph=Glyph::CircleCheck title="There are no orphans">
                    <p>"What a file or a source stops declaring stays here for a while before it is removed, so that a slip can be undone."</p>
                </Empty>
            </div>
        }
        .into_any()
    } else {
        view! { <ul class="surface">{rows}</ul> }.into_any()
    };
    view! {
        <Page title="Orphans" answer=move || answer.clone()>
            <InboxTabs here=Inbox::Orphans sizes/>
            {problem}
            {of_source}
            {body}
            <Pager base page total/>
        </Page>
    }
}

/// All orphans of one source at once.
#[component]
fn OfSource(id: String, target: String, total: u32, may_not: String) -> impl IntoView {
    let settle = ServerAction::<SettleOrphans>::new();
    let problem = move || settle.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    let whose = if target.is_empty() { id.clone() } else { target };
    let deeds = (total > 1 && may_not.is_empty()).then(|| {
        view! {
            <ActionForm action=settle attr:class="no-print flex flex-wrap gap-2">
                <input type="hidden" name="source" value=id/>
                <button type="submit" name="deed" value="keep" class="btn">{format!("Keep all {total}")}</button>
                <button type="submit" name="deed" value="remove" class="btn btn-error">{format!("Remove all {total} now")}</button>
            </ActionForm>
        }
    });
    view! {
        <div class="mb-4 flex flex-wrap items-center justify-between gap-3 text-table">
            <p class="prose-links min-w-0 wrap-anywhere">"Of "{whose}" · "<a href="/sources/orphans">"show all"</a></p>
            {deeds}
            {problem}
            {(total > 1).then(|| view! { <MayNot why=may_not/> })}
        </div>
    }
}

#[component]
fn Row(orphan: Orphan, may_not: String, settle: ServerAction<SettleOrphan>) -> impl IntoView {
    let Orphan { reference, title, owner, source, target, is_registered, path, since, .. } = orphan.clone();
    let whence = if is_registered {
        view! { <a href=format!("/sources/{source}")>{target}</a> }.into_any()
    } else {
        view! { {target}", which was removed" }.into_any()
    };
    view! {
        <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 text-table">
            <div class="min-w-0 flex-1 basis-72">
                <p class="flex flex-wrap items-baseline gap-x-3">
                    <EntityLink to=reference.clone() label=title/>
                    <span class="text-muted">{reference.kind().to_owned()}" of "<OwnerLink owner plain=true/></span>
                </p>
                <p class="prose-links text-meta text-muted wrap-anywhere">"Was in "<code class="font-mono">{path}</code>" of "{whence}", until "<When at=since sentence=true/></p>
                <p class="text-meta"><Fate orphan=orphan.clone()/></p>
            </div>
            <Deeds orphan may_not settle/>
        </div>
    }
}

/// When it is removed, or who keeps it.
#[component]
pub(super) fn Fate(orphan: Orphan) -> impl IntoView {
    let kept = orphan.kept.map(|(at, by)| view! { {format!("Kept by {by} since ")}<When at/>"." });
    let removed =
        orphan.removal.map(|at| view! { "It is removed "<Until at/>", unless it is declared again or kept." });
    view! { {kept} {removed} }
}

/// Keep, and remove now; or why neither is for the one who looks.
#[component]
pub(super) fn Deeds(orphan: Orphan, may_not: String, settle: ServerAction<SettleOrphan>) -> impl IntoView {
    if !may_not.is_empty() {
        return view! { <MayNot why=may_not/> }.into_any();
    }
    let (key, name) = (orphan.reference.to_string(), orphan.reference.name().to_owned());
    let deed = move |deed: &'static str, words: &'static str, kind: ButtonKind| {
        let (label, key) = (format!("{words}: {name}"), key.clone());
        view! {
            <ActionForm action=settle attr:aria-label=label>
                <input type="hidden" name="reference" value=key/>
                <input type="hidden" name="deed" value=deed/>
                <Button submit=true kind pending=settle.pending()>{words}</Button>
            </ActionForm>
        }
    };
    let keep = orphan.kept.is_none().then(|| deed("keep", "Keep", ButtonKind::Plain));
    view! {
        <div class="no-print flex flex-wrap gap-2">
            {keep}
            {deed("remove", "Remove now", ButtonKind::Danger)}
        </div>
    }
    .into_any()
}
