//! Coming in with a browser, and going: providers, the administrator's token, links for emergencies.

mod cookies;
mod page;
mod troubles;

use axum::{
    Extension, Form, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use services::{
    Error,
    identity::{
        self, Opened, Return, Tenant,
        throttle::{self, Counted},
    },
};
use url::form_urlencoded;

use self::page::{Offer, Sheet};
pub(crate) use self::{
    cookies::Cookies,
    troubles::{not_done, too_late, unavailable, unreadable},
};
use crate::http::{AppState, Peer, RequestId};

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/auth/sign-in", get(offer).post(by_token))
        .route("/auth/start/{provider}", get(start))
        .route("/auth/callback/{provider}", get(callback))
        .route("/auth/link", get(link).post(by_link))
        .route("/auth/sign-out", post(sign_out))
        .route("/auth/signed-out", get(signed_out))
}

/// Whether a path is one of those above, which are for strangers too. What steps out of its folder is not, however it is written.
pub(crate) fn is_door(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/auth/") else { return false };
    match rest.split('/').collect::<Vec<_>>().as_slice() {
        ["sign-in" | "link" | "sign-out" | "signed-out"] => true,
        ["start" | "callback", provider] => {
            let dots = provider.to_ascii_lowercase().replace("%2e", ".");
            !provider.is_empty() && dots != "." && dots != ".."
        }
        _ => false,
    }
}

/// The address of the sign-in page that leads back to `path`.
pub(crate) fn sign_in_page(path: &str) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish();
    format!("/auth/sign-in?{query}")
}

/// Only a path of this portal is a place to go on; `//host` and `/\host` lead elsewhere, and browsers leave out control
/// characters before they look.
fn inside(next: &str) -> &str {
    let is_path = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|letter: char| letter == '\\' || letter.is_control())
        && !next.starts_with("/auth/");
    if is_path { next } else { "/" }
}

fn sheet<'a>(state: &'a AppState, title: &'a str) -> Sheet<'a> {
    Sheet { assets: &state.assets, organisation: &state.services.settings.organisation, title }
}

