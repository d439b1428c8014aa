//! What was given out ends by itself: sessions that nobody uses or that are old, tokens, links.

use reqwest::{Method, StatusCode};

use super::{TOKEN, by, guard, me};
use crate::{
    portal::{Backend, Portal},
    postgres,
    provider::Browser,
};

async fn is_in(portal: &Portal, browser: &mut Browser) -> bool {
    let asked = browser.send(Method::GET, &format!("{}/api/v1/me", portal.base), None).await.status();
    assert!([StatusCode::OK, StatusCode::SEE_OTHER].contains(&asked), "{asked}");
    asked == StatusCode::OK
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_out_long_ago_lets_nobody_in() {
    let mut portal = Portal::start(Backend::Postgres).await;
    guard(&mut portal, TOKEN).await;
    let mut browsers = Vec::new();
    for _ in 0..3 {
        let mut browser = Browser::new();
        let form: &[(&str, &str)] = &[("token", TOKEN), ("next", "/account")];
        browser.send(Method::POST, &format!("{}/auth/sign-in", portal.base), Some(form)).await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "administrator");
        browsers.push(browser);
    }
    let mut tokens = Vec::new();
    for name in ["old", "new"] {
        let made = portal.command(&["token", "create", name, "--roles", "viewer", "--scopes", "read"]).await;
        tokens.push(made.trim().to_owned());
        assert_eq!(by(&portal, tokens.last().unwrap()).await.0, StatusCode::OK);
    }
    let mut codes = Vec::new();
    for _ in 0..2 {
        let link = portal.command(&["token", "admin-link"]).await;
        codes.push(link.trim().split_once("code=").unwrap().1.to_owned());
    }
    portal.kill().await;
    // Time is made to pass in the database, for each in its own way; one of each stays as it is.
    let hash = |secret: &str| blake3::hash(secret.as_bytes()).to_hex().to_string();
    let secret = |browser: &Browser| browser.cookie(&portal.base, "causeway_session").unwrap();
    let passes = [
        ("sessions SET seen_at = now() - interval '25 hours'", hash(&secret(&browsers[0]))),
        ("sessions SET expires_at = now() - interval '1 second'", hash(&secret(&browsers[1]))),
        ("tokens SET expires_at = now() - interval '1 second'", hash(&tokens[0])),
        ("admin_links SET expires_at = now() - interval '1 second'", hash(&codes[0])),
    ];
    for (change, hash) in passes {
        postgres::execute(portal.database().unwrap(), &format!("UPDATE {change} WHERE hash = '{hash}'"));
    }
    portal.restart().await;
    let mut let_in = Vec::new();
    for browser in &mut browsers {
        let_in.push(is_in(&portal, browser).await);
    }
    assert_eq!(let_in, [false, false, true], "unused, old, and neither");
    assert_eq!(by(&portal, &tokens[0]).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(by(&portal, &tokens[1]).await.0, StatusCode::OK);
    for (code, status) in codes.iter().zip([StatusCode::UNPROCESSABLE_ENTITY, StatusCode::SEE_OTHER]) {
        let used =
            Browser::new().send(Method::POST, &format!("{}/auth/link", portal.base), Some(&[("code", code)])).await;
        assert_eq!(used.status(), status);
    }
}
