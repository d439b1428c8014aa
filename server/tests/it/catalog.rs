//! What the catalog promises: entities come in from files, are found, related, and stay what their sources say.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::portal::{Backend, Portal};

impl Portal {
    /// Registers what stands at `target` and expects it to be taken in.
    pub(crate) async fn register(&self, kind: &str, target: &str) -> Value {
        let (status, body) = self.post("/api/catalog/locations", &json!({ "type": kind, "target": target })).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body
    }

    /// The trace of a source that was registered.
    pub(crate) async fn trace(&self, registered: &Value) -> Value {
        let id = registered["location"]["id"].as_str().unwrap();
        self.json(&format!("/api/catalog/locations/{id}/trace")).await
    }

    /// Names of the entities that a query finds, in its order.
    pub(crate) async fn names(&self, query: &str) -> Vec<String> {
        let found = self.json(&format!("/api/catalog/entities?{query}")).await;
        found.as_array().unwrap().iter().map(|entity| entity["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// A component's document.
pub(crate) fn component(name: &str, kind: &str, owner: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  tags: [java]\nspec:\n  type: {kind}\n  lifecycle: production\n  owner: {owner}\n"
    )
}

const GROUP: &str = "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: berths\n  title: Berths\nspec:\n  type: team\n  children: []\n";

/// What is told about the mistakes that the example organisation makes on purpose.
const MISTAKES: &str = "\
mistakes/syntax-error.yaml 25:16 cannot be read as YAML: unclosed quote
mistakes/no-owner.yaml 9:3 is missing; every Component has one
mistakes/claimed-twice.yaml 1:null `component:default/tide-tables` is declared already, in `components/tide-tables/catalog-info.yaml`; that one was first and stands. Remove one of the two, or rename it
mistakes/bad-name.yaml 5:9 `tide chart viewer` is not a name; use 1 to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";

async fn three(portal: &Portal) -> Value {
    let text = component("ticket-api", "service", "berths") + &component("web", "website", "berths") + GROUP;
    let path = portal.write("catalog-info.yaml", text);
    portal.register("file", &path).await
}

both! {
    async fn a_file_is_taken_in_and_served_as_backstage_would(portal) {
        let registered = three(&portal).await;
        assert_eq!(registered["entities"].as_array().unwrap().len(), 3, "{registered}");
        let entity = portal.json("/api/catalog/entities/by-name/Component/default/Ticket-API").await;
        assert_eq!(entity["relations"], json!([{ "type": "ownedBy", "targetRef": "group:default/berths" }]));
        assert_eq!(entity["metadata"]["namespace"], "default");
        let path = portal.data.path().canonicalize().unwrap().join("files/catalog-info.yaml");
        let location = format!("file:{}", path.display());
        assert_eq!(entity["metadata"]["annotations"]["backstage.io/managed-by-location"], location);
        let group = portal.json("/api/catalog/entities/by-name/group/default/berths").await;
        assert_eq!(group["relations"].as_array().unwrap().len(), 2, "{group}");
        let uid = entity["metadata"]["uid"].as_str().unwrap();
        assert_eq!(portal.json(&format!("/api/catalog/entities/by-uid/{uid}")).await, entity);
        let missing = portal.get("/api/catalog/entities/by-name/component/default/none").await;
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
        assert_eq!(missing.json::<Value>().await.unwrap(), json!({
            "error": { "name": "NotFoundError", "message": "No entity named 'none' found, with kind 'component' in namespace 'default'" },
            "request": { "method": "GET", "url": "/api/catalog/entities/by-name/component/default/none" },
            "response": { "statusCode": 404 },
        }));
    }

    async fn filters_orders_pages_and_facets_answer(portal) {
        three(&portal).await;
        assert_eq!(portal.names("filter=kind=component,spec.type=SERVICE").await, ["ticket-api"]);
        assert_eq!(portal.names("filter=spec.type=service&filter=kind=group").await, ["ticket-api", "berths"]);
        assert_eq!(portal.names("filter=metadata.tags.java=true&order=desc:metadata.name").await, ["web", "ticket-api"]);
        assert_eq!(portal.names("filter=relations.ownerOf=component:default/web").await, ["berths"]);
        assert!(portal.names("filter=spec.nothing").await.is_empty());
        let some = portal.json("/api/catalog/entities?filter=kind=group&fields=kind,metadata.name").await;
        assert_eq!(some, json!([{ "kind": "Group", "metadata": { "name": "berths" } }]));
        let first = portal.json("/api/catalog/entities/by-query?orderField=metadata.name,asc&limit=2&fields=metadata.name").await;
        assert_eq!(first["totalItems"], 3);
        assert_eq!(first["items"], json!([{ "metadata": { "name": "berths" } }, { "metadata": { "name": "ticket-api" } }]));
        let cursor = first["pageInfo"]["nextCursor"].as_str().unwrap();
        let second = portal.json(&format!("/api/catalog/entities/by-query?limit=2&fields=metadata.name&cursor={cursor}")).await;
        assert_eq!(second["items"], json!([{ "metadata": { "name": "web" } }]));
        assert!(second["pageInfo"].get("nextCursor").is_none() && second["pageInfo"]["prevCursor"].is_string());
        let text = portal.json("/api/catalog/entities/by-query?fullTextFilterTerm=TICKET&limit=0").await;
        assert_eq!((&text["totalItems"], &text["items"]), (&json!(1), &json!([])));
        let facets = portal.json("/api/catalog/entity-facets?facet=kind&facet=spec.type&filter=metadata.name").await;
        assert_eq!(facets, json!({ "facets": {
            "kind": [{ "value": "Component", "count": 2 }, { "value": "Group", "count": 1 }],
            "spec.type": [{ "value": "service", "count": 1 }, { "value": "team", "count": 1 }, { "value": "website", "count": 1 }],
        } }));
        let asked = json!({ "entityRefs": ["group:default/berths", "component:none", "::", "Component:Web"], "fields": ["metadata.name"] });
        let (_, found) = portal.post("/api/catalog/entities/by-refs", &asked).await;
        assert_eq!(found["items"], json!([{ "metadata": { "name": "berths" } }, null, null, { "metadata": { "name": "web" } }]));
        for wrong in ["entities?filter==x", "entities/by-query?limit=-1", "entities/by-query?cursor=abc", "entity-facets", "entities?order=kind"] {
            let answer = portal.get(&format!("/api/catalog/{wrong}")).await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
            assert_eq!(answer.json::<Value>().await.unwrap()["error"]["name"], "InputError", "{wrong}");
        }
    }

    async fn a_long_list_names_its_next_page(portal) {
        three(&portal).await;
        let answer = portal.get("/api/catalog/entities?limit=2&order=asc:metadata.name").await;
        let link = answer.headers()[header::LINK].to_str().unwrap().to_owned();
        assert_eq!(answer.json::<Vec<Value>>().await.unwrap().len(), 2);
        let next = link.strip_prefix("<").unwrap().split('>').next().unwrap();
        let answer = portal.get(&format!("/api/catalog{next}")).await;
        assert!(answer.headers().get(header::LINK).is_none());
        assert_eq!(answer.json::<Vec<Value>>().await.unwrap()[0]["metadata"]["name"], "web");
    }

    async fn more_than_a_transaction_holds_back_is_taken_in_and_told_once(portal) {
        let about = format!("metadata:\n  description: {}", "word ".repeat(9_000));
        for part in 0..2 {
            let documents = (0..100).map(|number| component(&format!("long-{part}-{number}"), "service", "berths"));
            let text: String = documents.map(|text| text.replacen("metadata:", &about, 1)).collect();
            portal.write(&format!("many/{part}/catalog-info.yaml"), text);
        }
        let files = portal.data.path().join("files");
        portal.register("file", &files.join("many").display().to_string()).await;
        // A registration does not wait for ever: on a busy machine it answers before all are there.
        portal.until("all are taken in", async |portal| {
            let all = portal.json("/api/catalog/entities/by-query?filter=kind=component&limit=0").await;
            (all["totalItems"] == 200).then_some(())
        }).await;
        // The numbers have no gap, or the stream would end before the last.
        assert_eq!(portal.changes_of("component:default/long-1-99", 1).await, ["entity-created"]);
        assert_eq!(portal.changes_of("component:default/long-0-0", 1).await, ["entity-created"]);
    }

    async fn a_folder_and_a_glob_are_sources_too(portal) {
        portal.write("a/catalog-info.yaml", component("in-folder", "service", "berths"));
        portal.write("a/openapi.yaml", "openapi: 3.0.0\n");
        let folder = portal.write("b/one.yaml", component("one", "service", "berths"));
        portal.write("b/two.yaml", component("two", "service", "berths"));
        let files = portal.data.path().join("files");
        portal.register("file", &files.join("a").display().to_string()).await;
        assert_eq!(portal.names("filter=kind=component").await, ["in-folder"]);
        let registered = portal.register("file", &folder.replace("one.yaml", "t*.yaml")).await;
        assert_eq!(registered["entities"][0]["metadata"]["name"], "two");
        let listed = portal.json("/api/catalog/locations").await;
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!(listed[0]["data"]["type"], "file");
    }

    async fn a_source_leaves_with_its_entities_and_is_not_added_twice(portal) {
        let registered = three(&portal).await;
        let location = &registered["location"];
        let (status, body) = portal.post("/api/catalog/locations", &json!({ "type": "file", "target": location["target"] })).await;
        assert_eq!((status, &body["error"]["name"]), (StatusCode::CONFLICT, &json!("ConflictError")), "{body}");
        let of_entity = portal.json("/api/catalog/locations/by-entity/component/default/web").await;
        assert_eq!(&of_entity, location);
        let path = format!("/api/catalog/locations/{}", location["id"].as_str().unwrap());
        assert_eq!(portal.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NO_CONTENT);
        assert_eq!(portal.get(&path).await.status(), StatusCode::NOT_FOUND);
        assert!(portal.names("").await.is_empty());
    }

    async fn a_dry_run_says_what_would_become_and_records_nothing(portal) {
        let path = portal.write("catalog-info.yaml", component("ticket-api", "service", "berths"));
        let (status, body) = portal.post("/api/catalog/locations?dryRun=true", &json!({ "type": "file", "target": path })).await;
        assert_eq!((status, &body["exists"]), (StatusCode::CREATED, &json!(false)), "{body}");
        assert_eq!(body["entities"][0]["metadata"]["name"], "ticket-api");
        let wrong = portal.write("wrong.yaml", component("tides", "service", "berths") + "---\nkind: Component\n");
        let (status, told) = portal.post("/api/catalog/locations?dryRun=true", &json!({ "type": "file", "target": wrong })).await;
        assert_eq!((status, &told["error"]["name"]), (StatusCode::BAD_REQUEST, &json!("InputError")), "{told}");
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.contains("wrong.yaml: line") && message.contains("apiVersion: is missing"), "{message}");
        assert!(portal.names("").await.is_empty() && portal.json("/api/catalog/locations").await == json!([]));
    }

    async fn an_address_with_a_nul_is_refused(portal) {
        three(&portal).await;
        for path in [
            "/api/catalog/entities/by-name/component/default/%00/ancestry", "/api/v1/catalog/problems?owner=%00",
            "/api/v1/catalog/entities/component/default/%00/history", "/catalog/default/component/%00", "/docs/default/component/%00",
        ] {
            assert_eq!(portal.get(path).await.status(), StatusCode::BAD_REQUEST, "{path}");
        }
    }

    async fn what_is_not_there_is_a_page_that_says_so(portal) {
        three(&portal).await;
        let asked = async |path: &str| {
            let response = portal.request(Method::GET, path).header("accept", "text/html").send().await.unwrap();
            (response.status(), response.text().await.unwrap())
        };
        let (status, page) = asked("/catalog/default/component/web/nope").await;
        assert!(status == StatusCode::NOT_FOUND && page.contains("There is no such page"), "{status} {page}");
        assert_eq!(asked("/catalog/default/component/web/yaml").await.0, StatusCode::OK);
        // An address that is no text, and one that no name has.
        for path in ["/git/a/%ff", "/docs/default/component/web/%ff", "/catalog/default/component/%00"] {
            let (status, page) = asked(path).await;
            assert!(status == StatusCode::BAD_REQUEST && page.contains("There is nothing here"), "{path}: {status} {page}");
        }
        let told = portal.get("/api/v1/catalog/sources/%ff").await;
        assert_eq!((told.status(), told.headers()["content-type"].to_str().unwrap()), (StatusCode::BAD_REQUEST, "application/problem+json"));
    }

    async fn what_was_known_is_known_after_a_crash(mut portal) {
        three(&portal).await;
        portal.kill().await;
        portal.restart().await;
        assert_eq!(portal.names("order=asc:metadata.name").await, ["berths", "ticket-api", "web"]);
    }

    async fn the_example_organisation_is_taken_in_with_its_deliberate_mistakes(portal) {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/saltmarsh/catalog-info.yaml");
        let registered = portal.register("file", example).await;
        assert_eq!(portal.names("filter=kind=component&fields=metadata.name").await.len(), 73);
        let trace = portal.trace(&registered).await;
        let mut lines = Vec::new();
        for file in trace["files"].as_array().unwrap() {
            for problem in file["problems"].as_array().unwrap() {
                lines.push(format!(
                    "{} {}:{} {}",
                    file["path"].as_str().unwrap(),
                    problem["line"],
                    problem["column"],
                    problem["message"].as_str().unwrap()
                ));
            }
        }
        assert_eq!(lines.join("\n"), MISTAKES);
        let dangling = portal.json("/api/catalog/entities/by-name/component/default/lost-property").await;
        assert_eq!(dangling["status"]["items"].as_array().unwrap().len(), 2, "{dangling}");
        let twice = portal.json("/api/catalog/entities/by-name/component/default/tide-tables").await;
        assert_eq!(twice["status"]["items"][0]["error"]["name"], "ConflictError", "{twice}");
    }
}

#[tokio::test]
async fn an_entity_can_be_checked_before_it_is_registered() {
    let portal = Portal::start(Backend::Sqlite).await;
    let entity = json!({ "apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": { "name": "a b" } });
    let asked = json!({ "entity": entity, "location": "url:https://example.com/catalog-info.yaml" });
    let (status, body) = portal.post("/api/catalog/validate-entity", &asked).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let first = body["errors"][0]["message"].as_str().unwrap();
    assert!(first.starts_with("metadata.name: `a b` is not a name"), "{body}");
    let of = |kind: &str, spec: Value| json!({ "apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": { "name": "a" }, "spec": spec });
    let ask = async |entity: Value| {
        let asked = json!({ "entity": entity, "location": "url:https://example.com/a/catalog-info.yaml" });
        let (status, body) = portal.post("/api/catalog/validate-entity", &asked).await;
        (status, body["errors"][0]["message"].as_str().unwrap_or_default().to_owned())
    };
    let component = |more: Value| {
        let mut spec = json!({ "type": "service", "lifecycle": "production", "owner": "berths" });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of("Component", spec)
    };
    assert_eq!(ask(component(json!({}))).await.0, StatusCode::OK);
    let (status, unknown) = ask(of("Componet", json!({}))).await;
    assert!(status == StatusCode::BAD_REQUEST && unknown.contains("did you mean `Component`"), "{unknown}");
    assert_eq!(ask(component(json!({ "dependsOn": ["nokind"] }))).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(ask(component(json!({ "dependsOn": "component:x" }))).await.0, StatusCode::BAD_REQUEST);
    // What a sync warns of and Backstage takes without a word.
    for more in [
        json!({ "owner": "component:default/x", "system": "user:default/x" }),
        json!({ "dependencyOf": "component:default/x", "type": " ", "lifecycle": "\n", "providesApis": [" "] }),
    ] {
        assert_eq!(ask(component(more)).await, (StatusCode::OK, String::new()));
    }
    let blank =
        of("API", json!({ "type": "openapi", "lifecycle": "production", "owner": "berths", "definition": "\n" }));
    assert_eq!(ask(blank).await, (StatusCode::OK, String::new()));
    // What a placeholder names is looked up where the file is to stand: nothing answers there.
    let api = json!({ "type": "openapi", "lifecycle": "production", "owner": "berths", "definition": { "$text": "../api.yaml" } });
    let (status, unread) = ask(of("API", api)).await;
    assert!(
        status == StatusCode::BAD_REQUEST && unread.starts_with("spec.definition.$text: the name `example.com`"),
        "{unread}"
    );
    // And a Location leads nowhere yet.
    assert_eq!(ask(of("Location", json!({ "targets": ["./all.yaml"] }))).await.0, StatusCode::OK);
}

/// A bare repository below `folder` with these files on `main`, and a branch `next` where they are gone.
pub(crate) fn host(folder: &std::path::Path, name: &str, files: &[(&str, &str)]) {
    let work = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let identity =
            ["-c", "user.name=Ama", "-c", "user.email=ama@saltmarsh.example", "-c", "init.defaultBranch=main"];
        let status = std::process::Command::new("git").current_dir(work.path()).args(identity).args(arguments).status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    };
    run(&["init", "--quiet"]);
    for (path, text) in files {
        let path = work.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    run(&["add", "."]);
    run(&["commit", "--quiet", "-m", "first"]);
    std::fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    let target = folder.join(name).display().to_string();
    run(&["clone", "--quiet", "--bare", ".", &target]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_git_repository_is_fetched_and_followed() {
    let forge = Portal::start(Backend::Sqlite).await;
    let host_name = forge.base.trim_start_matches("http://").to_owned();
    let git = forge.data.path().join("data/git");
    let root = component("root", "service", "berths");
    let deep = component("deep", "service", "berths");
    host(&git, "saltmarsh/tides.git", &[("catalog-info.yaml", &root), ("deep/er/catalog-info.yaml", &deep)]);

    // The forge itself reads it without asking itself over the network.
    let address = format!("{}/git/saltmarsh/tides", forge.base);
    let registered = forge.register("url", &format!("{address}/blob/main/catalog-info.yaml")).await;
    let annotations = &registered["entities"][0]["metadata"]["annotations"];
    assert_eq!(annotations["backstage.io/managed-by-location"], format!("url:{address}/blob/main/catalog-info.yaml"));
    assert_eq!(annotations["backstage.io/source-location"], format!("url:{address}/tree/main/"));

    // Another portal clones it, once it may.
    let options = crate::portal::Options::default().set("OUTBOUND__ALLOW", &format!("[\"{host_name}\"]"));
    let portal = Portal::start_with(Backend::Sqlite, options).await;
    let registered = portal.register("git", &format!("{address}.git")).await;
    assert_eq!(registered.get("problem"), None, "{registered}");
    assert_eq!(portal.names("order=asc:metadata.name").await, ["deep", "root"]);
    let first = portal.trace(&registered).await["source"]["revision"].as_str().unwrap().to_owned();
    assert_eq!(first.len(), 40);

    // A branch and a part of it are chosen behind the `?`; one that is not there is told, and never another read instead.
    let part = portal.register("git", &format!("{address}.git?ref=main&path=deep")).await;
    let files = portal.trace(&part).await["files"].as_array().unwrap().len();
    assert_eq!(files, 1);
    for none in ["#next", "?ref=next", "/tree/next"] {
        let none = portal.register("git", &format!("{address}.git{none}")).await;
        assert!(none["problem"].as_str().unwrap().contains("has no branch, tag or commit `next`"), "{none}");
    }
    let id = part["location"]["id"].as_str().unwrap();
    portal.request(Method::DELETE, &format!("/api/catalog/locations/{id}")).send().await.unwrap();

    std::fs::remove_dir_all(git.join("saltmarsh/tides.git")).unwrap();
    let next = component("next", "service", "berths");
    host(&git, "saltmarsh/tides.git", &[("catalog-info.yaml", &root), ("deep/catalog-info.yaml", &next)]);
    let (status, _) = portal.post("/api/catalog/refresh", &json!({ "entityRef": "component:default/root" })).await;
    assert_eq!(status, StatusCode::OK);
    portal
        .until("the next commit is taken in", async |portal| {
            (portal.names("order=asc:metadata.name").await == ["deep", "next", "root"]).then_some(())
        })
        .await;
    let deep = portal.json("/api/catalog/entities/by-name/component/default/deep").await;
    assert_eq!(deep["metadata"]["annotations"]["backstage.io/orphan"], "true");

    // The forge is gone: what was known stands, and is marked as old.
    std::fs::remove_dir_all(git.join("saltmarsh/tides.git")).unwrap();
    portal.post("/api/catalog/refresh", &json!({ "entityRef": "component:default/root" })).await;
    let problem = portal
        .until("the source is stale", async |portal| {
            portal.trace(&registered).await["source"]["problem"].as_str().map(str::to_owned)
        })
        .await;
    assert!(problem.contains("is not there"), "{problem}");
    assert_eq!(portal.names("order=asc:metadata.name").await, ["deep", "next", "root"]);
}
