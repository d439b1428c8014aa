//! A form whose answers become the address of a page.

use std::time::Duration;

use leptos::{
    ev::{CompositionEvent, Event, SubmitEvent},
    prelude::*,
};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::{FormData, HtmlFormElement, HtmlInputElement, UrlSearchParams, wasm_bindgen::JsCast as _};

use super::composing;

/// How long the fingers rest before the page follows what is typed.
const REST: Duration = Duration::from_millis(120);

/// A form that leads to `action` with what was filled in, without loading the page anew; before a script arrives, as browsers do it.
/// (The router's own form brings all that forms can do, and with it a hundredth of the first load.)
///
/// - `action`: the page's path; `typing`: whether the page follows as one types, without a step back for each letter;
///   `children`: the fields.
#[component]
pub fn AskForm(#[prop(into)] action: String, #[prop(optional)] typing: bool, children: Children) -> impl IntoView {
    let navigate = use_navigate();
    let go = {
        let path = action.clone();
        move |form: &HtmlFormElement, options: NavigateOptions| {
            let Some(query) = filled_in(form) else { return false };
            let (here, there) = (window().location(), format!("?{query}"));
            if here.pathname().ok().as_deref() != Some(&path) || here.search().ok().as_deref() != Some(&there) {
                navigate(&format!("{path}{there}"), options);
            }
            true
        }
    };
    let ask = {
        let go = go.clone();
        move |event: SubmitEvent| {
            let form = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
            if form.is_some_and(|form| go(&form, NavigateOptions::default())) {
                event.prevent_default();
            }
        }
    };
    let follow = move |event: Event| {
        let field = event.target().and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        let Some(field) = field.filter(|_| typing) else { return };
        let (go, typed) = (go.clone(), field.value());
        // The page is drawn anew meanwhile, so what was typed is held against the field itself.
        let once_at_rest = move || {
            // What comes back would end what is being composed.
            if !composing::is_under_way()
                && field.is_connected()
                && field.value() == typed
                && let Some(form) = field.form()
            {
                go(&form, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
            }
        };
        set_timeout(once_at_rest, REST);
    };
    // A field that is gone composes nothing.
    on_cleanup(composing::stop);
    let composed = follow.clone();
    let composed = move |event: CompositionEvent| {
        let begun = composing::end();
        set_timeout(move || composing::settle(begun), composing::SETTLING);
        composed(event.into());
    };
    view! {
        <form method="get" action=action on:submit=ask on:input=follow on:compositionstart=|_| composing::begin() on:compositionend=composed>
            {children()}
        </form>
    }
}

fn filled_in(form: &HtmlFormElement) -> Option<String> {
    let data = FormData::new_with_form(form).ok()?;
    UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?.to_string().as_string()
}
