//! Whatever happened to the catalog before, questions about it are answered as its documents say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use domain::catalog::{Direction, Filter, Order, flatten};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::portal::Portal;

/// The same numbers each time, so that what fails once fails again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let at = self.below(list.len() as u64);
        list[usize::try_from(at).unwrap()]
    }
}

/// A file of a source: the names in it, and its text.
fn file(dice: &mut Dice, source: usize, step: u64) -> (BTreeSet<String>, String) {
    let (mut names, mut text) = (BTreeSet::new(), String::new());
    for number in 0..25 {
        // The anchor tells which state is seen.
        let name = if number == 0 { format!("anchor-{source}") } else { format!("thing-{source}-{number}") };
        if number > 0 && dice.below(4) == 0 {
            continue;
        }
        let tags = ["[]", "[java]", "[go, java]", "[tier-1]"];
        let kind = dice.pick(&["Component", "Resource"]);
        let kind = if number == 0 { "Component" } else { kind };
        write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n  title: {}\n  tags: {}\n  \
             annotations: {{example.com/step: step-{step}}}\nspec:\n  type: {}\n  lifecycle: {}\n  owner: {}\n  \
             dependsOn: [component:anchor-{}]\n",
            dice.pick(&["Gate way", "gate", "Ledger", "Élan"]),
            dice.pick(&tags),
            dice.pick(&["service", "Website", "library"]),
            dice.pick(&["production", "experimental"]),
            dice.pick(&["berths", "tides", "crew"]),
            dice.below(3),
        )
        .unwrap();
        names.insert(format!("{}:default/{name}", kind.to_lowercase()));
    }
    (names, text)
}

