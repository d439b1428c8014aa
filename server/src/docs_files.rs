//! Images of documentation, where TechDocs has them, and the addresses of TechDocs' pages.
//!
//! An image comes from a repository that anyone may write to. Its kind is what its content says, a browser may not guess another one,
//! and whoever opens it on its own gets a document that may run nothing and load nothing.

use axum::{
    Extension, Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::catalog::EntityRef;
use services::{Error, Services, docs, identity::Caller};

use crate::http::AppState;

/// What an SVG may do when it is opened on its own: look as it was drawn.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox");

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/api/techdocs/static/docs/{namespace}/{kind}/{name}/{*path}", get(image))
        .route("/docs/{namespace}/{kind}/{name}", get(first_page))
        .route("/docs/{namespace}/{kind}/{name}/", get(first_page))
        .route("/docs/{namespace}/{kind}/{name}/{*page}", get(page))
}

async fn image(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((namespace, kind, name, path)): Path<(String, String, String, String)>,
    asked: HeaderMap,
) -> Response {
    let reference = EntityRef::new(&kind, &namespace, &name);
    let image = match docs::image(&services, &caller, &reference, &path).await {
        Ok(image) => image,
        Err(error) => return refusal(error),
    };
    let etag = format!("\"{}\"", image.etag);
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { image.content.into_response() };
    let headers = response.headers_mut();
    if let (Ok(kind), Ok(etag)) = (HeaderValue::from_str(&image.kind), HeaderValue::from_str(&etag)) {
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    // It may be seen by this reader again, after asking whether it is still the same.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

fn refusal(error: Error) -> Response {
    match error {
        Error::NotFound(why) => (StatusCode::NOT_FOUND, why).into_response(),
        Error::Denied(denied) => (StatusCode::FORBIDDEN, denied.to_string()).into_response(),
        other => {
            tracing::error!(error = %other, "an image of docs could not be served");
            (StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on the server; its log has the details")
                .into_response()
        }
    }
}

async fn first_page(Path((namespace, kind, name)): Path<(String, String, String)>) -> Redirect {
    Redirect::temporary(&format!("/catalog/{}/{}/{}/docs", encoded(&namespace), encoded(&kind), encoded(&name)))
}

async fn page(Path((namespace, kind, name, page)): Path<(String, String, String, String)>) -> Redirect {
    // As MkDocs writes a page's address where it is served as files.
    let page = page.strip_suffix("index.html").unwrap_or(&page);
    let page: Vec<String> = page.split('/').filter(|part| !part.is_empty()).map(encoded).collect();
    let (namespace, kind, name) = (encoded(&namespace), encoded(&kind), encoded(&name));
    let to = format!("/catalog/{namespace}/{kind}/{name}/docs/{}", page.join("/"));
    Redirect::temporary(to.trim_end_matches('/'))
}

fn encoded(part: &str) -> String {
    url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>().replace('+', "%20")
}
