//! Runs, through the Backstage dialect.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{portal::Portal, road::SERVICE};

const TALK: &str = r"
    - { id: first, action: 'debug:log', input: { message: 'making ${{ parameters.name }}' } }
    - { id: second, action: 'debug:log', input: { message: 'made', listWorkspace: true } }
";

fn waiting(seconds: u32) -> String {
    format!(
        "\n    - {{ id: first, action: 'debug:wait', input: {{ seconds: {seconds} }} }}\n    - {{ id: second, action: 'debug:log', input: {{ message: never }} }}\n"
    )
}

/// Reads a stream to its end and returns the types of its events.
async fn streamed(portal: &Portal, id: &str) -> Vec<String> {
    let response = portal.get(&format!("/api/scaffolder/v2/tasks/{id}/eventstream?after=0")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    text.lines().filter_map(|line| line.strip_prefix("event: ").map(str::to_owned)).collect()
}

both! {
    async fn a_template_makes_a_service_that_stands_in_the_catalog(portal) {
        portal.has_template("service", SERVICE).await;
        let id = portal.run("service", json!({ "name": "quay-signs" })).await;
        let task = portal.over(&id).await;
        assert_eq!(task["status"], "completed", "{task:#}\n{:#?}", portal.said(&id).await);
        assert_eq!(portal.moves(&id).await, [
            "fetch processing", "fetch completed", "publish processing", "publish completed", "register processing", "register completed",
        ]);
        let entity = portal.json("/api/catalog/entities/by-name/component/default/quay-signs").await;
        assert_eq!(entity["spec"]["owner"], "group:default/harbour");
        let links = &task["output"]["links"];
        assert_eq!(links[0]["url"], format!("{}/git/harbour/quay-signs.git", portal.base));
        assert_eq!(links[1]["entityRef"], "component:default/quay-signs");
    }

    async fn the_log_streams_and_ends_with_the_run(portal) {
        portal.has_template("talk", TALK).await;
        let id = portal.run("talk", json!({ "name": "quay-signs" })).await;
        let events = streamed(&portal, &id).await;
        assert_eq!(events.last().map(String::as_str), Some("completion"), "{events:?}");
        let said = portal.said(&id).await;
        assert!(said.iter().any(|event| event["body"]["message"] == "making quay-signs"));
        let last = said.last().unwrap();
        assert_eq!((&last["type"], &last["body"]["status"]), (&json!("completion"), &json!("completed")));
        // A client that saw all of it is told no more.
        let more = portal.json(&format!("/api/scaffolder/v2/tasks/{id}/events?after={}", last["id"])).await;
        assert_eq!(more, json!([]));
        let found = portal.json("/api/scaffolder/v2/tasks?status=completed&limit=10").await;
        assert_eq!((&found["tasks"][0]["id"], &found["totalTasks"]), (&json!(id), &json!(1)));
        assert_eq!(portal.json("/api/scaffolder/v2/tasks?status=failed").await["totalTasks"], 0);
    }

    async fn a_waiting_run_can_be_cancelled(portal) {
        portal.has_template("wait", &waiting(500)).await;
        let id = portal.run("wait", json!({ "name": "quay-signs" })).await;
        portal.until("the step waits", async |portal| {
            (portal.task(&id).await["steps"][0]["status"] == "waiting").then_some(())
        }).await;
        let (status, _) = portal.post(&format!("/api/scaffolder/v2/tasks/{id}/cancel"), &json!({})).await;
        assert_eq!(status, StatusCode::OK);
        let task = portal.over(&id).await;
        assert_eq!((&task["status"], &task["steps"][1]["status"]), (&json!("cancelled"), &json!("open")));
        assert!(streamed(&portal, &id).await.contains(&"cancelled".to_owned()));
        let (status, answer) = portal.post(&format!("/api/scaffolder/v2/tasks/{id}/cancel"), &json!({})).await;
        assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    }

    async fn a_wait_outlasts_a_kill(mut portal) {
        portal.has_template("wait", &waiting(2)).await;
        let id = portal.run("wait", json!({ "name": "quay-signs" })).await;
        portal.until("the step waits", async |portal| {
            (portal.task(&id).await["steps"][0]["status"] == "waiting").then_some(())
        }).await;
        portal.kill().await;
        portal.restart().await;
        assert_eq!(portal.over(&id).await["status"], "completed");
    }

    async fn a_failed_run_is_taken_up_from_the_step_that_failed(portal) {
        portal.has_template("service", SERVICE).await;
        let first = portal.run("service", json!({ "name": "quay-signs" })).await;
        assert_eq!(portal.over(&first).await["status"], "completed");
        // The name is taken now.
        let second = portal.run("service", json!({ "name": "quay-signs" })).await;
        let task = portal.over(&second).await;
        assert_eq!(task["status"], "failed");
        assert_eq!(task["problem"], "a repository harbour/quay-signs already exists; choose another name");
        std::fs::rename(portal.data.path().join("data/git/harbour/quay-signs.git"), portal.data.path().join("away.git")).unwrap();
        let (status, answer) = portal.post(&format!("/api/scaffolder/v2/tasks/{second}/retry"), &json!({})).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let task = portal.over(&second).await;
        assert_eq!(task["status"], "completed", "{:#?}", portal.said(&second).await);
        assert_eq!(task["steps"][0]["attempt"], 1, "what was done is not done again");
        assert_eq!(task["steps"][1]["attempt"], 2);
    }

    async fn what_cannot_run_is_refused_before_it_starts(portal) {
        portal.has_template("service", SERVICE).await;
        portal.has_template("other", "\n    - { action: 'publish:github', input: {} }\n").await;
        let ask = async |body: Value| portal.post("/api/scaffolder/v2/tasks", &body).await;
        let (status, answer) = ask(json!({ "templateRef": "template:default/service", "values": { "name": "Quay Signs" } })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(answer["errors"][0]["path"], json!(["name"]), "{answer}");
        let (status, answer) = ask(json!({ "templateRef": "template:default/other", "values": { "name": "quay-signs" } })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("`publish:github`") && message.contains("did you mean `publish:git`?"), "{message}");
        let (status, _) = ask(json!({ "templateRef": "template:default/none", "values": {} })).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (status, answer) = ask(json!({ "templateRef": "template:default/service", "values": { "name": "a" }, "secrets": { "token": "x" } })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["error"]["message"].as_str().unwrap().contains("`token`"), "{answer}");
        let (status, _) = ask(json!({ "values": 3 })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(portal.json("/api/scaffolder/v2/tasks").await["totalTasks"], 0);
    }

    async fn a_template_that_loops_fails_and_costs_little(portal) {
        portal.has_template("loop", "\n    - { id: first, action: 'debug:log', input: { message: '{% for a in range(90000) %}{% for b in range(90000) %}x{% endfor %}{% endfor %}' } }\n").await;
        portal.has_template("filter", "\n    - { id: first, action: 'debug:log', input: { message: '${{ parameters.name | uper }}' } }\n").await;
        let id = portal.run("loop", json!({ "name": "quay-signs" })).await;
        let task = portal.over(&id).await;
        assert_eq!(task["status"], "failed");
        assert!(!task["problem"].as_str().unwrap().is_empty(), "{task}");
        let id = portal.run("filter", json!({ "name": "quay-signs" })).await;
        let problem = portal.over(&id).await["problem"].to_string();
        assert!(problem.contains("no filter `uper`") && problem.contains("upper"), "{problem}");
    }
}

#[tokio::test]
async fn clients_find_the_actions_and_the_form() {
    let portal = Portal::start(crate::portal::Backend::Sqlite).await;
    portal.has_template("service", SERVICE).await;
    let actions = portal.json("/api/scaffolder/v2/actions").await;
    let ids: Vec<_> = actions.as_array().unwrap().iter().map(|action| action["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"fetch:template") && ids.contains(&"publish:git") && ids.contains(&"catalog:register"));
    assert!(actions.as_array().unwrap().iter().all(|action| action["schema"]["input"]["type"] == "object"));
    let form = portal.json("/api/scaffolder/v2/templates/default/template/service/parameter-schema").await;
    assert_eq!((&form["title"], &form["steps"][0]["title"]), (&json!("Small service"), &json!("What")));
    assert_eq!(form["steps"][0]["schema"]["required"], json!(["name"]));
    let missing = portal
        .request(Method::GET, "/api/scaffolder/v2/tasks/0190b6f0-0000-7000-8000-000000000000")
        .send()
        .await
        .unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(missing.json::<Value>().await.unwrap()["error"]["name"], "NotFoundError");
}

#[tokio::test]
async fn a_run_has_a_page_that_reads_without_a_script() {
    let portal = Portal::start(crate::portal::Backend::Sqlite).await;
    portal.has_template("talk", TALK).await;
    let id = portal.run("talk", json!({ "name": "quay-signs" })).await;
    portal.over(&id).await;
    let page = portal.get("/runs/1").await;
    assert_eq!(page.status(), StatusCode::OK);
    let html = page.text().await.unwrap();
    for words in ["Create quay-signs", "Completed", "making quay-signs", "debug:log", "Create another"] {
        assert!(html.contains(words), "{words} in {html}");
    }
    let list = portal.get("/runs?status=completed").await.text().await.unwrap();
    assert!(list.contains("href=\"/runs/1\""));
    assert_eq!(portal.get("/runs/77").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_template_is_tried_without_leaving_anything_behind() {
    let portal = Portal::start(crate::portal::Backend::Sqlite).await;
    let template = json!({
        "apiVersion": "scaffolder.backstage.io/v1beta3",
        "kind": "Template",
        "metadata": { "name": "draft", "title": "Draft" },
        "spec": {
            "type": "service",
            "parameters": { "required": ["name"], "properties": { "name": { "type": "string" } } },
            "steps": [
                { "id": "fetch", "action": "fetch:template", "input": { "url": "./skeleton", "values": { "name": "${{ parameters.name }}" } } },
                { "id": "publish", "action": "publish:git", "input": { "repoUrl": "causeway?owner=harbour&repo=${{ parameters.name }}" } },
                { "id": "say", "action": "debug:log", "input": { "message": "at ${{ steps.publish.output.remoteUrl }}" } },
            ],
            "output": { "links": [{ "title": "Repository", "url": "${{ steps.publish.output.remoteUrl }}" }] },
        },
    });
    // `# ${{ values.name }}`
    let files = json!([{ "path": "skeleton/README.md", "base64Content": "IyAke3sgdmFsdWVzLm5hbWUgfX0=" }]);
    let body = json!({ "template": template, "values": { "name": "quay-signs" }, "directoryContents": files });
    let (status, answer) = portal.post("/api/scaffolder/v2/dry-run", &body).await;
    assert_eq!(status, StatusCode::OK, "{answer:#}");
    // `# quay-signs`
    assert_eq!(
        answer["directoryContents"],
        json!([{ "path": "README.md", "executable": false, "base64Content": "IyBxdWF5LXNpZ25z" }])
    );
    assert_eq!(answer["output"]["links"][0]["url"], "<example>");
    assert!(answer["log"].to_string().contains("at <example>"), "{answer:#}");
    assert!(!portal.data.path().join("data/git/harbour").exists());
    let (status, answer) =
        portal.post("/api/scaffolder/v2/dry-run", &json!({ "template": body["template"], "values": {} })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["errors"][0]["message"].is_string(), "{answer}");
    assert_eq!(portal.json("/api/scaffolder/v2/tasks").await["totalTasks"], 0);
}
