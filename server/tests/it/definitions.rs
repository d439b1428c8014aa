//! What the portal promises about definitions of APIs: read whole, one thing at a time, and nothing of them runs.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::portal::{Backend, Options, Portal};

impl Portal {
    /// A page of the portal: its status and its HTML.
    pub(crate) async fn page(&self, path: &str) -> (StatusCode, String) {
        let answer = self.get(path).await;
        (answer.status(), answer.text().await.unwrap())
    }

    async fn api(&self, name: &str, kind: &str, definition: &str) {
        self.write(&format!("{name}.definition"), definition);
        let entity = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "API", "metadata": { "name": name },
            "spec": { "type": kind, "lifecycle": "production", "owner": "berths", "definition": { "$text": format!("./{name}.definition") } },
        });
        let path = self.write(&format!("{name}.yaml"), entity.to_string());
        self.register("file", &path).await;
    }
}

/// What a reader sees of a page, without the data that it carries along.
pub(crate) fn main_of(html: &str) -> &str {
    let start = html.find("<main").expect("a page has a main part");
    &html[start..html.find("</main>").expect("a main part ends")]
}

fn petstore() -> String {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Berths", "version": "1.2.0", "description": "All about **berths**<script>alert(1)</script> [x](javascript:alert(2))" },
        "servers": [{ "url": "https://api.example/v1" }],
        "paths": { "/berths/{id}": { "get": {
            "operationId": "getBerth", "tags": ["Berths<img src=x onerror=alert(3)>"], "summary": "One berth </span><script>alert(4)</script>", "deprecated": true,
            "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" }, "description": "<iframe src=https://evil.example></iframe>ours" }],
            "responses": { "200": { "description": "ok", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Berth" } } } } },
        } } },
        "components": { "schemas": { "Berth": { "type": "object", "required": ["id"], "properties": { "id": { "type": "string" }, "next": { "$ref": "#/components/schemas/Berth" } } } } },
    })
    .to_string()
}

