//! GitHub, as its documentation says that it answers.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Json, Router,
    extract::Form,
    http::HeaderMap,
    routing::{get, post},
};
use serde_json::{Value, json};
use services::{
    identity::ports::{Ask, Provider, ProviderProblem},
    secrets::Reference,
};
use tokio::net::TcpListener;

use super::{GitHub, GitHubSettings, OpenId, OpenIdSettings, Web};

/// A GitHub Enterprise with one person in it, whose token is `t`.
async fn enterprise() -> String {
    let known = |headers: &HeaderMap| headers.get("authorization").is_some_and(|value| value == "Bearer t");
    let told = move |value: Value| {
        get(
            async move |headers: HeaderMap| {
                if known(&headers) { Ok(Json(value)) } else { Err(http::StatusCode::UNAUTHORIZED) }
            },
        )
    };
    let redeem = async |Form(form): Form<Vec<(String, String)>>| {
        let has = |name: &str, value: &str| form.iter().any(|pair| *pair == (name.to_owned(), value.to_owned()));
        let is_right = has("code", "c") && has("client_secret", "s") && has("code_verifier", &"v".repeat(43));
        Json(if is_right {
            json!({ "access_token": "t" })
        } else {
            json!({ "error": "bad_verification_code", "error_description": "The code passed is incorrect or expired." })
        })
    };
    let app = Router::new()
        .route("/login/oauth/access_token", post(redeem))
        .route("/api/v3/user", told(json!({ "id": 7, "login": "Ada", "name": "Ada Byron" })))
        .route(
            "/api/v3/user/emails",
            told(json!([
                { "email": "other@x.example", "primary": false, "verified": true },
                { "email": "ada@saltmarsh.example", "primary": true, "verified": true },
                { "email": "grace@saltmarsh.example", "primary": false, "verified": false },
            ])),
        )
        .route("/api/v3/user/orgs", told(json!([{ "login": "saltmarsh" }])))
        .route("/api/v3/user/teams", told(json!([{ "slug": "berths", "organization": { "login": "saltmarsh" } }])));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}

fn github(url: &str, secret: &str) -> (tempfile::TempDir, GitHub) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, secret).unwrap();
    let settings = GitHubSettings {
        url: url.parse().unwrap(),
        client_id: "id".to_owned(),
        secret: Reference::File(file),
        scopes: ["read:user", "user:email", "read:org"].map(str::to_owned).to_vec(),
    };
    (folder, GitHub::new(Web::new(&["127.0.0.1".to_owned()]), settings))
}

fn ask() -> Ask {
    Ask {
        state: "state".to_owned(),
        nonce: String::new(),
        verifier: "v".repeat(43),
        redirect: "http://portal.example/auth/callback/github".to_owned(),
    }
}

#[tokio::test]
async fn github_says_who_someone_is_and_in_which_teams() {
    let (_folder, github) = github(&enterprise().await, "s");
    let github: Arc<dyn Provider> = Arc::new(github);
    let there = github.begin(&ask()).await.unwrap();
    assert!(
        there.contains("/login/oauth/authorize?client_id=id") && there.contains("code_challenge_method=S256"),
        "{there}"
    );
    let arrival = github.finish("c", &ask()).await.unwrap();
    assert_eq!(arrival.subject, "7");
    assert_eq!(arrival.emails, ["other@x.example", "ada@saltmarsh.example"]);
    insta::assert_snapshot!(Value::Object(arrival.claims), @r#"{"sub":"7","login":"Ada","preferred_username":"Ada","name":"Ada Byron","email":"ada@saltmarsh.example","email_verified":true,"emails":["other@x.example","ada@saltmarsh.example"],"groups":["saltmarsh","saltmarsh/berths"]}"#);
    let again = github.refresh("7", &arrival.refresh.unwrap()).await.unwrap().unwrap();
    assert_eq!(again.subject, "7");
    assert!(matches!(github.refresh("7", &"gone".into()).await, Err(ProviderProblem::Over(_))));
    assert_eq!(github.leave(None, "x").await, None);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_asked_again_only_after_a_while() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let down = move || {
        count.fetch_add(1, Ordering::Relaxed);
        async { http::StatusCode::SERVICE_UNAVAILABLE }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(down)).await });
    let settings =
        OpenIdSettings { issuer, client_id: "id".to_owned(), secret: None, scopes: Vec::new(), parameters: Vec::new() };
    let provider = OpenId::new(Web::new(&["127.0.0.1".to_owned()]), settings).unwrap();
    for _ in 0..3 {
        assert!(matches!(provider.begin(&ask()).await, Err(ProviderProblem::Down(_))));
        assert!(matches!(provider.refresh("7", &"r".into()).await, Err(ProviderProblem::Down(_))));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_github_refuses_is_said_in_its_words() {
    let (_folder, github) = github(&enterprise().await, "wrong");
    let problem = github.finish("c", &ask()).await.unwrap_err();
    assert!(problem.to_string().contains("incorrect or expired"), "{problem}");
}
