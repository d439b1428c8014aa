//! Policies that are files of a folder: tried before they hold, and followed while the server runs.

use std::process::Stdio;

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::portal::{Backend, Options, Portal};

const FREEZE: &str = "@id(\"freeze\")\n@says(\"what is frozen is run by platform engineers\")\nforbid (principal, action == Action::\"startRun\", resource is Template)\nwhen { resource.tags.contains(\"frozen\") }\nunless { principal in Role::\"platform-engineer\" };\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_tried_against_a_server_before_it_holds() {
    let portal = Portal::start(Backend::Sqlite).await;
    let file = portal.write("policies/freeze.cedar", FREEZE);
    let folder = std::path::Path::new(&file).parent().unwrap().to_owned();
    let preview = async || {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
        command.args(["preview", "--server", &portal.base]).arg(&folder).stdin(Stdio::null());
        let output = command.output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };
    let (is_good, said) = preview().await;
    assert!(is_good && said.contains("example cases hold") && said.contains("Lost:\n\n- "), "{said}");
    assert_eq!(
        portal.get("/api/v1/permission/policies/freeze").await.status(),
        StatusCode::NOT_FOUND,
        "nothing holds by it"
    );
    portal.write("policies/freeze.cases.yaml", "- it: keeps nobody\n  roles: [developer]\n  may: startRun\n  on: { template: template:default/a, tags: [frozen] }\n");
    let (is_good, said) = preview().await;
    assert!(!is_good && said.contains("freeze.cases.yaml"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_of_a_folder_stand_and_a_wrong_one_stops_the_start() {
    let portal = Portal::start(Backend::Sqlite).await;
    let folder = portal.write("policies/freeze.cedar", FREEZE);
    let folder = std::path::Path::new(&folder).parent().unwrap().display().to_string();
    let options = Options::default().set("PERMISSION__POLICIES", &format!("'{folder}'"));
    let other = Portal::start_with(Backend::Sqlite, options).await;
    let held = other.json("/api/v1/permission/policies/freeze").await;
    assert_eq!(held["origin"], "folder");
    let edited = other.request(Method::PUT, "/api/v1/permission/policies/freeze").json(&json!({ "text": FREEZE }));
    assert_eq!(edited.send().await.unwrap().status(), StatusCode::CONFLICT);
    // What the folder holds by now is read while the server runs, once all of it is good.
    let broken = "forbid (principal, action, resource)\nwhen { resource.tag };";
    portal.write("policies/freeze.cedar", broken);
    let page = other
        .until("what is wrong is shown", async |other| {
            let page = other.get("/policies").await.text().await.unwrap();
            page.contains("freeze.cedar: line 2, column").then_some(page)
        })
        .await;
    assert!(page.contains("what it held before goes on to hold"), "{page}");
    assert_eq!(other.json("/api/v1/permission/policies/freeze").await["text"], FREEZE);
    let open = FREEZE.replace("forbid", "permit");
    portal.write("policies/freeze.cedar", &open);
    let text = async |other: &Portal| other.json("/api/v1/permission/policies/freeze").await["text"].clone();
    other.until("the file holds", async |other| (text(other).await == open.as_str()).then_some(())).await;
    assert!(!other.get("/policies").await.text().await.unwrap().contains("goes on to hold"));
    // Nobody takes all of them away by a volume that is not there; nor does what never says anything hold anybody up.
    let kept = std::path::Path::new(&folder).join("freeze.cedar");
    std::fs::rename(&kept, portal.data.path().join("freeze.cedar")).unwrap();
    let shows = async |words: &str| {
        other
            .until(words, async |other| {
                other.get("/policies").await.text().await.unwrap().contains(words).then_some(())
            })
            .await;
    };
    shows("it held 1 documents and holds none now").await;
    assert_eq!(text(&other).await, open.as_str());
    let pipe = std::path::Path::new(&folder).join("pipe.cedar");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    shows("it is no plain file").await;
    std::fs::remove_file(&pipe).unwrap();
    portal.write("policies/other.cedar", FREEZE.replace("freeze", "other"));
    let gone = async |other: &Portal| {
        let answer = other.get("/api/v1/permission/policies/freeze").await;
        (answer.status() == StatusCode::NOT_FOUND).then_some(())
    };
    other.until("the file holds no more", gone).await;
    // The history tells of each, and so does the audit log.
    let told = other
        .until("all is told", async |other| {
            let told = other.json("/api/v1/audit?about=policy:freeze").await;
            told.to_string().contains("policy-reset").then_some(told)
        })
        .await;
    assert!(told.to_string().contains("policy-saved"), "{told}");
    portal.write("policies/freeze.cedar", broken);
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(portal.data.path().join("other"));
    command.env("CAUSEWAY_PERMISSION__POLICIES", format!("'{folder}'")).stdin(Stdio::null());
    let output = command.output().await.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("freeze.cedar: line 2, column"), "{said}");
}
