//! Who may do what, and what was done: policies, roles, questions about both, and the audit log.
//!
//! These are pages of text, tables and plain forms. The server writes them as HTML, once, and the browser takes them as they
//! are; what a form sends is answered by `server/src/http/access.rs`. So they weigh nearly nothing.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};

use crate::{
    AppError,
    ui::{Load, Page, fetch},
};

/// A page as the server wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// The heading.
    pub(crate) title: String,
    /// Its answer, in a line.
    pub(crate) answer: String,
    /// Everything below, safe to show.
    pub(crate) html: String,
}

/// Writes the page at an address.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(crate) async fn get_access(path: String, query: String) -> Result<Written, AppError> {
    crate::ssr::access::page(&path, &query).await
}

/// The page at the address that is open.
#[component]
pub(crate) fn AccessPage() -> impl IntoView {
    let location = use_location();
    let written = fetch(
        move || (location.pathname.get(), location.search.get()),
        |(path, query)| async move { get_access(path, query).await },
    );
    view! {
        <Load of=written let:written>
            {
                let Written { title, answer, html } = written;
                view! {
                    <Page title answer=move || answer.clone()>
                        <div class="grid gap-4 *:min-w-0" inner_html=html></div>
                    </Page>
                }
            }
        </Load>
    }
    .into_any()
}
