//! What the platform API promises: it answers as its own description says, and the description leaves nothing out.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    approvals,
    catalog::component,
    portal::{Backend, Options, Portal},
    scorecards::{GROUP, SCORECARD, tiered},
};

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// Every operation of the description: `GET /api/v1/catalog/entities`.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        METHODS
            .iter()
            .filter(|method| item.get(**method).is_some())
            .map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    all.collect()
}

/// A running portal whose answers are held against its description.
struct Described<'a> {
    portal: &'a Portal,
    document: Value,
    asked: BTreeSet<String>,
}

impl<'a> Described<'a> {
    async fn new(portal: &'a Portal) -> Self {
        Self { portal, document: portal.json("/api/v1/openapi.json").await, asked: BTreeSet::new() }
    }

    /// Asks, checks status and answer against the description of `template`, and returns the answer.
    async fn ask(&mut self, method: Method, template: &str, path: &str, body: Option<Value>, status: u16) -> Value {
        let template = format!("/api/v1{template}");
        let mut request = self.portal.request(method.clone(), &format!("/api/v1{path}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (found, kind) = (response.status().as_u16(), response.headers().get(header::CONTENT_TYPE).cloned());
        let kind = kind.map(|kind| kind.to_str().unwrap().split(';').next().unwrap().to_owned());
        let text = response.text().await.unwrap();
        assert_eq!(found, status, "{method} {path}: {text}");
        let operation = &self.document["paths"][&template][method.as_str().to_lowercase()];
        let responses = &operation["responses"];
        let described =
            responses.get(status.to_string()).or_else(|| responses.get("default").filter(|_| status >= 400));
        let described = described.unwrap_or_else(|| panic!("{method} {template} says nothing of {status}"));
        let Some(kind) = kind.filter(|_| !text.is_empty()) else {
            assert!(described.get("content").is_none(), "{method} {template}: an answer without a body");
            self.asked.insert(format!("{method} {template}"));
            return Value::Null;
        };
        let schema = &described["content"][&kind]["schema"];
        assert!(schema.is_object(), "{method} {template} says nothing of {kind}");
        if !kind.ends_with("json") {
            self.asked.insert(format!("{method} {template}"));
            return Value::String(text);
        }
        let answer: Value = serde_json::from_str(&text).unwrap();
        let whole = json!({ "allOf": [schema], "components": self.document["components"] });
        let validator = jsonschema::validator_for(&whole).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&answer).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{method} {template}: {}\n{answer}", wrong.join("\n"));
        if status < 400 {
            self.asked.insert(format!("{method} {template}"));
        }
        answer
    }

    async fn get(&mut self, template: &str, path: &str) -> Value {
        self.ask(Method::GET, template, path, None, 200).await
    }
}

/// Seals a credential, and finds that its secret is never told.
/// What names entities: references, a uid, what declared them; and a place that is no source yet.
async fn ask_about_names(api: &mut Described<'_>, other: &str) {
    let refs = "/catalog/entities/by-refs";
    let asked = json!({ "refs": ["component:web", "component:none"], "fields": ["metadata.name"] });
    let found = api.ask(Method::POST, refs, refs, Some(asked), 200).await;
    assert_eq!(found["items"], json!([{ "metadata": { "name": "web" } }, null]));
    let asked = json!({ "refs": ["component:web"], "query": { "spec.type": "service" } });
    assert_eq!(api.ask(Method::POST, refs, refs, Some(asked), 200).await["items"], json!([null]));
    api.ask(Method::POST, refs, refs, Some(json!({ "refs": [":"] })), 422).await;

    let (entity, web) = ("/catalog/entities/{kind}/{namespace}/{name}", "/catalog/entities/component/default/web");
    let uid = api.get(entity, web).await["metadata"]["uid"].as_str().unwrap().to_owned();
    let by_uid = "/catalog/entities/by-uid/{uid}";
    let found = api.get(by_uid, &format!("/catalog/entities/by-uid/{uid}")).await;
    assert_eq!(found["metadata"]["name"], "web");
    api.ask(Method::GET, by_uid, "/catalog/entities/by-uid/x", None, 404).await;
    let ancestry = api.get(&format!("{entity}/ancestry"), &format!("{web}/ancestry")).await;
    assert_eq!(
        (&ancestry["root"], &ancestry["items"][0]["entity"]["metadata"]["name"]),
        (&json!("component:default/web"), &json!("web"))
    );
    assert_eq!(ancestry["items"].as_array().unwrap().len(), 2, "{ancestry}");

    let analyze = "/catalog/analyze";
    let found = api.ask(Method::POST, analyze, analyze, Some(json!({ "kind": "file", "target": other })), 200).await;
    assert_eq!((&found["existing"][0]["registered"], &found["generated"]), (&json!(false), &Value::Null));
    let none = Some(json!({ "kind": "file", "target": format!("{other}.none") }));
    assert!(api.ask(Method::POST, analyze, analyze, none, 200).await["generated"].is_object());

    let told = api.ask(Method::POST, "/catalog/explain", "/catalog/explain", Some(json!({ "kind": "git" })), 422).await;
    assert!(told["detail"].as_str().unwrap().starts_with("say either what is to be explained"), "{told}");
}

async fn ask_for_it_again_and_take_it_away(api: &mut Described<'_>, entity: &str, web: &str) {
    let uid = api.get(entity, web).await["metadata"]["uid"].as_str().unwrap().to_owned();
    api.ask(Method::POST, &format!("{entity}/refresh"), &format!("{web}/refresh"), None, 202).await;
    let gone = format!("/catalog/entities/by-uid/{uid}");
    api.ask(Method::DELETE, "/catalog/entities/by-uid/{uid}", &gone, None, 204).await;
}

async fn ask_about_credentials(api: &mut Described<'_>) {
    let credentials = "/catalog/credentials";
    let sealed = json!({ "name": "quay", "at": "git.example/quay", "kind": "token", "secret": "s3cret" });
    api.ask(Method::POST, credentials, credentials, Some(sealed), 204).await;
    let known = api.get(credentials, credentials).await;
    assert_eq!((&known[0]["name"], known.to_string().contains("s3cret")), (&json!("quay"), false));
    api.ask(
        Method::POST,
        credentials,
        credentials,
        Some(json!({ "name": "quay", "at": "*", "kind": "token", "secret": "s" })),
        422,
    )
    .await;
    api.ask(Method::DELETE, "/catalog/credentials/{name}", "/catalog/credentials/quay", None, 204).await;
}

/// Asks for scorecards and for where entities stand.
async fn ask_about_scorecards(api: &mut Described<'_>, card: &str) {
    let cards = "/scorecards";
    assert_eq!(api.get(cards, cards).await[0]["title"], "Readiness");
    assert_eq!(api.get(card, "/scorecards/readiness").await["card"]["judged"], 2);
    api.get(&format!("{card}/results"), "/scorecards/readiness/results?team=berths").await;
    let table = api.get(&format!("{card}/results.csv"), "/scorecards/readiness/results.csv").await;
    assert!(table.as_str().unwrap().starts_with("entity,title,owner"));
    api.get(&format!("{card}/rules/{{id}}"), "/scorecards/readiness/rules/tier").await;
    api.get("/entities/{kind}/{namespace}/{name}/scorecards", "/entities/component/default/web/scorecards").await;
}

/// Asks about a run that waits for approval, and decides.
async fn ask_about_approvals(api: &mut Described<'_>, portal: &Portal) {
    approvals::has_template(portal).await;
    let engineer = approvals::token(portal, "engineer", "platform-engineer", &approvals::ALL).await;
    let id = approvals::started(portal, &engineer).await;
    let waiting = &api.get("/approvals", "/approvals").await["items"][0];
    assert_eq!((&waiting["run"], &waiting["mayDecide"]), (&json!(id), &json!(true)));
    let one = "/runs/{run}/approval";
    assert_eq!(api.get(one, "/runs/1/approval").await["approval"], "waiting");
    let decide = |approve: bool| Some(json!({ "approve": approve }));
    api.ask(Method::POST, one, "/runs/1/approval", decide(false), 422).await;
    let decided = api.ask(Method::POST, one, &format!("/runs/{id}/approval"), decide(true), 200).await;
    assert_eq!((&decided["approval"], &decided["by"]), (&json!("approved"), &json!("guest")));
    api.ask(Method::POST, one, "/runs/1/approval", decide(true), 409).await;
    api.ask(Method::GET, one, "/runs/7/approval", None, 404).await;
}

both! {
    async fn real_answers_are_as_described(portal) {
        let text = tiered("ticket-api", "1") + &component("web", "website", "berths") + GROUP + SCORECARD;
        let path = portal.write("catalog-info.yaml", text);
        let other = portal.write("other.yaml", component("other", "service", "berths"));
        let mut api = Described::new(&portal).await;
        let sources = "/catalog/sources";
        let source = api.ask(Method::POST, sources, sources, Some(json!({ "kind": "file", "target": path })), 201).await;
        let (one, of_one) = ("/catalog/sources/{id}", format!("/catalog/sources/{}", source["id"].as_str().unwrap()));
        portal.report("ticket-api", |_| true).await;
        api.ask(Method::POST, sources, sources, Some(json!({ "kind": "file", "target": path })), 409).await;
        assert_eq!(api.get(sources, sources).await[0]["id"], source["id"]);
        assert_eq!(api.get(one, &of_one).await["files"][0]["outcome"], "found");
        api.ask(Method::POST, "/catalog/sources/{id}/sync", &format!("{of_one}/sync"), None, 202).await;
        api.ask(Method::POST, "/catalog/sources/{id}/trust", &format!("{of_one}/trust"), Some(json!({ "trust": "none" })), 204).await;

        ask_about_credentials(&mut api).await;
        ask_about_permission(&mut api).await;
        ask_about_names(&mut api, &other).await;

        let list = "/catalog/entities";
        let first = api.get(list, &format!("{list}?filter=kind=component&order=metadata.name,desc&limit=1&fields=metadata.name")).await;
        assert_eq!((&first["total"], &first["items"]), (&json!(2), &json!([{ "metadata": { "name": "web" } }])));
        let cursor = first["next"].as_str().unwrap().replace('+', "%2B");
        let second = api.get(list, &format!("{list}?cursor={cursor}&limit=1")).await;
        assert_eq!((&second["items"][0]["metadata"]["name"], &second["next"]), (&json!("ticket-api"), &Value::Null));
        assert!(second["previous"].is_string());
        let chosen = api.get(list, &format!("{list}?query={{\"spec.type\":{{\"$hasPrefix\":\"web\"}}}}&text=WEB&textFields=metadata.name,metadata.title")).await;
        assert_eq!(chosen["total"], 1);
        let asked = json!({ "query": { "$not": { "kind": "component" } }, "order": [{ "field": "kind", "direction": "desc" }], "fields": ["kind"] });
        let queried = api.ask(Method::POST, "/catalog/entities/query", "/catalog/entities/query", Some(asked), 200).await;
        assert_eq!(queried["items"], json!([{ "kind": "Scorecard" }, { "kind": "Group" }]));
        let counted = api.get("/catalog/facets", "/catalog/facets?facet=kind&query={\"kind\":{\"$in\":[\"component\",\"group\"]}}").await;
        assert_eq!(counted, json!([{ "path": "kind", "values": [{ "value": "Component", "count": 2 }, { "value": "Group", "count": 1 }] }]));

        let entity = "/catalog/entities/{kind}/{namespace}/{name}";
        let web = "/catalog/entities/component/default/web";
        assert_eq!(api.get(entity, web).await["metadata"]["name"], "web");
        let tag = portal.get(&format!("/api/v1{web}")).await.headers()[header::ETAG].clone();
        let known = portal.request(Method::GET, &format!("/api/v1{web}")).header(header::IF_NONE_MATCH, tag).send().await.unwrap();
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        let graph = api.get(&format!("{entity}/graph"), &format!("{web}/graph?depth=1")).await;
        assert_eq!(graph["edges"][0], json!({ "from": "component:default/web", "to": "group:default/berths", "kind": "ownedBy" }));
        let history = api.get(&format!("{entity}/history"), &format!("{web}/history?limit=1")).await;
        assert_eq!(history["items"].as_array().unwrap().len(), 1);
        let wrong = api.ask(Method::POST, "/catalog/validate", "/catalog/validate", Some(json!({ "entity": { "kind": "Component" } })), 200).await;
        assert_eq!((&wrong["valid"], &wrong["problems"][0]["field"]), (&json!(false), &json!("apiVersion")));
        let explain = "/catalog/explain";
        let explained = api.ask(Method::POST, explain, explain, Some(json!({ "kind": "file", "target": other })), 200).await;
        assert_eq!(explained["entities"][0]["metadata"]["name"], "other");
        let told = api.ask(Method::POST, explain, explain, Some(json!({ "text": "kind: [" })), 200).await;
        assert_eq!(told["files"][0]["problems"][0]["line"], 1);

        // What waits for people: a file that another source claims too, a broken one, and an entity that is declared no more.
        let rival = portal.write("taken/catalog-info.yaml", component("web", "website", "berths") + "---\nkind: [\n");
        let taker = api.ask(Method::POST, sources, sources, Some(json!({ "kind": "file", "target": rival })), 201).await;
        portal.until("the claim is known", async |portal| {
            let found = portal.json("/api/v1/catalog/conflicts").await;
            (found["total"] == 1).then_some(())
        }).await;
        let conflict = &api.get("/catalog/conflicts", "/catalog/conflicts?limit=5").await["rows"][0];
        assert_eq!(conflict["claimer"]["source"], taker["id"]);
        let claim = json!({ "source": conflict["claimer"]["source"], "path": conflict["claimer"]["path"] });
        let named = |what: &str| format!("/catalog/{what}/{{kind}}/{{namespace}}/{{name}}");
        api.ask(Method::POST, &named("conflicts"), "/catalog/conflicts/component/default/web", Some(claim), 204).await;
        let to_mend = api.get("/catalog/problems", "/catalog/problems?only=rejected").await;
        assert_eq!(to_mend["rows"][0]["source"], taker["id"]);
        let of_taker = format!("/catalog/sources/{}", taker["id"].as_str().unwrap());
        let records = api.get("/catalog/sources/{id}/syncs", &format!("{of_taker}/syncs")).await;
        assert!(records.as_array().is_some_and(|records| !records.is_empty()));
        portal.write("catalog-info.yaml", tiered("ticket-api", "1") + &component("web", "website", "berths") + SCORECARD);
        api.ask(Method::POST, "/catalog/sources/{id}/sync", &format!("{of_one}/sync"), None, 202).await;
        portal.until("the team is an orphan", async |portal| {
            let found = portal.json("/api/v1/catalog/orphans").await;
            (found["total"] == 1).then_some(())
        }).await;
        let orphan = &api.get("/catalog/orphans", "/catalog/orphans").await["rows"][0];
        assert_eq!(orphan["reference"], "group:default/berths");
        let deed = |deed: &str| Some(json!({ "deed": deed }));
        api.ask(Method::POST, &named("orphans"), "/catalog/orphans/group/default/berths", deed("keep"), 204).await;
        let kept = &api.get("/catalog/orphans", "/catalog/orphans").await["rows"][0];
        assert!(kept["kept"].is_array() && kept["removal"].is_null(), "{kept}");
        api.ask(Method::POST, &named("orphans"), "/catalog/orphans/group/default/berths", deed("drop"), 422).await;
        api.ask(Method::POST, &named("orphans"), "/catalog/orphans/component/default/none", deed("remove"), 404).await;

        let card = "/scorecards/{name}";
        ask_about_scorecards(&mut api, card).await;
        for path in ["/catalog/entities.csv", "/openapi.json", "/me"] { api.get(path, path).await; }
        ask_for_it_again_and_take_it_away(&mut api, entity, web).await;

        let moved = api.ask(Method::PUT, one, &of_one, Some(json!({ "kind": "file", "target": other })), 200).await;
        assert_eq!((&moved["id"], &moved["revision"]), (&source["id"], &Value::Null));
        portal.until("the other file is taken in", async |portal| {
            (portal.names("filter=metadata.name=other").await == ["other"]).then_some(())
        }).await;
        api.ask(Method::DELETE, one, &of_one, None, 204).await;
        for (template, path) in [(one, &*of_one), (entity, "/catalog/entities/component/default/ticket-api"), (card, "/scorecards/none")] {
            let problem = api.ask(Method::GET, template, path, None, 404).await;
            assert_eq!(problem["status"], 404);
        }
        api.ask(Method::GET, list, &format!("{list}?query={{"), None, 422).await;
        api.ask(Method::GET, list, &format!("{list}?cursor=x"), None, 422).await;
        api.ask(Method::POST, explain, explain, Some(json!({ "other": 1 })), 422).await;

        ask_about_approvals(&mut api, &portal).await;

        // A stream never ends, so it is the only one that is not held against its description.
        let mut all = operations(&api.document);
        assert!(all.remove("GET /api/v1/changes/stream"));
        assert_eq!(api.asked, all);
    }
}

/// Policies, roles, questions about them, and what was done.
async fn ask_about_permission(api: &mut Described<'_>) {
    let roles = "/permission/roles";
    let role = json!({ "role": "developer", "to": "group:berths" });
    api.ask(Method::POST, roles, roles, Some(role.clone()), 204).await;
    api.ask(Method::POST, roles, roles, Some(role.clone()), 409).await;
    assert_eq!(api.get(roles, roles).await[0]["to"], "group:default/berths");
    api.ask(Method::DELETE, roles, roles, Some(role), 204).await;
    let (policies, one, mine) = ("/permission/policies", "/permission/policies/{name}", "/permission/policies/mine");
    assert_eq!(api.get(policies, policies).await[0]["name"], "administrator");
    let draft = json!({ "text": "permit (principal in Role::\"mine\", action == Action::\"readAudit\", resource);" });
    let tried =
        api.ask(Method::POST, &format!("{one}/preview"), &format!("{mine}/preview"), Some(draft.clone()), 200).await;
    assert!(!tried["gains"].as_array().unwrap().is_empty());
    let folder = json!({ "documents": [{ "name": "mine", "text": draft["text"] }] });
    let preview = "/permission/preview";
    assert_eq!(api.ask(Method::POST, preview, preview, Some(folder), 200).await["gains"], tried["gains"]);
    api.ask(Method::PUT, one, mine, Some(draft), 200).await;
    api.ask(Method::PUT, one, mine, Some(json!({ "text": "permit" })), 422).await;
    assert_eq!(api.get(one, mine).await["version"], 1);
    api.ask(Method::DELETE, one, mine, None, 204).await;
    let asked = "?permission=manageSources&on=component:web";
    assert_eq!(api.get("/permission/why", &format!("/permission/why{asked}")).await["allowed"], true);
    api.ask(Method::GET, "/permission/why", "/permission/why?permission=x", None, 422).await;
    // The lead of the team that owns it is the weakest who can.
    let who = api.get("/permission/who-can", &format!("/permission/who-can{asked}")).await;
    assert_eq!((&who[0]["role"], &who[0]["of"]), (&json!("team-lead"), &json!("group:default/berths")));
    assert_eq!(api.get("/permission/what-could", "/permission/what-could").await[0]["extent"], "on everything");
    assert_eq!(api.get("/audit", "/audit?limit=1").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(api.get("/audit/{seq}", "/audit/1").await["entry"]["seq"], 1);
    assert_eq!(api.get("/audit/stream", "/audit/stream").await["target"], Value::Null);
    assert!(api.get("/permission/role-uses", "/permission/role-uses?days=30").await["items"].is_array());
    for path in ["/audit.jsonl", "/audit.csv"] {
        api.get(path, path).await;
    }
}

/// Every source file of the server.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[tokio::test]
async fn every_route_stands_in_the_description_and_the_other_way_round() {
    let portal = Portal::start(Backend::Sqlite).await;
    let document = portal.json("/api/v1/openapi.json").await;
    let operations_of =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let mut names: Vec<&str> = operations_of.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "each operation has a name of its own");
    // The other way round: whatever is described is answered by its own handler.
    for operation in operations(&document) {
        let (method, path) = operation.split_once(' ').unwrap();
        let path = path.replace(['{', '}'], "");
        let response = portal.request(method.parse().unwrap(), &path).send().await.unwrap();
        assert_ne!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{operation}");
        if response.status() == StatusCode::NOT_FOUND {
            let text = response.text().await.unwrap();
            assert!(!text.contains("there is no such path"), "{operation}: {text}");
        }
    }
    // A route comes in by its description alone: nothing else may be put under this path.
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut described = 0;
    for (file, text) in &files {
        let compact: String = text.split_whitespace().collect();
        assert!(!compact.contains(".route(\"/api/v1"), "{file} has a route that is not described");
        let nested = compact.matches(".nest(\"/api/v1").count();
        assert_eq!(nested, if file.ends_with("api_v1/mod.rs") { 2 } else { 0 }, "{file}");
        if compact.contains("OpenApiRouter") {
            assert!(!compact.contains(".route("), "{file} has a route that is not described");
        }
        described += compact.matches("#[utoipa::path(").count();
    }
    assert_eq!(described, operations(&document).len(), "a described handler is not among the routes");
}

#[tokio::test]
async fn what_is_not_there_and_who_may_not_are_told_as_problems() {
    let token = "0123456789abcdef0123456789abcdef";
    let options = Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{token}'"));
    let portal = Portal::start_with(Backend::Sqlite, options).await;
    let problem = async |method: Method, path: &str, token: Option<&str>| {
        let mut request = portal.request(method, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json", "{path}");
        let status = response.status().as_u16();
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["status"], status);
        status
    };
    assert_eq!(problem(Method::GET, "/api/v1/catalog/entities", None).await, 401);
    assert_eq!(problem(Method::GET, "/api/v1/openapi.json", Some("made-up")).await, 401);
    assert_eq!(problem(Method::GET, "/api/v1/no/such/path", Some(token)).await, 404);
    assert_eq!(problem(Method::PUT, "/api/v1/catalog/entities", Some(token)).await, 405);
    assert_eq!(problem(Method::POST, "/api/v1/catalog/validate", Some(token)).await, 422);
    assert_eq!(problem(Method::GET, "/api/v1/changes/stream?after=x", Some(token)).await, 422);
}
