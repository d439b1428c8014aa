//! What holds for the server whatever it serves.

use std::{convert::Infallible, process::Stdio};

use bytes::Bytes;
use futures::stream;
use reqwest::{Body, Method, StatusCode, header};
use tempfile::tempdir;
use tokio::process::Command;

use crate::{
    portal::{Backend, Options, Portal},
    postgres,
};

both! {
    async fn it_is_alive_ready_and_counts(portal) {
        assert_eq!(portal.get("/livez").await.status(), StatusCode::OK);
        assert_eq!(portal.get("/readyz").await.status(), StatusCode::OK);
        let figures = portal.get("/metrics").await.text().await.unwrap();
        assert!(figures.contains("causeway_http_requests_total"), "{figures}");
    }

    async fn it_stops_in_good_order(mut portal) {
        portal.terminate().await;
        assert!(portal.ended().await.success());
    }

    async fn it_starts_again_on_the_same_data(mut portal) {
        portal.kill().await;
        portal.restart().await;
        assert_eq!(portal.get("/readyz").await.status(), StatusCode::OK);
    }
}

async fn empty_database() -> String {
    tokio::task::spawn_blocking(postgres::empty_database).await.unwrap()
}

#[tokio::test]
async fn an_empty_database_is_prepared_at_the_start() {
    for database in [None, Some(empty_database().await)] {
        let portal = Portal::open(Options::default(), database, tempdir().unwrap()).await;
        assert_eq!(portal.get("/readyz").await.status(), StatusCode::OK);
        assert_eq!(portal.json("/api/catalog/entities").await, serde_json::json!([]));
    }
}

#[tokio::test]
async fn of_servers_that_start_at_once_one_prepares_the_database() {
    let database = empty_database().await;
    let start = || Portal::open(Options::default(), Some(database.clone()), tempdir().unwrap());
    let (one, other, third) = tokio::join!(start(), start(), start());
    for portal in [one, other, third] {
        assert_eq!(portal.get("/readyz").await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let portal = Portal::start(Backend::Sqlite).await;
    for path in ["/", "/livez", "/no/such/page", "/pkg/nothing.js"] {
        let response = portal.get(path).await;
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
        for name in ["referrer-policy", "cross-origin-opener-policy", "permissions-policy"] {
            assert!(headers.contains_key(name), "{path}: {name}");
        }
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap_or_default();
        assert!(!scripts.contains("unsafe-inline") && !scripts.contains("'unsafe-eval'"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn each_page_has_a_nonce_of_its_own() {
    let portal = Portal::start(Backend::Sqlite).await;
    let mut policies = Vec::new();
    for _ in 0..2 {
        let response = portal.get("/").await;
        assert_eq!(response.status(), StatusCode::OK);
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned();
        let page = response.text().await.unwrap();
        let tags = page.matches("<script").count();
        assert!(tags > 0 && page.matches(&format!("nonce=\"{nonce}\"")).count() >= tags, "{page}");
        policies.push(nonce);
    }
    assert_ne!(policies[0], policies[1]);
}

#[tokio::test]
async fn a_name_that_is_not_this_machine_is_refused() {
    let portal = Portal::start(Backend::Sqlite).await;
    for path in ["/", "/api/catalog/entities", "/metrics", "/api/v1/changes/stream"] {
        let response = portal.request(Method::GET, path).header(header::HOST, "evil.example").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(response.text().await.unwrap().contains("evil.example"));
    }
}

#[tokio::test]
async fn a_form_on_another_site_cannot_act_as_the_guest() {
    let portal = Portal::start(Backend::Sqlite).await;
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
        let request = portal.request(Method::POST, "/api/catalog/locations").header(name, value);
        let response = request.json(&serde_json::json!({"type": "url", "target": "x"})).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
}

#[tokio::test]
async fn credentials_that_nobody_issued_are_refused() {
    let portal = Portal::start(Backend::Sqlite).await;
    let response = portal.request(Method::GET, "/").bearer_auth("made-up").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_to_wait() {
    let options = Options::default().set("LIMITS__REQUESTS_PER_SECOND", "1");
    let portal = Portal::start_with(Backend::Sqlite, options).await;
    let mut refused = None;
    for _ in 0..10 {
        let response = portal.get("/").await;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(response);
        }
    }
    let refused = refused.expect("ten requests at once are more than one a second");
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(portal.get("/livez").await.status(), StatusCode::OK, "health checks are not limited");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_in_the_words_of_whoever_asks() {
    let options = Options::default().set("LIMITS__REQUEST_SECONDS", "1");
    let portal = Portal::start_with(Backend::Sqlite, options).await;
    // What is sent never ends, so that no machine is fast enough to answer in time.
    let late = async |path, kind, accept| {
        let request =
            portal.request(Method::POST, path).header(header::CONTENT_TYPE, kind).header(header::ACCEPT, accept);
        let endless = stream::pending::<Result<Bytes, Infallible>>();
        let response = request.body(Body::wrap_stream(endless)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        response
    };
    let page = late("/sources/explain", "application/x-www-form-urlencoded", "text/html").await.text().await.unwrap();
    assert!(page.contains("The portal cannot answer now") && page.contains("Try again in a minute"), "{page}");
    let problem = late("/api/v1/permission/preview", "application/json", "*/*").await;
    assert_eq!(problem.headers()[header::CONTENT_TYPE], "application/problem+json");
    let other = late("/api/catalog/entities/by-refs", "application/json", "*/*").await;
    assert!(other.text().await.unwrap().contains("it took too long"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let options = Options::default().set("LIMITS__BODY_MIB", "1");
    let portal = Portal::start_with(Backend::Sqlite, options).await;
    let request = portal.request(Method::POST, "/api/catalog/locations").header("content-type", "application/json");
    let response = request.body(vec![b' '; 2 << 20]).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn without_sign_in_it_does_not_listen_to_the_network() {
    let problem = fails_to_start(&["serve", "--listen", "0.0.0.0:0"], "").await;
    assert!(problem.contains("no sign-in is configured") && problem.contains("127.0.0.1"), "{problem}");
}

#[tokio::test]
async fn an_unknown_setting_stops_the_start_and_names_its_line() {
    let problem = fails_to_start(&["serve", "--listen", "127.0.0.1:0"], "[server]\n\nlisen = true\n").await;
    assert!(problem.contains("lisen") && problem.contains("line 3"), "{problem}");
}

/// What the program says when it does not start with `settings`.
async fn fails_to_start(arguments: &[&str], settings: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("causeway.toml"), settings).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_causeway"))
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(crate::portal::PATIENCE, output).await.expect("the program ends").unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}