fn cookies(state: &AppState) -> Cookies {
    Cookies::of(&state.services.settings.base_url)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wish {
    next: String,
}

async fn offer(State(state): State<AppState>, Query(wish): Query<Wish>, headers: HeaderMap) -> Response {
    let over = match cookies(&state).session(&headers) {
        Some(secret) => match identity::by_session(&state.services, &Tenant::default(), secret).await {
            Ok(None) => Some(ends(&state)),
            Ok(Some(_)) | Err(_) => None,
        },
        None => None,
    };
    offered(&state, StatusCode::OK, &wish.next, over.as_deref(), None)
}

/// When sessions end, for one whose session did.
fn ends(state: &AppState) -> String {
    let settings = &state.services.doors.settings;
    let mut said = format!(
        "Your session here is over. One ends when it is not used for {} hours, {} hours after it began, or when it is ended: by you \
         elsewhere, or by an administrator",
        settings.idle.num_hours(),
        settings.session.num_hours()
    );
    said += if settings.providers.is_empty() {
        "."
    } else {
        "; and as soon as the provider that you came through no longer stands by you, since its own session of yours is \
         over, say; or the catalog no longer takes you for whom you came in as."
    };
    said
}

fn offered(state: &AppState, status: StatusCode, next: &str, over: Option<&str>, problem: Option<&str>) -> Response {
    let providers = state.services.doors.settings.providers.iter();
    let offer = Offer {
        providers: providers.map(|provider| (provider.id.as_str(), provider.name.as_str())).collect(),
        has_token: state.access.has_token(),
        next: inside(next),
        over,
        problem,
    };
    page::sign_in(&sheet(state, "Sign in"), status, &offer)
}

/// Gives a browser its session, and sends it where it wanted to go.
fn welcome(state: &AppState, opened: &Opened, next: &str) -> Response {
    let mut response = Redirect::to(inside(next)).into_response();
    cookies(state).welcome(&mut response, opened);
    response
}

/// The administrator's token is an account that can be guessed at.
pub(crate) const ADMINISTRATOR: Counted<'static> = Counted::Account("administrator");

#[derive(Debug, Deserialize)]
struct Credentials {
    token: String,
    #[serde(default)]
    next: String,
}

/// Whoever failed too often waits; this says so, and for how long.
async fn held_back(state: &AppState, who: &[Counted<'_>], next: &str) -> Result<Option<Response>, Error> {
    let mut longest = None;
    for &counted in who {
        longest = longest.max(throttle::waits(&state.services, &Tenant::default(), counted).await?);
    }
    let Some(seconds) = longest else { return Ok(None) };
    let problem = format!("Too many attempts. Wait {seconds} seconds, then try again.");
    let mut response = offered(state, StatusCode::TOO_MANY_REQUESTS, next, None, Some(&problem));
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    Ok(Some(response))
}

async fn by_token(
    State(state): State<AppState>,
    peer: Peer,
    request: Extension<RequestId>,
    headers: HeaderMap,
    Form(Credentials { token, next }): Form<Credentials>,
) -> Response {
    let (services, tenant, key) = (&state.services, Tenant::default(), peer.key());
    let counted = [Counted::Address(&key), ADMINISTRATOR];
    let done = async {
        if let Some(wait) = held_back(&state, &counted, &next).await? {
            return Ok(wait);
        }
        if !state.access.is_token(token.trim()) {
            for who in counted {
                throttle::failed(services, &tenant, who).await?;
            }
            tracing::warn!(address = key, "a sign-in with the administrator's token failed");
            identity::note_failure(services, &tenant, &peer.from(&headers), "token");
            let problem = "This is not the administrator's token.";
            return Ok(offered(&state, StatusCode::UNPROCESSABLE_ENTITY, &next, None, Some(problem)));
        }
        for who in counted {
            throttle::succeeded(services, &tenant, who).await?;
        }
        let brought = cookies(&state).session(&headers);
        let opened = identity::administrator(services, &tenant, &peer.from(&headers), brought).await?;
        Ok::<_, Error>(welcome(&state, &opened, &next))
    };
    done.await.unwrap_or_else(|error| troubles::fault(&state, &error, &request.0))
}

async fn start(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    Query(wish): Query<Wish>,
    request: Extension<RequestId>,
    headers: HeaderMap,
) -> Response {
    match identity::depart(&state.services, &provider, inside(&wish.next)).await {
        Ok(departure) => {
            let mut response = Redirect::to(&departure.to).into_response();
            cookies(&state).depart(&mut response, &headers, &departure);
            response
        }
        Err(why) => troubles::not_in(&state, &provider, &why, &request.0),
    }
}

async fn callback(
    State(state): State<AppState>,
    peer: Peer,
    Path(provider): Path<String>,
    Query(back): Query<Return>,
    request: Extension<RequestId>,
    headers: HeaderMap,
) -> Response {
    let (cookies, tenant) = (cookies(&state), Tenant::default());
    let key = back.state.as_deref().map(identity::key_of).unwrap_or_default();
    let (begun, brought) = (cookies.begun(&headers, &key), cookies.session(&headers));
    let from = peer.from(&headers);
    let arrived = identity::arrive(&state.services, &tenant, &provider, &back, begun, &from, brought).await;
    let mut response = match arrived {
        Ok(arrived) => welcome(&state, &arrived.opened, &arrived.next),
        Err(why) => troubles::not_in(&state, &provider, &why, &request.0),
    };
    cookies.arrive(&mut response, &key);
    response
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Code {
    code: String,
}

async fn link(State(state): State<AppState>, Query(Code { code }): Query<Code>) -> Response {
    page::link(&sheet(&state, "Sign in as administrator"), &code)
}

async fn by_link(
    State(state): State<AppState>,
    peer: Peer,
    request: Extension<RequestId>,
    headers: HeaderMap,
    Form(Code { code }): Form<Code>,
) -> Response {
    let (services, tenant, key) = (&state.services, Tenant::default(), peer.key());
    let done = async {
        // Not by account: a link is too long to be guessed, and is what is left when the account waits.
        if let Some(wait) = held_back(&state, &[Counted::Address(&key)], "/").await? {
            return Ok(wait);
        }
        let brought = cookies(&state).session(&headers);
        let used = identity::use_link(services, &tenant, code.trim(), &peer.from(&headers), brought).await?;
        if let Some(opened) = used {
            throttle::succeeded(services, &tenant, Counted::Address(&key)).await?;
            return Ok::<_, Error>(welcome(&state, &opened, "/"));
        }
        throttle::failed(services, &tenant, Counted::Address(&key)).await?;
        identity::note_failure(services, &tenant, &peer.from(&headers), "link");
        Ok(troubles::spent(&state, &request.0))
    };
    done.await.unwrap_or_else(|error| troubles::fault(&state, &error, &request.0))
}

async fn sign_out(State(state): State<AppState>, request: Extension<RequestId>, headers: HeaderMap) -> Response {
    let cookies = cookies(&state);
    let left = match cookies.session(&headers) {
        Some(secret) => identity::leave(&state.services, &Tenant::default(), secret).await,
        None => Ok(identity::Left::Here),
    };
    let mut response = match left {
        Ok(identity::Left::Here) => Redirect::to("/auth/signed-out").into_response(),
        Ok(left) => page::signed_out(&sheet(&state, "Signed out"), &left),
        Err(error) => return troubles::fault(&state, &error, &request.0),
    };
    cookies.leave(&mut response);
    response
}

async fn signed_out(State(state): State<AppState>) -> Response {
    page::signed_out(&sheet(&state, "Signed out"), &identity::Left::Here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_reach_the_doors_and_nothing_behind_them() {
        for door in ["/auth/sign-in", "/auth/start/corp", "/auth/callback/corp", "/auth/link", "/auth/signed-out"] {
            assert!(is_door(door), "{door}");
        }
        for way in [
            "/auth/%2e%2e/catalog",
            "/auth/../may",
            "/auth/start/%2E%2e",
            "/auth/start/../../may",
            "/auth/start/",
            "/auth/anything",
            "/auth/",
            "/auth",
            "/catalog",
        ] {
            assert!(!is_door(way), "{way}");
        }
    }

    #[test]
    fn signing_in_leads_only_into_the_portal() {
        assert_eq!(inside("/catalog?kind=api"), "/catalog?kind=api");
        for next in [
            "",
            "//evil.example",
            "https://evil.example",
            r"/\evil.example",
            "/a\r\nb",
            "/\t/evil.example",
            "/\0",
            "/\u{7f}/evil.example",
            "/\u{85}",
            "/auth/sign-out",
        ] {
            assert_eq!(inside(next), "/", "{next}");
        }
    }
}