both! {
    async fn an_openapi_definition_is_read_one_operation_at_a_time(portal) {
        portal.api("berths", "openapi", &petstore()).await;
        let (status, html) = portal.page("/catalog/default/api/berths/api").await;
        assert_eq!(status, StatusCode::OK);
        let overview = main_of(&html);
        assert!(overview.contains("OpenAPI 3.0.3") && overview.contains("version 1.2.0"), "{overview}");
        assert!(overview.contains("<strong>berths</strong>") && overview.contains("https://api.example/v1"));
        assert!(overview.contains("/catalog/default/api/berths/api?item=getBerth"));
        let (_, html) = portal.page("/catalog/default/api/berths/api?item=getBerth").await;
        let operation = main_of(&html);
        assert!(operation.contains("/berths/{id}") && operation.contains("Deprecated") && operation.contains("Path parameters"));
        assert!(operation.contains("Contains itself"), "{operation}");
        assert!(operation.contains("?item=schema%3ABerth"));
        assert!(!operation.contains("curl"), "commands are shown only where that is allowed");
        let (_, html) = portal.page("/catalog/default/api/berths/api?item=schema%3ABerth").await;
        assert!(main_of(&html).contains("required"));
        let (_, html) = portal.page("/catalog/default/api/berths/api?find=ONE+berth").await;
        assert!(main_of(&html).contains("1 entry with"));
        let (status, html) = portal.page("/catalog/default/api/berths/api?item=nothing").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(main_of(&html).contains("The definition has no") && main_of(&html).contains("nothing"), "{}", main_of(&html));
        let (_, html) = portal.page("/catalog/default/api/berths/api?view=source").await;
        assert!(main_of(&html).contains("id=\"L1\"") && main_of(&html).contains("hl-"));
    }

    async fn nothing_in_a_definition_runs(portal) {
        portal.api("berths", "openapi", &petstore()).await;
        for query in ["", "?item=getBerth", "?view=source", "?find=%3Cscript%3E", "?item=%3Cscript%3Ealert(9)%3C/script%3E"] {
            let (_, html) = portal.page(&format!("/catalog/default/api/berths/api{query}")).await;
            let main = main_of(&html).to_lowercase();
            for bad in ["<script>alert", "<img src=x", "<iframe", "href=\"javascript:"] {
                assert!(!main.contains(bad), "{bad} on {query}: {main}");
            }
            // The data that the page carries along must not end its script either.
            assert!(!html.contains("</span><script>alert(4)"), "{query}");
        }
    }

    async fn what_cannot_be_read_says_where_and_is_shown(portal) {
        portal.api("broken", "openapi", "openapi: 3.0.0\ninfo: [\n").await;
        let (status, html) = portal.page("/catalog/default/api/broken/api").await;
        assert_eq!(status, StatusCode::OK);
        let main = main_of(&html);
        assert!(main.contains("line 2, column 7") && main.contains("unclosed bracket") && main.contains("id=\"L2\""), "{main}");
        portal.api("soap", "wsdl", "<definitions>&amp;</definitions>").await;
        let (_, html) = portal.page("/catalog/default/api/soap/api").await;
        assert!(main_of(&html).contains("wsdl · 1 line") && main_of(&html).contains("&amp;amp;"), "{}", main_of(&html));
    }

    async fn the_other_languages_are_read_too(portal) {
        portal.api("moves", "asyncapi", "asyncapi: 3.0.0\ninfo: {title: Moves, version: '1'}\nchannels: {m: {address: yard.moved, messages: {Moved: {payload: {type: object, properties: {unit: {type: string}}}}}}}\noperations: {onMoved: {action: receive, channel: {$ref: '#/channels/m'}}}\n").await;
        let (_, html) = portal.page("/catalog/default/api/moves/api?item=onMoved").await;
        assert!(main_of(&html).contains("yard.moved") && main_of(&html).contains("unit"), "{}", main_of(&html));
        portal.api("graph", "graphql", "type Query { berth(id: ID!): Berth }\ntype Berth { id: ID! }\ndirective @may on OBJECT").await;
        let page = portal.html("/catalog/default/api/graph/api").await;
        assert!(page.contains("1 operation") && page.contains("1 directive"), "{page}");
        let (_, html) = portal.page("/catalog/default/api/graph/api?item=query%3Aberth").await;
        assert!(main_of(&html).contains("Arguments") && main_of(&html).contains("?item=type%3ABerth"));
        portal.api("tides", "grpc", "syntax = \"proto3\";\npackage a.v1;\nservice Tides { rpc Next(Ask) returns (stream Tide); }\nmessage Ask {}\nmessage Tide { int32 height = 1; }").await;
        let (_, html) = portal.page("/catalog/default/api/tides/api?item=Tides.Next").await;
        assert!(main_of(&html).contains("stream of messages") && main_of(&html).contains("height"));
        portal.api("bad-graph", "graphql", "type Query {\n  a: [Int\n}").await;
        let (_, html) = portal.page("/catalog/default/api/bad-graph/api").await;
        assert!(main_of(&html).contains("line 3, column 1"), "{}", main_of(&html));
    }

    async fn servers_that_speak_for_themselves_are_listed(portal) {
        let entity = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "API", "metadata": { "name": "helper" },
            "spec": { "type": "mcp-server", "lifecycle": "production", "owner": "berths", "remotes": [{ "type": "streamable-http", "url": "https://mcp.example/mcp" }, { "type": "sse", "url": "javascript:alert(1)" }] },
        });
        let path = portal.write("helper.yaml", entity.to_string());
        portal.register("file", &path).await;
        let (_, html) = portal.page("/catalog/default/api/helper/api").await;
        let main = main_of(&html);
        assert!(main.contains("href=\"https://mcp.example/mcp\"") && main.contains("streamable-http"), "{main}");
        assert!(!main.contains("href=\"javascript:") && !main.contains("no definition"), "{main}");
    }

    async fn a_huge_definition_is_shown_in_parts(portal) {
        let mut paths = serde_json::Map::new();
        let filler = "x".repeat(2_000);
        for number in 0..3_000 {
            let operation = json!({ "operationId": format!("get{number}"), "tags": [format!("t{}", number % 30)], "description": filler, "responses": {} });
            paths.insert(format!("/things/{number}"), json!({ "get": operation }));
        }
        let document: Value = json!({ "openapi": "3.0.0", "info": { "title": "Big", "version": "1" }, "paths": paths });
        let text = serde_json::to_string_pretty(&document).unwrap();
        assert!(text.len() > 6 * 1024 * 1024);
        portal.api("big", "openapi", &text).await;
        for query in ["", "?item=get2999", "?item=group%3At3", "?find=things", "?view=source", "?view=source&from=20001"] {
            let (status, html) = portal.page(&format!("/catalog/default/api/big/api{query}")).await;
            assert_eq!(status, StatusCode::OK, "{query}");
            assert!(html.len() < 3 * 1024 * 1024, "{query}: {} bytes", html.len());
        }
    }
}

#[tokio::test]
async fn commands_are_shown_where_that_is_allowed() {
    let portal = Portal::start_with(Backend::Sqlite, Options::default().set("CATALOG__CALL_COMMANDS", "true")).await;
    portal.api("berths", "openapi", &petstore()).await;
    let (_, html) = portal.page("/catalog/default/api/berths/api?item=getBerth").await;
    assert!(
        main_of(&html).contains("curl") && main_of(&html).contains("https://api.example/v1/berths/text"),
        "{}",
        main_of(&html)
    );
}
