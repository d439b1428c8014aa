//! Secrets: where they are not taken from, where they are not kept, and where they are not written.

use std::path::Path;

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use super::{guarded, signed_in};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
};

/// A token that one makes for oneself, read from the page that shows it once.
async fn make_token(browser: &mut Browser, portal: &Portal, path: &str, form: &[(&str, &str)]) -> String {
    let page = browser.send(Method::POST, &format!("{}{path}", portal.base), Some(form)).await.text().await.unwrap();
    let at = page.find("cw_").unwrap_or_else(|| panic!("no token is shown: {page}"));
    page[at..at + 47].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_in_an_address_opens_nothing() {
    let portal = guarded(Backend::Sqlite, Options::default()).await;
    let (mut browser, cookie) = signed_in(&portal).await;
    let form: &[(&str, &str)] = &[("name", "x"), ("days", "1"), ("read", "true")];
    let personal = make_token(&mut browser, &portal, "/account/tokens", form).await;
    let session = cookie.split('=').nth(1).unwrap();
    for secret in [TOKEN, &personal, session] {
        for name in [
            "token",
            "access_token",
            "bearer",
            "authorization",
            "Authorization",
            "causeway_session",
            "session",
            "api_key",
            "jwt",
        ] {
            for path in [
                "/api/v1/me",
                "/api/catalog/entities",
                "/metrics-not",
                "/git/a/b.git/info/refs",
                "/api/v1/changes/stream",
            ] {
                let answer = portal.get(&format!("{path}?{name}={secret}")).await;
                assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}?{name}");
            }
        }
        // As a user and password of the address, neither: only Git sends a token so, and only to repositories.
        let answer = portal.request(Method::GET, "/api/v1/me").basic_auth("token", Some(secret)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let answer = portal.request(Method::POST, &format!("/auth/sign-in?token={secret}")).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{}", answer.status());
    }
}

/// Every byte that is kept in a folder, file by file.
fn files(folder: &Path, look: &mut impl FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, look);
        } else if let Ok(content) = std::fs::read(&path) {
            look(&path, &content);
        }
    }
}

