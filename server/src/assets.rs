//! The browser's files: names with hashes, compressed when they were built, cached for a year.
//!
//! In a release they are inside the binary; otherwise they are read from `target/site`, where `make` puts them.

use std::collections::HashMap;

use app::Assets;
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use serde::Deserialize;

use crate::{cli::Problem, http::AppState};

#[derive(RustEmbed)]
#[folder = "$CAUSEWAY_CHECKOUT/target/site"]
#[allow_missing = true]
struct Site;

/// What the build tool wrote beside the files.
#[derive(Debug, Deserialize)]
struct Manifest {
    wasm: String,
    script: String,
    split: String,
    parts: HashMap<String, Vec<String>>,
    boot: String,
    start: String,
    style: String,
    icon: String,
    fonts: Vec<String>,
}

/// The addresses of the bundle's files.
pub(crate) fn find() -> Result<Assets, Problem> {
    let file = Site::get("manifest.json").ok_or("the portal's files are missing: run `make build`, or `make run`")?;
    let Manifest { wasm, script, split, parts, boot, start, style, icon, fonts } = serde_json::from_slice(&file.data)?;
    let at = |name: String| format!("/pkg/{name}");
    Ok(Assets {
        wasm: at(wasm),
        script: at(script),
        split: at(split),
        parts: parts.into_iter().map(|(part, names)| (part, names.into_iter().map(at).collect())).collect(),
        boot: at(boot),
        start: at(start),
        style: at(style),
        icon: at(icon),
        fonts: fonts.into_iter().map(at).collect(),
    })
}

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/pkg/{*file}", get(file)).route("/favicon.ico", get(favicon))
}

async fn favicon() -> Response {
    match find() {
        Ok(assets) => axum::response::Redirect::temporary(&assets.icon).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts =
        |coding: &str| accepted.split(',').any(|item| item.split(';').next().is_some_and(|c| c.trim() == coding));
    let compressed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(coding))
        .find_map(|(coding, ending)| Some((coding, Site::get(&format!("pkg/{name}.{ending}"))?)));
    let (coding, file) = match compressed {
        Some((coding, file)) => (Some(coding), file),
        None => match Site::get(&format!("pkg/{name}")) {
            Some(file) => (None, file),
            None => return (StatusCode::NOT_FOUND, "there is no such file\n").into_response(),
        },
    };
    let kind = mime_guess::from_path(&name).first_or_octet_stream();
    let mut response = file.data.into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}
