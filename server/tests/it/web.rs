//! Sources at web addresses: only what moved is sent again, and what a document names is found as links are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    catalog::component,
    forge::Web,
    portal::{Options, Portal},
};

/// Documents, each with its mark: an `ETag`, or for those whose name says so a date.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<HashMap<String, String>>>);

impl Shelf {
    fn put(&self, path: &str, text: &str) {
        self.0.lock().unwrap().insert(path.to_owned(), text.to_owned());
    }

    fn answer(&self, request: &Request) -> Option<Response> {
        let path = request.uri().path();
        let text = self.0.lock().unwrap().get(path)?.clone();
        let says = |name: header::HeaderName| {
            request.headers().get(name).and_then(|value| value.to_str().ok().map(str::to_owned))
        };
        let is_dated = path.contains("dated");
        // A server compares the mark that it gave, to the letter.
        let mark = if is_dated {
            format!("Fri, 27 Nov 2026 10:00:{:02} GMT", text.len() % 60)
        } else {
            format!("\"{}-{}\"", path.len(), blake(&text))
        };
        let (asked, given) = if is_dated {
            (says(header::IF_MODIFIED_SINCE), header::LAST_MODIFIED)
        } else {
            (says(header::IF_NONE_MATCH), header::ETAG)
        };
        let mut headers = HeaderMap::new();
        headers.insert(given, mark.parse().unwrap());
        if asked.as_deref() == Some(mark.as_str()) {
            return Some((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        // Seen by the test among what was asked: a body was sent.
        self.0.lock().unwrap().entry(format!("sent {path}")).and_modify(|times| times.push('x')).or_insert("x".into());
        if path.contains(".html") {
            headers.insert(header::CONTENT_TYPE, "text/html; charset=utf-8".parse().unwrap());
        }
        Some((headers, text).into_response())
    }

    /// What was sent whole since this was asked last.
    fn sent(&self) -> Vec<String> {
        let mut documents = self.0.lock().unwrap();
        let mut paths: Vec<String> =
            documents.keys().filter_map(|key| key.strip_prefix("sent ").map(str::to_owned)).collect();
        documents.retain(|key, _| !key.starts_with("sent "));
        paths.sort();
        paths
    }
}

fn blake(text: &str) -> String {
    text.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())).to_string()
}

impl Portal {
    async fn read_again(&self, id: &str) -> Value {
        self.post(&format!("/api/v1/catalog/sources/{id}/sync"), &json!({})).await;
        // One that began before it was asked for does not count.
        self.until("it is synced", async |portal| {
            let trace = portal.json(&format!("/api/v1/catalog/sources/{id}")).await;
            trace["source"]["asked_at"].is_null().then_some(trace)
        })
        .await
    }
}

fn api(name: &str, definition: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: {name}}}\nspec:\n  type: openapi\n  lifecycle: production\n  owner: berths\n  definition: {{$text: {definition}}}\n"
    )
}

both! {
    async fn only_what_moved_is_sent_again(mut portal) {
        let shelf = Shelf::default();
        let answering = shelf.clone();
        let web = Web::start(move |request: &Request| answering.answer(request)).await;
        let allow = serde_json::to_string(&[&web.address]).unwrap();
        portal.terminate().await;
        portal.ended().await;
        let options = Options::default().set("OUTBOUND__ALLOW", &allow);
        portal.restart_with(options.clone()).await;

        let leads = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\nspec: {targets: [../dated.yaml, ./beside.yaml]}\n";
        shelf.put("/deep/er/catalog-info.yaml", &(leads.to_owned() + &api("tides", "../../specs/tides.yaml")));
        shelf.put("/deep/dated.yaml", &component("dated", "service", "berths"));
        shelf.put("/deep/er/beside.yaml", &component("beside", "service", "berths"));
        shelf.put("/specs/tides.yaml", "openapi: 3.1.0\n");
        let registered = portal.register("url", &format!("http://{}/deep/er/catalog-info.yaml", web.address)).await;
        // What it names is found as links are, also further up.
        assert_eq!(portal.names("order=asc:metadata.name").await, ["beside", "dated", "l", "tides"], "{registered}");
        let all = ["/deep/dated.yaml", "/deep/er/beside.yaml", "/deep/er/catalog-info.yaml", "/specs/tides.yaml"];
        assert_eq!(shelf.sent(), all);

        let id = registered["location"]["id"].as_str().unwrap().to_owned();
        let trace = portal.read_again(&id).await;
        assert_eq!((shelf.sent(), &trace["source"]["rejected"]), (Vec::<String>::new(), &json!(0)));
        assert_eq!(portal.names("order=asc:metadata.name").await, ["beside", "dated", "l", "tides"]);

        // A restart forgets nothing, and one document that moved is sent alone.
        portal.terminate().await;
        portal.ended().await;
        portal.restart_with(options).await;
        shelf.put("/specs/tides.yaml", "openapi: 3.1.1\n");
        portal.read_again(&id).await;
        assert_eq!(shelf.sent(), ["/specs/tides.yaml"]);

        // What a server calls a page may be none; what is one is told.
        shelf.put("/deep/er/schema.html", "openapi: 3.0.0\n");
        shelf.put("/deep/er/page.html", "\n<!doctype html><p>Sign in");
        shelf.put("/deep/er/more.yaml", &(api("schema", "./schema.html") + "---\n" + &api("page", "./page.html")));
        let registered = portal.register("url", &format!("http://{}/deep/er/more.yaml", web.address)).await;
        let trace = portal.trace(&registered).await;
        assert_eq!(trace["files"][0]["entities"], 1, "{trace}");
        let told = trace["files"][0]["problems"][0]["message"].as_str().unwrap();
        assert!(told.contains("page.html` is a web page, not the file itself"), "{told}");
        portal.until("the index has it", async |portal| {
            let tides = portal.json("/api/catalog/entities/by-name/api/default/tides").await;
            (tides["spec"]["definition"] == "openapi: 3.1.1\n").then_some(())
        }).await;
    }

    async fn what_climbs_may_reach_no_more_than_a_whole_address_may(mut portal) {
        let shelf = Shelf::default();
        let answering = shelf.clone();
        let web = Web::start(move |request: &Request| answering.answer(request)).await;
        let allow = serde_json::to_string(&[&web.address]).unwrap();
        portal.terminate().await;
        portal.ended().await;
        portal.restart_with(Options::default().set("OUTBOUND__ALLOW", &allow)).await;
        let wrong = ["//127.0.0.1:1/x.yaml", "file:/etc/hostname", "*.yaml"];
        let text: String = wrong.iter().enumerate().map(|(number, target)| api(&format!("a{number}"), &format!("'{target}'"))).collect();
        shelf.put("/catalog-info.yaml", &text);
        let registered = portal.register("url", &format!("http://{}/catalog-info.yaml", web.address)).await;
        let trace = portal.trace(&registered).await;
        let problems = trace["files"][0]["problems"].as_array().unwrap();
        let told: Vec<&str> = problems.iter().map(|problem| problem["message"].as_str().unwrap()).collect();
        assert!(told[0].contains("is at the internal address 127.0.0.1, which is not fetched from"), "{told:?}");
        assert!(told[1].contains("only http and https addresses are read"), "{told:?}");
        assert!(told[2].contains("a web address cannot be searched"), "{told:?}");
        assert!(portal.names("").await.is_empty());
    }
}
