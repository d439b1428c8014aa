//! Every route and server function, and who may use it. A route that has no row here fails the test: whoever adds one
//! decides who may.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::{Method, StatusCode, header};

use crate::portal::{Backend, Options, Portal};

/// What one must be for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing: whoever reaches the server.
    Nothing,
    /// Someone who is signed in.
    Someone,
}

use Need::{Nothing, Someone};

/// Every route: the method, the path, what it needs.
const ROUTES: &[(&str, &str, Need)] = &[
    // Health, and the files of the portal.
    ("GET", "/livez", Nothing),
    ("GET", "/readyz", Nothing),
    ("GET", "/metrics", Nothing),
    ("GET", "/pkg/{*file}", Nothing),
    ("GET", "/favicon.ico", Nothing),
    // The way in and out.
    ("GET", "/auth/sign-in", Nothing),
    ("POST", "/auth/sign-in", Nothing),
    ("POST", "/auth/sign-out", Nothing),
    ("GET", "/auth/signed-out", Nothing),
    ("GET", "/auth/start/{provider}", Nothing),
    ("GET", "/auth/callback/{provider}", Nothing),
    ("GET", "/auth/link", Nothing),
    ("POST", "/auth/link", Nothing),
    // Forges show what they are by a signature.
    ("POST", "/webhooks/{source}", Nothing),
    // The dialect of Backstage.
    ("GET", "/api/catalog/entities", Someone),
    ("GET", "/api/catalog/entities/by-uid/{uid}", Someone),
    ("DELETE", "/api/catalog/entities/by-uid/{uid}", Someone),
    ("GET", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}", Someone),
    ("GET", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}/ancestry", Someone),
    ("GET", "/api/catalog/entities/by-query", Someone),
    ("POST", "/api/catalog/entities/by-query", Someone),
    ("POST", "/api/catalog/entities/by-refs", Someone),
    ("GET", "/api/catalog/entity-facets", Someone),
    ("POST", "/api/catalog/entity-facets", Someone),
    ("POST", "/api/catalog/refresh", Someone),
    ("POST", "/api/catalog/validate-entity", Someone),
    ("POST", "/api/catalog/analyze-location", Someone),
    ("GET", "/api/catalog/locations", Someone),
    ("POST", "/api/catalog/locations", Someone),
    ("GET", "/api/catalog/locations/{id}", Someone),
    ("PUT", "/api/catalog/locations/{id}", Someone),
    ("DELETE", "/api/catalog/locations/{id}", Someone),
    ("GET", "/api/catalog/locations/{id}/trace", Someone),
    ("POST", "/api/catalog/locations/by-query", Someone),
    ("GET", "/api/catalog/locations/by-entity/{kind}/{namespace}/{name}", Someone),
    ("GET", "/api/techdocs/static/docs/{namespace}/{kind}/{name}/{*path}", Someone),
    ("GET", "/docs/{namespace}/{kind}/{name}", Someone),
    ("GET", "/docs/{namespace}/{kind}/{name}/{*page}", Someone),
    ("GET", "/api/scaffolder/v2/actions", Someone),
    ("GET", "/api/scaffolder/v2/tasks", Someone),
    ("POST", "/api/scaffolder/v2/tasks", Someone),
    ("GET", "/api/scaffolder/v2/tasks/{id}", Someone),
    ("GET", "/api/scaffolder/v2/tasks/{id}/events", Someone),
    ("GET", "/api/scaffolder/v2/tasks/{id}/eventstream", Someone),
    ("POST", "/api/scaffolder/v2/tasks/{id}/cancel", Someone),
    ("POST", "/api/scaffolder/v2/tasks/{id}/retry", Someone),
    ("POST", "/api/scaffolder/v2/dry-run", Someone),
    // Repositories.
    ("GET", "/git/{owner}/{repo}/info/refs", Someone),
    ("POST", "/git/{owner}/{repo}/git-upload-pack", Someone),
    ("POST", "/git/{owner}/{repo}/git-receive-pack", Someone),
    ("GET", "/git/{owner}/{repo}", Someone),
    ("GET", "/git/{owner}/{repo}/blob/{reference}/{*path}", Someone),
    // Forms, and links of the portal.
    ("POST", "/sources/explain", Someone),
    ("POST", "/policies/{name}", Someone),
    ("POST", "/account/sessions/end", Someone),
    ("POST", "/account/sessions/end-others", Someone),
    ("POST", "/account/tokens", Someone),
    ("POST", "/account/tokens/end", Someone),
    ("POST", "/people/block", Someone),
    ("POST", "/people/end-sessions", Someone),
    ("POST", "/people/tokens", Someone),
    ("POST", "/people/tokens/end", Someone),
    ("POST", "/roles", Someone),
    ("GET", "/catalog/views/{id}", Someone),
    ("GET", "/api/portal/{*function}", Someone),
    ("POST", "/api/portal/{*function}", Someone),
];

