//! Who asks.

use std::{net::IpAddr, sync::Arc};

use app::AppError;
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::StreamExt as _;
use services::{
    Error, audit,
    identity::{
        self, Bearer, Caller, Entry, Found, Standing, Subject, Tenant,
        throttle::{self, Counted},
    },
};

use super::{AppState, Peer, forms::page_of, late, trace::RequestId};
use crate::{api_v1::Problem, auth, scim};

/// Why nobody is let in with what they brought.
enum Refused {
    /// It lets nobody in, for this reason.
    Unknown(String),
    /// Too many were wrong before: how many seconds to wait.
    Wait(i64),
    /// A session is to alter something, and nothing says that a page of this portal asks for it.
    Silent,
    /// It cannot be looked up now.
    Fault(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// Puts the [`Caller`] beside the request. Credentials that nobody issued are refused, not ignored; a stranger gets no
/// further than the sign-in page.
pub(crate) async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (is_api, is_git) = (path.starts_with("/api/v1/"), path.starts_with("/git/"));
    let is_scim = path.starts_with("/scim/");
    let peer = Peer::of(&state, request.extensions(), request.headers());
    let (subject, standing) = match who(&state, request.method(), request.headers(), is_git, peer).await {
        Ok(known) => known,
        Err(Refused::Unknown(_)) if is_scim => return unknown_directory(),
        Err(Refused::Unknown(why)) => return unauthorized(is_api, is_git, Some(&why)),
        Err(Refused::Wait(seconds)) => return wait(is_api, seconds),
        Err(Refused::Silent) => return silent(is_api),
        Err(Refused::Fault(error)) => {
            tracing::error!(%error, "nobody can be recognised");
            let id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
            let is_page = !is_git && wants_a_page(request.headers());
            let why = "who you are cannot be looked up";
            return late::unavailable(&state, (is_page, is_api), why, &RequestId(id));
        }
    };
    if subject == Subject::Stranger && is_scim {
        return unknown_directory();
    }
    let id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone());
    if subject == Subject::Stranger && !auth::is_door(request.uri().path()) {
        let is_page = wants_a_page(request.headers());
        return if request.method() == Method::GET && is_page {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            Redirect::to(&auth::sign_in_page(path)).into_response()
        } else if is_page && !is_api && !is_git {
            // A form of a page that was open while the session ended.
            let page = page_of(request.headers()).unwrap_or_else(|| "/".to_owned());
            auth::too_late(&state, &page, &RequestId(id.unwrap_or_default()))
        } else if request.uri().path().starts_with("/api/portal/") {
            // So is this, and it reads answers as those of server functions.
            (StatusCode::UNAUTHORIZED, Json(AppError::SignedOut)).into_response()
        } else {
            unauthorized(is_api, is_git, None)
        };
    }
    let standing = Arc::new(Standing { request: id, ..standing });
    let caller = Caller { tenant: Tenant::default(), subject, standing };
    if matches!(caller.standing.source, Entry::Token(_) | Entry::Pipeline(_)) {
        audit::note_token(&state.services, &caller);
    }
    request.extensions_mut().insert(caller.clone());
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| !kind.as_bytes().starts_with(b"text/event-stream")) {
        return response;
    }
    // A stream would go on for whoever was sent away meanwhile.
    let over = Box::pin(identity::over(state.services.clone(), caller));
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(over)))
}

async fn who(
    state: &AppState,
    method: &Method,
    headers: &HeaderMap,
    is_git: bool,
    peer: Peer,
) -> Result<(Subject, Standing), Refused> {
    let Peer(address) = peer;
    let plain = |source| Standing { source, address, ..Standing::default() };
    if let Some(credentials) = headers.get(header::AUTHORIZATION) {
        let unread = || Refused::Unknown(identity::NO_TOKEN.to_owned());
        let token = shown(credentials, is_git).ok_or_else(unread)?;
        if state.access.could_be_token(&token) {
            // People choose it, so it may be guessed: whoever guessed wrong waits, even if this one is right.
            let key = format!("token {}", peer.key());
            for who in [Counted::Address(&key), auth::ADMINISTRATOR] {
                if let Some(seconds) = throttle::waits(&state.services, &Tenant::default(), who).await? {
                    return Err(held_back(state, &peer, headers, seconds));
                }
            }
            if state.access.is_token(&token) {
                return Ok((Subject::Administrator, plain(Entry::Administrator)));
            }
            throttle::failed(&state.services, &Tenant::default(), auth::ADMINISTRATOR).await?;
        }
        return by_token(state, &token, peer, headers).await;
    }
    if state.access.has_guest() {
        return Ok((Subject::Guest, plain(Entry::Guest)));
    }
    let cookies = auth::Cookies::of(&state.services.settings.base_url);
    if let Some(secret) = cookies.session(headers)
        && let Some(found) = identity::by_session(&state.services, &Tenant::default(), secret).await?
    {
        // Every browser says where a request comes from that alters something (what comes from elsewhere was refused
        // before). What says nothing is no browser, and has no business with a browser's cookie.
        let says = |name: &str| headers.get(name).is_some_and(|value| !value.is_empty());
        if !method.is_safe() && !says("origin") && !says("sec-fetch-site") {
            return Err(Refused::Silent);
        }
        return Ok(standing(&found, address));
    }
    Ok((state.access.nobody(), plain(Entry::None)))
}

