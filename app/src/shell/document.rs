//! The HTML document: head, scripts, body.

use std::collections::HashMap;

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{App, ui::Resent};

/// The addresses of the bundle's files, with their hashes.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The WASM module.
    pub wasm: String,
    /// The script that binds it.
    pub script: String,
    /// The script that fetches the module's parts.
    pub split: String,
    /// The modules of each part of the application, by the part's name.
    pub parts: HashMap<String, Vec<String>>,
    /// The script that sets the theme before the first paint.
    pub boot: String,
    /// The script that starts the module.
    pub start: String,
    /// The style sheet.
    pub style: String,
    /// The browser's icon for the portal.
    pub icon: String,
    /// The fonts worth loading early.
    pub fonts: Vec<String>,
}

/// The whole document of a page.
pub fn document(assets: &Assets) -> impl IntoView + use<> {
    let Assets { wasm, script, split, boot, start, style, icon, fonts, .. } = assets.clone();
    let nonce = use_nonce();
    // The answer to a form stands at the form's own address; `boot.js` puts the page's there.
    let at = use_context::<Resent>().map(|resent| resent.page);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-at=at>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                {fonts
                    .into_iter()
                    .map(|font| {
                        view! { <link rel="preload" href=font r#as="font" r#type="font/woff2" crossorigin="anonymous"/> }
                    })
                    .collect_view()}
                <link rel="icon" href=icon r#type="image/svg+xml"/>
                <link rel="stylesheet" href=style/>
                <script src=boot nonce=nonce.clone()></script>
                <link rel="modulepreload" href=script.clone() crossorigin="anonymous" nonce=nonce.clone()/>
                <link rel="modulepreload" href=split crossorigin="anonymous" nonce=nonce.clone()/>
                <link rel="preload" href=wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                <script type="module" src=start data-script=script data-wasm=wasm nonce=nonce></script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
