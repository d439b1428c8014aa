//! Signing in and out in a browser.

use std::{num::NonZeroU32, sync::Arc};

use app::Assets;
use axum::{
    Form, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Deserialize;
use url::form_urlencoded;

use super::AppState;
use crate::sign_in::SESSION;

const COOKIE: &str = "causeway_session";

/// Attempts a minute, over all addresses: one person types, a machine that guesses gets nowhere.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(30).expect("thirty is not zero");

pub(crate) fn router() -> Router<AppState> {
    let attempts: Arc<DefaultDirectRateLimiter> = Arc::new(RateLimiter::direct(Quota::per_minute(ATTEMPTS)));
    Router::new()
        .route("/auth/sign-in", get(page).post(async move |state, form| sign_in(&state, form, &attempts)))
        .route("/auth/sign-out", post(sign_out))
}

/// The address of the sign-in page that leads back to `path`.
pub(crate) fn sign_in_page(path: &str) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish();
    format!("/auth/sign-in?{query}")
}

/// The session that a browser sends.
pub(crate) fn read(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wish {
    next: String,
}

#[derive(Debug, Deserialize)]
struct Credentials {
    token: String,
    #[serde(default)]
    next: String,
}

async fn page(State(state): State<AppState>, Query(wish): Query<Wish>) -> Response {
    show(&state.assets, &wish.next, None)
}

fn sign_in(
    State(state): &State<AppState>,
    Form(Credentials { token, next }): Form<Credentials>,
    attempts: &DefaultDirectRateLimiter,
) -> Response {
    if attempts.check().is_err() {
        let problem = "Too many attempts. Wait a minute, then try again.";
        return (StatusCode::TOO_MANY_REQUESTS, show(&state.assets, &next, Some(problem))).into_response();
    }
    let Some(session) = state.access.by_token(token.trim()).and_then(|_| state.access.session()) else {
        tracing::warn!("a sign-in failed");
        let problem = "This is not the administrator's token. It stands in causeway.toml under [sign_in].";
        return (StatusCode::UNPROCESSABLE_ENTITY, show(&state.assets, &next, Some(problem))).into_response();
    };
    tracing::info!("the administrator signed in");
    with_cookie(state, &next, &session, SESSION.as_secs())
}

async fn sign_out(State(state): State<AppState>) -> Response {
    with_cookie(&state, "/", "", 0)
}

fn with_cookie(state: &AppState, next: &str, session: &str, seconds: u64) -> Response {
    // Over plain HTTP a `Secure` cookie would be dropped, and with it every sign-in.
    let secure = if state.services.settings.base_url.starts_with("https:") { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={session}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut response = Redirect::to(inside(next)).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Only a path of this portal is a place to go on; `//host` and `/\host` lead elsewhere.
fn inside(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if is_path { next } else { "/" }
}

fn show(assets: &Assets, next: &str, problem: Option<&str>) -> Response {
    let problem = problem.map(|text| format!(r#"<p role="alert" class="text-error text-sm">{text}</p>"#));
    let html = format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Causeway</title><link rel="icon" href="{icon}" type="image/svg+xml"><link rel="stylesheet" href="{style}"></head>
<body class="bg-base-200 text-base-content min-h-dvh grid place-items-center p-4">
<main class="bg-base-100 border border-base-300 rounded-box p-6 w-full max-w-sm">
<h1 class="text-2xl font-semibold mb-1">Sign in</h1>
<p class="text-sm mb-4">Causeway asks for the administrator's token.</p>
<form method="post" action="/auth/sign-in" class="grid gap-3">
<input type="hidden" name="next" value="{next}">
<label for="token" class="text-sm font-medium">Administrator's token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required class="input input-bordered w-full">
{problem}
<button class="btn btn-primary">Sign in</button>
</form>
</main></body></html>"#,
        icon = assets.icon,
        style = assets.style,
        next = escape(inside(next)),
        problem = problem.unwrap_or_default(),
    );
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
                  frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_only_into_the_portal() {
        assert_eq!(inside("/catalog?kind=api"), "/catalog?kind=api");
        for next in ["", "//evil.example", "https://evil.example", r"/\evil.example", "/a\r\nb"] {
            assert_eq!(inside(next), "/", "{next}");
        }
    }
}
