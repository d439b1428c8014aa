//! Tables of things.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// Which way a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// The head of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    /// The word.
    pub label: String,
    /// Where a click leads that sorts by this column.
    pub sort: Option<String>,
    /// How the table is sorted by it now.
    pub sorted: Option<Sorted>,
    /// More classes for the head, such as `hidden lg:table-cell` or `text-right`; cells carry the same.
    pub class: &'static str,
}

impl Column {
    /// A column that nothing is sorted by.
    pub fn plain(label: &str) -> Self {
        Self { label: label.to_owned(), ..Self::default() }
    }

    /// With more classes.
    #[must_use]
    pub fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }
}

/// A table with a head that stays, links that sort, and rows of 44 pixels. `j` and `k` walk along its rows' first links.
///
/// - `caption`: what the table shows, for assistive technology; `columns`: heads, in order; `wide`: as wide as its columns need, and
///   moved sideways where there is less room; `children`: `<tr>`s (a row's main link has the class `row-link`).
#[component]
pub fn DataTable(
    #[prop(into)] caption: String,
    columns: Vec<Column>,
    #[prop(optional)] wide: bool,
    children: Children,
) -> impl IntoView {
    // What can be moved sideways has no head that stays.
    let (frame, stays) = if wide { ("overflow-x-auto", "") } else { ("overflow-clip", "sticky top-13 z-10") };
    let heads = columns.into_iter().map(|Column { label, sort, sorted, class }| {
        let described = sorted.map(|sorted| match sorted {
            Sorted::Ascending => "ascending",
            Sorted::Descending => "descending",
        });
        let arrow = sorted.map(|sorted| {
            let glyph = if sorted == Sorted::Ascending { Glyph::ArrowUp } else { Glyph::ArrowDown };
            view! { <Icon glyph class="size-3.5"/> }
        });
        let words = match sort {
            Some(href) => view! {
                <a class="inline-flex items-center gap-1 hover:text-base-content" href=href data-noscroll="true">{label}{arrow}</a>
            }
            .into_any(),
            None => view! { {label} }.into_any(),
        };
        view! {
            <th
                scope="col"
                aria-sort=described
                class=format!("{stays} h-8 bg-base-100 shadow-[inset_0_-1px_0_var(--color-base-300)] px-2 font-medium whitespace-nowrap first:pl-4 last:pr-4 {class}")
            >
                {words}
            </th>
        }
    });
    view! {
        <div class=format!("surface {frame}")>
            <table class="w-full table-auto border-collapse text-left text-table">
                <caption class="sr-only">{caption}</caption>
                <thead class="text-meta text-muted">
                    <tr>{heads.collect_view()}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