async fn only_hashes_are_kept(backend: Backend) {
    let portal = guarded(backend, Options::default()).await;
    let (mut browser, cookie) = signed_in(&portal).await;
    let form: &[(&str, &str)] = &[("name", "x"), ("days", "1"), ("read", "true"), ("roles", "viewer")];
    let personal = make_token(&mut browser, &portal, "/account/tokens", form).await;
    let service = make_token(&mut browser, &portal, "/people/tokens", form).await;
    let directory = ["token", "create", "directory", "--roles", "provisioner", "--scopes", "provision"];
    let directory = portal.command(&directory).await.trim().to_owned();
    let link = portal.command(&["token", "admin-link"]).await;
    let code = link[link.find("code=").unwrap() + 5..].split_whitespace().next().unwrap().to_owned();
    let session = cookie.split('=').nth(1).unwrap().to_owned();
    let sealed = "a-secret-of-a-forge-0123456789";
    let credential = json!({ "name": "forge", "at": "https://git.example", "kind": "token", "secret": sealed });
    let kept = portal.request(Method::POST, "/api/v1/catalog/credentials").bearer_auth(TOKEN).json(&credential);
    assert_eq!(kept.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(portal.request(Method::GET, "/api/v1/me").bearer_auth(&service).send().await.unwrap().status(), 200);
    // The database, its journal, and everything beside it: whoever copies them cannot come in.
    let mut all = Vec::new();
    files(&portal.data.path().join("data"), &mut |path, content| {
        all.push((path.display().to_string(), content.to_vec()));
    });
    if let Some(database) = portal.database() {
        all.push(("PostgreSQL".to_owned(), crate::postgres::content(database)));
    }
    let looked: usize = all.iter().map(|(_, content)| content.len()).sum();
    assert!(looked > 10_000, "{looked} bytes are not a database");
    let holds =
        |text: &str| all.iter().find(|(_, content)| content.windows(text.len()).any(|part| part == text.as_bytes()));
    for secret in [TOKEN, &session, &personal, &service, &directory, &code, sealed] {
        if let Some((place, _)) = holds(secret) {
            panic!("{place} has a secret that begins with {}", &secret[..7]);
        }
    }
    // What one comes in with is found by its hash, and that is there.
    for secret in [&session, &personal, &service, &directory, &code] {
        assert!(holds(blake3::hash(secret.as_bytes()).to_hex().as_str()).is_some(), "no hash of {}", &secret[..7]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_kept_lets_anyone_in_on_sqlite() {
    only_hashes_are_kept(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_kept_lets_anyone_in_on_postgres() {
    only_hashes_are_kept(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_written_to_the_log() {
    let provider = Provider::start().await;
    let pipelines = format!(
        "[{{ name = \"deploys\", issuer = \"{}\", audience = \"causeway\", scopes = [\"read\"], roles = [\"viewer\"], require = {{ repository = \"saltmarsh/*\" }} }}]",
        provider.issuer
    );
    let options = Options::default()
        .set("LOG__LEVEL", "trace")
        .set("SIGN_IN__PIPELINES", &pipelines)
        .set("SIGN_IN__RECHECK_MINUTES", "0");
    let portal = portal_with(Backend::Sqlite, &[provider.settings("corp", USUAL)], options).await;
    provider.know(&portal, &["corp"]).await;
    let mut secrets = vec![TOKEN.to_owned(), "a-secret-that-is-only-used-by-tests".to_owned()];
    // Through the provider, step by step: state, code, what the browser keeps, the session.
    let mut browser = Browser::new();
    let start = browser.send(Method::GET, &format!("{}/auth/start/corp", portal.base), None).await;
    let mut place = start.headers()[header::LOCATION].to_str().unwrap().to_owned();
    for name in browser.names(&portal.base) {
        secrets.push(browser.cookie(&portal.base, &name).unwrap());
    }
    while !place.contains("/auth/callback/") {
        let answer = browser.send(Method::GET, &place, None).await;
        let next = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        place = reqwest::Url::parse(&place).unwrap().join(&next).unwrap().to_string();
    }
    for (name, value) in reqwest::Url::parse(&place).unwrap().query_pairs() {
        if ["code", "state"].contains(&&*name) {
            secrets.push(value.into_owned());
        }
    }
    assert_eq!(browser.send(Method::GET, &place, None).await.status(), StatusCode::SEE_OTHER);
    // A second time it is refused, which is told of without the code.
    browser.send(Method::GET, &place, None).await;
    secrets.push(browser.cookie(&portal.base, "causeway_session").unwrap());
    browser.open(&format!("{}/account", portal.base)).await;
    let form: &[(&str, &str)] = &[("name", "x"), ("days", "1"), ("read", "true")];
    let personal = make_token(&mut browser, &portal, "/account/tokens", form).await;
    let left =
        browser.send(Method::POST, &format!("{}/auth/sign-out", portal.base), Some(&[])).await.text().await.unwrap();
    let at = left.find("id_token_hint=").expect("it goes on to the provider") + "id_token_hint=".len();
    secrets.push(left[at..].split(['&', '"']).next().unwrap().to_owned());
    // With the administrator's token, and with one that is wrong.
    let (mut administrator, cookie) = signed_in(&portal).await;
    secrets.push(cookie.split('=').nth(1).unwrap().to_owned());
    let service = make_token(
        &mut administrator,
        &portal,
        "/people/tokens",
        &[("name", "deployer"), ("days", "1"), ("read", "true"), ("roles", "viewer")],
    )
    .await;
    let wrong = "a-secret-that-someone-mistyped";
    administrator.send(Method::POST, &format!("{}/auth/sign-in", portal.base), Some(&[("token", wrong)])).await;
    // By a link.
    let code = "5a".repeat(32);
    administrator.open(&format!("{}/auth/link?code={code}", portal.base)).await;
    administrator.send(Method::POST, &format!("{}/auth/link", portal.base), Some(&[("code", &code)])).await;
    // Tokens: good, wrong, of a pipeline, as Git sends them, in the address where they do not belong.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims =
        json!({ "sub": "x", "aud": "causeway", "iat": now, "exp": now + 300, "repository": "saltmarsh/tides" });
    let signed = provider.sign(claims.clone()).await;
    let mut unmet = claims;
    unmet["repository"] = json!("elsewhere/x");
    let refused = provider.sign(unmet).await;
    for token in [&personal, &service, &signed, &refused, &wrong.to_owned()] {
        portal.request(Method::GET, "/api/v1/me").bearer_auth(token).send().await.unwrap();
        portal
            .request(Method::GET, "/git/a/b.git/info/refs?service=git-upload-pack")
            .basic_auth("x", Some(token))
            .send()
            .await
            .unwrap();
        portal.get(&format!("/catalog?access_token={token}")).await;
    }
    let sealed = "a-secret-of-a-forge-0123456789";
    let credential = json!({ "name": "forge", "at": "https://git.example", "kind": "token", "secret": sealed });
    portal
        .request(Method::POST, "/api/v1/catalog/credentials")
        .bearer_auth(TOKEN)
        .json(&credential)
        .send()
        .await
        .unwrap();
    portal
        .request(Method::POST, "/api/v1/catalog/credentials")
        .bearer_auth(TOKEN)
        .body(format!("{{ \"secret\": \"{sealed}\" "))
        .send()
        .await
        .unwrap();
    secrets.extend([personal, service, code, signed, refused, wrong.to_owned(), sealed.to_owned()]);
    let log: Vec<String> = portal
        .until("the last request is in the log", async |portal| {
            let log = portal.log();
            log.iter().any(|line| line.contains("/api/v1/catalog/credentials")).then_some(log)
        })
        .await;
    assert!(log.len() > 60, "only {} lines: the log is not at work", log.len());
    for secret in secrets {
        assert!(secret.len() >= 10, "`{secret}` is too short to look for");
        for line in &log {
            assert!(!line.contains(&secret), "the log has a secret: {line}");
        }
    }
}
