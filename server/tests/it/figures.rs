//! Who reads the figures of the server.

use reqwest::{Method, StatusCode};

use crate::{
    portal::{Backend, Options, Portal},
    provider::TOKEN,
};

fn guarded() -> Options {
    Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'"))
}

async fn read(portal: &Portal, token: Option<&str>) -> (StatusCode, String) {
    let mut request = portal.request(Method::GET, "/metrics");
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_shown_to_nobody_unknown() {
    let portal = Portal::start_with(Backend::Sqlite, guarded()).await;
    let (status, told) = read(&portal, None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(!told.contains("causeway_http"), "{told}");
    assert_eq!(read(&portal, Some("wrong")).await.0, StatusCode::UNAUTHORIZED);
    let (status, told) = read(&portal, Some(TOKEN)).await;
    assert!(status == StatusCode::OK && told.contains("causeway_http_requests_total"), "{status} {told}");
    let variable = format!("'{TOKEN}'");
    for (name, scopes, expected) in [("monitoring", "read", StatusCode::OK), ("deployer", "run", StatusCode::FORBIDDEN)]
    {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
        command.args(["token", "create", name, "--roles", "viewer", "--scopes", scopes, "--data"]);
        command.arg(portal.data.path().join("data")).current_dir(portal.data.path());
        command.env("CAUSEWAY_SIGN_IN__ADMINISTRATOR_TOKEN", &variable).stdin(std::process::Stdio::null());
        let output = command.output().await.unwrap();
        let token = String::from_utf8(output.stdout).unwrap();
        let (status, told) = read(&portal, Some(token.trim())).await;
        assert_eq!(status, expected, "{name}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_open_to_the_networks_that_the_settings_name() {
    for (networks, expected) in [
        ("[\"127.0.0.0/8\"]", StatusCode::OK),
        ("[\"all\"]", StatusCode::OK),
        ("[\"10.0.0.0/8\", \"::1\"]", StatusCode::UNAUTHORIZED),
    ] {
        let portal = Portal::start_with(Backend::Sqlite, guarded().set("SERVER__METRICS_OPEN_TO", networks)).await;
        // What a request says of where it comes from counts only from a proxy of ours.
        let request = portal.request(Method::GET, "/metrics").header("x-forwarded-for", "10.1.1.1");
        assert_eq!(request.send().await.unwrap().status(), expected, "{networks}");
        assert_eq!(portal.get("/api/v1/catalog/sources").await.status(), StatusCode::UNAUTHORIZED);
    }
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
    let folder = tempfile::tempdir().unwrap();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path()).current_dir(folder.path());
    command.env("CAUSEWAY_SERVER__METRICS_OPEN_TO", "[\"here\"]").stdin(std::process::Stdio::null());
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("`[server] metrics_open_to`: `here` is no address"), "{said}");
}
