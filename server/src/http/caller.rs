//! Who asks.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use services::identity::{Caller, Entry, Standing, Subject, Tenant};

use super::{AppState, sessions, trace::RequestId};
use crate::api_v1::Problem;

/// Puts the [`Caller`] beside the request. Credentials that nobody issued are refused, not ignored; a stranger gets no
/// further than the sign-in page.
pub(crate) async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/v1/");
    let subject = match request.headers().get(header::AUTHORIZATION) {
        Some(credentials) => {
            let token = credentials.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
            match token.and_then(|token| state.access.by_token(token)) {
                Some(subject) => subject,
                None => return unauthorized(is_api),
            }
        }
        None => sessions::read(request.headers())
            .and_then(|session| state.access.by_session(session))
            .unwrap_or_else(|| state.access.nobody()),
    };
    if subject == Subject::Stranger && !request.uri().path().starts_with("/auth/") {
        return if request.method() == Method::GET && wants_a_page(request.headers()) {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            Redirect::to(&sessions::sign_in_page(path)).into_response()
        } else {
            unauthorized(is_api)
        };
    }
    let standing = Standing {
        source: if subject == Subject::Guest { Entry::Guest } else { Entry::Administrator },
        address: request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip()),
        request: request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()),
        ..Standing::default()
    };
    let caller = Caller { tenant: Tenant::default(), subject, standing: Arc::new(standing) };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn unauthorized(is_api: bool) -> Response {
    let message = "sign in first: send `Authorization: Bearer TOKEN` with the administrator's token, or none at all where \
                   the server has a local guest\n";
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    if is_api {
        return (challenge, Problem::unauthorized(message)).into_response();
    }
    (StatusCode::UNAUTHORIZED, challenge, message).into_response()
}

fn wants_a_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
