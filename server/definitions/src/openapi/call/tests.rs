use serde_json::{Value, json};

use crate::{Definition, Language, of_document};

fn read(document: Value) -> Definition {
    of_document(Language::OpenApi, document).unwrap()
}

/// The options of the command that sends a body, one a line.
fn sent(media: &str, content: &Value) -> String {
    let definition = read(json!({
        "openapi": "3.1.0", "info": {}, "servers": [{ "url": "https://x.example" }],
        "paths": { "/a": { "post": { "requestBody": { "content": { media: content } } } } },
        "components": { "schemas": {
            "Base": { "type": "object", "properties": { "f": { "type": "string", "format": "binary" }, "g": { "example": 7 } } },
            "Cat": { "type": "object", "properties": { "id": { "type": "integer", "xml": { "attribute": true } }, "n": { "type": "string", "example": "<&" }, "tags": { "type": "array", "xml": { "wrapped": true }, "items": { "type": "string", "xml": { "name": "tag" } } } } },
        } },
    }));
    options(&definition, "post /a")
}

fn options(definition: &Definition, id: &str) -> String {
    let call = definition.detail(id).unwrap().call.unwrap().text;
    call.lines().skip(1).map(|line| line.trim().trim_end_matches(" \\")).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_value_has_a_file_of_whoever_pastes_it_sent() {
    for media in ["text/plain", "application/json", "application/xml"] {
        let options = sent(media, &json!({ "example": "@/etc/passwd" }));
        assert_eq!(options, format!("-H 'Content-Type: {media}'\n--data-raw '@/etc/passwd'"));
    }
    let form = json!({ "example": {
        "a": "@~/.ssh/id_rsa", "b": "<file", "c": "hello;type=text/html", "d;e": "x;filename=/tmp/o", "f\"g": ["@1", "<2"],
        "h=i": "no", "o": { "k": "v;filename=/tmp/o\"" },
    } });
    insta::assert_snapshot!(sent("multipart/form-data", &form), @r#"
    --form-string 'a=@~/.ssh/id_rsa'
    --form-string 'b=<file'
    --form-string 'c=hello;type=text/html'
    --form-string 'd;e=x;filename=/tmp/o'
    --form-string 'f"g=@1'
    --form-string 'f"g=<2'
    -F 'o="{\"k\":\"v;filename=/tmp/o\\\"\"}";type=application/json'
    "#);
    // Neither a server nor a header is an option.
    let definition = read(json!({
        "openapi": "3.0.0", "servers": [{ "url": "-T/etc/passwd" }],
        "paths": { "/a": { "get": { "parameters": [{ "name": "@/etc/passwd", "in": "header", "required": true, "example": "x" }] } } },
    }));
    let call = definition.detail("get /a").unwrap().call.unwrap().text;
    assert_eq!(call, "curl 'https://HOST/-T/etc/passwd/a'");
}

#[test]
fn fields_of_a_form_are_written_by_their_style() {
    let schema = json!({ "type": "object", "properties": {
        "address": { "anyOf": [{ "type": "object", "properties": { "city": { "type": "string" }, "line1": { "type": "string" } } }, { "enum": [""] }] },
        "metadata": { "type": "object", "additionalProperties": { "type": "string" } },
        "tags": { "example": ["a", "b"] }, "all": { "example": ["a", "b"] }, "plain": { "example": { "k": [1] } },
        "spread": { "example": { "x": 1, "y": 2 } },
    } });
    let deep = json!({ "style": "deepObject", "explode": true });
    let encoding = json!({ "address": deep, "metadata": deep, "tags": { "style": "form", "explode": false }, "spread": { "style": "form" } });
    let content = json!({ "schema": schema, "encoding": encoding });
    insta::assert_snapshot!(sent("application/x-www-form-urlencoded", &content), @r"
    -H 'Content-Type: application/x-www-form-urlencoded'
    -d 'address%5Bcity%5D=text&address%5Bline1%5D=text&tags=a,b&all=a&all=b&plain=%7B%22k%22%3A%5B1%5D%7D&x=1&y=2'
    ");
}

#[test]
fn parts_say_what_they_are() {
    let schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Base" }, { "type": "object", "properties": { "c": { "example": "a;b\"" }, "o": { "example": { "k": 1 } } } }] });
    let encoding = json!({ "f": { "contentType": "image/png, image/jpeg" }, "c": { "contentType": "text/csv" }, "g": { "contentType": "text/plain;type=x" }, "o": { "contentType": "application/merge-patch+json" } });
    let content = json!({ "schema": schema, "encoding": encoding });
    insta::assert_snapshot!(sent("multipart/form-data", &content), @r#"
    -F 'f=@FILE;type=image/png'
    -F 'g="7";type=text/plain'
    -F 'c="a;b\"";type=text/csv'
    -F 'o={"k":1};type=application/merge-patch+json'
    "#);
    insta::assert_snapshot!(sent("multipart/mixed", &json!({ "schema": { "$ref": "#/components/schemas/Base" } })), @"
    -H 'Content-Type: multipart/mixed'
    -F 'f=@FILE'
    --form-string 'g=7'
    ");
}

#[test]
fn xml_is_written_by_its_schema() {
    insta::assert_snapshot!(sent("application/xml", &json!({ "schema": { "$ref": "#/components/schemas/Cat" } })), @r#"
    -H 'Content-Type: application/xml'
    -d '<Cat id="1"><n>&lt;&amp;</n><tags><tag>text</tag></tags></Cat>'
    "#);
    let schema = json!({ "type": "object", "xml": { "name": "cat", "prefix": "c", "namespace": "urn:c" }, "properties": { "id": { "type": "integer" }, "many": { "type": "array", "items": { "type": "integer" } } } });
    insta::assert_snapshot!(sent("text/xml", &json!({ "schema": schema })), @r#"
    -H 'Content-Type: text/xml'
    -d '<c:cat xmlns:c="urn:c"><id>1</id><many>1</many></c:cat>'
    "#);
}

#[test]
fn forms_of_version_2_are_sent_as_they_are_consumed() {
    let field = |name: &str, kind: &str| json!({ "name": name, "in": "formData", "required": true, "type": kind, "enum": ["a b"] });
    let definition = read(json!({
        "swagger": "2.0", "info": {}, "host": "h.example", "consumes": ["application/x-www-form-urlencoded"],
        "paths": {
            "/u": { "post": { "parameters": [field("x", "string"), { "name": "l", "in": "formData", "required": true, "type": "array", "collectionFormat": "pipes", "default": ["a", "b"], "items": { "type": "string" } }] } },
            "/m": { "post": { "consumes": ["multipart/form-data"], "parameters": [field("x", "string")] } },
            "/f": { "post": { "parameters": [field("x", "string"), { "name": "up", "in": "formData", "required": true, "type": "file" }] } },
        },
    }));
    insta::assert_snapshot!(options(&definition, "post /u"), @"
    -H 'Content-Type: application/x-www-form-urlencoded'
    -d 'x=a%20b&l=a%7Cb'
    ");
    assert_eq!(options(&definition, "post /m"), "--form-string 'x=a b'");
    assert_eq!(options(&definition, "post /f"), "--form-string 'x=a b'\n-F 'up=@FILE'");
}

#[test]
fn each_way_to_show_who_one_is_has_its_option() {
    let shown = |scheme: Value| {
        let definition = read(json!({
            "openapi": "3.1.0", "info": {}, "servers": [{ "url": "https://x.example/{v}", "variables": { "v": { "default": "v 1" } } }],
            "paths": { "/a": { "get": { "security": [{ "s": [] }], "parameters": [{ "name": "j", "in": "query", "required": true, "content": { "application/json": { "example": { "z": [1] } } } }] } } },
            "components": { "securitySchemes": { "s": scheme } },
        }));
        definition.detail("get /a").unwrap().call.unwrap().text
    };
    let begin = "curl 'https://x.example/v%201/a?j=%7B%22z%22%3A%5B1%5D%7D' \\\n  ";
    for (scheme, option) in [
        (json!({ "type": "http", "scheme": "Digest" }), "--digest -u \"$USERNAME:$PASSWORD\""),
        (json!({ "type": "http", "scheme": "Basic" }), "-u \"$USERNAME:$PASSWORD\""),
        (json!({ "type": "http", "scheme": "bearer" }), "-H \"Authorization: Bearer $TOKEN\""),
        (json!({ "type": "http", "scheme": "hoba\"`id`" }), "-H \"Authorization: hobaid $CREDENTIALS\""),
        (json!({ "type": "mutualTLS" }), "--cert \"$CERTIFICATE\" --key \"$KEY\""),
    ] {
        assert_eq!(shown(scheme), format!("{begin}{option}"));
    }
}

#[test]
fn how_a_parameter_is_written_is_told_and_done() {
    let definition = read(json!({
        "openapi": "3.1.0", "info": {}, "servers": [{ "url": "https://x.example" }],
        "paths": { "/a": { "get": { "parameters": [
            { "name": "f", "in": "query", "required": true, "style": "deepObject", "explode": true, "example": { "a": "x", "b": { "c": 1, "d": { "e": [1, 2] } } } },
            { "name": "X-Obj", "in": "header", "required": true, "explode": true, "schema": {}, "example": { "k": "text", "l": 2 } },
            { "name": "r", "in": "query", "allowReserved": true, "style": "spaceDelimited", "schema": {
                "oneOf": [{ "const": 1, "title": "Low" }, { "const": 2, "title": "High" }], "externalDocs": { "url": "https://docs.example" }, "xml": { "name": "R", "attribute": true },
            } },
        ] } } },
    }));
    let detail = definition.detail("get /a").unwrap();
    assert!(detail.call.unwrap().text.contains("?f%5Ba%5D=x&f%5Bb%5D%5Bc%5D=1&f%5Bb%5D%5Bd%5D%5Be%5D=1,2'"));
    assert_eq!(options(&definition, "get /a"), "-H 'X-Obj: k=text,l=2'");
    let told = |at: usize| {
        let facts = detail.sections[0].fields[at].facts.iter();
        facts.map(|fact| format!("{}: {}", fact.term, fact.text)).collect::<Vec<_>>().join("; ")
    };
    assert!(told(0).ends_with("; Style: deepObject; Explode: true"), "{}", told(0));
    assert_eq!(
        told(1),
        "In XML: name: R, attribute: true; More: https://docs.example; Style: spaceDelimited; Reserved letters: stand as they are"
    );
    let choices = detail.sections[0].fields[1].children.iter();
    assert_eq!(choices.map(|choice| choice.description.as_str()).collect::<Vec<_>>(), ["Low", "High"]);
}
