//! Every page and its address.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{Route, Router, Routes},
    path,
};

/// The portal.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| {
            if title.is_empty() { "Causeway".to_owned() } else { format!("{title} · Causeway") }
        }/>
        <Router>
            <Routes fallback=|| "There is no such page.".into_any()>
                <Route path=path!("/") view=crate::home::HomePage/>
            </Routes>
        </Router>
    }
}
