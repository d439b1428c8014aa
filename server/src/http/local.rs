//! Keeps the local guest local.
//!
//! While the guest has an administrator's rights, a page on the internet must not be able to act as the guest. It could
//! try by DNS rebinding (its own name suddenly means 127.0.0.1: caught by `Host`) or by sending requests across origins
//! (caught by `Origin`, and for forms by the CSRF layer).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::AppState;

pub(crate) async fn only_from_here(State(state): State<AppState>, request: Request, next: Next) -> Response {
    // With sign-in, what a foreign page lacks is the session, and the cookie does not travel across sites.
    if !state.access.has_guest() {
        return next.run(request).await;
    }
    match foreign(request.headers(), request.uri().authority()) {
        None => next.run(request).await,
        Some(problem) => {
            tracing::warn!(problem, "refused a request from elsewhere");
            (StatusCode::FORBIDDEN, format!("{problem}\n")).into_response()
        }
    }
}

/// What proxies add.
const FORWARDED: [&str; 6] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

/// Why a request does not come from this machine's own browser or tools.
fn foreign(headers: &HeaderMap, target: Option<&Authority>) -> Option<String> {
    // What a proxy brings comes from anywhere, whatever the host is called then.
    if let Some(name) = FORWARDED.into_iter().find(|name| headers.contains_key(*name)) {
        return Some(format!(
            "the header `{name}` says that a proxy brings this, and without sign-in this server is for this machine alone; configure \
             `[sign_in]`"
        ));
    }
    let host = match target {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(header::HOST).and_then(|host| host.to_str().ok()),
    };
    match host {
        Some(host) if is_loopback(host) => {}
        other => {
            return Some(format!(
                "the host `{}` is not this machine; open the portal as http://127.0.0.1 or http://localhost",
                other.unwrap_or_default()
            ));
        }
    }
    let origin = headers.get(header::ORIGIN)?.to_str().unwrap_or("null");
    let site = origin.split_once("://").map_or(origin, |(_, site)| site);
    // `null` is what sandboxed frames and files send; they are not this portal.
    (!is_loopback(site)).then(|| format!("a page of `{origin}` may not call this server"))
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn refuses(host: &'static str, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        foreign(&headers, None).is_some()
    }

    #[test]
    fn only_loopback_names_are_this_machine() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.8.9.1", "[::1]:3000"] {
            assert!(!refuses(host, None), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:3000", "10.0.0.1", "", "a b"] {
            assert!(refuses(host, None), "{host}");
        }
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        assert!(!refuses("127.0.0.1:3000", Some("http://localhost:3000")));
        for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example"] {
            assert!(refuses("127.0.0.1:3000", Some(origin)), "{origin}");
        }
    }
}
