//! Organisations of a forge and clusters, through the portal: found, kept, told of.

use std::sync::{Arc, Mutex};

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    catalog::component,
    forge::Web,
    portal::{Options, Portal},
    webhooks::signature,
};

const TOKEN: &str = "0rgan1sation-token";

/// What GitHub would say, by its documented API; tests change it. What is slow is answered once a test lets it.
#[derive(Clone, Default)]
struct Hub(Arc<Mutex<Vec<(String, u16, String)>>>, watch::Sender<Option<String>>);

impl Hub {
    fn says(&self, path: &str, status: u16, body: &str) {
        let mut answers = self.0.lock().unwrap();
        answers.retain(|(known, ..)| known != path);
        answers.push((path.to_owned(), status, body.to_owned()));
    }

    fn repositories(&self, repositories: &[(&str, u32)]) {
        let list: Vec<Value> = repositories
            .iter()
            .map(|(name, pushed)| {
                json!({
                    "name": name, "full_name": format!("saltmarsh/{name}"), "default_branch": "main", "archived": false, "fork": false,
                    "html_url": format!("https://github.example/saltmarsh/{name}"), "pushed_at": format!("2026-11-01T00:00:{pushed:02}Z"),
                })
            })
            .collect();
        self.says("/api/v3/orgs/saltmarsh/repos", 200, &json!(list).to_string());
    }

    fn file(&self, name: &str, status: u16, text: &str) {
        self.says(&format!("/api/v3/repos/saltmarsh/{name}/contents/catalog-info.yaml"), status, text);
    }

    fn answer(&self, request: &Request) -> Option<Response> {
        let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if shown != Some(&format!("Bearer {TOKEN}")) {
            return Some(StatusCode::UNAUTHORIZED.into_response());
        }
        let answers = self.0.lock().unwrap();
        let (_, status, body) = answers.iter().find(|(path, ..)| path == request.uri().path())?;
        let (mut slow, path, text) = (self.1.subscribe(), request.uri().path().to_owned(), body.clone());
        let body = Body::from_stream(stream::once(async move {
            slow.wait_for(|slow| slow.as_ref() != Some(&path)).await.map(|_| text)
        }));
        let limits =
            [("x-ratelimit-limit", "5000"), ("x-ratelimit-remaining", "4321"), ("x-ratelimit-reset", "1995000000")];
        Some((StatusCode::from_u16(*status).unwrap(), limits, body).into_response())
    }
}

async fn forge_for(portal: &mut Portal) -> (Hub, Web) {
    let hub = Hub::default();
    let answering = hub.clone();
    let web = Web::start(move |request: &Request| answering.answer(request)).await;
    let allow = serde_json::to_string(&[&web.address]).unwrap();
    let bound = format!("{{ at = \"http://{}/saltmarsh\", token = \"env:SALTMARSH_TOKEN\" }}", web.address);
    portal.terminate().await;
    portal.ended().await;
    let options = Options::default().set("OUTBOUND__ALLOW", &allow).set("CREDENTIALS__SALTMARSH", &bound);
    portal.restart_with(options.variable("SALTMARSH_TOKEN", TOKEN)).await;
    (hub, web)
}

impl Portal {
    /// What becomes of what GitHub delivers.
    async fn told(&self, (id, secret): (&str, &str), (event, number): (&str, &str), body: &Value) -> String {
        let body = body.to_string();
        let signed = format!("sha256={}", signature(secret, &body));
        let request = self.deliver(id, event, number, &body).header("x-hub-signature-256", signed);
        let told: Value = request.send().await.unwrap().json().await.unwrap();
        format!("{}: {}", told["outcome"].as_str().unwrap(), told["message"].as_str().unwrap())
    }

    async fn sync_now(&self, id: &str) -> Value {
        self.post(&format!("/api/v1/catalog/sources/{id}/sync"), &json!({})).await;
        // One that began before it was asked for does not count.
        self.until("the sync ended", async |portal| {
            let trace = portal.json(&format!("/api/v1/catalog/sources/{id}")).await;
            trace["source"]["asked_at"].is_null().then_some(trace)
        })
        .await
    }
}

