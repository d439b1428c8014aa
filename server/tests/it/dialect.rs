//! What the dialect promises beyond what its public client asks for.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{catalog::component, portal::Portal};

/// What is said about each of the wrong requests.
const WRONG: &str = r#"invalid query at `query.$any[0].kind`: expected a text, a number, true or false, or an object with one of `$exists`, `$in`, `$hasPrefix` and `$contains`
Malformed cursor: it is not one that this server gave; start from the first page
Invalid totalItems value "maybe", expected one of: include, exclude
Invalid field "metadata.tags[0]", array type fields are not supported
invalid query at `query`: expected an object of conditions; put a path before the value, like {"kind": "Component"}
Missing facet parameter; name a path, for example `facet=spec.type`
a location has no `owner`; ask for `id`, `type`, `target` or `entityRef`
Limit must be a positive integer >= 1
`onConflict` is `refresh` or `reject`, not `replace`
`x` is not an address; write it in full, like `https://host/path`
`../x` is not the name of a file; write it without folders
`:` has an empty kind, namespace or name; write `[kind:][namespace/]name`"#;

async fn with_components(portal: &Portal, count: usize) {
    let text: String = (0..count).map(|number| component(&format!("c{number:04}"), "service", "berths")).collect();
    let path = portal.write("catalog-info.yaml", text);
    portal.register("file", &path).await;
}

