//! A place where nothing is yet.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// Says why a place is empty and what the next step is.
///
/// - `glyph`: what would stand here; `title`: one short sentence; `children`: the next step, as text and buttons.
#[component]
pub fn Empty(glyph: Glyph, #[prop(into)] title: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <div class="flex flex-col items-center gap-2 px-4 py-10 text-center">
            <span class="grid size-11 place-items-center rounded-box border border-dashed border-base-content/30 text-muted">
                <Icon glyph class="size-5"/>
            </span>
            <p class="text-body font-medium">{title}</p>
            {children.map(|children| view! { <div class="flex max-w-md flex-col items-center gap-3 text-table text-muted">{children()}</div> })}
        </div>
    }
}
