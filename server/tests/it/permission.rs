//! Policies, roles, questions about them, and the audit log, over HTTP.

use std::process::Stdio;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::portal::{Backend, Portal};

/// What `causeway doctor` says of a portal's audit log.
async fn doctor(portal: &Portal, database: Option<&str>) -> String {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
    command.args(["doctor", "--data"]).arg(portal.data.path().join("data")).stdin(Stdio::null());
    if let Some(database) = database {
        command.env("CAUSEWAY_DATABASE__URL", database);
    }
    let said = command.current_dir(portal.data.path()).output().await.unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    said.lines().find(|line| line.contains("audit log")).unwrap_or_else(|| panic!("{said}")).to_owned()
}

async fn delete(portal: &Portal, path: &str, body: &Value) -> StatusCode {
    portal.request(Method::DELETE, path).json(body).send().await.unwrap().status()
}

async fn form(portal: &Portal, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let request = portal.request(Method::POST, path).header("accept", "text/html");
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.finish()).send().await.unwrap()
}

const FREEZE: &str = "@id(\"freeze\")\n@says(\"what is frozen is run by platform engineers\")\nforbid (principal, action == Action::\"startRun\", resource is Template)\nwhen { resource.tags.contains(\"frozen\") }\nunless { principal in Role::\"platform-engineer\" };\n";