fn reference(document: &Value) -> String {
    let text = |pointer: &str| document.pointer(pointer).unwrap().as_str().unwrap().to_lowercase();
    format!("{}:{}/{}", text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

fn value(document: &Value, order: &Order) -> Option<(String, String)> {
    let values = flatten(document).into_iter().filter(|entry| entry.path == order.path);
    let values = values.filter_map(|entry| entry.value).map(|value| {
        let value = value.to_lowercase();
        // An accent matters where nothing else does.
        (value.replace('é', "e"), value)
    });
    if order.direction == Direction::Asc { values.min() } else { values.max() }
}

async fn asked(portal: &Portal, dice: &mut Dice, documents: &[Value]) {
    let filter = [
        "kind=component",
        "kind=resource,spec.type=service",
        "metadata.tags.java=true",
        "metadata.tags=go,spec.lifecycle=production",
        "relations.dependsOn=component:default/anchor-1",
        "spec.dependsOn.component:anchor-0",
        "relations.ownedBy=group:default/tides,relations.ownedBy=group:default/crew",
        "metadata.annotations.backstage.io/orphan",
    ];
    let filter = dice.pick(&filter);
    let path = dice.pick(&["metadata.name", "metadata.title", "metadata.tags", "spec.type", "spec.nothing"]);
    let (way, direction) = if dice.below(2) == 0 { ("asc", Direction::Asc) } else { ("desc", Direction::Desc) };
    let order = Order::by(path, direction);
    let meant = Filter::parse([filter]).unwrap();
    let mut expected: Vec<&Value> = documents.iter().filter(|document| meant.matches(&flatten(document))).collect();
    expected.sort_by_cached_key(|document| reference(document));
    expected.sort_by(|left, right| match (value(left, &order), value(right, &order)) {
        (Some(left), Some(right)) if direction == Direction::Desc => right.cmp(&left),
        (Some(left), Some(right)) => left.cmp(&right),
        (left, right) => right.is_some().cmp(&left.is_some()),
    });
    let what = format!("{filter} by {path} {way}");

    // Page after page, forwards.
    let mut walked = Vec::new();
    let mut query = format!("filter={filter}&orderField={path},{way}&limit=7");
    loop {
        let page = portal.json(&format!("/api/catalog/entities/by-query?{query}")).await;
        assert_eq!(page["totalItems"], expected.len(), "{what}");
        walked.extend(page["items"].as_array().unwrap().iter().map(reference));
        let Some(cursor) = page["pageInfo"]["nextCursor"].as_str() else { break };
        query = format!("cursor={cursor}&limit=7");
    }
    assert_eq!(walked, expected.iter().map(|document| reference(document)).collect::<Vec<_>>(), "{what}");

    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for document in &expected {
        for entry in flatten(document).into_iter().filter(|entry| entry.path == "metadata.tags") {
            *counts.entry(entry.value.unwrap()).or_default() += 1;
        }
    }
    let facets = portal.json(&format!("/api/catalog/entity-facets?facet=metadata.tags&filter={filter}")).await;
    let counted = facets["facets"]["metadata.tags"].as_array().unwrap().iter();
    let counted = counted.map(|facet| (facet["value"].as_str().unwrap().to_owned(), facet["count"].as_u64().unwrap()));
    assert_eq!(counted.collect::<BTreeMap<_, _>>(), counts, "{what}");

    let term = dice.pick(&["GATE", "gate way", "ing-1", "chor", "élan"]);
    let texts = ["metadata.title", "metadata.name"].map(|path| Order::by(path, Direction::Asc));
    let says = |document: &&&Value| {
        texts.iter().any(|path| value(document, path).is_some_and(|(_, value)| value.contains(&term.to_lowercase())))
    };
    let found = portal
        .json(&format!(
            "/api/catalog/entities/by-query?filter={filter}&limit=0&fullTextFilterTerm={term}&fullTextFilterFields=metadata.title,metadata.name"
        ))
        .await;
    assert_eq!(found["totalItems"], expected.iter().filter(says).count(), "{what}: {term}");
}

async fn all_asked(portal: &Portal, dice: &mut Dice, known: &BTreeSet<String>) {
    let documents = portal.json("/api/catalog/entities?order=asc:metadata.uid").await;
    let documents: Vec<Value> = documents.as_array().unwrap().clone();
    let served: BTreeSet<String> = documents.iter().map(reference).collect();
    assert_eq!(&served, known);
    assert_eq!(documents.len(), known.len());
    let (_, again) = portal.post("/api/catalog/entities/by-refs", &json!({ "entityRefs": known })).await;
    for document in again["items"].as_array().unwrap() {
        assert!(documents.contains(document), "{document}");
    }
    for _ in 0..8 {
        asked(portal, dice, &documents).await;
    }
}

both! {
    async fn answers_are_those_of_the_documents_whatever_happened_before(portal) {
        let mut portal = portal;
        let mut dice = Dice(7);
        let mut known: Vec<BTreeSet<String>> = Vec::new();
        let mut sources = Vec::new();
        for source in 0..3 {
            let (names, text) = file(&mut dice, source, 0);
            let path = portal.write(&format!("{source}/catalog-info.yaml"), text);
            sources.push(portal.register("file", &path).await["location"]["id"].as_str().unwrap().to_owned());
            known.push(names);
        }
        let standing = |known: &[BTreeSet<String>]| known.iter().flatten().cloned().collect::<BTreeSet<_>>();
        all_asked(&portal, &mut dice, &standing(&known)).await;
        for step in 1..5 {
            let source = usize::try_from(dice.below(3)).unwrap();
            let (names, text) = file(&mut dice, source, step);
            portal.write(&format!("{source}/catalog-info.yaml"), text);
            let anchor = format!("component:default/anchor-{source}");
            let (status, _) = portal.post("/api/catalog/refresh", &json!({ "entityRef": anchor })).await;
            assert_eq!(status, StatusCode::OK);
            let path = format!("/api/catalog/entities/by-query?limit=0&filter=metadata.annotations.example.com/step=step-{step}");
            portal.until("the change is seen", async |portal| {
                (portal.json(&path).await["totalItems"] == names.len()).then_some(())
            }).await;
            // What is declared no longer stays for a while, as an orphan.
            known[source].extend(names);
            all_asked(&portal, &mut dice, &standing(&known)).await;
        }
        let gone = portal.request(Method::DELETE, &format!("/api/catalog/locations/{}", sources[1])).send().await.unwrap();
        assert_eq!(gone.status(), StatusCode::NO_CONTENT);
        known[1].clear();
        all_asked(&portal, &mut dice, &standing(&known)).await;
        // Read anew from the database, the answers are the same.
        portal.terminate().await;
        portal.ended().await;
        portal.restart().await;
        all_asked(&portal, &mut dice, &standing(&known)).await;
    }
}
