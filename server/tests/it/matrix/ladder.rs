//! Roles: each is let as far as it goes, and a token as far as its scopes.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode, header};

use crate::portal::{Backend, Options, Portal};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn guarded() -> Portal {
    let options = Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'"));
    Portal::start_with(Backend::Sqlite, options).await
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
