//! The portal's pages, all with the same context.

use app::{App, AppError, MintedToken, Opened, Pasted, RequestContext, document, ui::Resent};
use axum::{
    Extension, Form, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::post,
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use serde::Deserialize;
use services::identity::Caller;

use super::{AppState, forms, security, trace::RequestId};

pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let routes = generate_route_list(App);
    Router::new()
        .route("/api/portal/{*function}", post(forms::server_function).get(forms::server_function))
        .route("/sources/explain", post(explain))
        .leptos_routes_with_handler(routes, page)
        .fallback(page)
        .with_state(state.clone())
}

async fn page(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    request: Request,
) -> Response {
    render(state, caller, request_id, Lent::default(), request).await
}

/// How many bytes the problem of a server function has at most.
const LONGEST_PROBLEM: usize = 64 * 1024;

/// What comes with the request for a page besides its address, and is recorded nowhere.
#[derive(Clone, Default)]
pub(super) struct Lent {
    pub(super) pasted: Option<Pasted>,
    pub(super) minted: Option<MintedToken>,
    pub(super) resent: Option<Resent>,
}

/// The page at `path`, with a token that was just made: the only time that it is shown. If it was not made, the page is filled in
/// with what was `sent`.
pub(crate) async fn render_with(
    state: AppState,
    caller: Caller,
    RequestId(request_id): RequestId,
    path: &'static str,
    (minted, sent): (MintedToken, Vec<(String, String)>),
) -> Response {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = Uri::from_static(path);
    let resent = minted.0.is_err().then(|| Resent { page: path.to_owned(), fields: sent });
    render(state, caller, request_id, Lent { minted: Some(minted), resent, ..Lent::default() }, request).await
}

#[derive(Deserialize)]
struct Explain {
    text: String,
}

/// The page that explains a text, with the text in the request: too long for an address, and recorded nowhere.
async fn explain(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    uri: Uri,
    Form(Explain { text }): Form<Explain>,
) -> Response {
    // Browsers send line breaks as networks have them.
    anew(state, caller, request_id, Pasted(text.replace("\r\n", "\n")), uri, StatusCode::OK).await
}

/// The page at an address, with what was sent to it, and what came of that. Who may not see the page is told so by the page.
pub(crate) async fn anew(
    state: AppState,
    caller: Caller,
    request_id: String,
    pasted: Pasted,
    uri: Uri,
    status: StatusCode,
) -> Response {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    let mut response =
        render(state, caller, request_id, Lent { pasted: Some(pasted), ..Lent::default() }, request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

pub(super) async fn render(
    state: AppState,
    caller: Caller,
    request_id: String,
    given: Lent,
    request: Request,
) -> Response {
    let context = RequestContext { services: state.services.clone(), caller, request_id };
    let (assets, opened) = (state.assets.clone(), Opened::default());
    let lent = opened.clone();
    let render = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(context.clone());
            provide_context(lent.clone());
            if let Some(pasted) = &given.pasted {
                provide_context(pasted.clone());
            }
            if let Some(minted) = &given.minted {
                provide_context(minted.clone());
            }
            if let Some(resent) = &given.resent {
                provide_context(resent.clone());
            }
        },
        move || {
            let nonce = use_nonce();
            let policy = security::page_policy(nonce.as_deref().unwrap_or_default());
            if let (Some(response), Ok(policy)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&policy)) {
                response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
            document(&assets)
        },
    );
    let mut response = render(request).await.into_response();
    // Pages lead on whoever asks, also who does not say that it reads HTML.
    if !response.status().is_redirection() && response.headers().contains_key(header::LOCATION) {
        *response.status_mut() = StatusCode::FOUND;
    }
    // The browser would learn of them only after the start has run.
    for module in opened.part().and_then(|part| state.assets.parts.get(part)).into_iter().flatten() {
        if let Ok(link) = HeaderValue::from_str(&format!("<{module}>; rel=preload; as=fetch; crossorigin=anonymous")) {
            response.headers_mut().append(header::LINK, link);
        }
    }
    response
}

/// Arguments that cannot be read are refused before the function runs, which alone could say what kind of answer that is.
pub(super) async fn of_arguments(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // A function's own problems are short; what is longer, or cut off, is none of them.
    let Ok(said) = to_bytes(body, LONGEST_PROBLEM).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Ok(AppError::Rejected(_)) = serde_json::from_slice(&said) {
        parts.status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Response::from_parts(parts, Body::from(said))
}
