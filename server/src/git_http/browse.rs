//! Single files of a repository as text, and a page that lists them.

use std::fmt::Write as _;

use axum::{
    Extension,
    extract::{Path, State},
    response::{Html, IntoResponse, Response},
};
use connectors::hosting::git;
use http::header;
use services::{
    Error, Services,
    identity::{Caller, Permission},
};

use super::{Refusal, name, open};

/// The longest file that is shown.
const LONGEST: u64 = 10 << 20;

/// A file at a branch, a tag or a commit, as it is and never as a page.
pub(super) async fn file(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((owner, repo, reference, path)): Path<(String, String, String, String)>,
) -> Result<Response, Refusal> {
    let repository = open(&services, &caller, &owner, &repo, Permission::ReadRepository).await?;
    let content = connectors::hosting::read_file(&repository, &reference, &path, LONGEST).await?;
    let kind =
        if std::str::from_utf8(&content).is_ok() { "text/plain; charset=utf-8" } else { "application/octet-stream" };
    Ok(([(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], content).into_response())
}

/// What is in a repository, and how to clone it.
pub(super) async fn repository(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((owner, repo)): Path<(String, String)>,
) -> Result<Html<String>, Refusal> {
    let folder = open(&services, &caller, &owner, &repo, Permission::ReadRepository).await?;
    let name = name(&owner, &repo)?;
    let branch = git(&folder).args(["symbolic-ref", "--short", "HEAD"]).read().await?;
    let branch = branch.trim();
    let listed = git(&folder).args(["ls-tree", "-r", "--name-only", "-z", "HEAD"]).read().await.unwrap_or_default();
    let last = git(&folder).args(["log", "-1", "--format=%h %an, %ad: %s", "--date=short", "HEAD"]).read().await;
    let mut files = String::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()).take(2000) {
        let link: Vec<_> = path.split('/').map(encode).collect();
        let (branch, link, path) = (encode(branch), link.join("/"), escape(path));
        let _ = writeln!(files, "<li><a href=\"/git/{name}/blob/{branch}/{link}\">{path}</a></li>");
    }
    let last = last.map_err(|error: Error| Refusal(error))?;
    let clone = format!("git clone {}/git/{name}.git", services.settings.base_url);
    Ok(Html(format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{name} · Causeway</title></head>\n<body><main><h1>{name}</h1>\n<p><code>{}</code></p>\n<p>{}</p>\n\
         <h2>Files on {}</h2>\n<ul>\n{files}</ul>\n<p><a href=\"/catalog\">Catalog</a></p></main></body></html>\n",
        escape(&clone),
        escape(last.trim()),
        escape(branch),
    )))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A part of a path as an address carries it.
fn encode(part: &str) -> String {
    part.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
