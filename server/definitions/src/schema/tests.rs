use std::fmt::Write as _;

use serde_json::json;

use super::*;

fn told(fields: &[Field], depth: usize, out: &mut String) {
    for field in fields {
        let facts: Vec<_> = field.facts.iter().map(|fact| format!("{}={}", fact.term, fact.text)).collect();
        writeln!(
            out,
            "{:indent$}{}{} {} {}{}",
            "",
            field.name,
            if field.required { "!" } else { "" },
            field.kind,
            facts.join("; "),
            field.cut.as_ref().map(|cut| format!(" {cut:?}")).unwrap_or_default(),
            indent = depth * 2,
        )
        .unwrap();
        told(&field.children, depth + 1, out);
    }
}

fn drawn(root: &Value) -> String {
    let mut out = String::new();
    told(&Trees::new(root).fields(&root["top"]), 0, &mut out);
    out
}

#[test]
fn a_schema_is_a_tree_with_what_matters() {
    let root = json!({
        "top": {
            "type": "object",
            "required": ["id", "kind"],
            "properties": {
                "id": { "type": "string", "format": "uuid", "readOnly": true },
                "kind": { "enum": ["a", "b", 3] },
                "size": { "type": ["integer", "null"], "minimum": 1, "default": 2 },
                "tags": { "type": "array", "items": { "type": "string" }, "maxItems": 5 },
                "berth": { "$ref": "#/components/schemas/Berth" },
                "maybe": { "anyOf": [{ "$ref": "#/components/schemas/Berth" }, { "type": "null" }] },
                "either": { "oneOf": [{ "type": "string" }, { "type": "object", "properties": { "x": { "type": "number" } } }] },
                "map": { "type": "object", "additionalProperties": { "type": "integer" } },
                "far": { "$ref": "other.yaml#/X" },
                "gone": { "$ref": "#/nowhere" }
            }
        },
        "components": { "schemas": {
            "Base": { "type": "object", "properties": { "name": { "type": "string" } } },
            "Berth": { "allOf": [{ "$ref": "#/components/schemas/Base" }, { "required": ["name"], "properties": { "next": { "$ref": "#/components/schemas/Berth" } } }] },
        } }
    });
    insta::assert_snapshot!(drawn(&root), @"
    id! string (uuid) Rule=only in answers
    kind! value One of=a, b, 3
    size integer, or null Default=2; At least=1
    tags list of string Most items=5
    berth Berth 
      name! string 
      next Berth  Cycle
    maybe Berth, or null 
      name! string 
      next Berth  Cycle
    either one of 
       string 
       option 2 
        x number 
    map object 
      * integer 
    far other.yaml#/X (in another document) 
    gone #/nowhere (not in this document)
    ");
}

#[test]
fn conditions_and_patterns_are_shown() {
    let root = json!({
        "top": {
            "type": "object",
            "properties": { "kind": { "type": "string" }, "tags": { "type": "array", "contains": { "const": "x" }, "minContains": 1 } },
            "patternProperties": { "^x-": { "type": "integer" } },
            "unevaluatedProperties": false,
            "if": { "properties": { "kind": { "const": "berth" } } },
            "then": { "required": ["depth"], "properties": { "depth": { "type": "number" } } },
            "else": { "not": { "required": ["depth"] } },
            "dependentRequired": { "depth": ["unit"] },
            "dependentSchemas": { "unit": { "properties": { "unit": { "enum": ["m", "ft"] } } } }
        }
    });
    insta::assert_snapshot!(drawn(&root), @"
    object Other keys=not allowed; With depth=also unit
     kind string 
     tags array Fewest that match=1
       contains value Always=x
     /^x-/ integer 
     if object 
       kind value Always=berth
     then object 
       depth! number 
     else  
       not  Needs=depth
     if unit is there object 
       unit value One of=m, ft
    ");
}

#[test]
fn tuples_names_of_keys_and_what_tells_choices_apart_are_shown() {
    let root = json!({
        "top": { "type": "object", "propertyNames": { "pattern": "^[a-z]+$" }, "properties": {
            "pair": { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }], "items": false, "minItems": 2 },
            "open": { "prefixItems": [{ "type": "string" }], "items": { "type": "number" } },
            "pet": { "oneOf": [{ "$ref": "#/components/schemas/Cat" }], "discriminator": { "propertyName": "kind", "mapping": { "cat": "#/components/schemas/Cat" } } },
        } },
        "components": { "schemas": { "Cat": { "type": "object", "properties": { "kind": { "const": "cat" } } } } },
    });
    insta::assert_snapshot!(drawn(&root), @"
    pair list in this order Fewest items=2; Other items=not allowed
      1! string 
      2! integer 
    open list in this order 
      1! string 
      more number 
    pet one of Told apart by=kind; kind: cat=Cat
       Cat 
        kind value Always=cat
    each key  Pattern=^[a-z]+$
    ");
}

#[test]
fn circles_and_giants_stay_small() {
    let circle = json!({ "top": { "$ref": "#/a" }, "a": { "$ref": "#/b" }, "b": { "$ref": "#/a" } });
    assert!(drawn(&circle).contains("not in this document"));
    // Twenty types that each name all the others.
    let names: Vec<String> = (0..20).map(|number| format!("T{number}")).collect();
    let schemas: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| {
            let properties: serde_json::Map<String, Value> = names
                .iter()
                .map(|other| (other.to_lowercase(), json!({ "$ref": format!("#/components/schemas/{other}") })))
                .collect();
            (name.clone(), json!({ "type": "object", "properties": properties }))
        })
        .collect();
    let root = json!({ "top": { "$ref": "#/components/schemas/T0" }, "components": { "schemas": schemas } });
    let lines = drawn(&root).lines().count();
    assert!(lines <= MOST + DEPTH * 20, "{lines}");
    let mut deep = json!({ "type": "string" });
    for _ in 0..60 {
        deep = json!({ "type": "object", "properties": { "x": deep } });
    }
    assert!(drawn(&json!({ "top": deep })).contains("Deep"));
}