/// Who comes with a token that is not the administrator's. One that is good lets in whatever was guessed before from there:
/// neither ours nor a signed one can be guessed.
async fn by_token(
    state: &AppState,
    token: &str,
    peer: Peer,
    headers: &HeaderMap,
) -> Result<(Subject, Standing), Refused> {
    let (services, tenant) = (&state.services, Tenant::default());
    let text = peer.0.map(|address| address.to_string());
    let (told, why) = match identity::by_bearer(services, &tenant, token, text.as_deref()).await? {
        Bearer::Known(found) => return Ok(standing(&found, peer.0)),
        // Nobody guesses such a one: whoever has it is told why at every try, and holds nobody up.
        Bearer::Spent(spent) => {
            identity::note_spent(services, &tenant, &peer.from(headers), &spent);
            return Err(Refused::Unknown(spent.told));
        }
        Bearer::Refused { told, why } => (told, why),
    };
    let key = format!("token {}", peer.key());
    if let Some(seconds) = throttle::waits(services, &tenant, Counted::Address(&key)).await? {
        return Err(held_back(state, &peer, headers, seconds));
    }
    throttle::failed(services, &tenant, Counted::Address(&key)).await?;
    identity::note_refused(services, &tenant, &peer.from(headers), &why);
    Err(Refused::Unknown(told))
}

fn held_back(state: &AppState, peer: &Peer, headers: &HeaderMap, seconds: i64) -> Refused {
    let why = format!("too many wrong ones came before; it was told to wait {seconds} seconds");
    identity::note_refused(&state.services, &Tenant::default(), &peer.from(headers), &why);
    Refused::Wait(seconds)
}

fn standing(found: &Found, address: Option<IpAddr>) -> (Subject, Standing) {
    let standing = Standing {
        roles: (*found.roles).clone(),
        teams: (*found.teams).clone(),
        identity: found.identity,
        scopes: found.scopes.clone(),
        source: found.entry.clone(),
        until: found.until,
        address,
        request: None,
        through: found.through.clone(),
    };
    (found.subject.clone(), standing)
}

/// The token in an `Authorization` header. Git sends one as the password of a user; elsewhere that is not taken, since
/// browsers send such a password by themselves, also where another site made them.
fn shown(credentials: &HeaderValue, is_git: bool) -> Option<String> {
    let text = credentials.to_str().ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !(is_git && scheme.eq_ignore_ascii_case("basic")) {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    Some(pair.split_once(':')?.1.to_owned())
}

fn unauthorized(is_api: bool, is_git: bool, why: Option<&str>) -> Response {
    let message = match why {
        Some(why) if is_git => {
            format!("the token lets nobody in: {why}; send another as the password, and any user\n")
        }
        None if is_git => "sign in first: any user, and a token of yours as the password\n".to_owned(),
        Some(why) => format!("the token lets nobody in: {why}; send `Authorization: Bearer TOKEN` with another\n"),
        None => {
            "sign in first: send `Authorization: Bearer TOKEN` with a token of yours, or none at all where the server \
                 has a local guest\n"
                .to_owned()
        }
    };
    let challenge = [(header::WWW_AUTHENTICATE, if is_git { "Basic realm=\"Causeway\"" } else { "Bearer" })];
    if is_api {
        return (challenge, Problem::unauthorized(&message)).into_response();
    }
    (StatusCode::UNAUTHORIZED, challenge, message).into_response()
}

fn silent(is_api: bool) -> Response {
    let message = "a session of a browser alters nothing for a request that does not say which page it comes from; \
                   programs send `Authorization: Bearer TOKEN` instead of a cookie\n";
    if is_api { Problem::forbidden(message).into_response() } else { (StatusCode::FORBIDDEN, message).into_response() }
}

/// What a directory is told that comes without a token, or with one that nobody issued.
fn unknown_directory() -> Response {
    let message = "send `Authorization: Bearer TOKEN` with a service token of the scope `provision`";
    ([(header::WWW_AUTHENTICATE, "Bearer")], scim::unauthorized(StatusCode::UNAUTHORIZED, message)).into_response()
}

fn wait(is_api: bool, seconds: i64) -> Response {
    let message = format!(
        "too many tokens that let nobody in came, from here or as the administrator's; wait {seconds} seconds\n"
    );
    let after = [(header::RETRY_AFTER, seconds.to_string())];
    if is_api {
        return (after, Problem::too_many(&message)).into_response();
    }
    (StatusCode::TOO_MANY_REQUESTS, after, message).into_response()
}

pub(super) fn wants_a_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_a_token_for_git_alone() {
        let basic = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode("ada:cw_pat_x"))).unwrap();
        assert_eq!(shown(&basic, true).as_deref(), Some("cw_pat_x"));
        assert_eq!(shown(&basic, false), None);
        assert_eq!(shown(&HeaderValue::from_static("bearer t"), false).as_deref(), Some("t"));
        for wrong in ["", "Bearer", "Basic !", "Digest x"] {
            assert_eq!(shown(&HeaderValue::from_str(wrong).unwrap(), true), None, "{wrong}");
        }
    }
}
