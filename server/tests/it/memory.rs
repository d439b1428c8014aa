//! What the portal remembers: every change field by field, each state, what is around, and what people keep for themselves.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    catalog::component,
    lists::TEAMS,
    portal::{Backend, PATIENCE, Portal},
    scorecards::{GROUP, SCORECARD, tiered},
};

const ENTITY: &str = "/api/v1/catalog/entities/component/default/ticket-api";
const PAGE: &str = "/catalog/default/component/ticket-api";

impl Portal {
    /// The kinds of the first `count` changes about something, as the stream of changes tells them.
    pub(crate) async fn changes_of(&self, subject: &str, count: usize) -> Vec<String> {
        let mut response = self.get("/api/v1/changes/stream?after=0").await;
        let mut text = String::new();
        let told = |text: &str| -> Vec<String> {
            let events =
                text.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data:")?).ok());
            let about = events.filter(|event| event["subject"] == subject);
            about.map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
        };
        let read = async {
            while told(&text).len() < count {
                text.push_str(&String::from_utf8_lossy(&response.chunk().await.unwrap().unwrap()));
            }
            told(&text)
        };
        tokio::time::timeout(PATIENCE, read).await.expect("that much is told")
    }

    /// Writes the file anew and waits until its source is in line.
    async fn rewrite(&self, source: &Value, text: &str, ready: impl AsyncFn(&Self) -> bool) {
        self.write("catalog-info.yaml", text);
        let id = source["location"]["id"].as_str().unwrap();
        self.submit(&format!("/sources/{id}"), "sync_source", &[("id", id)]).await;
        self.until("the file is read again", async |portal| ready(portal).await.then_some(())).await;
    }

    async fn owner(&self, query: &str) -> String {
        self.json(&format!("{ENTITY}{query}")).await["spec"]["owner"].as_str().unwrap().to_owned()
    }

    async fn problem(&self, path: &str) -> (StatusCode, String) {
        let response = self.get(path).await;
        (response.status(), response.json::<Value>().await.unwrap()["detail"].as_str().unwrap_or_default().to_owned())
    }
}

async fn moved(portal: &Portal) -> (Value, String) {
    let old = component("ticket-api", "service", "berths") + &component("web", "website", "berths") + GROUP;
    let path = portal.write("catalog-info.yaml", &old);
    let source = portal.register("file", &path).await;
    let history = portal.json(&format!("{ENTITY}/history")).await;
    let came = history["items"].as_array().unwrap().last().unwrap()["at"].as_str().unwrap().to_owned();
    let new = component("ticket-api", "service", "tides").replace("[java]", "[rust]")
        + &component("web", "website", "berths")
        + GROUP;
    portal.rewrite(&source, &new, async |portal| portal.owner("").await == "tides").await;
    (source, came)
}

