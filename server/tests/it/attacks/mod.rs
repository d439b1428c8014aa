//! What an attacker tries, each with what the server makes of it.

mod guessing;
mod nearly;
mod secrets;
mod sites;

use reqwest::{Method, Response, header};

use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, TOKEN},
};

fn with_token() -> Options {
    Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'"))
}

async fn guarded(backend: Backend, options: Options) -> Portal {
    Portal::start_with(backend, options.set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'"))).await
}

/// A browser in which the administrator is signed in, and the cookie that it sends.
async fn signed_in(portal: &Portal) -> (Browser, String) {
    let mut browser = Browser::new();
    let form: &[(&str, &str)] = &[("token", TOKEN), ("next", "/account")];
    let welcome = browser.send(Method::POST, &format!("{}/auth/sign-in", portal.base), Some(form)).await;
    assert_eq!(welcome.status(), 303);
    let cookie = format!("causeway_session={}", browser.cookie(&portal.base, "causeway_session").unwrap());
    (browser, cookie)
}

fn location(answer: &Response) -> String {
    answer.headers().get(header::LOCATION).map(|place| place.to_str().unwrap().to_owned()).unwrap_or_default()
}
