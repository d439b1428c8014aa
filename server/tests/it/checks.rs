//! What `causeway check` promises: the judgement of a sync, each finding where it is mended, and a status that can be relied on.

use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{catalog::component, formats::check};

const HEAD: &str = "apiVersion: backstage.io/v1alpha1\n";

/// A mistyped group, a mistyped key, and none at all.
fn mistyped() -> String {
    let good = component("typo", "service", "berths");
    [
        good.replace("backstage.io/", "backstage.oi/"),
        good.replace("apiVersion", "apiversion").replace("typo", "nocase"),
        good.replace("apiVersion: backstage.io/v1alpha1\n", "").replace("typo", "noapi"),
    ]
    .concat()
}

/// A Location of these targets.
fn location(name: &str, spec: &str) -> String {
    format!("---\n{HEAD}kind: Location\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

/// Messages of rejected and warned files, with their lines.
fn found(files: &Value) -> Vec<String> {
    let problems = files.as_array().unwrap().iter().flat_map(|file| file["problems"].as_array().unwrap());
    let problems = problems.filter(|problem| problem["severity"] != "info");
    problems.map(|problem| format!("{} {}", problem["line"], problem["message"].as_str().unwrap())).collect()
}

/// The paths of the files of which this became.
fn paths_of(files: &Value, outcome: &str) -> Vec<String> {
    let files = files.as_array().unwrap().iter().filter(|file| file["outcome"] == outcome);
    files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

/// A template that fetches with this input.
fn fetching(name: &str, input: &str) -> String {
    format!(
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {{name: {name}}}\nspec:\n  type: service\n  owner: berths\n  steps:\n    - id: fetch\n      action: fetch:template\n      input: {input}\n"
    )
}

both! {
    async fn a_sync_and_a_check_of_a_folder_judge_alike(portal) {
        let text = mistyped() + &location("l", "{targets: [./none.yaml, ./good.yaml]}");
        portal.write("org/good.yaml", component("good", "service", "berths"));
        let path = portal.write("org/catalog-info.yaml", &text);
        let folder = path.trim_end_matches("/catalog-info.yaml");
        let synced = found(&portal.trace(&portal.register("file", folder).await).await["files"]);
        let files = [("org/catalog-info.yaml", text.as_str()), ("org/good.yaml", &component("good", "service", "berths"))];
        let (status, told, _folder) = check(&files, &["org", "--format", "json"]);
        assert_eq!(status, 1, "{told}");
        let told: Value = serde_json::from_str(&told).unwrap();
        let checked = found(&told["files"]);
        assert_eq!(synced, checked);
        assert_eq!(checked.len(), 5, "{checked:?}");
    }

    async fn a_sync_and_a_check_are_of_one_mind_about_templates_and_scorecards(portal) {
        let template = fetching("t", "{url: ./content}").replace("fetch:template", "publish:github");
        let scorecard = "---\napiVersion: causeway.dev/v1alpha1\nkind: Scorecard\nmetadata: {name: s}\nspec:\n  levels: [{name: bronze}]\n  rules:\n    - {id: a, title: A, level: gold, expression: 'spec.owner =='}\n";
        let text = template + scorecard;
        let trace = portal.trace(&portal.register("file", &portal.write("all.yaml", &text)).await).await;
        let (status, told, _folder) = check(&[("all.yaml", text.as_str())], &["all.yaml", "--format", "json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        let judged = |files: &Value| {
            let problems = files[0]["problems"].as_array().unwrap().iter();
            let told = problems.map(|problem| (problem["severity"].clone(), problem["message"].clone(), problem["line"].clone()));
            (files[0]["outcome"].clone(), told.collect::<Vec<_>>())
        };
        assert_eq!(judged(&trace["files"]), judged(&told["files"]));
        assert!(judged(&told["files"]).1.iter().any(|(severity, message, _)| {
            severity == "warning" && message.as_str().unwrap().contains("`publish:github`")
        }), "{told}");
        assert_eq!((status, &trace["files"][0]["outcome"]), (0, &json!("warned")), "both stand, and should be mended");
        assert_eq!(check(&[("all.yaml", text.as_str())], &["all.yaml", "--strict"]).0, 1);
    }

    async fn what_a_folder_passes_over_is_told(portal) {
        let boat = "apiVersion: causeway.dev/v1alpha1\nkind: EntityKind\nmetadata: {name: boat}\nspec:\n  names: {kind: Boat, plural: Boats}\n  versions: [nordwind.example/v1]\n  schema: {type: object}\n";
        let json = r#"{"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": "json"}, "spec": {"type": "service", "lifecycle": "production", "owner": "berths"}}"#;
        let files = [
            ("mono/web/catalog-info.yaml", component("web", "service", "berths")),
            ("mono/web/more.yaml", component("more", "service", "berths")),
            ("mono/web/quoted.yaml", component("quoted", "service", "berths").replace("apiVersion", "\"apiVersion\"")),
            ("mono/web/written.yaml", json.to_owned()),
            ("mono/kinds/boat.yaml", boat.to_owned()),
            ("mono/boats.yaml", "apiVersion: nordwind.example/v1\nkind: Boat\nmetadata: {name: heron}\nspec: {}\n".to_owned()),
            ("mono/scorecard.yaml", "apiVersion: causeway.dev/v1alpha1\nkind: Scorecard\nmetadata: {name: s}\nspec: {}\n".to_owned()),
            ("mono/deploy.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n".to_owned()),
            ("mono/led.yaml", component("led", "service", "berths")),
            ("mono/catalog-info.yaml", location("l", "{targets: [./led.yaml]}")),
            // What others call a template is none.
            ("mono/sam/template.yaml", "AWSTemplateFormatVersion: '2010-09-09'\n".to_owned()),
            ("mono/sam/orders/catalog-info.yaml", component("orders", "service", "berths")),
        ];
        let mut root = String::new();
        for (path, text) in &files {
            root = portal.write(path, text).replace(path, "mono");
        }
        let passed = ["boats.yaml", "kinds/boat.yaml", "scorecard.yaml", "web/more.yaml", "web/quoted.yaml", "web/written.yaml"];
        let trace = portal.trace(&portal.register("file", &root).await).await;
        assert_eq!(
            paths_of(&trace["files"], "found"),
            ["catalog-info.yaml", "sam/orders/catalog-info.yaml", "web/catalog-info.yaml", "led.yaml"],
            "{trace}"
        );
        assert_eq!(paths_of(&trace["files"], "skipped"), passed, "{trace}");
        assert!(trace.to_string().contains("name it in the `targets` of a Location"), "{trace}");
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let (status, told, _folder) = check(&files, &["mono", "--strict", "--format", "json"]);
        assert_eq!(status, 1, "{told}");
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(paths_of(&told["files"], "warned"), passed.map(|path| format!("mono/{path}")), "{told}");
        // What is not read is not judged, and not counted.
        assert_eq!((&told["entities"], &told["errors"], &told["warnings"]), (&json!(4), &json!(0), &json!(6)), "{told}");
        // What is named beside the folder is looked at.
        let beside = ["mono/boats.yaml", "mono/kinds", "mono/scorecard.yaml", "mono/web/*.yaml"];
        let (_, told, _folder) = check(&files, &[&["mono"][..], &beside, &["--format", "json"]].concat());
        let told: Value = serde_json::from_str(&told).unwrap();
        assert!(!told.to_string().contains("was passed over"), "{told}");
        assert_eq!(paths_of(&told["files"], "warned"), ["mono/scorecard.yaml"], "{told}");
    }

    async fn what_a_template_fetches_is_its_content_wherever_that_is(portal) {
        let content = component("${{ values.name }}", "service", "berths");
        for (name, input, template) in [
            ("block", "\n        url: ./content", "template.yaml"),
            ("flow", "{url: ./content} # the skeleton", "template.yaml"),
            ("quoted", "{\"url\": './content'}", "template.yaml"),
            ("other", "{url: ./content}", "rust-service.yaml"),
        ] {
            let path = portal.write(&format!("{name}/{template}"), fetching(name, input));
            portal.write(&format!("{name}/content/catalog-info.yaml"), &content);
            let root = path.trim_end_matches(&format!("/{template}")).to_owned();
            let trace = portal.trace(&portal.register("file", &root).await).await;
            assert_eq!(paths_of(&trace["files"], "rejected"), [""; 0], "{name}: {trace}");
            assert_eq!(paths_of(&trace["files"], "skipped"), ["content/catalog-info.yaml"], "{name}: {trace}");
            assert!(trace.to_string().contains(&format!("the template in `{template}` renders it")), "{name}: {trace}");
            let found = portal.json(&format!("/api/catalog/entities/by-name/template/default/{name}")).await;
            assert_eq!(found["metadata"]["name"], name, "{found}");
        }
    }

    async fn only_what_a_template_fetches_is_left_out_and_that_is_told(portal) {
        let service = |name: &str| component(name, "service", "berths");
        let links = fetching("links", "{url: ./content}") + "  output:\n    links:\n      - {title: x, url: ./docs}\n";
        let files = [
            ("org/far/template.yaml", fetching("far", "{url: 'https://git.example/o/r'}")),
            ("org/far/catalog-info.yaml", service("beside-far")),
            ("org/far/x/catalog-info.yaml", service("below-far")),
            ("org/links/template.yaml", links),
            ("org/links/content/catalog-info.yaml", service("${{ values.name }}")),
            ("org/links/docs/catalog-info.yaml", service("docs")),
            ("org/skeleton/catalog-info.yaml", service("bones")),
        ];
        let mut root = String::new();
        for (path, text) in &files {
            root = portal.write(path, text).replace(path, "org");
        }
        let read = ["far/catalog-info.yaml", "far/x/catalog-info.yaml", "links/docs/catalog-info.yaml"];
        let left_out = ["far/template.yaml", "links/content/catalog-info.yaml", "links/template.yaml", "skeleton/catalog-info.yaml"];
        let trace = portal.trace(&portal.register("file", &root).await).await;
        assert_eq!(paths_of(&trace["files"], "found"), read, "{trace}");
        let mut skipped = paths_of(&trace["files"], "skipped");
        skipped.sort();
        assert_eq!(skipped, left_out, "{trace}");
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let (status, told, _folder) = check(&files, &["org"]);
        assert!(status == 0 && told.ends_with("7 files, 3 entities: 0 errors, 2 warnings; 2 files left out, `--format json` says why\n"), "{told}");
    }

    async fn who_looks_at_what_is_there_already_is_told(portal) {
        let text = component("once", "service", "berths");
        let here = portal.write("here/catalog-info.yaml", &text).replace("/catalog-info.yaml", "");
        let copy = portal.write("copy/catalog-info.yaml", &text).replace("/catalog-info.yaml", "");
        let look = async |target: &str| portal.html(&format!("/sources/new?kind=file&target={target}")).await;
        assert!(look(&here).await.contains("1 thing would enter the catalog. Nothing has been recorded yet."));
        let id = portal.register("file", &here).await["location"]["id"].as_str().unwrap().to_owned();
        let page = look(&here).await;
        assert!(page.contains("0 things would enter the catalog. 1 thing is there already, by these very files."), "{page}");
        assert!(page.contains("It is a source already") && page.contains(&format!("/sources/{id}")), "{page}");
        let page = look(&copy).await;
        assert!(page.contains("0 things would enter the catalog. 1 thing is there as other files say, and would stay so."), "{page}");
        assert!(page.contains(&here) && !page.contains("It is a source already"), "{page}");
    }

    async fn what_a_location_cannot_lead_to_is_told_at_the_location(portal) {
        let path = portal.write("all.yaml", location("l", "{targets: [./none.yaml]}"));
        let registered = portal.register("file", &path).await;
        let trace = portal.trace(&registered).await;
        assert_eq!(trace["files"][0]["problems"][0]["line"], 5, "{trace}");
        assert_eq!((&trace["files"][0]["outcome"], &trace["files"][1]["outcome"]), (&json!("rejected"), &json!("skipped")));
        // Its text can be opened at that line, though the file itself was read long before.
        let id = registered["location"]["id"].as_str().unwrap();
        let page = portal.get(&format!("/sources/{id}/file?path=all.yaml")).await;
        assert_eq!(page.status(), StatusCode::OK);
        let text = page.text().await.unwrap();
        assert!(text.contains("./none.yaml"), "{text}");
        let inbox = portal.json("/api/v1/catalog/problems").await;
        assert_eq!(inbox["rows"][0]["reference"], "location:default/l", "{inbox}");
    }
}

#[test]
fn a_target_that_is_needed_outweighs_one_that_need_not_be_there() {
    let (optional, needed) = ("{target: ./none.yaml, presence: optional}", "{target: ./none.yaml}");
    let alone = location("a", optional);
    assert_eq!(check(&[("all.yaml", &alone)], &["all.yaml"]).0, 0);
    for specs in [[optional, needed], [needed, optional]] {
        let text = location("a", specs[0]) + &location("b", specs[1]);
        let (status, told, _folder) = check(&[("all.yaml", &text)], &["all.yaml"]);
        let line = if specs[0] == needed { 5 } else { 10 };
        let expected = format!(
            "all.yaml:{line}:16: error: spec.target: `none.yaml` is not there; correct the path, or add the file\n"
        );
        assert!(status == 1 && told.starts_with(&expected), "{told}");
        assert_eq!(told.matches("error:").count(), 1, "{told}");
    }
    // The other Location may be read once the file was looked for.
    let first = location("a", optional) + &location("next", "{target: ./next.yaml}");
    let files = [("all.yaml", first.as_str()), ("next.yaml", &location("b", needed))];
    let (status, told, _folder) = check(&files, &["all.yaml"]);
    assert!(status == 1 && told.starts_with("next.yaml:5:16: error: spec.target: `none.yaml` is not there"), "{told}");
    let circle = location("a", "{targets: [./all.yaml]}");
    let (_, told, _folder) = check(&[("all.yaml", &circle)], &["all.yaml"]);
    assert!(
        told.starts_with("all.yaml:5:18: warning: spec.targets[0]: the Location leads back to `all.yaml`"),
        "{told}"
    );
}

#[test]
fn a_name_that_is_declared_twice_is_told_where_it_stands_and_where_it_was_first() {
    let twice = component("dup", "service", "berths") + &component("DUP", "service", "berths");
    let files = [("c/1.yaml", twice.as_str()), ("c/sub/2.yml", twice.as_str()), ("d.yaml", twice.as_str())];
    let (status, told, _folder) = check(&files, &["c", "d.yaml"]);
    assert_eq!(status, 0);
    insta::assert_snapshot!(told, @"
    c/1.yaml:15:9: warning: `component:default/dup` is declared already, in `1.yaml`, line 5; that one was first and stands. Remove one of the two, or rename it
    c/sub/2.yml:5:9: warning: `component:default/dup` is declared already, in `1.yaml`, line 5; that one was first and stands. Remove one of the two, or rename it
    c/sub/2.yml:15:9: warning: `component:default/dup` is declared already, in `1.yaml`, line 5; that one was first and stands. Remove one of the two, or rename it
    d.yaml:5:9: warning: `component:default/dup` is declared already, in `c/1.yaml`, line 5; that one was first and stands. Remove one of the two, or rename it
    d.yaml:15:9: warning: `component:default/dup` is declared already, in `c/1.yaml`, line 5; that one was first and stands. Remove one of the two, or rename it
    3 files, 1 entity: 0 errors, 5 warnings
    ");
}

#[test]
fn a_file_that_several_paths_name_is_told_once() {
    let bad = component("a", "service", "berths").replace("lifecycle", "lifecircle");
    let good = component("b", "service", "berths");
    let files = [("m/1.yaml", bad.as_str()), ("m/2.yaml", &good)];
    let once = check(&files, &["m"]);
    let again = check(&files, &["m", "m/1.yaml", "./m/1.yaml", "m/*.yaml"]);
    assert_eq!((again.0, again.1), (once.0, once.1));
}

#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), component("a", "service", "berths")).unwrap();
    for format in ["text", "json", "sarif", "junit", "github"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
        let command = command.args(["check", "a.yaml", "--format", format]).current_dir(folder.path()).stdout(full);
        let output = command.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && told.contains("the report cannot be written"), "{format}: {told}");
    }
}

#[test]
fn what_cannot_be_looked_at_at_all_is_no_finding() {
    let files = [("notes/readme.md", "x")];
    for path in ["nope", "nope/*.yml", "notes/*.yml", "notes"] {
        assert_eq!(check(&files, &[path]).0, 2, "{path}");
    }
}

const PERMIT: &str =
    "@id(\"tides\")\npermit (principal in Role::\"pilot\", action == Action::\"readCatalog\", resource is Entity);\n";
const PILOT: &str =
    "- it: lets a pilot read\n  roles: [pilot]\n  may: readCatalog\n  on: { entity: component:default/tide }\n";

#[test]
fn policies_are_checked_before_they_are_merged() {
    // A folder of nothing else, one file of it, and a folder that holds it.
    let good = [("p/tides.cedar", PERMIT), ("p/tides.cases.yaml", PILOT)];
    for path in ["p", "p/tides.cedar", "p/tides.cases.yaml", "."] {
        let (status, told, _folder) = check(&good, &[path]);
        assert_eq!((status, told.as_str()), (0, "2 files, 0 entities: 0 errors, 0 warnings\n"), "{path}");
    }
    let broken = PERMIT.replace("readCatalog", "readCatalogue");
    let refused = PILOT.replace("may:", "mayNot:");
    let service = component("a", "service", "berths");
    let files = [
        ("catalog-info.yaml", service.as_str()),
        ("a/tides.cedar", &broken),
        ("b/tides.cedar", PERMIT),
        ("b/tides.cases.yaml", &refused),
        ("b/tide.cases.yaml", PILOT),
        ("b/more/extra.cedar", PERMIT),
        ("b/Tides.cedar", PERMIT),
        ("c/freeze.cedar", "forbid (principal, action == Action::\"startRun\", resource);\n"),
    ];
    let (status, told, _folder) = check(&files, &["."]);
    assert_eq!(status, 1, "{told}");
    for line in [
        "a/tides.cedar:2:47: error: unrecognized action `Action::\"readCatalogue\"` (did you mean",
        "b/tides.cases.yaml: error: the case `lets a pilot read` does not hold",
        "b/tide.cases.yaml: error: there is no `tide.cedar` beside it",
        "b/more/extra.cedar: error: only files right in `./b` count",
        "b/Tides.cedar: error: name policies with lower-case letters",
        // What comes with Causeway is no file.
        "c: error: in `developer`, which comes with Causeway: the case `starts a run",
    ] {
        assert!(told.lines().any(|told| told.starts_with(line)), "{line}: {told}");
    }
    assert!(!told.contains("developer.cases.yaml"), "{told}");
    let (_, told, _folder) = check(&files, &["a", "--format", "sarif"]);
    assert!(told.contains("catalog/policy"), "{told}");
}

#[test]
fn a_check_tells_of_every_mistake_however_many_there_are() {
    let bad = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: m\nspec: {}\n---\n".repeat(200);
    let (status, told, _folder) = check(&[("many.yaml", &bad)], &["many.yaml"]);
    assert_eq!(status, 1);
    assert!(
        told.contains("many.yaml:1199:") && told.ends_with("1 file, 0 entities: 600 errors, 0 warnings\n"),
        "{told}"
    );
}
