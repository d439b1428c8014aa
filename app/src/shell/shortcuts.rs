//! Keys that work on every page.

use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::{HtmlElement, wasm_bindgen::JsCast as _};

use super::palette;

/// Begins to listen, in the browser.
pub(super) fn listen() {
    let navigate = use_navigate();
    let leading = StoredValue::new(false);
    Effect::new(move || {
        let navigate = navigate.clone();
        let listener = window_event_listener(ev::keydown, move |event| {
            let key = event.key();
            if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
                event.prevent_default();
                palette::open();
                return;
            }
            if event.ctrl_key() || event.meta_key() || event.alt_key() || is_writing(&event) {
                return;
            }
            let led = leading.get_value();
            leading.set_value(key == "g" && !led);
            let go = |path: &str| navigate(path, NavigateOptions::default());
            match (led, key.as_str()) {
                (true, "h") => go("/"),
                (true, "c") => go("/catalog"),
                (true, "s") => go("/scorecards"),
                (true, "r") => go("/runs"),
                (false, "c") => go("/create"),
                (false, "j") => walk(1),
                (false, "k") => walk(-1),
                (false, "/") => {
                    event.prevent_default();
                    filter();
                }
                (false, "?") => {
                    if let Some(help) = element("#help") {
                        let _ = help.toggle_popover();
                    }
                }
                _ => {}
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// Whether the key is meant for a field.
fn is_writing(event: &ev::KeyboardEvent) -> bool {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) else { return false };
    matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
        || target.is_content_editable()
        || palette::is_open()
}

fn element(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Puts the cursor into the page's filter, or opens the search where there is none.
fn filter() {
    match element("[data-filter]") {
        Some(field) => {
            let _ = field.focus();
        }
        None => palette::open(),
    }
}

/// Walks along the rows of a list.
fn walk(by: i32) {
    let rows = document().get_elements_by_class_name("row-link");
    let count = i32::try_from(rows.length()).unwrap_or(i32::MAX);
    if count == 0 {
        return;
    }
    let active = document().active_element();
    let row = |at: i32| u32::try_from(at).ok().and_then(|at| rows.item(at));
    let here =
        (0..count).find(|at| row(*at).zip(active.as_ref()).is_some_and(|(row, active)| row.is_same_node(Some(active))));
    let next = match here {
        Some(here) => (here + by).clamp(0, count - 1),
        None if by > 0 => 0,
        None => count - 1,
    };
    if let Some(row) = row(next).and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
        let _ = row.focus();
        row.scroll_into_view_with_bool(false);
    }
}
