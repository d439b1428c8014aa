//! The WASM entry point.

/// Takes over the page that the server rendered, once the code of the page's part is there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    let marked = leptos::prelude::document().query_selector("[data-part]").ok().flatten();
    if let Some(part) = marked.and_then(|element| element.get_attribute("data-part")) {
        app::fetch_part(&part).await;
    }
    leptos::mount::hydrate_body(app::App);
}
