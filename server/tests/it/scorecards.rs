//! What scorecards promise: what changes is judged within moments, and every result says why.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{catalog::component, portal::Portal};

pub(crate) const GROUP: &str = "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: berths\n  title: Berths\nspec:\n  type: team\n  children: []\n";

pub(crate) const SCORECARD: &str = r#"---
apiVersion: causeway.dev/v1alpha1
kind: Scorecard
metadata: {name: readiness, title: Readiness}
spec:
  owner: berths
  filter: {kind: Component, spec.type: [service, website]}
  levels: [{name: bronze, title: Bronze}, {name: silver, title: Silver}]
  floor: {title: Basic}
  rules:
    - {id: owner, level: bronze, title: A team owns it, expression: 'relations.ownedBy.exists(o, o.found)'}
    - id: tier
      level: silver
      title: It matters
      expression: 'annotations["example.org/tier"] in ["1", "2"]'
      message: It is not among what matters
      remediation: {text: 'Set `example.org/tier`.', url: 'https://example.org/tiers'}
"#;

pub(crate) fn tiered(name: &str, tier: &str) -> String {
    component(name, "service", "berths")
        .replace("  tags: [java]\n", &format!("  annotations: {{example.org/tier: '{tier}'}}\n"))
}

impl Portal {
    /// What the entity's first report says, once `ready` holds for it.
    pub(crate) async fn report(&self, name: &str, ready: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/entities/component/default/{name}/scorecards");
        self.until(&format!("the scorecard of `{name}`"), async |portal| {
            let reports = portal.json(&path).await;
            reports.get(0).filter(|report| ready(report)).cloned()
        })
        .await
    }
}

fn outcomes(report: &Value) -> Value {
    let levels = report["levels"].as_array().unwrap().iter().rev();
    levels.flat_map(|level| level["rules"].as_array().unwrap()).map(|rule| rule["outcome"].clone()).collect()
}

