//! Names that are declared twice: who claims what, which stands, and since when.

use domain::catalog::{Claim, Dispute};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    inbox_functions::{HandOver, get_disputes},
    inbox_tabs::{Inbox, InboxTabs, Pager, many},
    inbox_views::DisputesView,
};
use crate::ui::{Button, Empty, EntityLink, Glyph, Load, MayNot, Page, ProblemNote, When, fetch, live};

/// The inbox of names that are declared twice.
#[component]
pub(crate) fn ConflictsPage() -> impl IntoView {
    let query = use_query_map();
    let page =
        Memo::new(move |_| query.with(|query| query.get_str("page").and_then(|page| page.parse().ok()).unwrap_or(1)));
    let version = live(|kind, _| kind == "source-synced" || kind == "source-removed" || kind == "entity-handed-over");
    let disputes = fetch(move || (page.get(), version.get()), |(page, _)| get_disputes(page));
    view! {
        <Load of=disputes let:found>
            <Disputes found page=page.get_untracked()/>
        </Load>
    }
    .into_any()
}

#[component]
fn Disputes(found: DisputesView, page: u32) -> impl IntoView {
    let DisputesView { sizes, rows, total } = found;
    let answer = match total {
        0 => "Every name is declared once".to_owned(),
        _ => format!(
            "{} more than once; the first declaration stands",
            many(total, "name is declared", "names are declared")
        ),
    };
    let body = if rows.is_empty() {
        view! {
            <div class="surface">
                <Empty glyph=Glyph::CircleCheck title="No name is declared twice">
                    <p>"Where two files declare the same name, both stand here, and the first one counts until you decide."</p>
                </Empty>
            </div>
        }
        .into_any()
    } else {
        view! { <div class="surface"><DisputeList disputes=rows/></div> }.into_any()
    };
    view! {
        <Page title="Declared twice" answer=move || answer.clone()>
            <InboxTabs here=Inbox::Disputes sizes/>
            {body}
            <Pager base="/sources/conflicts".to_owned() page total/>
        </Page>
    }
}

/// Rows of names that are declared twice, each with the deed that settles it, or why it is not for the one who looks.
#[component]
pub(super) fn DisputeList(disputes: Vec<(Dispute, String)>) -> impl IntoView {
    let action = ServerAction::<HandOver>::new();
    let problem = move || {
        action
            .value()
            .get()
            .and_then(Result::err)
            .map(|error| view! { <div class="px-4 pt-3"><ProblemNote text=error/></div> })
    };
    let rows = disputes.into_iter().map(|(dispute, may_not)| view! { <DisputeRow dispute may_not action/> });
    view! {
        {problem}
        <ul>{rows.collect_view()}</ul>
    }
}

#[component]
fn DisputeRow(dispute: Dispute, may_not: String, action: ServerAction<HandOver>) -> impl IntoView {
    let Dispute { reference, since, holder, claimer, by_trust } = dispute;
    let since = since
        .map(|at| view! { <span class="text-meta text-muted">"declared twice since "<When at sentence=true/></span> });
    let broken = holder.is_broken.then(|| {
        view! { <p class="mt-1 text-meta text-warning">"The file that stands was rejected in its last sync: what it last declared counts until it is mended."</p> }
    });
    let hint = if by_trust {
        "It stands because its source is trusted with people and teams: who they are decides what they may do. The other one \
         takes over if its source is trusted so too and this one lets go."
    } else if holder.source == claimer.source {
        "To mend it in the files: take it out of one of the two, or rename it there."
    } else {
        "To mend it in the files: agree whose it is, and rename it or take it out in the other."
    };
    // By as little as tells it from the other one.
    let named = if holder.path == claimer.path {
        claimer.target.clone()
    } else if short(&holder.path) == short(&claimer.path) {
        claimer.path.clone()
    } else {
        short(&claimer.path)
    };
    let (source, path, key) = (claimer.source.to_string(), claimer.path.clone(), reference.to_string());
    let may_not = if by_trust { String::new() } else { may_not };
    let deed = (may_not.is_empty() && !by_trust).then(|| {
        view! {
            <ActionForm action=action attr:class="no-print mt-2">
                <input type="hidden" name="reference" value=key/>
                <input type="hidden" name="source" value=source/>
                <input type="hidden" name="path" value=path.clone()/>
                <Button submit=true pending=action.pending()>{format!("Let {named} have it")}</Button>
            </ActionForm>
        }
    });
    view! {
        <li class="border-t border-base-300 px-4 py-3 text-table first:border-t-0">
            <p class="flex flex-wrap items-baseline justify-between gap-x-4">
                <EntityLink to=reference/>
                {since}
            </p>
            <dl class="mt-1 grid gap-x-3 gap-y-0.5 sm:grid-cols-[auto_1fr]">
                <dt class="text-muted">"Stands"</dt><dd class="min-w-0 break-all"><Place claim=holder/></dd>
                <dt class="text-muted">"Claims it too"</dt><dd class="min-w-0 break-all"><Place claim=claimer/></dd>
            </dl>
            {broken}
            <p class="mt-1 text-meta text-muted">{hint}</p>
            {deed}
            <MayNot why=may_not/>
        </li>
    }
}

/// The end of a path, which tells it from others.
fn short(path: &str) -> String {
    let parts: Vec<&str> = path.trim_end_matches('/').rsplit('/').take(2).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

#[component]
fn Place(claim: Claim) -> impl IntoView {
    view! {
        <code class="font-mono text-meta">{claim.path}</code>
        " in "
        <a class="text-link underline" href=format!("/sources/{}", claim.source)>{claim.target}</a>
    }
}
