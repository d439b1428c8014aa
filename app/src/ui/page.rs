//! The head of a page: what it is, its one answer, what can be done.

use leptos::prelude::*;
use leptos_meta::Title;

/// A page: title, one-line answer, actions, content.
///
/// - `title`: the heading and the window's title; `answer`: the page's one answer, in a line; `actions`: buttons, at most one filled;
///   `narrow`: one column of 640 pixels of text, for forms and plans.
#[component]
pub fn Page(
    #[prop(into)] title: String,
    #[prop(optional, into)] answer: ViewFn,
    #[prop(optional, into)] actions: ViewFn,
    #[prop(optional)] narrow: bool,
    children: Children,
) -> impl IntoView {
    let width = if narrow { "mx-auto w-full max-w-3xl" } else { "" };
    view! {
        <div class=format!("px-4 pt-5 pb-16 sm:px-6 {width}")>
            <PageHead title answer actions/>
            {children()}
        </div>
    }
}

/// The head alone, for pages with a layout of their own.
///
/// - As in [`Page`].
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    #[prop(optional, into)] answer: ViewFn,
    #[prop(optional, into)] actions: ViewFn,
) -> impl IntoView {
    view! {
        <Title text=title.clone()/>
        <header class="mb-4 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
            <div class="min-w-0">
                <h1 class="text-title font-semibold break-words">{title}</h1>
                <div class="mt-0.5 text-table text-muted break-words">{answer.run()}</div>
            </div>
            <div class="no-print flex flex-wrap gap-2">{actions.run()}</div>
        </header>
    }
}
