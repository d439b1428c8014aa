//! Guesses that are nearly right. How much of a secret is right must show nowhere, or it could be found letter by letter.
//!
//! What comes is hashed before it is looked for or compared, so that nothing of what takes time knows how much of it is right. A
//! clock would measure the machine, so what a clock would measure is looked at: the answer, and every statement that a guess has
//! the database carry out.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder, StatusCode, header};
use ring::hmac;
use serde_json::{Value, json};

use super::{location, signed_in};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
};

/// Where a secret is shown.
enum Door {
    Session,
    /// A token, to an address.
    Bearer(&'static str),
    /// A token, as the password that Git sends.
    Git,
    /// The administrator's token, by the form.
    Form,
    Link,
    /// What a provider sends a browser back with: where to, and the cookie of the browser that began.
    State(String, String),
    /// The signature of a forge over [`BODY`], by the header that brings it.
    Signature(String, &'static str),
    /// What Standard Webhooks has for it, signed at this time.
    Signed(String, i64),
}

/// What a forge tells.
const BODY: &str = r#"{"ref":"refs/heads/main"}"#;

impl Door {
    fn knock(&self, portal: &Portal, secret: &str) -> RequestBuilder {
        let form = |path: &str, name: &str| {
            let request =
                portal.request(Method::POST, path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            request.header(header::ORIGIN, &portal.base).body(format!("{name}={secret}"))
        };
        let forge = |source: &str| portal.request(Method::POST, &format!("/webhooks/{source}")).body(BODY);
        match self {
            Self::Session => {
                portal.request(Method::GET, "/api/v1/me").header(header::COOKIE, format!("causeway_session={secret}"))
            }
            Self::Bearer(path) => portal.request(Method::GET, path).bearer_auth(secret),
            Self::Git => {
                let path = "/git/a/b.git/info/refs?service=git-upload-pack";
                portal.request(Method::GET, path).basic_auth("any", Some(secret))
            }
            Self::Form => form("/auth/sign-in", "token"),
            Self::Link => form("/auth/link", "code"),
            Self::State(place, cookie) => {
                let mut url = reqwest::Url::parse(place).unwrap();
                let rest: Vec<(String, String)> =
                    url.query_pairs().filter(|(name, _)| name != "state").map(|(a, b)| (a.into(), b.into())).collect();
                url.query_pairs_mut().clear().extend_pairs(rest).append_pair("state", secret);
                portal.client.get(url).header(header::COOKIE, cookie)
            }
            Self::Signature(source, name) => {
                let event = if *name == "x-gitlab-token" { "x-gitlab-event" } else { "x-github-event" };
                let before = if *name == "x-hub-signature-256" { "sha256=" } else { "" };
                forge(source).header(event, "ping").header(*name, format!("{before}{secret}"))
            }
            Self::Signed(source, at) => {
                let request = forge(source).header("x-gitlab-event", "ping").header("webhook-id", "1");
                request.header("webhook-timestamp", at.to_string()).header("webhook-signature", format!("v1,{secret}"))
            }
        }
    }
}

/// A secret, and where it is shown.
struct Kept {
    what: &'static str,
    door: Door,
    secret: String,
    /// How much at its beginning is the same for all and no secret.
    public: usize,
    /// A part of the statement that looks for it; none where it is compared in the process.
    found_by: Option<&'static str>,
}

/// Texts of the same shape as `secret`: first one that is wrong throughout, then those that are nearly right.
fn misses(secret: &str, public: usize) -> Vec<String> {
    let end = secret.trim_end_matches('=').len();
    let wrong = |from: usize, to: usize| -> String {
        let letters = secret.char_indices().map(|(at, letter)| match letter {
            'a' if (from..to).contains(&at) => 'b',
            _ if (from..to).contains(&at) => 'a',
            same => same,
        });
        letters.collect()
    };
    let half = public + (end - public) / 2;
    vec![
        wrong(public, end),
        wrong(public, public + 1),
        wrong(half, half + 1),
        wrong(end - 1, end),
        wrong(public, half),
        wrong(half, end),
    ]
}

/// What a guess was answered, without what names the request.
async fn told(request: RequestBuilder, id: &str) -> (StatusCode, BTreeMap<String, String>, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let named = |text: &str| text.replace(id, "ID");
    let headers = answer.headers().iter().filter(|(name, _)| *name != header::DATE);
    let headers = headers.map(|(name, value)| (name.to_string(), unkeyed(named(value.to_str().unwrap())))).collect();
    (status, headers, named(&answer.text().await.unwrap()))
}

/// A header without the key that a sign-in has from the hash of the state that came.
fn unkeyed(text: String) -> String {
    match text.split_once("causeway_begun_") {
        Some((start, rest)) if rest.len() > 16 => format!("{start}causeway_begun_KEY{}", &rest[16..]),
        _ => text,
    }
}

/// The statements that each request had the database carry out, by its id.
fn statements(portal: &Portal) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in portal.log() {
        let Ok(said) = serde_json::from_str::<Value>(&line) else { continue };
        let id = said["spans"].as_array().into_iter().flatten().find_map(|span| span["id"].as_str());
        if let (Some(id), true) = (id, said["target"] == "sqlx::query") {
            let whole = said["db.statement"].as_str().filter(|text| !text.trim().is_empty());
            let text = whole.or_else(|| said["summary"].as_str()).unwrap_or_default();
            all.entry(id.to_owned()).or_default().push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    all
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A browser on its way back from the provider: where to, its cookie, and the state.
async fn on_the_way_back(portal: &Portal) -> (String, String, String) {
    let mut browser = Browser::new();
    let start = browser.send(Method::GET, &format!("{}/auth/start/corp", portal.base), None).await;
    let mut place = location(&start);
    let names = browser.names(&portal.base);
    let cookie = format!("{}={}", names[0], browser.cookie(&portal.base, &names[0]).unwrap());
    while !place.contains("/auth/callback/") {
        let answer = browser.send(Method::GET, &place, None).await;
        place = reqwest::Url::parse(&place).unwrap().join(&location(&answer)).unwrap().to_string();
    }
    let url = reqwest::Url::parse(&place).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    (place, cookie, state)
}

/// A source that takes deliveries, and the secret that signs them.
async fn webhook(portal: &Portal, browser: &mut Browser) -> (String, String) {
    let wanted = json!({ "kind": "git", "target": "http://127.0.0.1:9/saltmarsh/tides.git" });
    let made = portal.request(Method::POST, "/api/v1/catalog/sources").bearer_auth(TOKEN).json(&wanted);
    let made: Value = made.send().await.unwrap().json().await.unwrap();
    let source = made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let address = format!("{}/sources/{source}", portal.base);
    let page = browser.open(&address).await.text;
    let form = page[page.find("/api/portal/change_webhook").expect("it takes deliveries")..].split('"').next().unwrap();
    let form = format!("{}{form}", portal.base);
    browser.send(Method::POST, &form, Some(&[("id", &source), ("deed", "make")])).await;
    let page = browser.open(&address).await.text;
    let secret = page[page.find("whsec_").expect("its secret is shown")..].split('<').next().unwrap().to_owned();
    (source, secret)
}

/// Every secret that the server takes.
async fn secrets(portal: &Portal) -> Vec<Kept> {
    let (mut browser, cookie) = signed_in(portal).await;
    let form: &[(&str, &str)] = &[("name", "x"), ("days", "1"), ("read", "true")];
    let page = browser.send(Method::POST, &format!("{}/account/tokens", portal.base), Some(form)).await;
    let page = page.text().await.unwrap();
    let personal = page[page.find("cw_pat_").expect("a token is shown")..][..47].to_owned();
    let made = async |name: &str, role: &str, scopes: &str| {
        let made = portal.command(&["token", "create", name, "--roles", role, "--scopes", scopes]).await;
        made.trim().to_owned()
    };
    let service = made("deployer", "viewer", "read").await;
    let directory = made("directory", "provisioner", "provision").await;
    let link = portal.command(&["token", "admin-link"]).await;
    let code = link[link.find("code=").expect("a link has a code") + 5..].split_whitespace().next().unwrap().to_owned();
    let (place, begun, state) = on_the_way_back(portal).await;
    let (source, signs) = webhook(portal, &mut browser).await;
    let sign = |text: String, key: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let signature = hex(sign(BODY.to_owned(), signs.as_bytes()).as_ref());
    let at = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let signed = sign(format!("1.{at}.{BODY}"), signs.as_bytes());
    let signed = base64(signed.as_ref());
    let kept =
        |what, door, secret: &str, public, found_by| Kept { what, door, secret: secret.to_owned(), public, found_by };
    let (sessions, tokens) = (Some("\"sessions\".\"hash\" = "), Some("\"tokens\".\"hash\" = "));
    let of = |header| Door::Signature(source.clone(), header);
    vec![
        kept("a session", Door::Session, cookie.split('=').nth(1).unwrap(), 0, sessions),
        kept("a personal token", Door::Bearer("/api/v1/me"), &personal, 7, tokens),
        kept("a service token", Door::Bearer("/api/catalog/entities"), &service, 7, tokens),
        kept("a token as Git sends it", Door::Git, &service, 7, tokens),
        kept("a directory's token", Door::Bearer("/scim/v2/Users"), &directory, 7, tokens),
        kept("the administrator's token", Door::Bearer("/api/v1/me"), TOKEN, 0, None),
        kept("the same by the form", Door::Form, TOKEN, 0, None),
        kept("a link for emergencies", Door::Link, &code, 0, Some("\"admin_links\".\"hash\" = ")),
        kept("the state of a sign-in", Door::State(place, begun), &state, 0, None),
        kept("a signature of GitHub", of("x-hub-signature-256"), &signature, 0, None),
        kept("the secret itself, as GitLab sends it", of("x-gitlab-token"), &signs, 6, None),
        kept("a signature of Standard Webhooks", Door::Signed(source.clone(), at), &signed, 0, None),
    ]
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

async fn guesses_are_answered_alike(backend: Backend) {
    let provider = Provider::start().await;
    let options = Options::default()
        .set("SERVER__PROXIES", "[\"127.0.0.1\"]")
        .set("LOG__FORMAT", "json")
        .set("LOG__LEVEL", "'warn,causeway::http::trace=info,sqlx::query=trace'");
    let settings = provider.settings("corp", &format!("{USUAL}, create_people = true"));
    let portal = portal_with(backend, &[settings], options).await;
    provider.know(&portal, &["corp"]).await;
    let (mut asked, mut number) = (Vec::new(), 0);
    for kept in secrets(&portal).await {
        let mut ask = async |secret: &str| {
            number += 1;
            // Each from an address of its own, or one would have to wait after the fifth.
            let (id, from) = (format!("guess-{number}"), format!("203.0.113.{number}"));
            let request = kept.door.knock(&portal, secret).header("x-forwarded-for", from).header("x-request-id", &id);
            (told(request, &id).await, id)
        };
        let mut guesses = Vec::new();
        for guess in misses(&kept.secret, kept.public) {
            assert_ne!(guess, kept.secret);
            guesses.push(ask(&guess).await);
        }
        let ((status, ..), _) = &guesses[0];
        assert!(status.is_client_error(), "{}: {status}", kept.what);
        for (answer, _) in &guesses[1..] {
            assert_eq!(answer, &guesses[0].0, "{}", kept.what);
        }
        // The beginning of a secret opens nothing, nor does what has it within.
        for guess in [&kept.secret[..kept.secret.len() - 1], &format!("{}0", kept.secret), &kept.secret[..kept.public]]
        {
            let ((status, _, said), _) = ask(guess).await;
            assert_eq!((status, said), (guesses[0].0.0, guesses[0].0.2.clone()), "{}: a part of it", kept.what);
        }
        // All that while it was good.
        let ((status, ..), right) = ask(&kept.secret).await;
        assert!(
            !status.is_client_error() && !status.is_server_error() || status == StatusCode::NOT_FOUND,
            "{}: {status}",
            kept.what
        );
        asked.push((kept, guesses.into_iter().map(|(_, id)| id).collect::<Vec<_>>(), right));
    }
    // The log follows the answers, in their order: what is asked last is there last.
    let last = Door::Session.knock(&portal, &"0".repeat(64)).header("x-request-id", "last");
    assert_eq!(last.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let done = portal
        .until("what the last one had the database do is in the log", async |portal| {
            Some(statements(portal)).filter(|done| done.contains_key("last"))
        })
        .await;
    for (kept, guesses, right) in &asked {
        let of = |id: &String| done.get(id).cloned().unwrap_or_default();
        let first = of(&guesses[0]);
        for guess in guesses {
            assert_eq!(of(guess), first, "{}: {backend:?} does other things for one of the guesses", kept.what);
        }
        assert_ne!(of(right), first, "{}: nothing shows that the guesses are told from the right one", kept.what);
        if let Some(found_by) = kept.found_by {
            assert!(first.iter().any(|statement| statement.contains(found_by)), "{}: {first:#?}", kept.what);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_answered_alike_however_much_is_right_on_sqlite() {
    guesses_are_answered_alike(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_answered_alike_however_much_is_right_on_postgres() {
    guesses_are_answered_alike(Backend::Postgres).await;
}