both! {
    async fn an_organisation_is_a_source_and_what_it_allows_is_shown(portal) {
        let mut portal = portal;
        let (hub, web) = forge_for(&mut portal).await;
        hub.repositories(&[("fares", 1), ("tides", 1), ("web", 1)]);
        hub.file("tides", 200, &component("tides", "service", "berths"));
        hub.file("fares", 200, &component("fares", "service", "berths"));
        let people = [
            ("orgs/saltmarsh/members", json!([{ "login": "ama" }])),
            ("orgs/saltmarsh/teams", json!([{ "slug": "berths", "name": "Berths" }])),
            ("orgs/saltmarsh/teams/berths/members", json!([{ "login": "ama" }])),
            ("users/ama", json!({ "name": "Ama Owusu", "email": null })),
        ];
        for (path, body) in people {
            hub.says(&format!("/api/v3/{path}"), 200, &body.to_string());
        }
        // The form asks by an address, as a browser without scripts does.
        let target = format!("http://{}/saltmarsh", web.address);
        let page = portal.html(&format!("/sources/new?kind=github&target={target}&people=true&names=&topics=&file=")).await;
        assert!(page.contains("4 things would enter the catalog") && page.contains("Teams and members"), "{page}");
        assert!(portal.names("").await.is_empty());
        let registered = portal.register("github", &format!("{target}?people=true")).await;
        let id = registered["location"]["id"].as_str().unwrap();
        assert_eq!(portal.names("").await, ["fares", "tides", "berths", "ama"]);
        let ama = portal.json("/api/catalog/entities/by-name/user/default/ama").await;
        assert_eq!(ama["spec"]["profile"]["displayName"], "Ama Owusu");
        assert_eq!(ama["metadata"]["annotations"]["backstage.io/managed-by-location"], format!("url:http://{}/ama", web.address));
        let tides = portal.json("/api/catalog/entities/by-name/component/default/tides").await;
        assert_eq!(tides["metadata"]["annotations"]["backstage.io/managed-by-location"], "url:https://github.example/saltmarsh/tides/blob/main/catalog-info.yaml");
        let source = portal.json(&format!("/api/v1/catalog/sources/{id}")).await;
        assert_eq!(source["source"]["allowance"]["remaining"], 4321, "{source}");
        let page = portal.html(&format!("/sources/{id}")).await;
        assert!(page.contains("4321 of 5000") && page.contains("the environment variable SALTMARSH_TOKEN") && !page.contains(TOKEN), "{page}");

        // What is read there may differ by a capital; the organisation itself does not.
        let status = async |target: String| {
            portal.post("/api/v1/catalog/sources", &json!({ "kind": "github", "target": target })).await.0.as_u16()
        };
        let shouted = target.replace("saltmarsh", "SaltMarsh");
        assert_eq!(status(format!("{shouted}?people=true")).await, 409);
        assert_eq!(status(format!("{target}?names=NOBODY-*")).await, 201);
        assert_eq!(status(format!("{shouted}?names=NOBODY-*")).await, 409);
        assert_eq!(status(format!("{target}?names=nobody-*")).await, 201);

        // One that fails hides no other, and keeps what it had; one that is gone is an orphan.
        hub.repositories(&[("tides", 2), ("web", 2)]);
        hub.file("tides", 500, "oh no");
        hub.file("web", 200, &component("web", "website", "berths"));
        let trace = portal.sync_now(id).await;
        assert!(trace.to_string().contains("tides/catalog-info.yaml"), "{trace}");
        let orphaned = |entity: &Value| entity["metadata"]["annotations"]["backstage.io/orphan"] == "true";
        // Lists follow the commit at once, but after it.
        portal.until("what moved is in lists", async |portal| {
            let fares = portal.json("/api/catalog/entities/by-name/component/default/fares").await;
            let names = portal.names("filter=kind=component").await;
            (names == ["fares", "tides", "web"] && orphaned(&fares)).then_some(())
        }).await;
        assert!(!orphaned(&portal.json("/api/catalog/entities/by-name/component/default/tides").await));

        // A list that cannot be read takes nothing away.
        hub.says("/api/v3/orgs/saltmarsh/repos", 502, "bad gateway");
        let trace = portal.sync_now(id).await;
        assert!(trace["source"]["problem"].as_str().unwrap().contains("502"), "{trace}");
        assert!(!orphaned(&portal.json("/api/catalog/entities/by-name/component/default/web").await));
    }

    async fn a_push_to_a_repository_of_an_organisation_fetches_that_one_alone_whatever_the_list_says(portal) {
        let mut portal = portal;
        let (hub, web) = forge_for(&mut portal).await;
        hub.repositories(&[("fares", 1), ("tides", 1)]);
        hub.file("fares", 200, &component("fares", "service", "berths"));
        hub.file("tides", 200, &component("tides", "service", "berths"));
        let target = format!("http://{}/saltmarsh", web.address);
        let registered = portal.register("github", &target).await;
        let id = registered["location"]["id"].as_str().unwrap();
        let secret = portal.webhook_secret(id).await;
        let page = portal.html(&format!("/sources/{id}")).await;
        assert!(page.contains("Memberships, Organizations") && !page.contains("Just the push event"), "{page}");
        let deliver = async |event: &str, number: &str, body: Value| portal.told((id, &secret), (event, number), &body).await;
        let push = |branch: &str, name: &str| json!({
            "ref": format!("refs/heads/{branch}"),
            "repository": { "default_branch": "main", "html_url": format!("{target}/{name}") },
        });
        assert_eq!(deliver("push", "1", push("next", "tides")).await, "ignored: a push to `next`; of this repository `main` is read");
        let other = json!({ "ref": "refs/heads/main", "repository": { "html_url": "https://github.example/quay/x" } });
        assert!(deliver("push", "2", other).await.starts_with("ignored: a push to `quay/x`, which is not below"));
        let mut fork = push("main", "fork");
        fork["repository"]["full_name"] = json!("saltmarsh/fork");
        fork["repository"]["fork"] = json!(true);
        assert_eq!(deliver("push", "5", fork).await, "ignored: `saltmarsh/fork` is a fork, and this source leaves such out");
        hub.says("/api/v3/repos/saltmarsh/tides", 200, &json!({
            "name": "tides", "full_name": "saltmarsh/tides", "default_branch": "main", "pushed_at": "2026-11-01T00:00:01Z",
            "html_url": "https://github.example/saltmarsh/tides",
        }).to_string());
        web.taken();
        // The list does not show the push yet.
        hub.file("tides", 200, &component("moon-tides", "service", "berths"));
        assert!(deliver("push", "3", push("main", "tides")).await.starts_with("queued: `saltmarsh/tides` is asked for now"));
        portal.until("the new name is in the catalog", async |portal| portal.names("filter=metadata.name=moon-tides").await.pop()).await;
        // Neither lists nor people come first.
        assert_eq!(web.taken(), ["/api/v3/repos/saltmarsh/tides", "/api/v3/repos/saltmarsh/tides/contents/catalog-info.yaml?ref=main"]);
        // What was not asked for stands, and is told as before.
        let trace = portal.json(&format!("/api/v1/catalog/sources/{id}")).await;
        assert_eq!((&trace["source"]["entities"], &trace["source"]["files"]), (&json!(2), &json!(3)), "{trace}");
        // By the name that the forge gives itself, of a repository that the list does not show.
        let fresh = json!({
            "name": "fresh", "full_name": "saltmarsh/fresh", "default_branch": "main", "pushed_at": "2026-11-01T00:00:09Z",
            "html_url": "https://github.example/saltmarsh/fresh",
        });
        hub.says("/api/v3/repos/saltmarsh/fresh", 200, &fresh.to_string());
        hub.file("fresh", 200, &component("fresh", "service", "berths"));
        let told = deliver("push", "6", json!({ "ref": "refs/heads/main", "repository": fresh })).await;
        assert!(told.starts_with("queued: `saltmarsh/fresh` is asked for now"), "{told}");
        portal.until("what is new is in the catalog", async |portal| portal.names("filter=metadata.name=fresh").await.pop()).await;
        assert!(deliver("team", "4", json!({ "action": "created" })).await.starts_with("queued"));
    }

    async fn a_push_changes_what_other_repositories_of_the_organisation_bring_from_there(portal) {
        let mut portal = portal;
        let (hub, web) = forge_for(&mut portal).await;
        let target = format!("http://{}/saltmarsh", web.address);
        hub.repositories(&[("all", 1), ("berths", 1), ("tides", 1), ("web", 1)]);
        let leads = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Location", "metadata": { "name": "all" },
            "spec": { "type": "url", "target": format!("{target}/web/far.yaml") },
        });
        hub.file("all", 200, &leads.to_string());
        let defined = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "API", "metadata": { "name": "tides" },
            "spec": { "type": "openapi", "lifecycle": "production", "owner": "berths", "definition": { "$text": format!("{target}/web/tides.yaml") } },
        });
        hub.file("tides", 200, &defined.to_string());
        hub.file("berths", 200, &component("berths", "service", "berths"));
        let far = |name: &str, version: &str| {
            hub.says("/saltmarsh/web/far.yaml", 200, &component(name, "service", "berths"));
            hub.says("/saltmarsh/web/tides.yaml", 200, &format!("openapi: {version}"));
        };
        far("far", "3.0.0");
        for (name, _) in [("all", 1), ("tides", 1), ("web", 1)] {
            let about = json!({ "name": name, "full_name": format!("saltmarsh/{name}"), "default_branch": "main", "pushed_at": "2026-11-01T00:00:01Z" });
            hub.says(&format!("/api/v3/repos/saltmarsh/{name}"), 200, &about.to_string());
        }
        let registered = portal.register("github", &target).await;
        let id = registered["location"]["id"].as_str().unwrap();
        let secret = portal.webhook_secret(id).await;
        assert_eq!(portal.names("filter=metadata.name=far").await.len(), 1);
        web.taken();
        let push = json!({ "ref": "refs/heads/main", "repository": { "default_branch": "main", "html_url": format!("{target}/web") } });
        for (number, version) in ["3.0.1", "3.0.2"].into_iter().enumerate() {
            // From the second on, all that is known was recorded by a push.
            far(&format!("far-{number}"), version);
            let told = portal.told((id, &secret), ("push", &number.to_string()), &push).await;
            assert!(told.starts_with("queued: `saltmarsh/web` is asked for now"), "{told}");
            portal.until("what is elsewhere is as it is there", async |portal| {
                let tides = portal.json("/api/catalog/entities/by-name/api/default/tides").await;
                let far = portal.names(&format!("filter=metadata.name=far-{number}")).await;
                (far.len() == 1 && tides["spec"]["definition"] == format!("openapi: {version}")).then_some(())
            }).await;
        }
        let asked = web.taken();
        assert!(!asked.iter().any(|path| path.contains("orgs/") || path.contains("berths")), "{asked:?}");
        let trace = portal.json(&format!("/api/v1/catalog/sources/{id}")).await;
        assert_eq!((&trace["source"]["rejected"], &trace["source"]["entities"]), (&json!(0), &json!(4)), "{trace}");
    }

    async fn a_push_to_a_repository_that_is_slow_holds_up_no_push_to_another(portal) {
        let mut portal = portal;
        let (hub, web) = forge_for(&mut portal).await;
        let names = ["fares", "tides", "web"];
        hub.repositories(&names.map(|name| (name, 1)));
        for name in names {
            hub.file(name, 200, &component(name, "service", "berths"));
            let about = json!({ "name": name, "full_name": format!("saltmarsh/{name}"), "default_branch": "main", "pushed_at": "2026-11-02T00:00:00Z" });
            hub.says(&format!("/api/v3/repos/saltmarsh/{name}"), 200, &about.to_string());
        }
        let target = format!("http://{}/saltmarsh", web.address);
        let registered = portal.register("github", &target).await;
        let id = registered["location"]["id"].as_str().unwrap();
        let secret = portal.webhook_secret(id).await;
        let slow = "/api/v3/repos/saltmarsh/tides/contents/catalog-info.yaml";
        hub.1.send_replace(Some(slow.to_owned()));
        web.taken();
        for name in ["tides", "fares", "web"] {
            hub.file(name, 200, &component(&format!("new-{name}"), "service", "berths"));
            let body = json!({ "ref": "refs/heads/main", "repository": { "default_branch": "main", "html_url": format!("{target}/{name}") } });
            let told = portal.told((id, &secret), ("push", name), &body).await;
            assert!(told.starts_with("queued"), "{told}");
            if name == "tides" {
                portal.until("it is asked for", async |_| web.asked().iter().any(|asked| asked.path.starts_with(slow)).then_some(())).await;
            } else {
                let wanted = format!("filter=metadata.name=new-{name}");
                portal.until("the others are in the catalog", async |portal| portal.names(&wanted).await.pop()).await;
            }
        }
        assert!(portal.names("filter=metadata.name=new-tides").await.is_empty());
        hub.1.send_replace(None);
        portal.until("the slow one is too", async |portal| portal.names("filter=metadata.name=new-tides").await.pop()).await;
        assert!(portal.names("filter=metadata.name=new-fares").await.len() == 1 && portal.names("filter=metadata.name=new-web").await.len() == 1);
        let asked = web.taken();
        assert!(!asked.iter().any(|path| path.contains("orgs/")), "nothing else is asked for: {asked:?}");
        let trace = portal.json(&format!("/api/v1/catalog/sources/{id}")).await;
        assert_eq!((&trace["source"]["entities"], &trace["source"]["rejected"]), (&json!(3), &json!(0)), "{trace}");
    }

    async fn a_cluster_is_a_source_by_its_name(portal) {
        let mut portal = portal;
        let list = |items: Value| json!({ "metadata": {}, "items": items }).to_string();
        let web = Web::start(move |request: &Request| {
            let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            let deployment = json!([{ "metadata": { "name": "web", "namespace": "shop", "labels": { "app.kubernetes.io/name": "tickets" }, "annotations": { "causeway.dev/owner": "berths" } } }]);
            Some(match (shown, request.uri().path()) {
                (Some("Bearer clu5ter-token"), "/apis/apps/v1/deployments") => list(deployment).into_response(),
                (Some("Bearer clu5ter-token"), _) => list(json!([])).into_response(),
                _ => StatusCode::UNAUTHORIZED.into_response(),
            })
        }).await;
        let cluster = format!("{{ server = \"http://{}\", token = \"env:HARBOUR_TOKEN\" }}", web.address);
        portal.terminate().await;
        portal.ended().await;
        let options = Options::default().set("OUTBOUND__ALLOW", &serde_json::to_string(&[&web.address]).unwrap());
        portal.restart_with(options.set("CLUSTERS__HARBOUR", &cluster).variable("HARBOUR_TOKEN", "clu5ter-token")).await;
        portal.register("kubernetes", "harbour").await;
        let tickets = portal.json("/api/catalog/entities/by-name/component/default/tickets").await;
        assert_eq!(tickets["metadata"]["annotations"]["backstage.io/managed-by-location"], "kubernetes:harbour/shop/component/default/tickets");
        assert_eq!(tickets["spec"]["owner"], "berths");
        let (status, told) = portal.post("/api/catalog/locations", &json!({ "type": "kubernetes", "target": "https://x" })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
    }
}