both! {
    async fn each_change_says_what_was_and_what_is(portal) {
        moved(&portal).await;
        let main = portal.main(&format!("{PAGE}/history")).await;
        for part in ["metadata.tags", ">java<", ">rust<", "spec.owner", ">berths<", ">tides<", "ownedBy group:default/tides", "Came into the catalog"] {
            assert!(main.contains(part), "{part}: {main}");
        }
        assert!(!main.contains("metadata.etag") && !main.contains("&quot;targetRef&quot;"), "{main}");
        // Its team is told of it too, and so is everything around the team.
        let around = portal.main("/catalog/default/component/web/history?of=around").await;
        assert!(around.contains("What changed around it") && around.contains("/catalog/default/group/berths"), "{around}");
        assert!(!around.contains("spec.owner"), "of what it is not tied to nothing is told: {around}");
    }

    async fn a_long_change_is_told_in_part_and_shown_whole(portal) {
        let api = |version: u32, more: usize| {
            let lines = (0..200).map(|number| format!("    Get {number}\n")).collect::<Vec<_>>().concat();
            let lines = lines.replace("Get 150\n", &format!("Breaking {version}\n")) + &"    new endpoint\n".repeat(more);
            format!("---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: pay\nspec:\n  type: grpc\n  lifecycle: production\n  owner: berths\n  definition: |\n    version {version}\n{lines}")
        };
        let source = portal.register("file", &portal.write("catalog-info.yaml", api(1, 0) + GROUP)).await;
        portal.rewrite(&source, &(api(2, 30) + GROUP), async |portal| {
            let now = portal.json("/api/catalog/entities/by-name/api/default/pay").await;
            now["spec"]["definition"].as_str().is_some_and(|text| text.starts_with("version 2"))
        }).await;
        let page = "/catalog/default/api/pay/history";
        let main = portal.main(page).await;
        assert!(main.contains("… and ") && !main.contains(">Get 149<"), "{main}");
        let href = format!("{page}?change={}", main.split("history?change=").nth(1).unwrap().split('"').next().unwrap());
        let whole = portal.main(&href).await;
        for part in ["One change", "All changes", ">version 1<", ">version 2<", ">152<", ">Breaking 1<", ">Breaking 2<", ">Get 149<"] {
            assert!(whole.contains(part), "{part}: {whole}");
        }
        assert_eq!((whole.matches(">new endpoint<").count(), whole.contains("… and "), whole.contains(">Get 100<")), (30, false, false));
        for seq in ["1", "999999", "9223372036854775807"] {
            assert_eq!(portal.get(&format!("{page}?change={seq}")).await.status(), StatusCode::NOT_FOUND, "{seq}");
        }
    }

    async fn a_page_shows_what_was(portal) {
        let (_, came) = moved(&portal).await;
        let at = came.replace('+', "%2B");
        assert_eq!((portal.owner("").await, portal.owner(&format!("?asOf={at}")).await), ("tides".to_owned(), "berths".to_owned()));
        let then = portal.json(&format!("{ENTITY}?asOf={at}")).await;
        assert_eq!(then["relations"], json!([{ "type": "ownedBy", "targetRef": "group:default/berths" }]));
        for side in ["", "/relations", "/yaml", "/history"] {
            let main = portal.main(&format!("{PAGE}{side}?asOf={at}")).await;
            assert!(main.contains("As it was at") && main.contains("It is another now.") && main.contains("Back to now"), "{side}: {main}");
            assert!(!main.contains("tides"), "{side}: {main}");
            // Every other side is of the same moment.
            assert!(main.contains(&format!("{PAGE}/yaml?asOf=")), "{side}: {main}");
            // So is what it was tied to: in the heading, in drawings, in lists.
            let others = main.split("href=\"/catalog/default/").skip(1).filter_map(|link| link.split('"').next());
            let others: Vec<&str> = others.filter(|link| !link.starts_with("component/ticket-api")).collect();
            assert!(others.iter().all(|link| link.contains("?asOf=")), "{side}: {others:?}");
            assert!(others.iter().any(|link| link.starts_with("group/berths?asOf=")), "{side}: {others:?}");
        }
        assert!(portal.main(&format!("{PAGE}/scorecards?asOf={at}")).await.contains("is not kept for the past"));
        let now = portal.main(PAGE).await;
        assert!(!now.contains("As it was at") && !now.contains("?asOf="), "{now}");

        let (status, why) = portal.problem(&format!("{ENTITY}?asOf=2001-01-01")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(why.starts_with("`component:default/ticket-api` was not in the catalog at 2001-01-01T23:59:59Z: it came at "), "{why}");
        let (status, why) = portal.problem(&format!("{ENTITY}?asOf=2999-01-01T00:00:00Z")).await;
        assert_eq!((status, &*why), (StatusCode::UNPROCESSABLE_ENTITY, "2999-01-01T00:00:00Z lies ahead; choose a moment that has been"));
        let (status, why) = portal.problem(&format!("{ENTITY}?asOf=yesterday")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(why.contains("`yesterday` is not a moment"), "{why}");
        let page = portal.request(Method::GET, &format!("{PAGE}?asOf=2001-01-01")).header("accept", "text/html").send().await.unwrap();
        assert_eq!(page.status(), StatusCode::NOT_FOUND);
        assert!(page.text().await.unwrap().contains("it came at"));
    }

    async fn what_left_is_there_as_it_was(portal) {
        let (source, came) = moved(&portal).await;
        let id = source["location"]["id"].as_str().unwrap();
        portal.submit(&format!("/sources/{id}"), "remove_source", &[("id", id), ("deed", "remove")]).await;
        assert_eq!(portal.get(ENTITY).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(portal.owner(&format!("?asOf={}", came.replace('+', "%2B"))).await, "berths");
        let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let (status, why) = portal.problem(&format!("{ENTITY}?asOf={now}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(why.contains("it had left at"), "{why}");
    }

    async fn a_long_history_comes_in_pages(portal) {
        let text = |number: u32| component("ticket-api", "service", "berths").replace("[java]", &format!("[v{number}]")) + GROUP;
        let path = portal.write("catalog-info.yaml", text(0));
        let source = portal.register("file", &path).await;
        for number in 1..=41 {
            portal.rewrite(&source, &text(number), async |portal| {
                portal.json(ENTITY).await["metadata"]["tags"][0] == format!("v{number}")
            }).await;
        }
        let first = portal.main(&format!("{PAGE}/history")).await;
        assert!(first.contains(">v41<") && !first.contains("Came into the catalog") && !first.contains("Latest"), "{first}");
        let older = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next();
        let href = first[first.find("history?before=").unwrap()..].split('"').next().unwrap();
        let second = portal.main(&format!("{PAGE}/{}", href.replace("&amp;", "&"))).await;
        assert!(second.contains("Came into the catalog") && second.contains("Latest") && !second.contains(">v41<"), "{older:?} {second}");
    }

    async fn a_team_sees_what_it_has_with_the_teams_below(portal) {
        let text = tiered("ticket-api", "7") + &component("quay", "website", "port") + GROUP + TEAMS + SCORECARD;
        let path = portal.write("catalog-info.yaml", text);
        portal.register("file", &path).await;
        for name in ["ticket-api", "quay"] {
            portal.report(name, |_| true).await;
        }
        let main = portal.main("/catalog/default/group/port").await;
        assert!(main.contains("With the team below it"), "{main}");
        for part in ["Readiness", "It matters", "/catalog/default/component/ticket-api", "/catalog?owner=group:default/port&amp;below=yes", "Ama"] {
            assert!(main.contains(part), "{part}: {main}");
        }
        let alone = portal.main("/catalog/default/group/port?below=no").await;
        assert!(alone.contains("Without the team below it") && !alone.contains("/catalog/default/component/ticket-api\""), "{alone}");

        let judged = async |query: &str| portal.json(&format!("/api/v1/scorecards/readiness{query}")).await;
        assert_eq!(judged("?team=port").await["card"]["judged"], 2);
        assert_eq!(judged("?team=port&direct=true").await["card"]["judged"], 1);
        let teams = |overview: &Value| -> Vec<(String, u64)> {
            let rows = overview["teams"].as_array().unwrap().iter();
            let mut rows: Vec<_> = rows.map(|row| {
                let count: u64 = row["shares"].as_array().unwrap().iter().map(|share| share["count"].as_u64().unwrap()).sum();
                (row["group"].as_str().unwrap_or("-").to_owned(), count)
            }).collect();
            rows.sort();
            rows
        };
        let row = |name: &str, count: u64| (format!("group:default/{name}"), count);
        assert_eq!(teams(&judged("").await), [row("berths", 1), row("port", 2)]);
        assert_eq!(teams(&judged("?direct=true").await), [row("berths", 1), row("port", 1)]);
        assert_eq!(teams(&judged("?team=berths").await), [row("berths", 1)]);
        assert!(portal.main("/scorecards/readiness").await.contains("with the teams below each"));
    }

    async fn the_first_page_knows_who_looks(portal) {
        let text = tiered("ticket-api", "7") + &component("other", "service", "tides") + GROUP + TEAMS + SCORECARD;
        let path = portal.write("catalog-info.yaml", text);
        portal.register("file", &path).await;
        portal.report("ticket-api", |_| true).await;
        let main = portal.main("/").await;
        assert!(main.contains("Open your page among the people") && !main.contains("You looked at"), "{main}");
        portal.be_ama().await;
        portal.main("/catalog/default/component/other").await;
        portal.submit("/catalog/default/component/other", "set_star", &[("deed", "star component:default/other")]).await;
        let main = portal.main("/").await;
        for part in ["Mine and my teams", "who needs help first", "/catalog/default/component/ticket-api", "Starred", "You looked at", "/catalog?kind=component&amp;owner=me,my-teams"] {
            assert!(main.contains(part), "{part}: {main}");
        }
        let looked = main.split("You looked at").nth(1).unwrap();
        let first = looked.find("/catalog/default/component/other").unwrap();
        assert!(first < looked.find("/catalog/default/user/ama").unwrap(), "the latest first: {looked}");
        // A person is not a team's member by saying so, and a component is no person.
        let address = portal.form_on("/catalog/default/user/ama", "say_who").await;
        let wrong = crate::lifecycle::form(portal.request(Method::POST, &address), &[("person", "component:default/other")]);
        assert_eq!(wrong.send().await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn a_graph_shows_the_kinds_that_its_address_names() {
    let portal = Portal::start(Backend::Sqlite).await;
    let path = portal.write(
        "catalog-info.yaml",
        component("ticket-api", "service", "berths")
            + "  dependsOn: [component:web]\n"
            + &component("web", "website", "berths")
            + GROUP,
    );
    portal.register("file", &path).await;
    let drawn = |main: &str| {
        let behind = main.split("Relations around").nth(1).unwrap();
        behind.split("grid items-start").next().unwrap().to_owned()
    };
    let all = portal.main(&format!("{PAGE}/relations")).await;
    assert!(
        all.contains("Kinds in the graph")
            && drawn(&all).contains("/group/berths")
            && drawn(&all).contains("/component/web"),
        "{all}"
    );
    let some = portal.main(&format!("{PAGE}/relations?kinds=component")).await;
    assert!(!drawn(&some).contains("/group/berths") && drawn(&some).contains("/component/web"), "{some}");
    // The list beside it says everything, whatever is drawn.
    assert!(some.contains("/group/berths"), "{some}");
}
