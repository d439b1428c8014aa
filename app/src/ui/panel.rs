//! Framed parts of a page.

use leptos::prelude::*;

/// A framed part of a page with a heading.
///
/// - `title`: the heading; `action`: a link or a word at its right; `flush`: content goes to the frame's edges (tables, lists).
#[component]
pub fn Panel(
    #[prop(into)] title: String,
    #[prop(optional, into)] action: ViewFn,
    #[prop(optional)] flush: bool,
    children: Children,
) -> impl IntoView {
    let inner = if flush { "border-t border-base-300" } else { "px-4 pb-4" };
    view! {
        <section class="surface min-w-0 overflow-clip">
            <header class="flex items-center justify-between gap-3 px-4 py-3">
                <h2 class="text-body font-semibold">{title}</h2>
                <div class="text-table text-muted">{action.run()}</div>
            </header>
            <div class=inner>{children()}</div>
        </section>
    }
}

/// Facts about a thing, as a list of terms.
///
/// - `children`: [`Fact`]s.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="grid grid-cols-[minmax(5rem,auto)_1fr] gap-x-4 gap-y-2.5 text-table">{children()}</dl> }
}

/// One fact.
///
/// - `term`: what it is about; `children`: the fact.
#[component]
pub fn Fact(#[prop(into)] term: String, children: Children) -> impl IntoView {
    view! {
        <dt class="text-muted">{term}</dt>
        <dd class="min-w-0 break-words">{children()}</dd>
    }
}