/// Files of a folder and below it.
fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

fn sources(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    found
}

/// The text between a bracket that was just opened and the one that closes it.
fn bracketed(text: &str) -> &str {
    let mut depth = 1;
    let end = text.char_indices().find(|(_, letter)| {
        match letter {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// Routes that are served by hand: from the sources, so that none is forgotten.
fn written() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for text in sources("src") {
        let nested = if text.contains(".nest(\"/api/catalog\"") { "/api/catalog" } else { "" };
        for (at, _) in text.match_indices(".route(\"") {
            let call = bracketed(&text[at + ".route(".len()..]);
            let path = call.trim_start_matches('"').split('"').next().unwrap();
            for (word, method) in [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("delete(", "DELETE")] {
                let is_called = call
                    .match_indices(word)
                    .any(|(at, _)| !call[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_'));
                if is_called {
                    found.insert((method.to_owned(), format!("{nested}{path}")));
                }
            }
        }
    }
    found
}

/// Something to put where a path has a gap.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{id}" | "{uid}" | "{source}" => "00000000-0000-4000-8000-000000000000",
        "{kind}" => "component",
        "{namespace}" => "default",
        part if part.starts_with('{') => "some",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn guarded() -> Portal {
    let options = Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'"));
    Portal::start_with(Backend::Sqlite, options).await
}

/// Asks as a program does; the status says whether one was let in.
async fn ask(portal: &Portal, method: &str, path: &str, token: Option<&str>) -> StatusCode {
    let mut request = portal.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if method != "GET" {
        request = request.header(header::CONTENT_TYPE, "application/json").body("{}");
    }
    request.send().await.unwrap().status()
}

#[test]
fn every_route_has_a_row() {
    let rows: BTreeSet<(String, String)> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let written = written();
    let missing: Vec<_> = written.difference(&rows).collect();
    assert!(missing.is_empty(), "decide who may use these, and give each a row: {missing:?}");
    let gone: Vec<_> = rows.difference(&written).collect();
    assert!(gone.is_empty(), "these rows have no route: {gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_refused_on_every_route_but_those_that_need_nobody() {
    let portal = guarded().await;
    for (method, path, need) in ROUTES {
        let status = ask(&portal, method, &filled(path), None).await;
        let is_refused = status == StatusCode::UNAUTHORIZED;
        assert_eq!(is_refused, *need == Someone, "{method} {path}: {status}");
    }
    // What is not written by hand: the platform API as it describes itself, server functions, and pages.
    let described: serde_json::Value = portal
        .request(Method::GET, "/api/v1/openapi.json")
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.len() > 30);
    for (path, operations) in paths {
        for method in operations.as_object().unwrap().keys().filter(|word| *word != "parameters") {
            let method = method.to_uppercase();
            let path = filled(path);
            let status = ask(&portal, &method, &path, None).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
            let inside = ask(&portal, &method, &path, Some(TOKEN)).await;
            assert!(![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&inside), "{method} {path}: {inside}");
        }
    }
    let mut functions = 0;
    for text in sources("../app/src") {
        for (at, _) in text.match_indices("#[server(prefix") {
            let name = text[at..].split("async fn ").nth(1).unwrap().split(['(', '<']).next().unwrap();
            let status = ask(&portal, "POST", &format!("/api/portal/{name}"), None).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}");
            functions += 1;
        }
        for (at, _) in text.match_indices("path=path!(\"") {
            let path = text[at + "path=path!(\"".len()..].split('"').next().unwrap();
            let parts = path.split('/').map(|part| if part.starts_with([':', '*']) { "some" } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            let page = portal.request(Method::GET, &path).header("accept", "text/html").send().await.unwrap();
            assert_eq!(page.status(), StatusCode::SEE_OTHER, "{path}");
            assert!(page.headers()[header::LOCATION].to_str().unwrap().starts_with("/auth/sign-in"), "{path}");
        }
    }
    assert!(functions > 30, "{functions}");
}

/// A token of a machine, made on the server's command line.
async fn token(portal: &Portal, name: &str, role: &str, scopes: &str) -> String {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
    command.args(["token", "create", name, "--roles", role, "--scopes", scopes, "--data"]);
    command.arg(portal.data.path().join("data")).current_dir(portal.data.path());
    command.env("CAUSEWAY_SIGN_IN__ADMINISTRATOR_TOKEN", format!("'{TOKEN}'")).stdin(std::process::Stdio::null());
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Roles, weakest first.
const ROLES: [&str; 5] = ["viewer", "developer", "team-lead", "platform-engineer", "administrator"];

/// A request, the weakest role that may make it, and whether it only reads.
const DEEDS: &[(&str, &str, &str, &str, bool)] = &[
    ("GET", "/api/catalog/entities", "", "viewer", true),
    ("GET", "/api/v1/catalog/entities", "", "viewer", true),
    ("GET", "/api/v1/catalog/sources", "", "viewer", true),
    ("GET", "/api/v1/catalog/problems", "", "viewer", true),
    ("GET", "/api/v1/scorecards", "", "viewer", true),
    ("GET", "/api/scaffolder/v2/tasks", "", "viewer", true),
    ("GET", "/api/scaffolder/v2/actions", "", "viewer", true),
    ("GET", "/api/v1/permission/policies", "", "viewer", true),
    ("GET", "/api/v1/permission/roles", "", "viewer", true),
    ("GET", "/git/berths/quay.git/info/refs?service=git-upload-pack", "", "viewer", true),
    ("POST", "/api/v1/catalog/sources", r#"{"kind":"git","target":"https://git.invalid/a/b"}"#, "developer", false),
    ("POST", "/api/scaffolder/v2/tasks", r#"{"templateRef":"template:default/none","values":{}}"#, "developer", false),
    ("GET", "/git/berths/quay.git/info/refs?service=git-receive-pack", "", "platform-engineer", false),
    ("GET", "/api/v1/catalog/credentials", "", "platform-engineer", false),
    ("DELETE", "/api/v1/catalog/sources/00000000-0000-4000-8000-000000000000", "", "platform-engineer", false),
    ("DELETE", "/api/catalog/entities/by-uid/00000000-0000-4000-8000-000000000000", "", "platform-engineer", false),
    ("GET", "/api/v1/audit", "", "platform-engineer", false),
    ("GET", "/api/v1/audit.csv", "", "platform-engineer", false),
    ("POST", "/api/v1/catalog/explain", r#"{"kind":"file","target":"/etc"}"#, "administrator", false),
    ("POST", "/api/v1/permission/roles", r#"{"role":"viewer","to":"user:ada"}"#, "administrator", false),
    ("PUT", "/api/v1/permission/policies/mine", r#"{"text":"permit"}"#, "administrator", false),
    ("GET", "/api/v1/permission/what-could?who=user:default/ada", "", "administrator", false),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_is_let_as_far_as_it_goes_and_a_token_as_far_as_its_scopes() {
    let portal = guarded().await;
    let every = "read,write,run,approve,administer";
    let mut tokens = Vec::new();
    for role in ROLES {
        tokens.push(token(&portal, role, role, every).await);
    }
    let reads = token(&portal, "reads", "administrator", "read").await;
    let ask = async |(method, path, body): (&str, &str, &'static str), token: &str| {
        let mut request = portal.request(Method::from_bytes(method.as_bytes()).unwrap(), path).bearer_auth(token);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        request.send().await.unwrap().status()
    };
    for (method, path, body, least, is_read) in DEEDS {
        let least = ROLES.iter().position(|role| role == least).unwrap();
        for (rank, (role, token)) in ROLES.iter().zip(&tokens).enumerate() {
            let status = ask((method, path, body), token).await;
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{role}: {method} {path}");
            assert_eq!(status == StatusCode::FORBIDDEN, rank < least, "{role}: {method} {path}: {status}");
        }
        let status = ask((method, path, body), &reads).await;
        assert_eq!(status == StatusCode::FORBIDDEN, !is_read, "a token that reads: {method} {path}: {status}");
    }
    // A refusal says what is missing, and stands in the audit log with who it was.
    let refused = portal.request(Method::GET, "/api/v1/audit").bearer_auth(&tokens[0]).send().await.unwrap();
    let why = refused.json::<serde_json::Value>().await.unwrap()["detail"].as_str().unwrap().to_owned();
    assert!(why.contains("`platform-engineer-reads-audit` would permit it with the role `platform-engineer`"), "{why}");
    portal
        .until("refusals and uses of tokens are in the audit log", async |portal| {
            let asked = portal.request(Method::GET, "/api/v1/audit?actor=machine:viewer").bearer_auth(TOKEN);
            let page: serde_json::Value = asked.send().await.unwrap().json().await.unwrap();
            let kinds: BTreeSet<&str> =
                page["items"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
            (kinds.contains("refused") && kinds.contains("token-used")).then_some(())
        })
        .await;
}