both! {
    async fn policies_are_tried_saved_and_put_back(portal) {
        let names = async || {
            let all = portal.json("/api/v1/permission/policies").await;
            all.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names().await, ["administrator", "developer", "platform-engineer", "provisioner", "team-lead", "viewer"]);
        let put = async |body: Value| {
            let answer = portal.request(Method::PUT, "/api/v1/permission/policies/freeze").json(&body).send().await.unwrap();
            (answer.status(), answer.json::<Value>().await.unwrap())
        };
        let (status, wrong) = put(json!({ "text": FREEZE.replace("startRun", "startRuns") })).await;
        assert_eq!((status, &wrong["problems"][0]["line"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(3)), "{wrong}");
        assert_eq!(names().await.len(), 6);
        let cases = "- it: is frozen\n  roles: [developer]\n  mayNot: startRun\n  on: { template: template:default/x, tags: [frozen] }\n";
        let draft = json!({ "text": FREEZE, "cases": cases });
        let (_, tried) = portal.post("/api/v1/permission/policies/freeze/preview", &draft).await;
        assert!(tried["losses"].as_array().unwrap().iter().any(|loss| loss["who"] == "role developer"), "{tried}");
        assert_eq!(put(draft.clone()).await.0, StatusCode::OK);
        assert_eq!(names().await.len(), 7);
        let (status, late) = put(json!({ "text": FREEZE, "basedOn": 0 })).await;
        assert_eq!(status, StatusCode::CONFLICT, "{late}");
        // The pages show it, and what was edited.
        let page = portal.get("/policies/freeze").await.text().await.unwrap();
        assert!(page.contains("What was edited") && page.contains("what is frozen is run by platform engineers"));
        let form = form(&portal, "/policies/freeze", &[("text", "permit ("), ("cases", ""), ("based_on", "1"), ("deed", "save")]).await;
        assert_eq!(form.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let again = form.text().await.unwrap();
        assert!(again.contains("It was not saved") && again.contains("permit (</textarea>"), "{again}");
        assert_eq!(delete(&portal, "/api/v1/permission/policies/freeze", &json!({})).await, StatusCode::NO_CONTENT);
        assert_eq!(names().await.len(), 6);
    }

    async fn policies_are_begun_by_their_name(portal) {
        // A document is begun by its name: what cannot be one is told where it was written, and nothing holds before it is saved.
        let send = async |name: &str| form(&portal, "/policies", &[("name", name)]).await;
        for (name, status, why) in [
            ("", StatusCode::UNPROCESSABLE_ENTITY, "cannot name policies"),
            ("Frozen things", StatusCode::UNPROCESSABLE_ENTITY, "Frozen things</code> cannot name policies"),
            ("../audit", StatusCode::UNPROCESSABLE_ENTITY, "cannot name policies"),
            ("viewer", StatusCode::CONFLICT, "viewer</code> already"),
        ] {
            let again = send(name).await;
            assert_eq!(again.status(), status, "{name}");
            let page = again.text().await.unwrap();
            assert!(page.contains("Nothing was begun") && page.contains(why) && page.contains(&format!("value=\"{name}\"")), "{page}");
        }
        let led = send(" frozen ").await;
        assert_eq!((led.status(), &led.headers()[header::LOCATION]), (StatusCode::SEE_OTHER, &"/policies/frozen".parse().unwrap()));
        assert_eq!(portal.json("/api/v1/permission/policies").await.as_array().unwrap().len(), 6);
        let page = portal.get("/policies/frozen").await.text().await.unwrap();
        assert!(page.contains("Nothing is written here yet") && page.contains("// @id(&quot;frozen&quot;)"), "{page}");
        // What it begins with is an example in comments, which permits nothing and can be tried.
        let text = page.split("name=\"text\"").nth(1).unwrap().split_once('>').unwrap().1.split("</textarea>").next().unwrap();
        let text = text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
        let (status, tried) = portal.post("/api/v1/permission/policies/frozen/preview", &json!({ "text": text })).await;
        assert_eq!((status, &tried["gains"], &tried["losses"]), (StatusCode::OK, &json!([]), &json!([])), "{tried}");
    }

    async fn policies_go_after_it_was_told_who_gains_by_it(portal) {
        let text = "@id(\"hide\") forbid (principal, action == Action::\"readAudit\", resource) when { principal == User::\"user:default/adam\" };";
        let put = portal.request(Method::PUT, "/api/v1/permission/policies/hide").json(&json!({ "text": text })).send().await.unwrap();
        assert_eq!(put.status(), StatusCode::OK, "{}", put.text().await.unwrap());
        let told = form(&portal, "/policies/hide", &[("deed", "without")]).await;
        assert_eq!(told.status(), StatusCode::OK);
        let page = told.text().await.unwrap();
        assert!(page.contains("It can be taken away") && page.contains("Take these policies away") && page.contains("readAudit"), "{page}");
        assert_eq!(portal.get("/api/v1/permission/policies/hide").await.status(), StatusCode::OK, "nothing has gone yet");
        assert_eq!(form(&portal, "/policies/hide", &[("deed", "reset")]).await.status(), StatusCode::SEE_OTHER);
        // What stood there stays to be read.
        let page = portal.get("/policies/hide").await.text().await.unwrap();
        assert!(page.contains("Nothing is written here yet") && page.contains("What was edited") && page.contains("user:default/adam"), "{page}");
    }

    async fn roles_and_questions_are_answered(portal) {
        let things = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: harbour}\nspec: {type: team, children: []}\n---\napiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: x}\nspec: {type: docs, steps: [{id: log, action: 'debug:log'}]}\n";
        let path = portal.write("things.yaml", things);
        portal.register("file", &path).await;
        let _: () = portal.until("it is in the catalog", async |portal| {
            (portal.get("/api/catalog/entities/by-name/template/default/x").await.status() == StatusCode::OK).then_some(())
        }).await;
        let role = json!({ "role": "developer", "to": "group:harbour" });
        assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
        assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::CONFLICT);
        let (status, why) = portal.post("/api/v1/permission/roles", &json!({ "role": "developer", "to": "harbour" })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(why["detail"].as_str().unwrap().contains("`group:default/NAME`"), "{why}");
        let all = portal.json("/api/v1/permission/roles").await;
        assert!(all.as_array().unwrap().iter().any(|one| one["to"] == "group:default/harbour" && one["givenBy"] == "guest"), "{all}");
        let who = portal.json("/api/v1/permission/who-can?permission=startRun&on=template:x").await;
        let developer = who.as_array().unwrap().iter().find(|who| who["role"] == "developer").unwrap();
        assert_eq!(developer["holders"], json!(["group:default/harbour"]));
        assert_eq!(developer["reasons"][0]["policy"], "developer-starts-runs");
        let why = portal.json("/api/v1/permission/why?permission=managePolicies").await;
        assert_eq!(why["allowed"], true);
        assert_eq!(portal.post("/api/v1/permission/roles", &json!({ "role": "viewer", "to": "user:ada" })).await.0, StatusCode::NO_CONTENT);
        let could = portal.json("/api/v1/permission/what-could?who=user:default/ada").await;
        let extent = |name: &str| could.as_array().unwrap().iter().find(|row| row["permission"] == name).unwrap()["extent"].clone();
        assert_eq!((extent("readCatalog"), extent("startRun")), (json!("on everything"), json!("on nothing")));
        for path in ["/policies", "/policies/viewer", "/policies/mine", "/roles", "/may", "/may?permission=startRun&on=template:x", "/may?permission=approveRun&on=template:x", "/may?permission=x", "/may?who=user:default/ada", "/audit", "/audit?kind=role-given&since=2020-01-01", "/audit?since=x"] {
            let page = portal.request(Method::GET, path).header("accept", "text/html").send().await.unwrap();
            assert_eq!(page.status(), StatusCode::OK, "{path}");
            assert!(page.text().await.unwrap().contains("<h1"), "{path}");
        }
        // About a template, who may agree to its runs can be asked before there is one; each question leads to the others.
        let agree = portal.json("/api/v1/permission/who-can?permission=approveRun&on=template:x").await;
        let roles: Vec<&str> = agree.as_array().unwrap().iter().map(|who| who["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["platform-engineer", "administrator"], "{agree}");
        let page = portal.get("/may?permission=startRun&on=template:default/x").await.text().await.unwrap();
        for other in ["approveRun", "steerRun", "readCatalog", "manageSources"] {
            assert!(page.contains(&format!("/may?permission={other}&amp;on=template%3Adefault%2Fx\"")), "{other}: {page}");
        }
        let none = portal.get("/api/v1/permission/who-can?permission=approveRun&on=component:x").await;
        assert_eq!(none.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(delete(&portal, "/api/v1/permission/roles", &role).await, StatusCode::NO_CONTENT);
        assert_eq!(delete(&portal, "/api/v1/permission/roles", &role).await, StatusCode::NOT_FOUND);
    }

    async fn the_audit_log_tells_who_did_what_from_where(portal) {
        let role = json!({ "role": "developer", "to": "user:ada" });
        assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
        let page = portal.json("/api/v1/audit?kind=role-given").await;
        let entry = &page["items"][0];
        assert_eq!((&entry["actor"], &entry["entry"], &entry["address"]), (&json!("guest"), &json!("guest"), &json!("127.0.0.1")));
        assert_eq!((&entry["subject"], entry["hash"].as_str().unwrap().len()), (&json!("role:developer"), 64));
        assert!(entry["request"].as_str().unwrap().len() > 8);
        // Each entry tells what was before and after: here a role that was given, and one that was taken.
        assert_eq!(delete(&portal, "/api/v1/permission/roles", &role).await, StatusCode::NO_CONTENT);
        let taken = portal.json("/api/v1/audit?kind=role-taken").await["items"][0]["seq"].clone();
        for (seq, before, after) in [(&entry["seq"], Value::Null, "user:default/ada".into()), (&taken, "user:default/ada".into(), Value::Null)] {
            let whole = portal.json(&format!("/api/v1/audit/{seq}")).await;
            let change = &whole["changes"][0];
            assert_eq!((&whole["entry"]["seq"], &change["before"]["to"], &change["after"]["to"]), (seq, &before, &after), "{whole}");
            let page = portal.get(&format!("/audit?entry={seq}")).await.text().await.unwrap();
            assert!(page.contains("Before and after") && page.contains(">user:default/ada</span>") && page.contains("127.0.0.1"), "{page}");
        }
        // Of whom it was is told beside it, and they are found by it.
        let of_ada = portal.json("/api/v1/audit?subject=user:default/ada").await;
        let kinds: Vec<&str> = of_ada["items"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["role-taken", "role-given"], "{of_ada}");
        let page = portal.get("/audit?kind=role-given").await.text().await.unwrap();
        assert!(page.contains("to: user:default/ada"), "{page}");
        for none in ["999999", "x"] {
            assert_eq!(portal.get(&format!("/api/v1/audit/{none}")).await.status(), StatusCode::NOT_FOUND);
            let page = portal.request(Method::GET, &format!("/audit?entry={none}")).header("accept", "text/html").send().await.unwrap();
            assert_eq!(page.status(), StatusCode::NOT_FOUND, "{none}");
        }
        // Taken away as lines and as a table, which is told of as well.
        let lines = portal.get("/api/v1/audit.jsonl").await.text().await.unwrap();
        let kinds: Vec<String> = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned()).collect();
        assert!(kinds.contains(&"role-given".to_owned()), "{kinds:?}");
        let table = portal.get("/api/v1/audit.csv?kind=audit-exported").await.text().await.unwrap();
        assert!(table.starts_with("seq,at,actor"), "{table}");
        assert!(table.contains("audit-exported,audit.jsonl"), "{table}");
        let wrong = portal.get("/api/v1/audit?since=yesterday").await;
        assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}

/// Templates whose second step comes a while after the first.
const WAITING: &str = "apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: slow, title: Slow }
spec:
  owner: berths
  type: service
  parameters: []
  steps:
    - { id: wait, name: Wait, action: 'debug:wait', input: { seconds: 3 } }
    - { id: say, name: Say, action: 'debug:log', input: { message: hello } }
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: publishes, title: Publishes }
spec:
  owner: berths
  type: service
  parameters: []
  steps:
    - { id: write, name: Write, action: 'catalog:write', input: { entity: { apiVersion: v1, kind: Component, metadata: { name: x }, spec: { type: service } } } }
    - { id: publish, name: Publish, action: 'publish:git', input: { repoUrl: 'causeway?owner=berths&repo=theirs' } }
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: fetches, title: Fetches }
spec:
  owner: berths
  type: service
  parameters: []
  steps:
    - { id: fetch, name: Fetch, action: 'catalog:fetch', input: { entityRef: 'template:default/publishes' } }
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: registers, title: Registers }
spec:
  owner: berths
  type: service
  parameters: []
  steps:
    - { id: register, name: Register, action: 'catalog:register', input: { catalogInfoUrl: 'http://127.0.0.1:9/x.yaml' } }