both! {
    async fn where_a_thing_stands_follows_it_to_its_new_name(portal) {
        let file = |name: &str| tiered(name, "1") + GROUP + SCORECARD;
        let path = portal.write("catalog-info.yaml", file("gate"));
        let source = portal.register("file", &path).await;
        let results = async |portal: &Portal| {
            portal.json("/api/v1/scorecards/readiness/results").await["items"].as_array().unwrap().clone()
        };
        let before = portal.until("it is judged", async |portal| results(portal).await.pop()).await;
        portal.write("catalog-info.yaml", file("boarding-gate"));
        let id = source["location"]["id"].as_str().unwrap();
        portal.submit(&format!("/sources/{id}"), "sync_source", &[("id", id)]).await;
        let after = portal
            .until("it is judged under its new name", async |portal| {
                results(portal).await.into_iter().find(|item| item["entity"] == "component:default/boarding-gate")
            })
            .await;
        // A thing that came in anew would stand there since now.
        assert_eq!((&after["since"], &after["standing"]), (&before["since"], &before["standing"]));
        assert_eq!(results(&portal).await.len(), 1);
    }

    async fn a_change_is_judged_and_explained(portal) {
        let path = portal.write("catalog-info.yaml", component("ticket-api", "service", "berths") + GROUP + SCORECARD);
        let source = portal.register("file", &path).await;
        let report = portal.report("ticket-api", |_| true).await;
        assert_eq!(report["standing"], json!({ "level": 0 }));
        assert_eq!(outcomes(&report), json!(["pass", "unknown"]));
        let rule = &report["levels"][0]["rules"][0];
        assert_eq!(rule["reason"], "metadata.annotations has no `example.org/tier`");
        assert_eq!(rule["remediation"]["text"], "Set `example.org/tier`.");
        assert_eq!(report["next"], json!({ "reaches": { "level": 1 }, "rules": ["tier"] }));

        portal.write("catalog-info.yaml", tiered("ticket-api", "1") + GROUP + SCORECARD);
        portal.post("/api/catalog/refresh", &json!({ "entityRef": "component:default/ticket-api" })).await;
        let report = portal.report("ticket-api", |report| report["standing"] == json!({ "level": 1 })).await;
        assert_eq!(outcomes(&report), json!(["pass", "pass"]));
        assert!(source["location"]["id"].is_string());
        let overview = portal.json("/api/v1/scorecards/readiness").await;
        assert_eq!((&overview["moved_up"], &overview["moved_down"]), (&json!(1), &json!(0)));
        assert_eq!(overview["moves"][0]["why"], json!(["It matters"]));
    }

    async fn a_manager_finds_who_needs_help(portal) {
        let stray = component("stray", "website", "nobody");
        let text = tiered("ticket-api", "1") + &tiered("quay", "7") + &stray + GROUP + SCORECARD;
        let path = portal.write("catalog-info.yaml", text);
        portal.register("file", &path).await;
        for name in ["ticket-api", "quay", "stray"] {
            portal.report(name, |_| true).await;
        }
        let cards = portal.json("/api/v1/scorecards").await;
        let counts: Vec<u64> = cards[0]["shares"].as_array().unwrap().iter().map(|s| s["count"].as_u64().unwrap()).collect();
        assert_eq!(counts, [1, 1, 1]);
        let names = async |query: &str| {
            let results = portal.json(&format!("/api/v1/scorecards/readiness/results?{query}")).await;
            let items = results["items"].as_array().unwrap().iter();
            items.map(|item| item["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("").await, "stray quay ticket-api");
        assert_eq!(names("team=berths").await, "quay ticket-api");
        assert_eq!(names("at_least=silver").await, "ticket-api");
        assert_eq!(names("outcome=fail&rule=tier").await, "quay");
        let table = portal.get("/api/v1/scorecards/readiness/results.csv?level=silver").await.text().await.unwrap();
        let mut lines = table.lines();
        assert_eq!(lines.next().unwrap(), "entity,title,owner,system,level,since,failing,unknown");
        assert!(lines.next().unwrap().starts_with("component:default/ticket-api,ticket-api,group:default/berths,,Silver,"));
        let rule = portal.json("/api/v1/scorecards/readiness/rules/tier").await;
        assert_eq!(rule["entities"][0][1]["reason"], "It is not among what matters");
    }

    async fn a_broken_scorecard_is_shown_with_its_problem(portal) {
        let broken = SCORECARD.replace("o.found", "o.fuond &&");
        let path = portal.write("catalog-info.yaml", component("ticket-api", "service", "berths") + GROUP + &broken);
        portal.register("file", &path).await;
        let cards = portal.json("/api/v1/scorecards").await;
        assert_eq!(cards[0]["problems"][0]["path"], "spec.rules[0].expression");
        let page = portal.get("/scorecards/readiness").await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.text().await.unwrap().contains("spec.rules[0].expression"));
    }

    async fn what_cannot_be_answered_says_why(portal) {
        for (path, status) in [
            ("/api/v1/scorecards/none", StatusCode::NOT_FOUND),
            ("/api/v1/scorecards/none/results", StatusCode::NOT_FOUND),
            ("/api/v1/scorecards/none/rules/x", StatusCode::NOT_FOUND),
            ("/scorecards/none", StatusCode::NOT_FOUND),
        ] {
            assert_eq!(portal.get(path).await.status(), status, "{path}");
        }
        let path = portal.write("catalog-info.yaml", SCORECARD);
        portal.register("file", &path).await;
        let refused = portal.get("/api/v1/scorecards/readiness/results?outcome=good").await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let body: Value = refused.json().await.unwrap();
        assert!(body["detail"].as_str().unwrap().starts_with("`good` is no outcome of a rule"), "{body}");
        assert_eq!(portal.json("/api/v1/entities/component/default/none/scorecards").await, json!([]));
    }

    async fn rules_without_end_cost_little(portal) {
        let list = (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let hostile = (0..5).fold("true".to_owned(), |inner, n| format!("[{list}].all(v{n}, {inner})"));
        let scorecard = SCORECARD.replace("relations.ownedBy.exists(o, o.found)", &hostile);
        let path = portal.write("catalog-info.yaml", component("ticket-api", "service", "berths") + GROUP + &scorecard);
        portal.register("file", &path).await;
        let report = portal.report("ticket-api", |_| true).await;
        assert_eq!(report["levels"][1]["rules"][0]["outcome"], "unknown");
        // Either the budget or, on a busy machine, the clock ends it.
        let reason = report["levels"][1]["rules"][0]["reason"].as_str().unwrap();
        assert!(reason.ends_with("here; make it simpler"), "{reason}");
    }

    async fn a_manager_reads_it_without_a_script(portal) {
        let text = tiered("ticket-api", "1") + &tiered("quay", "7") + GROUP + SCORECARD;
        let path = portal.write("catalog-info.yaml", text);
        portal.register("file", &path).await;
        for name in ["ticket-api", "quay"] {
            portal.report(name, |_| true).await;
        }
        let page = async |path: &str| {
            let response = portal.get(path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            response.text().await.unwrap()
        };
        let cases: [(&str, &[&str]); 5] = [
            ("/scorecards", &["Readiness", "/scorecards/readiness/results?level=silver"]),
            ("/scorecards/readiness", &["50 %", "results?at_least=silver", "results?moved=true", "results?one_away=true"]),
            ("/scorecards/readiness?view=rules", &["/scorecards/readiness/rules/tier", "1 fail"]),
            ("/scorecards/readiness/results?outcome=fail&rule=tier", &["/catalog/default/component/quay/scorecards"]),
            ("/scorecards/readiness/rules/tier", &["It is not among what matters", "How to mend it", "https://example.org/tiers"]),
        ];
        for (path, expected) in cases {
            let text = page(path).await.replace("&amp;", "&");
            for part in expected {
                assert!(text.contains(part), "{path} lacks `{part}`");
            }
        }
        let narrowed = page("/scorecards/readiness/results?level=silver").await;
        assert!(narrowed.contains("ticket-api") && !narrowed.contains(">quay<"), "the list is narrowed");
        assert_eq!(portal.get("/scorecards/readiness/rules/none").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(portal.get("/scorecards/readiness?team=:").await.status(), StatusCode::OK);
    }
}
