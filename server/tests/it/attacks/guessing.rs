//! Guessing, from one address and from many, at one replica and at two; and what a replica knows of what another ended.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};

use super::{signed_in, with_token};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, TOKEN},
};

/// Behind a proxy that says where a request comes from.
async fn two_replicas() -> (Portal, Portal) {
    let options: Options = with_token().set("SERVER__PROXIES", "[\"127.0.0.1\"]");
    let first = Portal::start_with(Backend::Postgres, options).await;
    let second = first.beside().await;
    (first, second)
}

async fn try_token(portal: &Portal, token: &str, from: &str) -> StatusCode {
    let form = format!("token={token}");
    let request = portal.request(Method::POST, "/auth/sign-in").header("x-forwarded-for", from);
    request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap().status()
}

async fn try_bearer(portal: &Portal, token: &str, from: &str) -> StatusCode {
    let request = portal.request(Method::GET, "/api/v1/me").header("x-forwarded-for", from).bearer_auth(token);
    request.send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_at_one_replica_waits_at_the_other() {
    let (first, second) = two_replicas().await;
    for (number, portal) in [&first, &second, &first, &second, &first].into_iter().enumerate() {
        let status = try_token(portal, "wrong", "203.0.113.7").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "attempt {number}");
    }
    for portal in [&first, &second] {
        assert_eq!(try_token(portal, TOKEN, "203.0.113.7").await, StatusCode::TOO_MANY_REQUESTS);
    }
    // Others at other addresses do not.
    assert_eq!(try_token(&second, TOKEN, "203.0.113.8").await, StatusCode::SEE_OTHER);
    // A house has as many IPv6 addresses as it wants, and counts once.
    for number in 0..5 {
        try_token(&first, "wrong", &format!("2001:db8:1:2::{number}")).await;
    }
    assert_eq!(try_token(&second, TOKEN, "2001:db8:1:2:ffff::1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(try_token(&second, TOKEN, "2001:db8:1:3::1").await, StatusCode::SEE_OTHER);
    // Tokens of the API as well.
    for number in 0..5 {
        let portal = if number % 2 == 0 { &first } else { &second };
        let token = format!("cw_pat_{number:040}");
        assert_eq!(try_bearer(portal, &token, "203.0.113.9").await, StatusCode::UNAUTHORIZED);
    }
    for portal in [&first, &second] {
        assert_eq!(try_bearer(portal, TOKEN, "203.0.113.9").await, StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_addresses_do_not_help_against_one_account() {
    let (first, second) = two_replicas().await;
    let mut number = 0;
    let held = loop {
        assert!(number < 120, "nobody is held back");
        let portal = if number % 2 == 0 { &first } else { &second };
        // A new address each time: none of them has failed before.
        let from = format!("198.51.{}.{}", number / 200, number % 200);
        let status = if number % 3 == 0 {
            try_bearer(portal, "a-guess-that-is-wrong", &from).await
        } else {
            try_token(portal, "wrong", &from).await
        };
        if status == StatusCode::TOO_MANY_REQUESTS {
            break number;
        }
        number += 1;
    };
    assert!(held >= 50, "people mistype: held back after {held}");
    // The wait is short, or anyone could lock the administrator out, and a link from the command line goes round it.
    let form = "code=wrong";
    let link = first.request(Method::POST, "/auth/link").header("x-forwarded-for", "192.0.2.1");
    let link = link.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
    assert_eq!(link.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let _: () = first
        .until("the wait is over", async |portal| {
            (try_token(portal, TOKEN, "192.0.2.2").await == StatusCode::SEE_OTHER).then_some(())
        })
        .await;
    // Who came in forgets the failures.
    assert_eq!(try_token(&second, "wrong", "192.0.2.3").await, StatusCode::UNPROCESSABLE_ENTITY);
}

/// What a replica believes without a look lasts five seconds; this must be quicker.
const SOON: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_ends_is_over_at_the_other() {
    let (first, second) = two_replicas().await;
    let me = format!("{}/api/v1/me", second.base);
    let (mut browser, cookie) = signed_in(&first).await;
    let secret = cookie.split('=').nth(1).unwrap().to_owned();
    let mut there = Browser::new();
    there.plant(&second.base, "causeway_session", &secret);
    assert_eq!(there.send(Method::GET, &me, None).await.status(), StatusCode::OK, "both know it");
    let stream = second.request(Method::GET, "/api/v1/changes/stream").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    let out = browser.send(Method::POST, &format!("{}/auth/sign-out", first.base), Some(&[])).await;
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    let ended = Instant::now();
    let _: () = second
        .until("the session is over at the other replica", async |_| {
            (there.send(Method::GET, &me, None).await.status() == StatusCode::SEE_OTHER).then_some(())
        })
        .await;
    assert!(ended.elapsed() < SOON, "it took {:?}", ended.elapsed());
    // Whoever was listening hears nothing more.
    stream.bytes().await.unwrap();
    assert!(ended.elapsed() < SOON, "the stream went on for {:?}", ended.elapsed());
}
