//! Runs that do nothing until someone agrees to them.

use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::portal::{Backend, Options, Portal};

const TEMPLATE: &str = "apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: costly
  title: Something costly
  tags: [spends]
  annotations:
    causeway.dev/approval: required
spec:
  type: service
  owner: group:default/harbour
  parameters:
    - title: What
      required: [name]
      properties:
        name: { title: Name, type: string }
  steps:
    - { id: first, action: 'debug:log', input: { message: 'making ${{ parameters.name }}' } }
    - { id: second, action: 'debug:log', input: { message: 'made' } }
";

/// A template whose runs wait, in the catalog.
pub(crate) async fn has_template(portal: &Portal) {
    let path = portal.write("costly/template.yaml", TEMPLATE);
    portal.has_registered(&path, "template/default/costly").await;
}

fn approval(id: &str) -> String {
    format!("/api/v1/runs/{id}/approval")
}

async fn form(portal: &Portal, path: &str, fields: &[(&str, &str)]) -> Response {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let request = portal.request(Method::POST, path).header("accept", "text/html");
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.finish()).send().await.unwrap()
}

/// A run of it that a program started, with the token of a platform engineer.
pub(crate) async fn started(portal: &Portal, token: &str) -> String {
    let body = json!({ "templateRef": "template:default/costly", "values": { "name": "quay" } });
    let started = portal.request(Method::POST, "/api/scaffolder/v2/tasks").bearer_auth(token).json(&body).send().await;
    started.unwrap().json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

/// A token of a program, with a role and with scopes.
pub(crate) async fn token(portal: &Portal, name: &str, role: &str, scopes: &[&str]) -> String {
    let mut fields = vec![("name", name), ("days", "1"), ("roles", role)];
    fields.extend(scopes.iter().map(|scope| (*scope, "true")));
    let page = form(portal, "/people/tokens", &fields).await.text().await.unwrap();
    let at = page.find("cw_svc_").unwrap_or_else(|| panic!("no token was made: {page}"));
    page[at..at + 47].to_owned()
}

pub(crate) const ALL: [&str; 4] = ["read", "write", "run", "approve"];

async fn decide(portal: &Portal, token: &str, id: &str, body: &Value) -> (StatusCode, Value) {
    let request = portal.request(Method::POST, &approval(id)).bearer_auth(token).json(body);
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn seen(portal: &Portal, token: &str, path: &str) -> String {
    let request = portal.request(Method::GET, path).bearer_auth(token).header("accept", "text/html");
    request.send().await.unwrap().text().await.unwrap()
}

/// A run that waits, and has done nothing.
async fn waits(portal: &Portal, id: &str) {
    let task = portal.task(id).await;
    assert_eq!((&task["status"], &task["steps"][0]["status"]), (&json!("open"), &json!("open")), "{task}");
    assert_eq!(task["approval"], "waiting");
    assert_eq!(portal.json(&approval(id)).await["approval"], "waiting");
    assert!(portal.moves(id).await.is_empty());
    let said = portal.said(id).await;
    assert!(said[1]["body"]["message"].as_str().unwrap().contains("waits for approval by"), "{said:?}");
}

both! {
    async fn a_run_waits_until_someone_who_may_agrees(portal) {
        has_template(&portal).await;
        let begun = portal.get("/create/default/costly").await.text().await.unwrap();
        assert!(begun.contains("Its runs wait for approval by team-lead in <code"), "{begun}");
        let address = "/create/default/costly?answers=%7B%22name%22%3A%22quay%22%7D&page=1";
        let plan = portal.get(address).await.text().await.unwrap();
        let id = portal.run("costly", json!({ "name": "quay" })).await;
        waits(&portal, &id).await;
        assert!(plan.contains("It will wait for approval by team-lead in `group:default/harbour`, platform-engineer or administrator"), "{plan}");
        let developer = token(&portal, "dev", "developer", &ALL).await;
        let engineer = token(&portal, "eng", "platform-engineer", &ALL).await;
        let narrow = token(&portal, "narrow", "platform-engineer", &["read", "run"]).await;
        // Everyone sees that it waits; those who may not decide are told why, and those who may have a form.
        for list in ["/runs", "/runs?status=waiting"] {
            // Once as what the list can be narrowed to, once beside the run.
            assert_eq!(seen(&portal, &developer, list).await.matches("Waits for approval").count(), 2, "{list}");
        }
        assert!(!seen(&portal, &developer, "/runs?status=running").await.contains("href=\"/runs/1\""));
        let page = seen(&portal, &developer, "/runs/1").await;
        assert!(page.contains("You may not decide:") && page.contains("team-lead-approves-runs"), "{page}");
        assert!(page.contains("value=\"approve\" class=\"btn btn-primary\" disabled") && !page.contains("name=\"note\""), "{page}");
        assert!(page.contains("/may?permission=approveRun&amp;on=run:1"), "{page}");
        let page = seen(&portal, &engineer, "/runs/1").await;
        assert!(page.contains("name=\"note\"") && !page.contains("You may not decide"), "{page}");
        let home = [seen(&portal, &developer, "/").await, seen(&portal, &engineer, "/").await];
        assert_eq!(home.map(|home| home.contains("Waits for you")), [false, true]);
        let listed = async |token: &str| serde_json::from_str::<Value>(&seen(&portal, token, "/api/v1/approvals").await).unwrap();
        let mays = [listed(&developer).await, listed(&engineer).await, listed(&narrow).await].map(|list| list["items"][0]["mayDecide"].clone());
        assert_eq!(mays, [json!(false), json!(true), json!(false)]);
        let yes = json!({ "approve": true });
        for token in [&developer, &narrow] {
            let (status, why) = decide(&portal, token, &id, &yes).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
            assert!(why["detail"].as_str().unwrap().contains("may not approve or refuse runs"), "{why}");
        }
        waits(&portal, &id).await;
        let (status, said) = decide(&portal, &engineer, "1", &json!({ "approve": true, "note": "worth it" })).await;
        assert_eq!((status, &said["approval"], &said["by"], &said["note"]), (StatusCode::OK, &json!("approved"), &json!("machine:eng"), &json!("worth it")));
        let task = portal.over(&id).await;
        assert_eq!((&task["status"], &task["approval"]), (&json!("completed"), &json!("approved")));
        assert_eq!(portal.moves(&id).await.len(), 4);
        let (status, late) = decide(&portal, &engineer, &id, &json!({ "approve": false, "note": "no" })).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(late["detail"].as_str().unwrap().contains("`machine:eng` approved run #1 already"), "{late}");
        assert!(portal.get("/runs/1").await.text().await.unwrap().contains("worth it"));
        let audit = portal.json("/api/v1/audit?kind=run-approved").await;
        let entry = &audit["items"][0];
        assert_eq!((&entry["actor"], &entry["subject"]), (&json!("machine:eng"), &json!(format!("run:{id}"))), "{audit}");
        let detail = &entry["detail"];
        assert_eq!([&detail["before"], &detail["after"], &detail["note"], &detail["startedBy"]], ["waiting", "approved", "worth it", "guest"], "{audit}");
        let (_, none) = decide(&portal, &engineer, "none", &yes).await;
        assert_eq!(none["status"], 404);
    }

    async fn a_run_is_refused_with_a_reason_or_cancelled(portal) {
        has_template(&portal).await;
        let engineer = token(&portal, "eng", "platform-engineer", &ALL).await;
        let id = started(&portal, &engineer).await;
        waits(&portal, &id).await;
        // The guest, who did not start it, decides with the form of the page.
        let silent = form(&portal, "/runs/1", &[("deed", "refuse"), ("note", " ")]).await;
        assert_eq!(silent.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = silent.text().await.unwrap();
        assert!(page.contains("why the run is refused") && page.contains("Nothing was decided"), "{page}");
        let long = "x".repeat(1_001);
        let long = form(&portal, "/runs/1", &[("deed", "approve"), ("note", &long)]).await;
        assert_eq!(long.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(long.text().await.unwrap().contains("xxxxx</textarea>"), "what was written is lost");
        assert_eq!(form(&portal, "/runs/1", &[("deed", "perhaps")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(form(&portal, "/runs/7", &[("deed", "approve")]).await.status(), StatusCode::NOT_FOUND);
        waits(&portal, &id).await;
        let refused = form(&portal, "/runs/1", &[("deed", "refuse"), ("note", "too <dear>")]).await;
        assert_eq!((refused.status(), &refused.headers()[header::LOCATION]), (StatusCode::SEE_OTHER, &"/runs/1".parse().unwrap()));
        let task = portal.over(&id).await;
        assert_eq!((&task["status"], &task["steps"][0]["status"], &task["steps"][1]["status"]), (&json!("cancelled"), &json!("cancelled"), &json!("open")), "{task}");
        assert_eq!(task["problem"], "guest refused it: too <dear>");
        assert!(portal.get("/runs/1").await.text().await.unwrap().contains("too &lt;dear&gt;"));
        assert!(portal.moves(&id).await.iter().all(|moved| !moved.contains("processing")));
        let changes = portal.json("/api/v1/audit?kind=run-refused").await;
        assert_eq!((&changes["items"][0]["actor"], &changes["items"][0]["detail"]["note"]), (&json!("guest"), &json!("too <dear>")));
        // Who started one can take it back while it waits.
        let other = portal.run("costly", json!({ "name": "quay" })).await;
        let (status, _) = portal.post(&format!("/api/scaffolder/v2/tasks/{other}/cancel"), &json!({})).await;
        assert_eq!(status, StatusCode::OK);
        let task = portal.over(&other).await;
        assert_eq!((&task["status"], &task["approval"]), (&json!("cancelled"), &json!("withdrawn")));
        let told = portal.json(&approval(&other)).await;
        assert_eq!((&told["approval"], &told["mayDecide"]), (&json!("withdrawn"), &json!(false)), "{told}");
        // The log says of each move how the run was.
        let noted = portal.json(&format!("/api/v1/audit?subject=run:{other}&kind=run-moved")).await;
        let mut moves = Vec::new();
        for entry in noted["items"].as_array().unwrap().iter().rev() {
            let whole = portal.json(&format!("/api/v1/audit/{}", entry["seq"])).await;
            moves.extend(whole["changes"].as_array().unwrap().iter().filter(|change| change["kind"] == "run-moved").cloned());
        }
        let asked = moves.iter().find(|change| change["after"]["approval"]["state"] == "withdrawn").unwrap();
        assert_eq!((&asked["before"]["approval"]["state"], &asked["before"]["status"]), (&json!("waiting"), &json!("open")), "{asked}");
        let last = moves.last().unwrap();
        assert_eq!((&last["before"]["status"], &last["after"]["status"]), (&json!("open"), &json!("cancelled")), "{last}");
        let (status, why) = decide(&portal, &engineer, &other, &json!({ "approve": true })).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(why["detail"].as_str().unwrap().contains("cancelled while it waited"), "{why}");
        // So can a machine: what it started itself, and nothing of another's.
        let (own, peer) = (token(&portal, "own", "developer", &ALL).await, token(&portal, "peer", "developer", &ALL).await);
        let its = started(&portal, &own).await;
        let cancel = format!("/api/scaffolder/v2/tasks/{its}/cancel");
        for (token, status) in [(&peer, StatusCode::FORBIDDEN), (&own, StatusCode::OK)] {
            let answer = portal.request(Method::POST, &cancel).bearer_auth(token).send().await.unwrap();
            assert_eq!(answer.status(), status);
        }
        assert_eq!(portal.over(&its).await["status"], "cancelled");
        assert!(portal.get("/runs/2").await.text().await.unwrap().contains("Never approved"));
        assert!(!portal.get("/runs?status=waiting").await.text().await.unwrap().contains("href=\"/runs/2\""));
    }

    async fn what_was_started_is_judged_however_its_template_is_altered(portal) {
        has_template(&portal).await;
        let engineer = token(&portal, "eng", "platform-engineer", &ALL).await;
        let policy = "@id(\"spends\")\n@says(\"who spends is asked\")\nforbid (principal == Machine::\"eng\", action == Action::\"approveRun\", resource)\nwhen { resource.template.tags.contains(\"spends\") };";
        let put = portal.request(Method::PUT, "/api/v1/permission/policies/spends").json(&json!({ "text": policy }));
        assert_eq!(put.send().await.unwrap().status(), StatusCode::OK);
        let id = portal.run("costly", json!({ "name": "quay" })).await;
        waits(&portal, &id).await;
        portal.write("costly/template.yaml", TEMPLATE.replace("  tags: [spends]\n", ""));
        let (status, _) = portal.post("/api/catalog/refresh", &json!({ "entityRef": "template:default/costly" })).await;
        assert_eq!(status, StatusCode::OK);
        let _: () = portal.until("it has no tag any more", async |portal| {
            portal.json("/api/catalog/entities/by-name/template/default/costly").await["metadata"]["tags"].is_null().then_some(())
        }).await;
        let (status, why) = decide(&portal, &engineer, &id, &json!({ "approve": true })).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{why}");
        let listed: Value = serde_json::from_str(&seen(&portal, &engineer, "/api/v1/approvals").await).unwrap();
        assert_eq!(listed["items"][0]["mayDecide"], json!(false));
    }

    async fn nobody_agrees_to_their_own_and_of_two_one_decides(portal) {
        has_template(&portal).await;
        let (one, other) = (token(&portal, "one", "platform-engineer", &ALL).await, token(&portal, "other", "administrator", &ALL).await);
        let id = started(&portal, &one).await;
        let own = serde_json::from_str::<Value>(&seen(&portal, &one, &approval(&id)).await).unwrap();
        assert_eq!((&own["mayDecide"], &own["whyNot"]), (&json!(false), &json!("`one` started it, and it takes someone else to agree")));
        assert!(seen(&portal, &one, "/may?permission=approveRun&on=run:1").await.contains("it takes someone else to agree"));
        for deed in [true, false] {
            let (status, why) = decide(&portal, &one, &id, &json!({ "approve": deed, "note": "mine" })).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{why}");
        }
        // The guest is a person like any other: what they started waits for someone else.
        let guests = portal.run("costly", json!({ "name": "pier" })).await;
        assert_eq!(portal.post(&approval(&guests), &json!({ "approve": true })).await.0, StatusCode::FORBIDDEN);
        let page = portal.get("/runs/2").await.text().await.unwrap();
        assert!(page.contains("started it, and it takes someone else to agree"), "{page}");
        waits(&portal, &guests).await;
        let (yes, no) = (json!({ "approve": true }), json!({ "approve": false, "note": "no" }));
        let third = token(&portal, "third", "platform-engineer", &ALL).await;
        let (first, second) = tokio::join!(decide(&portal, &other, &id, &yes), decide(&portal, &third, &id, &no));
        let mut statuses = [first.0.as_u16(), second.0.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{first:?} {second:?}");
        let (expected, beaten, winner) =
            if first.0 == StatusCode::OK { ("completed", &second, "`machine:other` approved") } else { ("cancelled", &first, "`machine:third` refused") };
        assert!(beaten.1["detail"].as_str().unwrap().contains(winner), "{beaten:?}");
        assert_eq!(portal.over(&id).await["status"], expected);
        // Policies say who else may: by environment, tags or team of the template.
        let policy = "@id(\"spends\")\n@says(\"who spends is asked\")\nforbid (principal == Machine::\"third\", action == Action::\"approveRun\", resource)\nwhen { resource.template.tags.contains(\"spends\") };";
        let saved = portal.request(Method::PUT, "/api/v1/permission/policies/spends").json(&json!({ "text": policy })).send().await.unwrap();
        assert_eq!(saved.status(), StatusCode::OK);
        let (status, why) = decide(&portal, &third, &guests, &yes).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(why["detail"].as_str().unwrap().contains("who spends is asked"), "{why}");
        let list = serde_json::from_str::<Value>(&seen(&portal, &third, "/api/v1/approvals").await).unwrap();
        assert_eq!(list["items"][0]["mayDecide"], false);
        assert_eq!(decide(&portal, &other, &guests, &yes).await.0, StatusCode::OK);
        assert_eq!(portal.over(&guests).await["status"], "completed");
    }
}

/// Killed while a run waits, and right after someone agreed: it waits on, then goes on, and nothing is done twice.
async fn survives_kills(backend: Backend) {
    let mut portal = Portal::start(backend).await;
    has_template(&portal).await;
    let engineer = token(&portal, "eng", "platform-engineer", &ALL).await;
    let id = portal.run("costly", json!({ "name": "quay" })).await;
    portal.kill().await;
    portal.restart_with(Options::default().set("FAULT", "decided:run")).await;
    // Whoever takes up what was left leaves it alone.
    let other = portal.run("costly", json!({ "name": "pier" })).await;
    waits(&portal, &id).await;
    waits(&portal, &other).await;
    let asked = portal.request(Method::POST, &approval(&id)).bearer_auth(&engineer).json(&json!({ "approve": true }));
    assert!(asked.send().await.is_err(), "the server died before it answered");
    let how = portal.ended().await;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&how), Some(9));
    portal.restart_with(Options::default()).await;
    assert_eq!(portal.over(&id).await["status"], "completed");
    let moves = portal.moves(&id).await;
    let done: Vec<&String> = moves.iter().filter(|moved| moved.ends_with("completed")).collect();
    assert_eq!(done, ["first completed", "second completed"]);
    let (status, why) = decide(&portal, &engineer, &id, &json!({ "approve": true })).await;
    assert_eq!(status, StatusCode::CONFLICT, "{why}");
    waits(&portal, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_survives_kills_on_sqlite() {
    survives_kills(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_survives_kills_on_postgres() {
    survives_kills(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_waits_and_decides() {
    let portal = Portal::start(Backend::Sqlite).await;
    has_template(&portal).await;
    let engineer = token(&portal, "eng", "platform-engineer", &ALL).await;
    let command = async |arguments: &[&str], token: &str| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
        command.args(arguments).args(["--server", &portal.base]).stdin(std::process::Stdio::null());
        if !token.is_empty() {
            command.env("CAUSEWAY_TOKEN", token);
        }
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), said)
    };
    let start = ["run", "costly", "--set", "name=quay", "--no-wait"];
    let (_, said) = command(&start, "").await;
    assert!(said.contains("it waits for approval: `causeway approve 1`"), "{said}");
    let (went, said) = command(&["approve", "1"], "").await;
    assert!(!went && said.contains("`guest` started it, and it takes someone else to agree"), "{said}");
    let (went, said) = command(&["refuse", "#1", "--note", "too dear"], &engineer).await;
    assert!(went && said.contains("run #1 is refused: "), "{said}");
    // Whoever waits for the run sees what it waits for, and goes on with it.
    let start = ["run", "costly", "--set", "name=pier"];
    let approve = async {
        let _: () = portal
            .until("a run waits", async |portal| {
                let list = portal.json("/api/v1/approvals").await;
                (list["items"][0]["number"] == 2).then_some(())
            })
            .await;
        command(&["approve", "2", "--note", "go on"], &engineer).await
    };
    let ((went, said), (approved, told)) = tokio::join!(command(&start, ""), approve);
    assert!(approved, "{told}");
    assert!(went && said.contains("waits for approval by") && said.contains("eng approved the run: go on"), "{said}");
    let (went, said) = command(&["approve", "a/b"], &engineer).await;
    assert!(!went && said.contains("names no run"), "{said}");
}
