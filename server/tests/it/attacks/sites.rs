//! Other sites: forms and scripts of theirs, links that lead to them, frames and headers that they would make.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use super::{guarded, location, signed_in};
use crate::{
    matrix::{served, unguarded},
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, portal},
};

const TELLING: &str = "'warn,causeway::http::served=debug'";

/// Every address that alters something: all that is served but the webhooks of forges, which bring a signature.
fn altering(portal: &Portal) -> Vec<(Method, String)> {
    let (routes, functions) = served(portal);
    let routes = routes.into_iter().filter(|(method, route)| method != "GET" && !route.starts_with("/webhooks/"));
    let routes = routes.map(|(method, route)| {
        let parts = route.split('/').map(|part| if part.starts_with('{') { "some" } else { part });
        (method.parse().unwrap(), parts.collect::<Vec<_>>().join("/"))
    });
    // The way out is tried last.
    let (out, mut all): (Vec<_>, Vec<_>) = routes.partition(|(_, path): &(Method, String)| path == "/auth/sign-out");
    all.extend(functions.into_values().map(|path| (Method::POST, path)));
    all.extend(out);
    assert!(all.len() > 70, "{}", all.len());
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_site_alters_nothing_in_the_name_of_who_is_signed_in() {
    let options = Options::default().set("LOG__FORMAT", "json").set("LOG__LEVEL", TELLING);
    let portal = guarded(Backend::Sqlite, options).await;
    let (_, cookie) = signed_in(&portal).await;
    let form = "application/x-www-form-urlencoded";
    let attacks: [(&str, &[(&str, &str)]); 8] = [
        (
            "a form of another site",
            &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("content-type", form)],
        ),
        (
            "a form of a page that a neighbour serves",
            &[("origin", "https://evil.corp.example"), ("sec-fetch-site", "same-site")],
        ),
        ("a script of another site", &[("origin", "https://evil.example"), ("content-type", "text/plain")]),
        ("a sandboxed frame", &[("origin", "null")]),
        ("an origin that ends like ours", &[("origin", "http://evil.127.0.0.1")]),
        ("another port of this machine", &[("origin", "http://127.0.0.1:1")]),
        ("a link that is a form", &[("referer", "https://evil.example/"), ("content-type", form)]),
        ("a client that says nothing", &[]),
    ];
    for (method, path) in altering(&portal) {
        for (what, headers) in attacks {
            let mut request = portal.request(method.clone(), &path).header(header::COOKIE, &cookie);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = request.body("{}").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{what}: {method} {path}");
        }
    }
    // All of that ended nothing: the session still stands, and a page of the portal goes out.
    let me = portal.request(Method::GET, "/api/v1/me").header(header::COOKIE, &cookie).send().await.unwrap();
    assert_eq!(me.json::<serde_json::Value>().await.unwrap()["subject"], "administrator");
    let out = portal.request(Method::POST, "/auth/sign-out").header(header::COOKIE, &cookie);
    let out = out.header(header::ORIGIN, &portal.base).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    // Programs have no cookie, and say nothing.
    let told = portal.request(Method::POST, "/api/catalog/entities/by-query").bearer_auth(TOKEN).json(&json!({}));
    assert_eq!(told.send().await.unwrap().status(), StatusCode::OK);
}

/// Places that are not of this portal, though some look like it.
const ELSEWHERE: [&str; 16] = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/%0d%0aLocation:https://evil.example",
    "/\r\nLocation: https://evil.example",
    "javascript:alert(1)",
    "/\u{0}/evil.example",
    "/auth/sign-out",
    "http:evil.example",
    "@evil.example",
];

