//! Tabs that are links.

use leptos::prelude::*;

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// The word.
    pub label: String,
    /// Its page.
    pub href: String,
    /// How many things are behind it, if that is known.
    pub count: Option<u32>,
    /// Whether it is the one shown.
    pub current: bool,
}

/// Links to the sides of one thing; each has its own address.
///
/// - `label`: what the tabs are sides of, for assistive technology; `tabs`: in order.
#[component]
pub fn Tabs(#[prop(into)] label: String, tabs: Vec<Tab>) -> impl IntoView {
    let items = tabs.into_iter().map(|Tab { label, href, count, current }| {
        let class = if current {
            "flex items-center gap-1.5 border-b-2 border-primary px-0.5 pb-2 font-semibold"
        } else {
            "flex items-center gap-1.5 border-b-2 border-transparent px-0.5 pb-2 text-muted hover:text-base-content"
        };
        view! {
            <li class="flex-none">
                <a class=class href=href aria-current=current.then_some("page")>
                    {label}
                    {count.map(|count| view! { <span class="font-normal text-muted">{count}</span> })}
                </a>
            </li>
        }
    });
    view! {
        <nav aria-label=label class="no-print -mx-4 overflow-x-auto px-4 sm:-mx-6 sm:px-6">
            <ul class="flex min-w-max gap-6 border-b border-base-300 pt-1 text-table *:-mb-px">{items.collect_view()}</ul>
        </nav>
    }
}