";

/// Why a run that a token starts fails; `meanwhile` happens after it began.
async fn why_it_fails(portal: &Portal, token: &str, template: &str, meanwhile: impl AsyncFnOnce()) -> String {
    let wanted = json!({ "templateRef": format!("template:default/{template}"), "values": {} });
    let started =
        portal.request(Method::POST, "/api/scaffolder/v2/tasks").bearer_auth(token).json(&wanted).send().await.unwrap();
    let (status, run) = (started.status(), started.json::<Value>().await.unwrap());
    assert_eq!(status, StatusCode::CREATED, "{run}");
    let path = format!("/api/scaffolder/v2/tasks/{}", run["id"].as_str().unwrap());
    let _: () = portal
        .until("the run begins", async |portal| (portal.json(&path).await["status"] != "open").then_some(()))
        .await;
    meanwhile().await;
    portal
        .until("the run is over", async |portal| {
            let status = portal.json(&path).await["status"].as_str().unwrap().to_owned();
            let events = portal.json(&format!("{path}/events")).await;
            ["completed", "failed"].contains(&status.as_str()).then(|| format!("{status} {events}"))
        })
        .await
}

both! {
    async fn a_run_acts_with_the_rights_that_who_started_it_still_has(portal) {
        let file = portal.write("templates.yaml", WAITING);
        let (status, _) = portal.post("/api/catalog/locations", &json!({ "type": "file", "target": file })).await;
        assert_eq!(status, StatusCode::CREATED);
        let fields = [("name", "runner"), ("days", "1"), ("read", "true"), ("run", "true"), ("write", "true"), ("roles", "viewer")];
        let page = form(&portal, "/people/tokens", &fields).await.text().await.unwrap();
        let at = page.find("cw_svc_").expect("a token is made");
        let token = page[at..at + 47].to_owned();
        let role = json!({ "role": "developer", "to": "machine:runner" });
        let give = async || assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
        let take = async || assert_eq!(delete(&portal, "/api/v1/permission/roles", &role).await, StatusCode::NO_CONTENT);
        give().await;
        // With the role it goes to its end; without it, it stops at the next step, and says why.
        let done = why_it_fails(&portal, &token, "slow", async || {}).await;
        assert!(done.starts_with("completed"), "{done}");
        // A program is nobody's user, also where a person has its name.
        let tasks = portal.json("/api/scaffolder/v2/tasks").await;
        assert_eq!((&tasks["totalTasks"], &tasks["tasks"][0]["createdBy"]), (&json!(1), &Value::Null), "{tasks}");
        assert_eq!(portal.json("/api/scaffolder/v2/tasks?createdBy=user:default/runner").await["totalTasks"], 0);
        let task = portal.json(&format!("/api/scaffolder/v2/tasks/{}", tasks["tasks"][0]["id"].as_str().unwrap())).await;
        assert_eq!(task["spec"]["user"], json!({}));
        assert!(portal.html("/runs/1").await.contains("machine:runner"));
        let stopped = why_it_fails(&portal, &token, "slow", take).await;
        assert!(stopped.starts_with("failed") && stopped.contains("`runner` may not start runs"), "{stopped}");
        assert!(stopped.contains("someone who has them can start it anew") && !stopped.contains("hello"), "{stopped}");
        // The page that plans it says so before.
        let page = async |path: &str| {
            let asked = portal.request(Method::GET, path).bearer_auth(&token).header("accept", "text/html");
            asked.send().await.unwrap().text().await.unwrap()
        };
        let plan = page("/create/default/slow").await;
        assert!(plan.contains("You may not start this run") && plan.contains("developer-starts-runs"), "{plan}");
        // From the page of a thing one asks who can do what with it; a run is known there by its number.
        assert!(plan.contains("/may?permission=startRun&amp;on=template:default/slow"), "{plan}");
        let run = page("/runs/1").await;
        assert!(run.contains("/may?permission=steerRun&amp;on=run:1"), "{run}");
        let who = page("/may?permission=steerRun&on=run:1").await;
        assert!(who.contains("You may not cancel or retry runs") && who.contains("Who can cancel or retry runs"), "{who}");
        assert!(page("/may?permission=steerRun&on=run:99").await.contains("there is no run #99"));
        give().await;
        // What they may not do themselves, a template does not do for them.
        let refused = why_it_fails(&portal, &token, "publishes", async || {}).await;
        assert!(refused.contains("`runner` may not write to repositories (here: `berths/theirs`)"), "{refused}");
        let hidden = "@id(\"hide\")\n@says(\"hidden\")\nforbid (principal == Machine::\"runner\", action == Action::\"readCatalog\", resource is Entity) when { resource.name == \"publishes\" };";
        let saved = portal.request(Method::PUT, "/api/v1/permission/policies/hide").json(&json!({ "text": hidden })).send().await.unwrap();
        assert_eq!(saved.status(), StatusCode::OK);
        let refused = why_it_fails(&portal, &token, "fetches", async || {}).await;
        assert!(refused.contains("`template:default/publishes` is not in the catalog"), "{refused}");
        let frozen = "@id(\"frozen\")\n@says(\"frozen\")\nforbid (principal == Machine::\"runner\", action == Action::\"manageSources\", resource is Place);";
        let saved = portal.request(Method::PUT, "/api/v1/permission/policies/frozen").json(&json!({ "text": frozen })).send().await.unwrap();
        assert_eq!(saved.status(), StatusCode::OK);
        let refused = why_it_fails(&portal, &token, "registers", async || {}).await;
        assert!(refused.contains("`runner` may not manage sources (here: `http://127.0.0.1:9/x.yaml`)"), "{refused}");
        let asks = "@id(\"asks\")\n@says(\"asks nothing\")\nforbid (principal == Machine::\"runner\", action == Action::\"readPolicies\", resource);";
        let saved = portal.request(Method::PUT, "/api/v1/permission/policies/asks").json(&json!({ "text": asks })).send().await.unwrap();
        assert_eq!(saved.status(), StatusCode::OK);
        assert!(!page("/runs/1").await.contains("/may?permission="), "who may not ask is led there");
        // A token that was ended does nothing any more.
        let page = portal.get("/people/tokens").await.text().await.unwrap();
        let at = page.find("name=\"id\" value=\"").unwrap() + 17;
        let id = page[at..at + 36].to_owned();
        let stopped = why_it_fails(&portal, &token, "slow", async || {
            assert_eq!(form(&portal, "/people/tokens/end", &[("id", &id)]).await.status(), StatusCode::SEE_OTHER);
        }).await;
        assert!(stopped.contains("the token `runner`, which started it, was ended"), "{stopped}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_verifies_the_audit_log() {
    let mut portal = Portal::start(Backend::Sqlite).await;
    let role = json!({ "role": "developer", "to": "user:ada" });
    assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
    portal.kill().await;
    let said = doctor(&portal, None).await;
    assert!(said.starts_with("ok") && said.contains("as they were written"), "{said}");
}
