//! What the inboxes of sources have in common: tabs with counts, and pages of rows.

use leptos::prelude::*;

use super::inbox_views::{ROWS, Sizes};
use crate::ui::{Tab, Tabs};

/// Sources and their inboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inbox {
    Sources,
    Troubles,
    Disputes,
    Orphans,
}

/// Links to the sources and to each inbox, with how much waits there.
#[component]
pub(super) fn InboxTabs(here: Inbox, sizes: Sizes) -> impl IntoView {
    let tab = |inbox: Inbox, label: &str, href: &str, count: u32| Tab {
        label: label.to_owned(),
        href: href.to_owned(),
        count: Some(count),
        current: here == inbox,
    };
    let tabs = vec![
        tab(Inbox::Sources, "Sources", "/sources", sizes.sources),
        tab(Inbox::Troubles, "To mend", "/sources/problems", sizes.troubles),
        tab(Inbox::Disputes, "Declared twice", "/sources/conflicts", sizes.disputes),
        tab(Inbox::Orphans, "Orphans", "/sources/orphans", sizes.orphans),
    ];
    view! { <div class="mb-5"><Tabs label="Sources and what needs someone" tabs/></div> }
}

/// Links to the pages before and after; `base` is the address without its page.
#[component]
pub(super) fn Pager(base: String, page: u32, total: u32) -> impl IntoView {
    let page = page.max(1);
    let last = total.div_ceil(ROWS).max(1);
    (last > 1).then(|| {
        let mark = if base.contains('?') { '&' } else { '?' };
        let link = |to: u32, words: &'static str| {
            view! { <a class="btn" href=format!("{base}{mark}page={to}")>{words}</a> }
        };
        view! {
            <nav aria-label="Pages" class="mt-4 flex flex-wrap items-center gap-3 text-table text-muted">
                {(page > 1).then(|| link(page - 1, "Before"))}
                <span>{format!("Page {page} of {last}")}</span>
                {(page < last).then(|| link(page + 1, "After"))}
            </nav>
        }
    })
}

/// `1 thing`, `2 things`.
pub(super) fn many(count: u32, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
