//! What this browser remembers: the things looked at last.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use web_sys::wasm_bindgen::{JsCast as _, JsValue};

const KEY: &str = "causeway.recent";
const MOST: usize = 8;

/// Remembers every entity whose page is opened.
pub(super) fn follow() {
    let path = use_location().pathname;
    Effect::new(move || {
        let path = path.get();
        let parts: Vec<&str> = path.split('/').collect();
        if let ["", "catalog", namespace, kind, name, ..] = parts.as_slice() {
            let page = format!("/catalog/{namespace}/{kind}/{name}");
            let mut all = recent();
            all.retain(|other| *other != page);
            all.insert(0, page);
            all.truncate(MOST);
            store("setItem", &[KEY, &all.join("\n")]);
        }
    });
}

/// The pages opened last, the newest first.
pub(super) fn recent() -> Vec<String> {
    let kept = store("getItem", &[KEY]).and_then(|kept| kept.as_string()).unwrap_or_default();
    kept.lines().filter(|line| line.starts_with("/catalog/")).map(str::to_owned).collect()
}

/// Calls a method of `localStorage`; a browser may refuse it.
fn store(method: &str, arguments: &[&str]) -> Option<JsValue> {
    let storage = Reflect::get(&window(), &"localStorage".into()).ok()?;
    let method: Function = Reflect::get(&storage, &method.into()).ok()?.dyn_into().ok()?;
    let list = js_sys::Array::new();
    for argument in arguments {
        list.push(&(*argument).into());
    }
    method.apply(&storage, &list).ok()
}
