//! Facets: what a list is made of, as links that narrow it.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// How many choices a facet shows before the rest is folded away.
const SHOWN: usize = 6;

/// One property of the things in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetGroup {
    /// The word.
    pub title: String,
    /// What can be picked, the most frequent first.
    pub choices: Vec<FacetChoice>,
    /// How many values there are beyond those.
    pub beyond: usize,
    /// Where those are found, as the end of a sentence.
    pub elsewhere: &'static str,
}

/// One value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetChoice {
    /// The word.
    pub label: String,
    /// In how many things.
    pub count: u32,
    /// Whether it is picked.
    pub chosen: bool,
    /// The list with it picked, or no longer.
    pub href: String,
}

/// The facets of a list: a column on wide screens, a sheet on narrow ones, opened by a button with `popovertarget="facets"`.
///
/// - `groups`: in order; empty ones are left out.
#[component]
pub fn Facets(groups: Vec<FacetGroup>) -> impl IntoView {
    let groups = groups.into_iter().filter(|group| !group.choices.is_empty()).map(group);
    view! {
        <aside
            id="facets"
            popover="auto"
            aria-label="Filters"
            class="sheet sheet-facets flex-none flex-col border-base-300 px-4 pt-3 pb-8 lg:border-r"
        >
            <div class="mb-2 flex justify-end lg:hidden">
                <button type="button" class="btn btn-ghost btn-icon" popovertarget="facets" popovertargetaction="hide" aria-label="Close filters">
                    <Icon glyph=Glyph::Cross/>
                </button>
            </div>
            {groups.collect_view()}
        </aside>
    }
}

fn group(FacetGroup { title, choices, beyond, elsewhere }: FacetGroup) -> impl IntoView {
    // What is picked is never folded away.
    let (first, rest): (Vec<_>, Vec<_>) =
        choices.into_iter().enumerate().partition(|(at, choice)| *at < SHOWN || choice.chosen);
    let folded = rest.len();
    let list = |choices: Vec<(usize, FacetChoice)>| {
        view! { <ul>{choices.into_iter().map(|(_, item)| choice(item)).collect_view()}</ul> }
    };
    let others = (beyond > 0).then(|| {
        view! { <p class="py-1 pl-[1.625rem] text-meta text-muted">{format!("And {beyond} others, {elsewhere}.")}</p> }
    });
    let more = (folded > 0).then(|| {
        view! {
            <details class="group/more">
                <summary class="flex h-7 items-center pl-[1.625rem] text-table text-primary group-open/more:hidden">
                    {format!("{} more…", folded + beyond)}
                </summary>
                {list(rest)}
                {others}
            </details>
        }
    });
    view! {
        <details open class="group border-t border-base-300 py-2 first-of-type:border-t-0">
            <summary class="flex h-7 items-center justify-between text-table font-medium text-muted hover:text-base-content">
                <h2>{title}</h2>
                <Icon glyph=Glyph::ChevronDown class="transition-transform group-not-open:-rotate-90"/>
            </summary>
            {list(first)}
            {more}
        </details>
    }
}

fn choice(FacetChoice { label, count, chosen, href }: FacetChoice) -> impl IntoView {
    let (frame, words) = if chosen {
        ("border-primary bg-primary text-primary-content", "font-medium")
    } else {
        ("border-base-content/25 bg-base-100 text-transparent group-hover/choice:border-base-content/50", "")
    };
    view! {
        <li>
            <a href=href aria-current=chosen.then_some("true") data-noscroll="true" class="group/choice flex min-h-7 items-center gap-2.5 py-0.5 text-table">
                <span aria-hidden="true" class=format!("grid size-4 flex-none place-items-center rounded-[4px] border {frame}")>
                    <Icon glyph=Glyph::Check class="size-3"/>
                </span>
                <span class=format!("min-w-0 flex-1 truncate {words}")>{label}</span>
                <span class="text-muted">{count}</span>
            </a>
        </li>
    }
}
