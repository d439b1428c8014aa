//! What the formats promise: own kinds, texts explained before they are registered, files checked before they are merged.

use std::process::Command;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    catalog::component,
    portal::{Backend, Options, Portal},
};

const KIND: &str = "apiVersion: causeway.dev/v1alpha1\nkind: EntityKind\nmetadata: {name: vessel}\nspec:\n  names: {kind: Vessel, plural: Fleet}\n  icon: ship\n  schema: {type: object, required: [homePort], properties: {homePort: {type: string}}}\n  relations:\n    - {field: homePort, relation: homedAt, reverse: homeOf, defaultKind: Component}\n";

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn vessel(spec: &str) -> String {
    format!("apiVersion: fleet.example/v1\nkind: Vessel\nmetadata:\n  name: heron\nspec:\n  {spec}\n")
}

both! {
    async fn an_own_kind_is_shown_counted_and_judged_again_when_it_changes(portal) {
        let text = vessel("homePort: quay") + &component("quay", "service", "berths");
        let ships = portal.register("file", &portal.write("ships.yaml", text)).await;
        let trace = portal.trace(&ships).await;
        assert!(trace["files"][0]["problems"][0]["message"].as_str().unwrap().contains("kind: EntityKind"), "{trace}");
        portal.register("file", &portal.write("kind.yaml", KIND)).await;
        // Its documents are in another source, which is judged again by itself.
        let heron = portal
            .until("the vessel is related", async |portal| {
                let heron = portal.json("/api/catalog/entities/by-name/vessel/default/heron").await;
                heron["relations"].as_array().is_some_and(|relations| !relations.is_empty()).then_some(heron)
            })
            .await;
        assert_eq!(heron["relations"], json!([{ "type": "homedAt", "targetRef": "component:default/quay" }]));
        assert!(heron.get("status").is_none(), "{heron}");
        // The index in memory follows what was recorded.
        portal
            .until("the other end is related", async |portal| {
                (portal.names("filter=relations.homeOf=vessel:default/heron").await == ["quay"]).then_some(())
            })
            .await;
        let facets = portal.json("/api/catalog/entity-facets?facet=kind").await;
        assert!(facets.to_string().contains(r#"{"count":1,"value":"Vessel"}"#) || facets.to_string().contains(r#"{"value":"Vessel","count":1}"#), "{facets}");
        let list = portal.get("/catalog?kind=vessel").await.text().await.unwrap();
        assert!(list.contains(">Fleet<") && list.contains("heron"), "{list}");
        let page = portal.get("/catalog/default/vessel/heron").await;
        assert_eq!(page.status(), StatusCode::OK);

        portal.write("kind.yaml", KIND.replace("[homePort]", "[homePort, class]"));
        portal.post("/api/catalog/refresh", &json!({ "entityRef": "entitykind:vessel" })).await;
        portal
            .until("the vessel is rejected", async |portal| {
                let trace = portal.trace(&ships).await.to_string();
                trace.contains("spec.class").then_some(())
            })
            .await;
    }

    async fn a_text_is_explained_and_nothing_is_recorded(portal) {
        portal.register("file", &portal.write("a.yaml", component("ticket-api", "service", "berths"))).await;
        let text = component("ticket-api", "website", "berths") + "---\nkind: Component\nfoo: x\nmetadata:\n  name: a b\n";
        let page = portal.request(Method::POST, "/sources/explain");
        let page = page.header("content-type", "application/x-www-form-urlencoded").body(form(&[("text", &text)]));
        let page = page.send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        let page = page.text().await.unwrap();
        for told in ["bring up to date", "Rejected", "is not a name", "group:default/berths", "not in the catalog"] {
            assert!(page.contains(told), "{told}: {page}");
        }
        // Names are code, and a field is named once: beside its line, and above.
        let page = page.split("__RESOLVED_RESOURCES").next().unwrap();
        assert!(!page.contains("`a b`") && page.matches(">foo<").count() == 2, "{page}");
        let unchanged = portal.json("/api/catalog/entities/by-name/component/default/ticket-api").await;
        assert_eq!(unchanged["spec"]["type"], "service");
        let empty = portal.get("/sources/explain").await;
        assert_eq!(empty.status(), StatusCode::OK);
        let path = portal.data.path().join("files/a.yaml").display().to_string();
        let asked = form(&[("kind", "file"), ("target", &path)]);
        let found = portal.get(&format!("/sources/explain?{asked}")).await.text().await.unwrap();
        assert!(found.contains("1 accepted"), "{found}");
        // A file that a registered folder holds is no rival of itself; a copy of it elsewhere is.
        let inside = portal.write("all/web/catalog-info.yaml", component("web", "website", "berths"));
        portal.register("file", &portal.data.path().join("files/all").display().to_string()).await;
        let copy = portal.write("copy.yaml", component("web", "website", "berths"));
        for (path, told) in [(inside, "It is in the catalog, from this very file"), (copy, "the name is taken")] {
            let asked = form(&[("kind", "file"), ("target", &path)]);
            let found = portal.get(&format!("/sources/explain?{asked}")).await.text().await.unwrap();
            assert!(found.contains(told), "{told}: {found}");
        }
        let wrong = portal.get("/sources/explain?kind=url&target=nonsense").await.text().await.unwrap();
        assert!(wrong.contains("is not an address"), "{wrong}");
    }
}

#[tokio::test]
async fn an_entity_shows_what_its_annotations_lead_to() {
    let portal =
        Portal::start_with(Backend::Sqlite, Options::default().set("LINKS__ARGOCD", "https://argo.example")).await;
    let text = component("ticket-api", "service", "berths").replace(
        "  tags: [java]\n",
        "  annotations:\n    argocd/app-name: tickets-production\n    backstage.io/kubernetes-id: tickets\n    sonarqube.org/project-key: tickets\n",
    );
    portal.register("file", &portal.write("a.yaml", text)).await;
    let page = portal.get("/catalog/default/component/ticket-api").await.text().await.unwrap();
    assert!(page.contains("https://argo.example/applications/tickets-production"), "{page}");
    assert!(page.contains("Kubernetes id") && !page.contains("SonarQube"), "{page}");
}

/// Runs `causeway check` in a folder with these files.
pub(crate) fn check(files: &[(&str, &str)], arguments: &[&str]) -> (i32, String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let output =
        Command::new(env!("CARGO_BIN_EXE_causeway")).arg("check").args(arguments).current_dir(folder.path()).output();
    let output = output.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), folder)
}