fn is_inside(base: &str, place: &str) -> bool {
    let base = reqwest::Url::parse(base).unwrap();
    let joined = base.join(place);
    joined.is_ok_and(|url| url.origin() == base.origin()) && place.starts_with('/')
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_and_out_leads_nowhere_else() {
    let provider = Provider::start().await;
    let portal = portal(Backend::Sqlite, &provider, "create_people = true").await;
    provider.know(&portal, &["corp"]).await;
    for next in ELSEWHERE {
        // With the token.
        let form: &[(&str, &str)] = &[("token", TOKEN), ("next", next)];
        let answer = Browser::new().send(Method::POST, &format!("{}/auth/sign-in", portal.base), Some(form)).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{next:?}");
        assert!(is_inside(&portal.base, &location(&answer)), "{next:?} leads to {:?}", location(&answer));
        // Through a provider.
        let mut url = reqwest::Url::parse(&format!("{}/auth/start/corp", portal.base)).unwrap();
        url.query_pairs_mut().append_pair("next", next);
        if next.contains('\0') {
            // Such an address is refused as a whole.
            assert_eq!(Browser::new().send(Method::GET, url.as_str(), None).await.status(), StatusCode::BAD_REQUEST);
            continue;
        }
        let mut browser = Browser::new();
        let (mut place, mut last) = (url.to_string(), String::new());
        for _ in 0..12 {
            let answer = browser.send(Method::GET, &place, None).await;
            if !answer.status().is_redirection() {
                break;
            }
            last = location(&answer);
            place = reqwest::Url::parse(&place).unwrap().join(&last).unwrap().to_string();
            if browser.cookie(&portal.base, "causeway_session").is_some() {
                break;
            }
        }
        assert!(browser.cookie(&portal.base, "causeway_session").is_some(), "{next:?}");
        assert!(is_inside(&portal.base, &last), "{next:?} leads to {last:?}");
        // On the page itself, where a button goes on.
        let mut url = reqwest::Url::parse(&format!("{}/auth/sign-in", portal.base)).unwrap();
        url.query_pairs_mut().append_pair("next", next);
        let page = Browser::new().open(url.as_str()).await.text;
        let at = page.find("name=\"next\" value=\"").expect("the form goes on") + 19;
        let value = page[at..].split('"').next().unwrap();
        assert!(is_inside(&portal.base, value), "{next:?} stands on the page as {value}");
        // And out.
        let form: &[(&str, &str)] = &[("next", next)];
        let out = browser.send(Method::POST, &format!("{}/auth/sign-out?next={next}", portal.base), Some(form)).await;
        let text = location(&out) + &out.text().await.unwrap();
        assert!(!text.contains("evil.example"), "{next:?}: {text}");
    }
    // A path that begins with two slashes is a host to a browser that is led there.
    let mut stranger = Browser::new();
    let answer = stranger.send(Method::GET, &format!("{}//evil.example/catalog", portal.base), None).await;
    assert!(location(&answer).starts_with("/auth/sign-in?next=%2F%2F"), "{}", location(&answer));
    // Addresses that TechDocs had.
    for path in
        ["/docs/default/component//evil.example", "/docs/..%2F..%2F/x/y", "/docs/%2F%2Fevil.example/component/x"]
    {
        let answer = portal.request(Method::GET, path).bearer_auth(TOKEN).send().await.unwrap();
        let place = location(&answer);
        assert!(
            place.is_empty() || is_inside(&portal.base, &place) && place.starts_with("/catalog/"),
            "{path}: {place}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_planted_is_worth_nothing() {
    let provider = Provider::start().await;
    let portal = portal(Backend::Sqlite, &provider, "").await;
    provider.know(&portal, &["corp"]).await;
    let me = format!("{}/api/v1/me", portal.base);
    // An attacker's own session, planted in the browser of someone who then signs in.
    let (mut attacker, cookie) = signed_in(&portal).await;
    let planted = cookie.split('=').nth(1).unwrap().to_owned();
    for made_up in [planted.clone(), "ab".repeat(32)] {
        let mut victim = Browser::new();
        victim.plant(&portal.base, "causeway_session", &made_up);
        victim.sign_in(&portal, "corp").await;
        let own = victim.cookie(&portal.base, "causeway_session").unwrap();
        assert_ne!(own, made_up, "the secret stayed the same");
        assert!(victim.open(&me).await.text.contains("user:default/ada-b"));
        let mut other = Browser::new();
        other.plant(&portal.base, "causeway_session", &made_up);
        assert_eq!(other.send(Method::GET, &me, None).await.status(), StatusCode::SEE_OTHER, "it still opens");
    }
    assert_eq!(attacker.send(Method::GET, &me, None).await.status(), StatusCode::SEE_OTHER);
    // What one browser kept of a sign-in is of no use in another, nor a second time.
    let mut first = Browser::new();
    let start = first.send(Method::GET, &format!("{}/auth/start/corp", portal.base), None).await;
    let mut place = location(&start);
    while !place.contains("/auth/callback/") {
        let answer = first.send(Method::GET, &place, None).await;
        place = reqwest::Url::parse(&place).unwrap().join(&location(&answer)).unwrap().to_string();
    }
    let mut second = Browser::new();
    let page = second.open(&place).await;
    assert!(page.text.contains("did not begin this sign-in"), "{}", page.text);
    assert_eq!(second.cookie(&portal.base, "causeway_session"), None);
    assert_eq!(first.send(Method::GET, &place, None).await.status(), StatusCode::SEE_OTHER);
    let again = first.send(Method::GET, &place, None).await;
    assert_ne!(again.status(), StatusCode::SEE_OTHER, "a code was redeemed twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_sent_makes_a_header() {
    let portal = guarded(Backend::Sqlite, Options::default()).await;
    let breaks = "x%0d%0aX-Injected:%20yes%0d%0a%0d%0a<script>";
    let paths = [
        format!("/auth/sign-in?next=/{breaks}"),
        format!("/auth/start/{breaks}"),
        format!("/auth/callback/{breaks}?state={breaks}&error={breaks}"),
        format!("/auth/link?code={breaks}"),
        format!("/catalog?{breaks}"),
        format!("/docs/{breaks}/component/{breaks}"),
        format!("/docs/default/component/x/{breaks}"),
        format!("/api/techdocs/static/docs/default/component/x/{breaks}"),
        format!("/catalog/views/{breaks}"),
        format!("/git/a/{breaks}/info/refs?service={breaks}"),
        format!("/api/v1/catalog/entities.csv?columns={breaks}"),
        format!("/api/v1/scorecards/{breaks}/results.csv"),
        format!("/api/v1/audit.csv?actor={breaks}"),
        format!("/pkg/{breaks}"),
    ];
    for path in paths {
        for token in [None, Some(TOKEN)] {
            let mut request = portal.request(Method::GET, &path).header(header::ACCEPT, "text/html");
            request = request.header("x-request-id", "a b; x-injected=yes");
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let answer = request.send().await.unwrap();
            let all: BTreeMap<_, _> =
                answer.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes().to_vec())).collect();
            assert!(!all.contains_key("x-injected"), "{path}: {all:?}");
            assert!(all["x-request-id"].iter().all(u8::is_ascii_hexdigit), "{path}: {all:?}");
            let place = String::from_utf8_lossy(all.get("location").map_or(&[][..], |place| place)).to_lowercase();
            assert!(!place.contains('\r') && !place.contains('\n'), "{path}: {place}");
            let file =
                String::from_utf8_lossy(all.get("content-disposition").map_or(&[][..], |name| name)).to_lowercase();
            assert!(!file.contains("injected"), "{path}: {file}");
            assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_depends_on_who_asks_is_neither_framed_nor_kept() {
    let portal = guarded(Backend::Sqlite, Options::default()).await;
    let (_, cookie) = signed_in(&portal).await;
    // Everything that the matrix asks is looked at there; here is what only a browser gets, and files with a hash.
    for path in [
        "/",
        "/nowhere",
        "/auth/sign-in",
        "/auth/start/nobody",
        "/auth/callback/nobody?state=x",
        "/auth/link?code=x",
        "/api/v1/nowhere",
        "/api/nowhere",
    ] {
        let page = portal.request(Method::GET, path).header(header::ACCEPT, "text/html");
        let page = page.header(header::COOKIE, &cookie).send().await.unwrap();
        assert_eq!(unguarded(&page), None, "{path}");
    }
    // A page that is shown again because its form was not carried out: of this portal, wherever the form says that it was.
    let form = portal.request(Method::GET, "/catalog").header(header::COOKIE, &cookie).send().await.unwrap();
    let form = form.text().await.unwrap();
    let address = &form[form.find("/api/portal/save_view").expect("views can be kept")..];
    let address = address.split('"').next().unwrap();
    for from in [format!("{}/catalog", portal.base), "https://evil.example//evil.example/\"><script>".to_owned()] {
        let send =
            portal.request(Method::POST, address).header(header::COOKIE, &cookie).header(header::ACCEPT, "text/html");
        let send = send
            .header(header::ORIGIN, &portal.base)
            .header(header::REFERER, &from)
            .header("content-type", "application/x-www-form-urlencoded");
        let again = send.body("name=&team=&query=").send().await.unwrap();
        assert_eq!((again.status(), unguarded(&again)), (StatusCode::UNPROCESSABLE_ENTITY, None), "{from}");
        let page = again.text().await.unwrap();
        assert!(
            !page.contains("\"//evil") && !page.contains("https://evil") && !page.contains("\"><script>"),
            "{page}"
        );
    }
    let page = portal.request(Method::GET, "/").header(header::COOKIE, &cookie).send().await.unwrap();
    let text = page.text().await.unwrap();
    let at = text.find("/pkg/").expect("the page has a file");
    let file = text[at..].split('"').next().unwrap();
    let kept = portal.get(file).await;
    assert_eq!(kept.status(), StatusCode::OK, "{file}");
    let rule = kept.headers()[header::CACHE_CONTROL].to_str().unwrap();
    assert!(rule.contains("public") && rule.contains("immutable"), "{rule}");
    assert_eq!(kept.headers()["x-content-type-options"], "nosniff");
    let gone = portal.get("/pkg/none.js").await;
    assert_eq!(unguarded(&gone), None);
}
