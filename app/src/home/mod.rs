//! The first page.

use leptos::prelude::*;

use crate::ui::{Page, Panel};

/// What waits for me, and what changed.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    view! {
        <Page title="Home">
            <Panel title="Welcome"><p>"Causeway"</p></Panel>
        </Page>
    }
    .into_any()
}
