//! Coming in: through providers, with the administrator's token, by a link for emergencies; and going.

use std::process::Stdio;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
};

use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Page, TOKEN},
};

async fn guarded() -> Portal {
    // Health checks need no sign-in, so the harness finds the server ready.
    Portal::start_with(Backend::Sqlite, Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'")))
        .await
}

/// Starts a portal again with an administrator's token.
async fn guard(portal: &mut Portal, token: &str) {
    portal.kill().await;
    portal.restart_with(Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{token}'"))).await;
}

/// Writes a promise once and runs it on both databases, beside a provider.
macro_rules! both_with_a_provider {
    ($($(#[$meta:meta])* async fn $name:ident($backend:ident, $provider:ident) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                $(#[$meta])*
                async fn promise($backend: Backend, $provider: Provider) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_sqlite() {
                    promise(Backend::Sqlite, Provider::start().await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_postgres() {
                    promise(Backend::Postgres, Provider::start().await).await;
                }
            }
        )*
    };
}
pub(crate) use both_with_a_provider;

/// Who a browser is, for the portal.
async fn me(browser: &mut Browser, portal: &Portal) -> Value {
    let page = browser.open(&format!("{}/api/v1/me", portal.base)).await;
    serde_json::from_str(&page.text).unwrap_or(Value::String(page.status.to_string()))
}

/// Who comes with a token.
async fn by(portal: &Portal, token: &str) -> (StatusCode, Value) {
    let response = portal.request(Method::GET, "/api/v1/me").bearer_auth(token).send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    (status, serde_json::from_str(&text).unwrap_or_default())
}

fn is_refused(page: &Page, browser: &Browser, portal: &Portal, words: &[&str]) {
    assert!(page.status.is_client_error() || page.status == StatusCode::BAD_GATEWAY, "{} {}", page.status, page.text);
    for word in words {
        assert!(page.text.contains(word), "`{word}` is not in {}", page.text);
    }
    assert_eq!(browser.cookie(&portal.base, "causeway_session"), None);
}

#[tokio::test]
async fn a_stranger_is_led_to_the_sign_in_page_and_gets_nothing_else() {
    let portal = guarded().await;
    let page = portal.request(Method::GET, "/catalog?kind=api").header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.headers()[header::LOCATION], "/auth/sign-in?next=%2Fcatalog%3Fkind%3Dapi");
    for path in [
        "/api/catalog/entities",
        "/api/scaffolder/v2/tasks",
        "/api/techdocs/static/docs/default/component/a/b.png",
        "/api/v1/changes/stream",
        "/api/v1/me",
        "/git/a/b.git/info/refs",
        "/api/portal/x",
    ] {
        assert_eq!(portal.get(path).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(portal.get("/readyz").await.status(), StatusCode::OK);
    // What is at the door leads nowhere else. Clients of HTTP tidy such paths up, so this is sent as it stands.
    let address = portal.base.trim_start_matches("http://").to_owned();
    for path in ["/auth/%2e%2e/catalog", "/auth/../catalog", "/auth/.%2E/sources/new", "/auth/x/..%2f..%2fmay"] {
        let mut connection = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_page_that_was_open_while_its_session_ended_leads_to_the_sign_in_page() {
    let portal = guarded().await;
    // What it asks by itself is answered so that it understands.
    let asked =
        portal.request(Method::POST, "/api/portal/x").header("accept", "application/json").send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(asked.text().await.unwrap(), "\"SignedOut\"");
    // A form gets a page that says that nothing was done.
    for path in ["/account/tokens", "/api/portal/x"] {
        let form = portal.request(Method::POST, path).header("accept", "text/html,*/*");
        let form = form.header("referer", format!("{}/account/tokens?a=b", portal.base)).body("name=mine");
        let answer = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let page = answer.text().await.unwrap();
        assert!(page.contains("You are signed out, so nothing was done."), "{page}");
        assert!(page.contains("/auth/sign-in?next=%2Faccount%2Ftokens%3Fa%3Db"), "{page}");
    }
}

#[tokio::test]
async fn the_token_opens_the_api_and_another_does_not() {
    let portal = guarded().await;
    let with = |token: &'static str| portal.request(Method::GET, "/").bearer_auth(token).send();
    assert_eq!(with(TOKEN).await.unwrap().status(), StatusCode::OK);
    assert_eq!(with("0123456789abcdef0123456789abcdeX").await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

both! {
    async fn a_session_is_new_at_each_sign_in_and_over_when_it_is_ended(portal) {
        let mut portal = portal;
        guard(&mut portal, TOKEN).await;
        let sign_in = format!("{}/auth/sign-in", portal.base);
        let form: &[(&str, &str)] = &[("token", TOKEN), ("next", "/api/v1/me")];
        let mut browser = Browser::new();
        // A secret that someone planted is not taken over.
        let planted = "ab".repeat(32);
        browser.plant(&portal.base, "causeway_session", &planted);
        assert_eq!(browser.send(Method::GET, &format!("{}/api/v1/me", portal.base), None).await.status(), 303);
        let welcome = browser.send(Method::POST, &sign_in, Some(form)).await;
        assert_eq!((welcome.status(), &welcome.headers()[header::LOCATION]), (StatusCode::SEE_OTHER, &"/api/v1/me".parse().unwrap()));
        let cookie = welcome.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains(&planted), "{cookie}");
        let first = browser.cookie(&portal.base, "causeway_session").unwrap();
        assert_eq!(me(&mut browser, &portal).await["subject"], "administrator");
        // Signing in again ends the session that the browser had.
        let again = browser.follow(Method::POST, &sign_in, Some(form)).await;
        assert_eq!(again.status, StatusCode::OK);
        assert_ne!(browser.cookie(&portal.base, "causeway_session").unwrap(), first);
        let mut old = Browser::new();
        old.plant(&portal.base, "causeway_session", &first);
        assert_eq!(old.send(Method::GET, &format!("{}/api/v1/me", portal.base), None).await.status(), 303);
        // Another browser ends all others.
        let mut other = Browser::new();
        other.follow(Method::POST, &sign_in, Some(form)).await;
        let account = other.open(&format!("{}/account", portal.base)).await;
        assert!(account.text.contains("End all others") && account.text.contains("this browser"), "{}", account.text);
        let ended = other.follow(Method::POST, &format!("{}/account/sessions/end-others", portal.base), Some(&[])).await;
        assert!(ended.status.is_success() && !ended.text.contains("End all others"), "{} {}", ended.status, ended.text);
        assert_eq!(browser.send(Method::GET, &format!("{}/api/v1/me", portal.base), None).await.status(), 303);
        // It outlives the server, but not another token of the administrator.
        portal.kill().await;
        portal.restart().await;
        assert_eq!(me(&mut other, &portal).await["subject"], "administrator");
        guard(&mut portal, &"z".repeat(32)).await;
        assert_eq!(other.send(Method::GET, &format!("{}/api/v1/me", portal.base), None).await.status(), 303);
    }

    async fn who_guesses_waits_longer_each_time(portal) {
        let mut portal = portal;
        guard(&mut portal, TOKEN).await;
        let mut browser = Browser::new();
        let sign_in = format!("{}/auth/sign-in", portal.base);
        for _ in 0..5 {
            let refused = browser.send(Method::POST, &sign_in, Some(&[("token", "wrong")])).await;
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
            assert!(!refused.headers().contains_key(header::SET_COOKIE));
        }
        // Even what is right is not listened to then, and a restart forgets nothing.
        let waits = browser.send(Method::POST, &sign_in, Some(&[("token", TOKEN)])).await;
        assert_eq!(waits.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(waits.headers().contains_key(header::RETRY_AFTER));
        let _: () = portal.until("the wait is over", async |portal| {
            let tried = Browser::new().send(Method::POST, &format!("{}/auth/sign-in", portal.base), Some(&[("token", TOKEN)])).await;
            (tried.status() == StatusCode::SEE_OTHER).then_some(())
        }).await;
        // Tokens of the API have a count of their own.
        let mut last = StatusCode::OK;
        for _ in 0..7 {
            last = by(&portal, "cw_pat_0000000000000000000000000000000000000000").await.0;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
        let again = portal.request(Method::GET, "/api/v1/me").bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::TOO_MANY_REQUESTS);
    }

    async fn a_token_is_shown_once_narrowed_used_and_ended(portal) {
        let form = "name=my+laptop&days=30&read=true";
        let made = portal
            .request(Method::POST, "/account/tokens")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send().await.unwrap();
        let (status, page) = (made.status(), made.text().await.unwrap());
        assert_eq!(status, StatusCode::OK);
        let at = page.find("cw_pat_").expect("the token is shown");
        let token = page[at..at + 47].to_owned();
        let (status, me) = by(&portal, &token).await;
        assert_eq!((status, &me["subject"], &me["scopes"]), (StatusCode::OK, &json!("guest"), &json!(["read"])));
        let list = portal.get("/account/tokens").await.text().await.unwrap();
        assert!(list.contains("my laptop") && list.contains(&token[..11]) && !list.contains(&token), "shown again");
        assert!(list.contains("used ") && list.contains("from 127.0.0.1"), "its last use is not shown");
        // What is wrong with a wish is said on the page.
        let wrong = portal
            .request(Method::POST, "/account/tokens")
            .header("content-type", "application/x-www-form-urlencoded")
            .body("name=x&days=9999&read=true")
            .send().await.unwrap();
        assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text().await.unwrap().contains("a token lasts from 1 to 366 days"));
        // A token makes no other.
        let another = portal
            .request(Method::POST, "/account/tokens").bearer_auth(&token)
            .header("content-type", "application/x-www-form-urlencoded").body(form)
            .send().await.unwrap();
        assert_eq!(another.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(another.text().await.unwrap().contains("a token makes no tokens"));
        let at = list.find("name=\"id\" value=\"").expect("it can be ended") + 17;
        let ended = portal
            .request(Method::POST, "/account/tokens/end")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("id={}", &list[at..at + 36]))
            .send().await.unwrap();
        assert_eq!(ended.status(), StatusCode::SEE_OTHER);
        assert_eq!(by(&portal, &token).await.0, StatusCode::UNAUTHORIZED);
    }

    async fn a_link_from_the_command_line_lets_the_administrator_in_once(portal) {
        let mut portal = portal;
        guard(&mut portal, TOKEN).await;
        let link = portal.command(&["token", "admin-link"]).await;
        let code = link.trim().split_once("code=").expect("a link").1.to_owned();
        let mut browser = Browser::new();
        let address = format!("{}/auth/link", portal.base);
        // Looking at it does not use it up, and leaves no trace in what is referred to.
        let page = browser.send(Method::GET, &format!("{address}?code={code}"), None).await;
        assert_eq!((page.status(), &page.headers()["referrer-policy"]), (StatusCode::OK, &"no-referrer".parse().unwrap()));
        let used = browser.send(Method::POST, &address, Some(&[("code", &code)])).await;
        assert_eq!(used.status(), StatusCode::SEE_OTHER);
        assert_eq!(me(&mut browser, &portal).await["subject"], "administrator");
        let again = Browser::new().send(Method::POST, &address, Some(&[("code", &code)])).await;
        assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.text().await.unwrap().contains("causeway token admin-link"));
        // The command line makes tokens for programs, too; Git takes one as a password.
        let token = portal.command(&["token", "create", "deployer", "--scopes", "read,run", "--roles", "developer"]).await;
        let (status, me) = by(&portal, token.trim()).await;
        assert_eq!((status, &me["subject"], &me["roles"]), (StatusCode::OK, &json!("machine:deployer"), &json!(["developer"])));
        let git = |user: &'static str, password: String| portal.request(Method::GET, "/git/a/b.git/info/refs?service=git-upload-pack").basic_auth(user, Some(password)).send();
        let challenge = portal.get("/git/a/b.git/info/refs?service=git-upload-pack").await;
        assert!(challenge.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic"));
        assert_ne!(git("x", token.trim().to_owned()).await.unwrap().status(), StatusCode::UNAUTHORIZED);
        assert_eq!(git("x", "cw_svc_wrong".to_owned()).await.unwrap().status(), StatusCode::UNAUTHORIZED);
        let elsewhere = portal.request(Method::GET, "/api/v1/me").basic_auth("x", Some(token.trim())).send().await.unwrap();
        assert_eq!(elsewhere.status(), StatusCode::UNAUTHORIZED);
    }
}

mod mistakes;
mod over;
mod own;
mod people;
mod persons;
mod providers;
mod same;
mod successors;
mod turned_away;

impl Portal {
    /// What a command of the binary prints that works on the same installation.
    pub(crate) async fn command(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.commanded(arguments).await.stdout).unwrap()
    }

    /// What a command says beside what it prints.
    pub(crate) async fn said_by(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.commanded(arguments).await.stderr).unwrap()
    }

    async fn commanded(&self, arguments: &[&str]) -> std::process::Output {
        let listen = self.base.trim_start_matches("http://");
        let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
        command.args(arguments).arg("--data").arg(self.data.path().join("data")).stdin(Stdio::null());
        command.env("CAUSEWAY_SERVER__LISTEN", listen).env("CAUSEWAY_LOG__LEVEL", "warn");
        if let Some(database) = self.database() {
            command.env("CAUSEWAY_DATABASE__URL", database);
        }
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }
}
