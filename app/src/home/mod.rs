//! The first page.

use leptos::prelude::*;

/// What waits for me, and what changed.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    view! { <h1>"Causeway"</h1> }.into_any()
}