const TEMPLATE: &str = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec:\n  type: service\n  steps:\n    - action: fetch:templat\n    - action: debug:log\n      input:\n        message: ${{ parameters.x | uppr }}\n";
const SCORECARD: &str = "apiVersion: causeway.dev/v1alpha1\nkind: Scorecard\nmetadata: {name: s}\nspec:\n  levels: [{name: bronze}]\n  rules:\n    - {id: a, title: A, level: gold, expression: 'spec.owner =='}\n";

#[test]
fn a_check_tells_of_catalog_files_templates_scorecards_and_kinds() {
    let good = component("a", "service", "berths");
    let files = [
        ("services/a.yaml", good.as_str()),
        ("templates/template.yaml", TEMPLATE),
        ("templates/skeleton/catalog-info.yaml", "kind: ${{ values.x }}\n"),
        ("scorecards/s.yaml", SCORECARD),
        ("kinds/vessel.yaml", KIND),
        (
            "ships.yaml",
            "apiVersion: causeway.dev/v1alpha1\nkind: Vessel\nmetadata: {name: heron}\nspec: {class: tug}\n",
        ),
        ("values.yaml", "replicas: 3\n"),
    ];
    let (status, told, _folder) = check(&files, &["."]);
    assert_eq!(status, 1, "{told}");
    insta::assert_snapshot!(told);
    let (status, told, _folder) = check(&files[..1], &["."]);
    assert_eq!((status, told.as_str()), (0, "1 file, 1 entity: 0 errors, 0 warnings\n"));
}

#[test]
fn the_exit_status_of_a_check_says_whether_it_could_be_done() {
    let lowered = component("a", "service", "berths").replace("  name: a\n", "  name: a\n  namespace: Quay\n");
    let files = [("catalog-info.yaml", lowered.as_str())];
    assert_eq!(check(&files, &["catalog-info.yaml"]).0, 0);
    assert_eq!(check(&files, &["catalog-info.yaml", "--strict"]).0, 1);
    assert_eq!(check(&files, &["nothing.yaml"]).0, 2);
    assert_eq!(check(&files, &[]).0, 2);
    assert_eq!(check(&files, &[".", "--output", "catalog-info.yaml/x"]).0, 2);
    let (status, told, folder) = check(&files, &[".", "--format", "sarif", "--output", "out/report.sarif"]);
    assert_eq!((status, told.as_str()), (0, "1 file, 1 entity: 0 errors, 1 warning\n"));
    let written = std::fs::read_to_string(folder.path().join("out/report.sarif")).unwrap();
    let written: Value = serde_json::from_str(&written).unwrap();
    let place = &written["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "catalog-info.yaml");
    assert_eq!(place["region"]["startLine"], 6);
}

#[test]
fn thousands_of_files_are_checked_within_seconds() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3_000 {
        let path = folder.path().join(format!("services/s{number}/catalog-info.yaml"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, component(&format!("s{number}"), "service", "berths")).unwrap();
    }
    let started = std::time::Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_causeway")).args(["check", "."]).current_dir(folder.path()).output();
    let told = String::from_utf8(output.unwrap().stdout).unwrap();
    println!("checked in {:?}", started.elapsed());
    assert_eq!(told, "3000 files, 3000 entities: 0 errors, 0 warnings\n");
}
