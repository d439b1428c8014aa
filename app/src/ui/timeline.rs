//! What changed, newest first.

use leptos::prelude::*;

use super::{Glyph, Icon, Moment, When};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its pictogram.
    pub glyph: Glyph,
    /// The pictogram's colour, such as `text-success`.
    pub tone: &'static str,
    /// What happened, in a few words.
    pub title: String,
    /// By whom, from where.
    pub detail: String,
    /// When.
    pub at: Moment,
    /// What it is about.
    pub href: Option<String>,
}

/// Things that happened, each with when and by whom.
///
/// - `items`: newest first.
#[component]
pub fn Timeline(items: Vec<Moved>) -> impl IntoView {
    let items = items.into_iter().map(|Moved { glyph, tone, title, detail, at, href }| {
        let title = match href {
            Some(href) => view! { <a class="hover:underline underline-offset-3" href=href>{title}</a> }.into_any(),
            None => view! { {title} }.into_any(),
        };
        view! {
            <li class="flex gap-3">
                <Icon glyph class=tone/>
                <div class="min-w-0 flex-1">
                    <p class="text-table break-words">{title}</p>
                    <p class="text-meta text-muted break-words">{detail}</p>
                </div>
                <span class="flex-none text-meta text-muted"><When at/></span>
            </li>
        }
    });
    view! { <ol class="flex flex-col gap-3 *:[&>.icon]:mt-px">{items.collect_view()}</ol> }
}