fn names(answer: &Value) -> Vec<String> {
    let items = answer.as_array().or_else(|| answer["items"].as_array()).unwrap();
    items.iter().map(|entity| entity["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

both! {
    async fn a_long_list_is_sent_whole(portal) {
        with_components(&portal, 2_345).await;
        let all = names(&portal.json("/api/catalog/entities?fields=metadata.name").await);
        assert_eq!(all.len(), 2_345);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 2_345);
        assert!(all.is_sorted());
        let reversed = names(&portal.json("/api/catalog/entities?order=desc:metadata.name").await);
        assert!(reversed.iter().rev().eq(&all));
    }

    async fn any_state_is_known_to_whoever_names_all(portal) {
        let path = portal.write("catalog-info.yaml", component("web", "service", "berths"));
        portal.register("file", &path).await;
        let asked = portal.request(Method::GET, "/api/v1/catalog/entities/component/default/web");
        assert_eq!(asked.header("if-none-match", "*").send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
    }

    async fn a_method_that_a_path_has_not_is_told_in_the_shape_of_the_dialect(portal) {
        let response = portal.request(Method::DELETE, "/api/catalog/entities/by-name/component/default/x").send().await.unwrap();
        assert!(response.headers()["allow"].to_str().unwrap().contains("GET"), "{response:?}");
        let (status, told) = (response.status(), response.json::<Value>().await.unwrap());
        assert_eq!((status, &told["response"]["statusCode"]), (StatusCode::METHOD_NOT_ALLOWED, &json!(405)), "{told}");
    }

    async fn pages_stay_right_while_entities_come_and_go(portal) {
        // Each from a source of its own: taken away with its source, none can come back with a sync that is still to run.
        for number in 0..12 {
            let name = format!("c{number:04}");
            let path = portal.write(&format!("{name}.yaml"), component(&name, "service", "berths"));
            portal.register("file", &path).await;
        }
        let by_query = "/api/catalog/entities/by-query";
        let first = portal.json(&format!("{by_query}?orderField=metadata.name,asc&limit=4")).await;
        let page = async |answer: &Value, name: &str| {
            let cursor = answer["pageInfo"][name].as_str().unwrap().replace('+', "%2B");
            portal.json(&format!("{by_query}?limit=4&cursor={cursor}")).await
        };
        let second = page(&first, "nextCursor").await;
        // One before and one behind the place leave, and one comes in before it.
        for entity in [&first["items"][0], &second["items"][0]] {
            let name = entity["metadata"]["name"].as_str().unwrap();
            let source = portal.json(&format!("/api/catalog/locations/by-entity/component/default/{name}")).await;
            let path = format!("/api/catalog/locations/{}", source["id"].as_str().unwrap());
            let gone = portal.request(Method::DELETE, &path).send().await.unwrap();
            assert_eq!(gone.status(), StatusCode::NO_CONTENT);
        }
        let other = portal.write("other.yaml", component("c0000a", "service", "berths"));
        portal.register("file", &other).await;
        let again = page(&first, "nextCursor").await;
        assert_eq!(names(&again), ["c0005", "c0006", "c0007", "c0008"]);
        assert_eq!(again["totalItems"], 11);
        let before = page(&again, "prevCursor").await;
        assert_eq!(names(&before), ["c0000a", "c0001", "c0002", "c0003"]);
        assert!(before["pageInfo"].get("prevCursor").is_none(), "{before}");
        assert_eq!(names(&page(&before, "nextCursor").await), names(&again));
        // The place itself may be that of one who left.
        let last = page(&again, "nextCursor").await;
        assert_eq!(names(&last), ["c0009", "c0010", "c0011"]);
        assert!(last["pageInfo"].get("nextCursor").is_none());
    }

    async fn a_predicate_and_a_filter_narrow_together(portal) {
        let text = component("a", "service", "berths") + &component("b", "website", "berths") + &component("c", "service", "tides");
        let path = portal.write("catalog-info.yaml", text);
        portal.register("file", &path).await;
        let owned = json!({ "relations": { "$contains": { "type": "ownedBy", "targetRef": "group:default/berths" } } });
        let asked = json!({ "entityRefs": ["component:a", "component:b", "component:c", "component:d"], "query": owned, "fields": ["metadata.name"] });
        let (_, found) = portal.post("/api/catalog/entities/by-refs?filter=spec.type=service", &asked).await;
        assert_eq!(found["items"], json!([{ "metadata": { "name": "a" } }, null, null, null]));
        let (_, facets) = portal.post("/api/catalog/entity-facets?filter=spec.type=service", &json!({ "facets": ["metadata.name"], "query": owned })).await;
        assert_eq!(facets, json!({ "facets": { "metadata.name": [{ "value": "a", "count": 1 }] } }));
        let (status, everything) = portal.post("/api/catalog/entities/by-query", &json!({ "limit": 2 })).await;
        assert_eq!((status, &everything["totalItems"]), (StatusCode::OK, &json!(3)));
    }

    async fn what_is_wrong_with_a_request_is_said(portal) {
        let told = async |path: &str, body: Value| {
            let (status, answer) = portal.post(&format!("/api/catalog/{path}"), &body).await;
            assert_eq!((status, &answer["error"]["name"]), (StatusCode::BAD_REQUEST, &json!("InputError")), "{answer}");
            answer["error"]["message"].as_str().unwrap().to_owned()
        };
        let messages = [
            told("entities/by-query", json!({ "query": { "$any": [{ "kind": null }] } })).await,
            told("entities/by-query", json!({ "cursor": "e30=" })).await,
            told("entities/by-query", json!({ "totalItems": "maybe" })).await,
            told("entities/by-query", json!({ "fields": ["metadata.tags[0]"] })).await,
            told("entities/by-refs", json!({ "entityRefs": [], "query": "x" })).await,
            told("entity-facets", json!({})).await,
            told("locations/by-query", json!({ "query": { "owner": "x" } })).await,
            told("locations/by-query", json!({ "limit": 0 })).await,
            told("locations?onConflict=replace", json!({ "target": "https://example.com/x" })).await,
            told("analyze-location", json!({ "location": { "type": "url", "target": "x" } })).await,
            told("analyze-location", json!({ "location": { "type": "url", "target": "https://x.example/y" }, "catalogFileName": "../x" })).await,
            told("refresh", json!({ "entityRef": ":" })).await,
        ];
        assert_eq!(messages.join("\n"), WRONG);
        let limit = portal.get("/api/catalog/entities?limit=0").await;
        assert_eq!(limit.status(), StatusCode::BAD_REQUEST);
    }
}
