//! The bar at the top: where one is, search, theme, help.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use super::{
    frame::Frame,
    palette,
    trail::{question, trail},
};
use crate::ui::{Fetched, Glyph, Icon};

#[component]
pub(super) fn TopBar(frame: Fetched<Frame>) -> impl IntoView {
    let pathname = use_location().pathname;
    let query = use_query_map();
    let crumbs = Memo::new(move |_| {
        let kind = query.with(|query| query.get_str("kind").map(str::to_owned));
        trail(&pathname.get(), kind.as_deref())
    });
    let steps = move || {
        let crumbs = crumbs.get();
        let last = crumbs.len().saturating_sub(1);
        crumbs
            .into_iter()
            .enumerate()
            .map(|(at, crumb)| {
                let words = match crumb.href {
                    Some(href) => view! { <a class="truncate text-muted hover:text-base-content" href=href>{crumb.label}</a> }.into_any(),
                    None => view! { <span class="truncate font-medium" aria-current="page">{crumb.label}</span> }.into_any(),
                };
                let class = if at == last { "flex min-w-0 items-center gap-2" } else { "hidden min-w-0 flex-none items-center gap-2 sm:flex" };
                view! {
                    <li class=class>
                        {(at > 0).then(|| view! { <Icon glyph=Glyph::ChevronRight class="hidden text-muted sm:block"/> })}
                        {words}
                    </li>
                }
            })
            .collect_view()
    };
    let asks = move || {
        let frame = frame.get()?.ok()?;
        let href = question(&pathname.get()).filter(|_| frame.asks)?;
        Some(view! {
            <a class="btn btn-ghost btn-sm flex-none text-muted" href=href title="Who can do this">
                <Icon glyph=Glyph::Users/>
                <span class="sr-only lg:not-sr-only">"Who can do this"</span>
            </a>
        })
    };
    view! {
        <header class="no-print sticky top-0 z-30 flex h-13 flex-none items-center gap-2 border-b border-base-300 bg-base-200 px-3 sm:px-6">
            <button type="button" popovertarget="navigation" class="btn btn-ghost btn-icon -ml-1 lg:hidden" aria-label="Open the navigation">
                <Icon glyph=Glyph::Menu/>
            </button>
            <nav aria-label="Breadcrumbs" class="min-w-0 flex-1">
                <ol class="flex items-center gap-2 text-table">{steps}</ol>
            </nav>
            <Transition fallback=|| ()>{asks}</Transition>
            <a
                href="/search"
                class="surface hidden h-8 w-80 items-center gap-2.5 rounded-field px-3 text-table text-muted hover:border-base-content/30 md:flex"
                on:click=palette::open_instead
            >
                <Icon glyph=Glyph::Search/>
                <span class="flex-1">"Search or jump to…"</span>
                <kbd class="kbd" aria-hidden="true">"Ctrl K"</kbd>
            </a>
            <a href="/search" class="btn btn-ghost btn-icon md:hidden" aria-label="Search" on:click=palette::open_instead>
                <Icon glyph=Glyph::Search/>
            </a>
            <button type="button" data-switch="theme" class="btn btn-ghost btn-icon text-muted" aria-label="Switch between light and dark" title="Light or dark">
                <span class="only-light"><Icon glyph=Glyph::Moon/></span>
                <span class="only-dark"><Icon glyph=Glyph::Sun/></span>
            </button>
            <button type="button" popovertarget="help" class="btn btn-ghost btn-icon text-muted" aria-label="Keyboard shortcuts and help" title="Help">
                <Icon glyph=Glyph::Help/>
            </button>
        </header>
    }
}
