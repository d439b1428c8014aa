//! Forms: what those who sent one are told if it was not carried out; and server functions, which forms of browsers without scripts
//! reach too.

use app::{AppError, RequestContext, problem_in, told, ui::Resent};
use axum::{
    Extension,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::provide_context;
use leptos_axum::handle_server_fns_with_context;
use services::{Error, identity::Caller};
use url::{Url, form_urlencoded};

use super::{
    AppState,
    pages::{Lent, of_arguments, render},
    trace::RequestId,
};

/// Why a form was not carried out, for the one who sent it.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) why: String,
    /// The page that explains it, where it was refused.
    pub(crate) ask: Option<String>,
}

impl Refusal {
    /// What an error of a use case is for the one who asked; `request` names the request in the log.
    pub(crate) fn of(error: Error, request: &str) -> Self {
        Self::told(told(error, request))
    }

    fn told((status, error): (StatusCode, AppError)) -> Self {
        match error {
            AppError::Denied { why, ask } => Self { status, why, ask: Some(ask) },
            error => Self { status, why: error.to_string(), ask: None },
        }
    }

    /// A page of its own, which leads back to the one that the form is on.
    pub(crate) fn page(&self, state: &AppState, back: &str, request: &RequestId) -> Response {
        crate::auth::not_done(state, self, back, request)
    }
}

/// Where the framework is told that a form came from, so that what it answers can be told from what is elsewhere.
const HERE: &str = "http://portal.invalid";

/// The largest page that is looked through for what is wrong.
const LARGEST_PAGE: usize = 16 * 1024 * 1024;

/// Fields whose content is not sent back: secrets, and answers that are asked with a plan.
fn is_secret(name: &str) -> bool {
    name == "secret" || name.starts_with("secrets[") || name.starts_with("late[")
}

/// Calls a server function. A form of a browser without scripts that was not carried out gets its page again, with what was sent, what
/// is wrong with it, and the status of that.
pub(super) async fn server_function(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request_id): Extension<RequestId>,
    request: Request,
) -> Response {
    let context =
        RequestContext { services: state.services.clone(), caller: caller.clone(), request_id: request_id.0.clone() };
    let call = |request| {
        let context = context.clone();
        handle_server_fns_with_context(move || provide_context(context.clone()), request)
    };
    if !is_form(&request) {
        return of_arguments(call(request).await.into_response()).await;
    }
    let (mut parts, body) = request.into_parts();
    // The layers around this have bounded it.
    let Ok(sent) = to_bytes(body, usize::MAX).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the form is too large\n").into_response();
    };
    let page = page_of(&parts.headers);
    if let Ok(from) = HeaderValue::from_str(&format!("{HERE}{}", page.as_deref().unwrap_or("/"))) {
        parts.headers.insert(header::REFERER, from);
    }
    let answer = call(Request::from_parts(parts, Body::from(sent.clone()))).await.into_response();
    let led = answer.headers().get(header::LOCATION).and_then(|led| led.to_str().ok()).unwrap_or_default();
    let Some(led) = led.strip_prefix(HERE).map(str::to_owned) else { return answer };
    let Some(problem) = led.split_once('?').and_then(|(_, query)| problem_in(query)) else {
        return Redirect::to(&led).into_response();
    };
    let refusal = Refusal::told(problem);
    if let Some(page) = page {
        if let Some(again) = again(&state, caller, &request_id, (&led, &sent), &refusal).await {
            return again;
        }
        return refusal.page(&state, &page, &request_id);
    }
    refusal.page(&state, "/", &request_id)
}

fn is_form(request: &Request) -> bool {
    let has = |name, what: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(what))
    };
    request.method() == Method::POST
        && has(header::ACCEPT, "text/html")
        && has(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

/// The path and query of the page that a form was on, without what an earlier try added.
pub(crate) fn page_of(headers: &HeaderMap) -> Option<String> {
    let mut from = Url::parse(headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    let kept: Vec<(String, String)> = from
        .query_pairs()
        .filter(|(name, _)| name != "__path" && name != "__err")
        .map(|pair| (pair.0.into(), pair.1.into()))
        .collect();
    from.set_query(None);
    if !kept.is_empty() {
        from.query_pairs_mut().extend_pairs(kept);
    }
    // `//elsewhere` would lead there.
    let path = format!("/{}", from.path().trim_start_matches('/'));
    Some(from.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}")))
}

/// The page at an address, filled in as it was sent; nothing if it does not say what is wrong.
async fn again(
    state: &AppState,
    caller: Caller,
    request_id: &RequestId,
    (page, sent): (&str, &Bytes),
    refusal: &Refusal,
) -> Option<Response> {
    let fields = form_urlencoded::parse(sent).into_owned().filter(|(name, _)| !is_secret(name)).collect();
    let lent = Lent { resent: Some(Resent { page: page.to_owned(), fields }), ..Lent::default() };
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = page.parse::<Uri>().ok()?;
    let response = render(state.clone(), caller, request_id.0.clone(), lent, request).await;
    if response.status() != StatusCode::OK {
        return None;
    }
    let (mut parts, body) = response.into_parts();
    let drawn = to_bytes(body, LARGEST_PAGE).await.ok()?;
    if !says(&drawn, &refusal.why) {
        return None;
    }
    parts.status = refusal.status;
    parts.headers.remove(header::CONTENT_LENGTH);
    Some(Response::from_parts(parts, Body::from(drawn)))
}

/// Whether a page shows a message. It may begin with another case.
fn says(page: &[u8], why: &str) -> bool {
    let rest = why.char_indices().nth(1).map_or(why, |(at, _)| &why[at..]);
    // What stands in backticks is an element of its own, or as it is.
    let escaped = rest.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let page = String::from_utf8_lossy(page);
    let parts: Vec<&str> = escaped.split('`').filter(|part| !part.is_empty()).collect();
    let Some((first, others)) = parts.split_first() else { return false };
    page.match_indices(first).any(|(at, _)| {
        let mut rest = &page[at + first.len()..];
        others.iter().all(|part| {
            let found = rest.find(part).filter(|at| *at <= BETWEEN);
            if let Some(at) = found {
                rest = &rest[at + part.len()..];
            }
            found.is_some()
        })
    })
}

/// How many bytes of elements stand between two parts of a message at most.
const BETWEEN: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    fn page(from: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::REFERER, HeaderValue::from_str(from).unwrap());
        page_of(&headers)
    }

    #[test]
    fn a_form_comes_from_a_page_of_this_portal() {
        assert_eq!(page("http://here/catalog?a=b&__path=x&__err=y&c=d%26").as_deref(), Some("/catalog?a=b&c=d%26"));
        assert_eq!(page("http://here").as_deref(), Some("/"));
        assert_eq!(page("http://here//evil.example/x?__err=1").as_deref(), Some("/evil.example/x"));
        assert_eq!(page("none"), None);
        assert_eq!(page_of(&HeaderMap::new()), None);
    }

    #[test]
    fn a_page_says_what_is_wrong_in_its_own_way() {
        assert!(says(b"<span>The name `a &lt; b` is wrong</span>", "the name `a < b` is wrong"));
        assert!(says(
            b"<span>The name <code class=\"x\">a &lt; b<!></code><!> is wrong</span>",
            "the name `a < b` is wrong"
        ));
        assert!(!says(b"<span>all is well</span>", "the name is wrong"));
        assert!(!says(b"<span>The name <code>a</code> is right</span>", "the name `a` is wrong"));
    }
}
