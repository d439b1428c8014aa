//! `kill -9` of the server at every boundary of a run's steps: whatever was done is done once, and the run completes. And while a source
//! is removed: that is seen, and goes on.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::process::Command;

use crate::{
    catalog::component,
    portal::{Backend, Options, Portal},
    road::SERVICE,
};

/// Starts a run on a server that dies at `point`, starts the server again, and looks at what is there.
async fn survives(backend: Backend, point: &str) {
    let mut portal = Portal::start(backend).await;
    portal.has_template("service", SERVICE).await;
    portal.terminate().await;
    portal.ended().await;
    portal.restart_with(Options::default().set("FAULT", point)).await;
    let id = portal.run("service", json!({ "name": "quay-signs" })).await;
    let how = portal.ended().await;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&how), Some(9), "the server died at {point}");
    portal.restart_with(Options::default()).await;
    let task = portal.over(&id).await;
    let said = portal.said(&id).await;
    assert_eq!(task["status"], "completed", "{point}: {said:#?}");
    let moves = portal.moves(&id).await;
    for step in ["fetch", "publish", "register"] {
        let finished = moves.iter().filter(|line| **line == format!("{step} completed")).count();
        assert_eq!(finished, 1, "{point}: {step} finished once: {moves:?}");
    }
    assert_eq!(said.iter().filter(|event| event["type"] == "completion").count(), 1, "{point}");
    let repositories: Vec<_> = std::fs::read_dir(portal.data.path().join("data/git/harbour"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(repositories, ["quay-signs.git"], "{point}");
    let count = Command::new("git")
        .args(["rev-list", "--count", "--all"])
        .env("GIT_DIR", portal.data.path().join("data/git/harbour/quay-signs.git"))
        .output()
        .await
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&count.stdout).trim(), "1", "{point}: one commit");
    let found = portal.json("/api/catalog/entities?filter=kind=component").await;
    assert_eq!(found.as_array().unwrap().len(), 1, "{point}: one entity");
    let workspace = portal.data.path().join("data/workspaces/default").join(&id);
    portal.until(&format!("{point}: nothing is left over"), async |_| (!workspace.exists()).then_some(())).await;
}

/// Every boundary: before and after a step is taken, in the middle of its act, after the act, after its record.
const POINTS: [&str; 14] = [
    "taken:fetch",
    "acting:fetch",
    "acted:fetch",
    "recorded:fetch",
    "taken:publish",
    "acting:publish",
    "acted:publish",
    "recorded:publish",
    "taken:register",
    "acting:register",
    "acted:register",
    "recorded:register",
    "completing:run",
    "ended:run",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_survives_a_kill_at_every_boundary_on_sqlite() {
    for point in POINTS {
        survives(Backend::Sqlite, point).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_survives_a_kill_at_every_boundary_on_postgres() {
    for point in ["acting:fetch", "acted:publish", "acted:register", "recorded:publish", "completing:run"] {
        survives(Backend::Postgres, point).await;
    }
}

both! {
    async fn a_removal_of_a_source_that_broke_off_is_seen_by_everybody_and_can_be_asked_for_again(portal) {
        let mut portal = portal;
        let path = portal.write("catalog-info.yaml", component("gate", "service", "berths"));
        let source = portal.register("file", &path).await["location"]["id"].as_str().unwrap().to_owned();
        let page = format!("/sources/{source}");
        assert!(portal.html(&page).await.contains("remove_source"));
        portal.terminate().await;
        portal.ended().await;
        portal.restart_with(Options::default().set("FAULT", "leaving:source")).await;
        let address = format!("/api/v1/catalog/sources/{source}");
        let broken = portal.request(Method::DELETE, &address).send().await;
        assert!(broken.is_err(), "the server died: {broken:?}");
        portal.ended().await;
        portal.restart_with(Options::default()).await;
        let one = portal.json(&address).await["source"].clone();
        assert!(one["leaving_at"].is_string(), "{one}");
        assert_eq!(portal.json("/api/v1/catalog/sources").await[0]["leaving_at"], one["leaving_at"]);
        let described = portal.json("/api/v1/openapi.json").await["components"]["schemas"]["Source"].clone();
        assert!(described["properties"]["leaving_at"].is_object(), "{described}");
        let list = portal.html("/sources").await;
        assert!(list.contains("Being removed") && list.contains("it goes on by itself"), "{list}");
        let shown = portal.html(&page).await;
        assert!(shown.contains("Being removed") && shown.contains("It is being removed, since"), "{shown}");
        assert!(!shown.contains("sync_source") && !shown.contains("remove_source"), "{shown}");
        let (status, why) = portal.post(&format!("{address}/sync"), &json!({})).await;
        assert_eq!(status, StatusCode::CONFLICT, "{why}");
        let removed = portal.request(Method::DELETE, &address).send().await.unwrap();
        assert_eq!(removed.status(), StatusCode::NO_CONTENT);
        assert_eq!(portal.get(&address).await.status(), StatusCode::NOT_FOUND);
        assert!(!portal.html("/sources").await.contains("Being removed"));
    }
}
