mod elsewhere;

use std::fmt::Write as _;

use serde_json::json;

use crate::{Definition, Language, of_document};

fn read(document: serde_json::Value) -> Definition {
    of_document(Language::OpenApi, document).unwrap()
}

fn told(definition: &Definition, id: &str) -> String {
    let detail = definition.detail(id).unwrap();
    let mut out = format!("{} {}\n", detail.item.badge, detail.item.title);
    for fact in &detail.facts {
        writeln!(out, "{}: {}", fact.term, fact.text).unwrap();
    }
    for section in &detail.sections {
        let fields: Vec<_> = section
            .fields
            .iter()
            .map(|field| format!("{}{}: {}", field.name, if field.required { "!" } else { "" }, field.kind))
            .collect();
        let examples: Vec<_> = section.examples.iter().map(|code| code.title.clone()).collect();
        writeln!(
            out,
            "[{}] {} {} ({}) {}",
            section.title,
            section.note,
            section.description,
            fields.join(", "),
            examples.join(", ")
        )
        .unwrap();
    }
    if let Some(call) = detail.call {
        writeln!(out, "{}", call.text).unwrap();
    }
    out
}

#[test]
fn an_operation_of_openapi_3_is_told_whole() {
    let definition = read(json!({
        "openapi": "3.1.0",
        "info": { "title": "Quotes", "version": 2, "description": "*For freight*" },
        "servers": [{ "url": "https://api.example/v1/" }],
        "security": [{ "bearer": [] }],
        "tags": [{ "name": "Quotes", "description": "Prices" }],
        "paths": {
            "/quotes/{id}": {
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "example": "q/1" } }],
                "put": {
                    "operationId": "putQuote", "tags": ["Quotes"], "summary": "Change it", "deprecated": true,
                    "parameters": [{ "name": "lane", "in": "query", "required": true, "schema": { "type": "integer" } }, { "$ref": "#/components/parameters/Trace" }],
                    "requestBody": { "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Quote" } } } },
                    "responses": { "200": { "description": "Changed", "headers": { "ETag": { "schema": { "type": "string" } } }, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Quote" }, "examples": { "small": { "value": { "price": 3 } } } } } }, "default": { "description": "Wrong" } },
                },
            },
            "/open": { "get": { "security": [{}, { "key": ["a"] }], "responses": {} } },
        },
        "webhooks": { "moved": { "post": { "summary": "It moved" } } },
        "components": {
            "parameters": { "Trace": { "name": "X-Trace", "in": "header", "schema": { "type": "string" } } },
            "schemas": { "Quote": { "type": "object", "required": ["price"], "properties": { "price": { "type": "number" }, "note": { "type": "string", "example": "it's" } } } },
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" }, "key": { "type": "apiKey", "in": "header", "name": "X-Key" } },
        },
    }));
    let groups: Vec<_> = definition
        .overview
        .groups
        .iter()
        .map(|group| {
            (group.name.as_str(), group.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>().join(" "))
        })
        .collect();
    insta::assert_debug_snapshot!((&definition.overview.form, groups), @r#"
    (
        "OpenAPI 3.1.0",
        [
            (
                "Quotes",
                "putQuote",
            ),
            (
                "Operations",
                "get /open",
            ),
            (
                "Webhooks",
                "post moved",
            ),
            (
                "Schemas",
                "schema:Quote",
            ),
        ],
    )
    "#);
    insta::assert_snapshot!(told(&definition, "putQuote"), @r#"
    PUT /quotes/{id}
    Operation: putQuote
    Needs: bearer
    [Path parameters]   (id!: string) 
    [Query parameters]   (lane!: integer) 
    [Headers]   (X-Trace: string) 
    [Request body] application/json  (: Quote) Made from the schema
    [Response 200] application/json Changed (: Quote) small
    [Response 200, headers]   (ETag: string) 
    [Any other response]  Wrong () 
    curl -X PUT 'https://api.example/v1/quotes/q%2F1?lane=1' \
      -H "Authorization: Bearer $TOKEN" \
      -H 'Content-Type: application/json' \
      -d '{"price":1.5,"note":"it'\''s"}'
    "#);
    insta::assert_snapshot!(told(&definition, "get /open"), @"
    GET /open
    Needs: nothing, or key (a)
    curl 'https://api.example/v1/open'
    ");
    assert!(definition.detail("nothing").is_none() && definition.detail("schema:Nothing").is_none());
}

#[test]
fn an_operation_of_openapi_2_is_told_too() {
    let definition = read(json!({
        "swagger": "2.0", "info": {}, "host": "api.example", "basePath": "/v1", "schemes": ["https"], "consumes": ["application/json"],
        "paths": { "/pets": { "post": {
            "parameters": [{ "name": "pet", "in": "body", "required": true, "schema": { "$ref": "#/definitions/Pet" } }, { "name": "limit", "in": "query", "type": "integer", "maximum": 9 }],
            "responses": { "201": { "description": "Made", "schema": { "type": "array", "items": { "$ref": "#/definitions/Pet" } } } },
        } } },
        "definitions": { "Pet": { "type": "object", "properties": { "name": { "type": "string" } } } },
    }));
    insta::assert_snapshot!(told(&definition, "post /pets"), @r#"
    POST /pets
    [Query parameters]   (limit: integer) 
    [Request body] application/json  (: Pet) Made from the schema
    [Response 201]  Made (: list of Pet) Made from the schema
    curl -X POST 'https://api.example/v1/pets' \
      -H 'Content-Type: application/json' \
      -d '{"name":"text"}'
    "#);
}

#[test]
fn what_is_no_openapi_document_is_told() {
    for wrong in [json!(null), json!([1]), json!({ "openapi": "4.0" }), json!({ "asyncapi": "3.0.0" })] {
        assert!(of_document(Language::OpenApi, wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn odd_shapes_do_no_harm() {
    let definition = read(json!({
        "openapi": "3.0.0", "info": [], "tags": {}, "servers": "x", "security": 3,
        "paths": { "/a": { "get": { "parameters": [null, 3, { "in": "query" }], "requestBody": [], "responses": [1], "tags": [1] }, "post": null }, "/b": null, "/c": { "$ref": "#/paths/~1c" } },
        "components": { "schemas": { "A": 3, "B": null, "C": { "allOf": 3, "properties": [] } } },
    }));
    for group in &definition.overview.groups {
        for item in &group.items {
            assert!(definition.detail(&item.id).is_some(), "{}", item.id);
        }
    }
}

#[test]
fn nothing_in_a_command_ends_its_quotes() {
    let definition = read(json!({
        "openapi": "3.0.0", "servers": [{ "url": "https://x/'; rm -rf ~; '" }],
        "paths": { "/a'$(id)`id`\n": { "post": { "parameters": [{ "name": "X-A", "in": "header", "required": true, "example": "'; id #" }], "requestBody": { "content": { "application/json": { "example": "'\n`id`" } } } } } },
    }));
    let id = &definition.overview.groups[0].items[0].id;
    insta::assert_snapshot!(definition.detail(id).unwrap().call.unwrap().text, @r"
    curl -X POST 'https://x/'\'';%20rm%20-rf%20~;%20'\''/a'\''$(id)`id` ' \
      -H 'X-A: '\''; id #' \
      -H 'Content-Type: application/json' \
      -d ''\'' `id`'
    ");
}

#[test]
fn what_an_api_asks_later_on_is_shown_beside_the_operation() {
    let definition = read(json!({
        "openapi": "3.1.0",
        "info": { "title": "Berths", "version": "1", "summary": "Who lies where.", "description": "*Daily*" },
        "paths": { "/watch": { "post": {
            "operationId": "watch",
            "responses": { "201": { "description": "Watched" } },
            "callbacks": {
                "moved": { "{$request.body#/url}": { "post": {
                    "summary": "A ship moved",
                    "requestBody": { "content": { "application/json": { "schema": { "type": "object", "properties": { "ship": { "type": "string" } } } } } },
                    "responses": { "204": {}, "410": {} },
                } } },
                "shared": { "$ref": "#/components/callbacks/Gone" },
            },
        } } },
        "components": { "callbacks": { "Gone": { "https://x.example/gone": { "delete": { "responses": {} } } } } },
    }));
    assert_eq!(definition.overview.description, "Who lies where.\n\n*Daily*");
    insta::assert_snapshot!(told(&definition, "watch"), @"
    POST /watch
    Operation: watch
    [Response 201]  Watched () 
    [Calls back: moved] POST {$request.body#/url}, application/json A ship moved

    Understood answers: 204, 410. (ship: string) Made from the schema
    [Calls back: shared] DELETE https://x.example/gone  () 
    curl -X POST 'https://HOST/watch'
    ");
}

#[test]
fn a_command_sends_what_its_media_type_is() {
    let body = |media: &str, content: serde_json::Value| json!({ "post": { "requestBody": { "content": { media: content } } } });
    let file = json!({ "type": "string", "format": "binary" });
    let mut upload = body(
        "multipart/form-data",
        json!({ "schema": { "type": "object", "properties": {
        "file": file, "meta": { "type": "object", "properties": { "n": { "type": "string", "example": "it's" } } }, "tags": { "type": "array", "items": { "type": "string" }, "example": ["a", "b"] },
    } } }),
    );
    upload["post"]["security"] = json!([{ "basic": [], "key": [], "session": [] }]);
    let form = json!({ "schema": { "type": "object", "properties": { "a": { "type": "string", "example": "1&2" }, "b": { "type": "array", "items": { "type": "string" }, "example": ["x", "y"] } } } });
    let array = json!({ "type": "array", "items": { "type": "string" } });
    let definition = read(json!({
        "openapi": "3.0.3", "info": {}, "servers": [{ "url": "https://x.example" }],
        "paths": {
            "/up": upload, "/form": body("application/x-www-form-urlencoded", form), "/bin": body("application/octet-stream", json!({ "schema": file })),
            "/p/{m}/{l}/{n}": { "get": { "security": [{ "key": [] }], "parameters": [
                { "name": "m", "in": "path", "required": true, "style": "matrix", "explode": true, "schema": array, "example": ["a", "b"] },
                { "name": "n", "in": "path", "required": true, "style": "matrix", "schema": array, "example": ["a", "b"] },
                { "name": "l", "in": "path", "required": true, "style": "label", "example": "x y/z" },
                { "name": "res", "in": "query", "required": true, "allowReserved": true, "schema": { "type": "string" }, "example": "a/b?c=d&e" },
            ] } },
        },
        "components": { "securitySchemes": {
            "basic": { "type": "http", "scheme": "basic" }, "key": { "type": "apiKey", "in": "query", "name": "api_key" }, "session": { "type": "apiKey", "in": "cookie", "name": "sid" },
        } },
    }));
    let called = |id: &str| definition.detail(id).unwrap().call.unwrap().text;
    insta::assert_snapshot!(called("post /up"), @r##"
    curl -X POST 'https://x.example/up''?api_key='"$API_KEY" \
      -u "$USERNAME:$PASSWORD" \
      -b 'sid='"$API_KEY" \
      -F 'file=@FILE' \
      -F 'meta={"n":"it'\''s"};type=application/json' \
      --form-string 'tags=a' \
      --form-string 'tags=b'
    "##);
    insta::assert_snapshot!(called("post /form"), @r##"
    curl -X POST 'https://x.example/form' \
      -H 'Content-Type: application/x-www-form-urlencoded' \
      -d 'a=1%262&b=x&b=y'
    "##);
    insta::assert_snapshot!(called("post /bin"), @r##"
    curl -X POST 'https://x.example/bin' \
      -H 'Content-Type: application/octet-stream' \
      --data-binary @FILE
    "##);
    insta::assert_snapshot!(called("get /p/{m}/{l}/{n}"), @r##"
    curl 'https://x.example/p/;m=a;m=b/.x%20y%2Fz/;n=a,b?res=a/b?c=d%26e''&api_key='"$API_KEY"
    "##);
}

#[test]
fn of_two_operations_with_one_name_both_can_be_opened() {
    let definition = read(json!({
        "openapi": "3.0.0", "info": {},
        "paths": { "/d": { "get": { "operationId": "dup" }, "post": { "operationId": "dup", "responses": { "200": { "description": "Made" } } } } },
    }));
    let items = &definition.overview.groups[0].items;
    assert_eq!(items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["dup", "post /d"]);
    for item in items {
        assert_eq!(&definition.detail(&item.id).unwrap().item, item);
    }
    assert!(told(&definition, "post /d").contains("Response 200"));
}

#[test]
fn what_stands_at_the_edges_of_a_document_is_told() {
    let definition = read(json!({
        "openapi": "3.1.0",
        "info": { "termsOfService": "https://x.example/terms", "contact": { "name": "C", "url": "https://x.example/c", "email": "a@b" }, "license": { "name": "MIT", "url": "https://x.example/mit" } },
        "externalDocs": { "url": "https://x.example/docs", "description": "The handbook" },
        "tags": [{ "name": "Begin", "description": "Start here", "externalDocs": { "url": "https://x.example/begin" } }, { "name": "Empty" }],
        "paths": { "/b": { "get": { "operationId": "getB" }, "post": {
            "operationId": "send",
            "requestBody": { "content": { "multipart/form-data": { "schema": { "$ref": "#/components/schemas/Form" }, "encoding": { "f": { "contentType": "image/png", "headers": { "X-Part": {} } }, "extra": { "style": "form", "explode": true } } } } },
            "responses": { "200": { "description": "ok", "links": { "next": { "operationId": "getB", "description": "Look", "parameters": { "id": "$response.body#/id" } } } } },
        } } },
        "components": {
            "schemas": { "Form": { "type": "object", "properties": { "f": { "type": "string" } } } },
            "securitySchemes": { "oa": { "type": "oauth2", "flows": { "authorizationCode": { "authorizationUrl": "https://a.example", "tokenUrl": "https://t.example", "scopes": { "read": "Read it" } } } } },
        },
    }));
    let lines = |facts: &[crate::Fact]| {
        facts.iter().map(|fact| format!("{}: {}", fact.term, fact.text)).collect::<Vec<_>>().join("\n")
    };
    let overview = &definition.overview;
    insta::assert_snapshot!(lines(&overview.facts), @"
    Contact: C, a@b
    Contact: https://x.example/c
    Licence: MIT
    Licence: https://x.example/mit
    Terms: https://x.example/terms
    More: https://x.example/docs
    More: The handbook
    ");
    insta::assert_snapshot!(lines(&overview.schemes[0].facts), @"
    Authorization (authorizationCode): https://a.example
    Token (authorizationCode): https://t.example
    Scope (authorizationCode): read: Read it
    ");
    let groups: Vec<_> = overview
        .groups
        .iter()
        .map(|group| (group.name.as_str(), group.description.as_str(), group.items.len()))
        .collect();
    assert_eq!(
        groups,
        [("Begin", "Start here\n\n<https://x.example/begin>", 0), ("Operations", "", 2), ("Schemas", "", 1)]
    );
    let detail = definition.detail("send").unwrap();
    let form = &detail.sections[0];
    assert_eq!(lines(&form.fields[0].children[0].facts), "Sent as: image/png\nHeaders of the part: X-Part");
    assert_eq!(
        (form.fields[1].name.as_str(), lines(&form.fields[1].facts).as_str()),
        ("extra", "Style: form\nExplode: true")
    );
    let next = &detail.sections[2];
    assert_eq!(
        (next.title.as_str(), next.fields[0].link.as_deref()),
        ("Response 200, what to call next", Some("getB"))
    );
    assert_eq!(lines(&next.fields[0].facts), "id: $response.body#/id");
    let swagger = read(
        json!({ "swagger": "2.0", "securityDefinitions": { "oa": { "type": "oauth2", "flow": "implicit", "authorizationUrl": "https://a.example", "scopes": { "w": "" } } } }),
    );
    assert_eq!(
        lines(&swagger.overview.schemes[0].facts),
        "Authorization (implicit): https://a.example\nScope (implicit): w"
    );
}

#[test]
fn a_command_says_what_servers_read() {
    let array = json!({ "type": "array", "items": { "type": "string" } });
    let query = |name: &str, more: serde_json::Value| {
        let mut parameter = json!({ "name": name, "in": "query", "required": true, "schema": array });
        parameter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parameter
    };
    let definition = read(json!({
        "openapi": "3.0.3", "info": {},
        "servers": [{ "url": "https://{region}.api.example/{base}", "description": "Ours", "variables": { "region": { "default": "eu", "enum": ["eu", "us"] }, "base": { "enum": ["v2"] } } }],
        "paths": { "/items/{ids}": {
            "servers": [{ "url": "https://items.example" }],
            "get": { "parameters": [
                { "name": "ids", "in": "path", "required": true, "schema": array, "example": ["a/b", "c"] },
                query("tags", json!({ "example": ["x", "y"] })),
                query("joined", json!({ "example": ["x", "y z"], "explode": false })),
                query("piped", json!({ "examples": { "one": { "value": ["x", "y"] } }, "style": "pipeDelimited" })),
                { "name": "deep", "in": "query", "required": true, "style": "deepObject", "example": { "a": "b", "c": 1 } },
                { "name": "json", "in": "query", "required": true, "content": { "application/json": { "example": null, "schema": { "type": "object", "properties": { "a": { "type": "integer" } } } } } },
                { "name": "session", "in": "cookie", "required": true, "schema": { "type": "string", "example": "s 1" } },
                { "name": "X-Many", "in": "header", "required": true, "schema": array, "example": ["x", "y"] },
            ] },
            "delete": { "servers": [{ "url": "/relative/v3" }], "parameters": [{ "name": "ids", "in": "path", "required": true, "example": 7 }] },
        }, "/all": { "get": {}, "post": { "servers": [{ "url": "https://{where}.example" }] } } },
    }));
    assert_eq!(definition.overview.servers[0].description, "Ours · region: eu or us; base: v2");
    insta::assert_snapshot!(definition.detail("get /items/{ids}").unwrap().call.unwrap().text, @"
    curl 'https://items.example/items/a%2Fb,c?tags=x&tags=y&joined=x,y%20z&piped=x%7Cy&deep%5Ba%5D=b&deep%5Bc%5D=1&json=%7B%22a%22%3A1%7D' \\
      -b 'session=s%201' \\
      -H 'X-Many: x,y'
    ");
    insta::assert_snapshot!(definition.detail("delete /items/{ids}").unwrap().call.unwrap().text, @"curl -X DELETE 'https://HOST/relative/v3/items/7'");
    insta::assert_snapshot!(definition.detail("get /all").unwrap().call.unwrap().text, @"curl 'https://eu.api.example/v2/all'");
    insta::assert_snapshot!(definition.detail("post /all").unwrap().call.unwrap().text, @"curl -g -X POST 'https://{where}.example/all'");
    let told = definition.detail("delete /items/{ids}").unwrap().facts.into_iter();
    let served: Vec<_> = told.filter(|fact| fact.term == "Served at").map(|fact| fact.text).collect();
    assert_eq!(served, ["/relative/v3"]);
}
