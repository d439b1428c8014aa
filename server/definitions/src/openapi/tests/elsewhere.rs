//! What stands beside an operation, or in another place.

use super::*;

#[test]
fn what_stands_elsewhere_or_has_a_name_is_found() {
    let definition = read(json!({
        "openapi": "3.1.0", "info": {},
        "paths": { "/t": {
            "summary": "Shared", "description": "Of *all*.",
            "get": { "description": "<p>Gets the <strong>one</strong> List<Tide></p>\nmore", "responses": { "200": { "content": { "application/json": {
                "examples": { "two": { "value": 2 }, "far": { "summary": "Far away", "externalValue": "https://x.example/e.json" } },
            } } } } },
        } },
        "components": { "schemas": {
            "Pet": { "type": "object", "properties": { "named": { "$ref": "#foo" } }, "$defs": { "n": { "$anchor": "foo", "type": "string" } } },
            "Tree": { "$id": "https://x.example/tree", "$dynamicAnchor": "node", "type": "object", "properties": { "children": { "type": "array", "items": { "$dynamicRef": "#node" } } } },
        } },
    }));
    let detail = definition.detail("get /t").unwrap();
    assert_eq!(detail.item.summary, "Gets the one List<Tide>");
    assert!(detail.description.ends_with("more\n\nOf *all*."), "{}", detail.description);
    assert!(detail.facts.iter().any(|fact| fact.term == "Path" && fact.text == "Shared"), "{:?}", detail.facts);
    let facts = &detail.sections[0].facts;
    assert_eq!(
        (facts[0].term.as_str(), facts[0].text.as_str()),
        ("Example elsewhere: Far away", "https://x.example/e.json")
    );
    let field = |id: &str| definition.detail(id).unwrap().sections[0].fields[0].clone();
    assert_eq!(field("schema:Pet").kind, "n: string");
    let children = field("schema:Tree");
    assert_eq!((children.kind.as_str(), children.link.as_deref()), ("list of Tree", Some("schema:Tree")));
}

#[test]
fn merged_answers_empty_variables_and_paths_of_other_files_are_told() {
    let definition = read(json!({
        "openapi": "3.0.0", "info": {},
        "servers": [{ "url": "{scheme}://x.example/{base}", "variables": { "scheme": { "enum": ["https", "http"] }, "base": { "default": "" } } }],
        "paths": {
            "/a": { "get": { "responses": { "<<": { "401": { "description": "who" } }, "200": { "description": "ok" } } } },
            "/x": { "$ref": "./paths.yaml#/x" }, "/y": { "$ref": "./paths.yaml#/y" },
        },
    }));
    let detail = definition.detail("get /a").unwrap();
    let titles: Vec<&str> = detail.sections.iter().map(|section| section.title.as_str()).collect();
    assert_eq!(titles, ["Response 200", "Response 401"]);
    assert_eq!(detail.call.unwrap().text, "curl 'https://x.example/a'");
    assert_eq!(definition.overview.servers[0].description, "scheme: https or http; base: nothing");
    let notes = definition.overview.notes.join(" ");
    assert!(notes.contains("`./paths.yaml#/x` and 1 more") && notes.contains("`$openapi`"), "{notes}");
}
