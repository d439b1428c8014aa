//! A form whose answers become the address of a page.

use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::{FormData, HtmlFormElement, UrlSearchParams, wasm_bindgen::JsCast as _};

/// A form that leads to `action` with what was filled in, without loading the page anew; before a script arrives, as browsers do it.
/// (The router's own form brings all that forms can do, and with it a hundredth of the first load.)
///
/// - `action`: the page's path; `children`: the fields.
#[component]
pub fn AskForm(#[prop(into)] action: String, children: Children) -> impl IntoView {
    let navigate = use_navigate();
    let path = action.clone();
    let ask = move |event: SubmitEvent| {
        let Some(query) = event.target().and_then(|form| filled_in(form.dyn_ref()?)) else { return };
        event.prevent_default();
        navigate(&format!("{path}?{query}"), NavigateOptions::default());
    };
    view! { <form method="get" action=action on:submit=ask>{children()}</form> }
}

fn filled_in(form: &HtmlFormElement) -> Option<String> {
    let data = FormData::new_with_form(form).ok()?;
    UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?.to_string().as_string()
}
