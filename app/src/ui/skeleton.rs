//! Stands where something comes, in its size.

use leptos::prelude::*;

/// One grey bar.
///
/// - `class`: its size, such as `h-4 w-40`.
#[component]
pub fn Skeleton(#[prop(default = "h-4 w-40")] class: &'static str) -> impl IntoView {
    view! { <span aria-hidden="true" class=format!("skeleton-line block {class}")></span> }
}

/// A page's title and a list of rows that are on their way.
#[component]
pub fn SkeletonRows() -> impl IntoView {
    let rows = (0..8).map(|_| view! { <div class="flex h-11 items-center gap-4 border-t border-base-300 px-4"><Skeleton class="h-3.5 w-2/5"/><Skeleton class="h-3.5 w-1/5"/></div> });
    view! {
        <div role="status" class="px-4 py-5 sm:px-6">
            <span class="sr-only">"Loading"</span>
            <Skeleton class="h-7 w-56"/>
            <Skeleton class="mt-2 h-4 w-80 max-w-full"/>
            <div class="surface mt-5 overflow-hidden">{rows.collect_view()}</div>
        </div>
    }
}
