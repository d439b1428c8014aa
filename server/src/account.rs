//! What people do about themselves with plain forms: end sessions, make and end tokens; and what administrators do about others.

use app::MintedToken;
use axum::{
    Extension, Form, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use domain::identity::{NewToken, Verb};
use serde::Deserialize;
use services::{
    Error,
    identity::{self, Caller},
};
use uuid::Uuid;

use crate::http::{AppState, Refusal, RequestId, forms::page_of, render_with};

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/account/sessions/end", post(end_session))
        .route("/account/sessions/end-others", post(end_others))
        .route("/account/tokens", post(make_token))
        .route("/account/tokens/end", post(end_token))
        .route("/people/block", post(block))
        .route("/people/end-sessions", post(end_sessions))
        .route("/people/end-token", post(end_token_of))
        .route("/people/forget", post(forget))
        .route("/people/tokens", post(make_service_token))
        .route("/people/tokens/end", post(end_service_token))
}

#[derive(Deserialize)]
struct Which {
    id: Uuid,
}

/// Goes back to the page, or says why not.
fn back<T>(done: Result<T, Error>, page: &str, state: &AppState, request: &RequestId) -> Response {
    match done {
        // What is over already is what was wanted.
        Ok(_) | Err(Error::NotFound(_)) => Redirect::to(page).into_response(),
        Err(error) => Refusal::of(error, &request.0).page(state, page, request),
    }
}

/// The list of people as it was looked at.
fn people(headers: &HeaderMap) -> String {
    let page = page_of(headers).filter(|page| page.split('?').next() == Some("/people"));
    page.unwrap_or_else(|| "/people".to_owned())
}

async fn end_session(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Form(Which { id }): Form<Which>,
) -> Response {
    back(identity::end_session(&state.services, &caller, id).await, "/account", &state, &request)
}

async fn end_others(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
) -> Response {
    back(identity::end_other_sessions(&state.services, &caller).await, "/account", &state, &request)
}

async fn end_token(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Form(Which { id }): Form<Which>,
) -> Response {
    back(identity::end_token(&state.services, &caller, id).await, "/account/tokens", &state, &request)
}

async fn end_service_token(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Form(Which { id }): Form<Which>,
) -> Response {
    back(identity::end_token(&state.services, &caller, id).await, "/people/tokens", &state, &request)
}

async fn end_token_of(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
    Form(Which { id }): Form<Which>,
) -> Response {
    back(identity::end_token(&state.services, &caller, id).await, &people(&headers), &state, &request)
}

async fn end_sessions(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
    Form(Which { id }): Form<Which>,
) -> Response {
    back(identity::end_sessions_of(&state.services, &caller, id).await, &people(&headers), &state, &request)
}

#[derive(Deserialize)]
struct Told {
    id: String,
}

async fn forget(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
    Form(Told { id }): Form<Told>,
) -> Response {
    back(identity::scim::forget(&state.services, &caller, &id).await, &people(&headers), &state, &request)
}

#[derive(Deserialize)]
struct Block {
    id: Uuid,
    #[serde(default)]
    blocked: bool,
}

async fn block(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
    Form(Block { id, blocked }): Form<Block>,
) -> Response {
    back(identity::block(&state.services, &caller, id, blocked).await, &people(&headers), &state, &request)
}

/// A form for a token, as it comes: one box for each thing that it may do.
type Boxes = Form<Vec<(String, String)>>;

/// What the form asks for. A number of days that is none is as wrong as none at all.
fn wanted(boxes: &[(String, String)]) -> NewToken {
    let text = |name: &str| boxes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim());
    let is_on = |verb: &Verb| text(verb.as_str()) == "true";
    NewToken {
        name: text("name").to_owned(),
        days: text("days").parse().unwrap_or_default(),
        scopes: Verb::ALL.iter().filter(|verb| is_on(verb)).map(ToString::to_string).collect(),
        roles: text("roles").split([' ', ',']).filter(|role| !role.is_empty()).map(str::to_owned).collect(),
        wish: text("wish").parse().ok(),
    }
}

async fn make_token(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Form(boxes): Boxes,
) -> Response {
    let made = identity::make_token(&state.services, &caller, wanted(&boxes)).await;
    show(state, caller, request, "/account/tokens", (made, boxes)).await
}

async fn make_service_token(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Form(boxes): Boxes,
) -> Response {
    let made = identity::make_service_token(&state.services, &caller, wanted(&boxes)).await;
    show(state, caller, request, "/people/tokens", (made, boxes)).await
}

/// The page again, with the token, or with the wish and what is wrong with it.
async fn show(
    state: AppState,
    caller: Caller,
    request: RequestId,
    page: &'static str,
    (made, sent): (Result<domain::identity::Minted, Error>, Vec<(String, String)>),
) -> Response {
    let (minted, status) = match made {
        Ok(minted) => (Ok(minted), StatusCode::OK),
        Err(Error::Rejected(why)) => (Err(why), StatusCode::UNPROCESSABLE_ENTITY),
        Err(Error::Conflict(why)) => (Err(why), StatusCode::CONFLICT),
        Err(error) => return back(Err::<(), _>(error), page, &state, &request),
    };
    let mut response = render_with(state, caller, request, page, (MintedToken(minted), sent)).await;
    if status != StatusCode::OK && response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}
