//! Sides that are read: definitions and documentation. The server writes them, since what they are made of would weigh more than all
//! other pages together.

use leptos::prelude::*;

#[component]
pub(super) fn ReaderSide(html: String) -> impl IntoView {
    view! { <div class="min-w-0" inner_html=html></div> }
}
