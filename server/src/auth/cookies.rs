//! What a browser keeps of coming in.

use std::fmt::Write as _;

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use secrecy::ExposeSecret;
use services::identity::{Departure, Opened, SIGN_IN_MINUTES};

/// How many sign-ins of one browser can be under way.
const UNDER_WAY: usize = 4;

/// The cookies of one installation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cookies {
    /// Over plain HTTP a `Secure` cookie would be dropped, and with it every sign-in.
    is_secure: bool,
}

impl Cookies {
    pub(crate) fn of(base_url: &str) -> Self {
        Self { is_secure: base_url.starts_with("https:") }
    }

    /// Browsers take `__Host-` only from this very host, over https: no other can plant one.
    fn prefix(self) -> &'static str {
        if self.is_secure { "__Host-" } else { "" }
    }

    /// The secret of the session that a browser sends.
    pub(crate) fn session(self, headers: &HeaderMap) -> Option<&str> {
        find(headers, &format!("{}causeway_session", self.prefix()))
    }

    /// What a browser kept of a sign-in.
    pub(super) fn begun<'a>(self, headers: &'a HeaderMap, key: &str) -> Option<&'a str> {
        find(headers, &format!("{}causeway_begun_{key}", self.prefix()))
    }

    fn set(self, response: &mut Response, name: &str, value: &str, seconds: i64) {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let prefix = self.prefix();
        let text = format!("{prefix}{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }

    /// Gives a browser its session.
    pub(super) fn welcome(self, response: &mut Response, opened: &Opened) {
        self.set(response, "causeway_session", opened.secret.expose_secret(), opened.seconds);
    }

    /// Takes the session away.
    pub(super) fn leave(self, response: &mut Response) {
        self.set(response, "causeway_session", "", 0);
    }

    /// Lets a browser keep what it needs when it comes back; what it kept of too many others goes.
    pub(super) fn depart(self, response: &mut Response, headers: &HeaderMap, departure: &Departure) {
        let mut known: Vec<String> = pairs(headers)
            .filter_map(|(name, _)| name.strip_prefix(self.prefix())?.strip_prefix("causeway_begun_"))
            .map(str::to_owned)
            .collect();
        let over = (known.len() + 1).saturating_sub(UNDER_WAY);
        for key in known.drain(..over) {
            self.arrive(response, &key);
        }
        let mut name = "causeway_begun_".to_owned();
        let _ = write!(name, "{}", departure.key);
        self.set(response, &name, &departure.sealed, SIGN_IN_MINUTES * 60);
    }

    /// What was kept is used once.
    pub(super) fn arrive(self, response: &mut Response, key: &str) {
        if key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.set(response, &format!("causeway_begun_{key}"), "", 0);
        }
    }
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    all.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='))
}

fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    pairs(headers).find_map(|(known, value)| (known == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn a_session_is_bound_to_the_host_where_it_can_be() {
        let opened = Opened { secret: "s".into(), seconds: 60 };
        for (base, start, end) in [
            ("https://portal.example", "__Host-causeway_session=s; Path=/; ", "; Secure"),
            ("http://127.0.0.1:3000", "causeway_session=s; Path=/; ", "; SameSite=Lax"),
        ] {
            let mut response = ().into_response();
            Cookies::of(base).welcome(&mut response, &opened);
            let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
            assert!(cookie.starts_with(start) && cookie.ends_with(end) && cookie.contains("HttpOnly"), "{cookie}");
        }
    }

    #[test]
    fn a_cookie_without_its_prefix_is_not_taken_over_https() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; causeway_session=planted"));
        assert_eq!(Cookies::of("https://portal.example").session(&headers), None);
        assert_eq!(Cookies::of("http://portal.example").session(&headers), Some("planted"));
    }
}
