//! JSON Schema as a tree of fields, at a bounded cost: cycles end where they close, and one page shows so much and no more.

use serde_json::Value;

use crate::{
    document::{Led, flag, follow, line, link_of, list, name_of, short, text},
    model::{Cut, Fact, Field},
};

/// How deep one tree goes.
const DEPTH: usize = 7;

/// How many fields one page shows.
const MOST: usize = 600;

/// How many allowed values are listed.
const VALUES: usize = 40;

/// Draws the schemas of one page.
pub(crate) struct Trees<'a> {
    root: &'a Value,
    left: usize,
    /// The references that are being written out.
    open: Vec<&'a str>,
}

impl<'a> Trees<'a> {
    pub(crate) fn new(root: &'a Value) -> Self {
        Self { root, left: MOST, open: Vec::new() }
    }

    /// A schema as a field of its own.
    pub(crate) fn field(&mut self, name: &str, schema: &'a Value, required: bool) -> Field {
        self.drawn(name, schema, required, 0)
    }

    /// What a schema is made of: its properties, or itself if it has none.
    pub(crate) fn fields(&mut self, schema: &'a Value) -> Vec<Field> {
        let field = self.drawn("", schema, false, 0);
        if field.children.is_empty() || !field.facts.is_empty() || !is_object(&field.kind) {
            return vec![field];
        }
        field.children
    }

    fn drawn(&mut self, name: &str, schema: &'a Value, required: bool, depth: usize) -> Field {
        let mut field = Field { name: short(name, 200), required, ..Field::default() };
        if self.left == 0 {
            return Field { cut: Some(Cut::Many), ..field };
        }
        self.left -= 1;
        let (target, reference) = match follow(self.root, schema) {
            Led::Here(target, reference) => (target, reference),
            Led::Elsewhere(target) => {
                let words = if target.starts_with('#') { "not in this document" } else { "in another document" };
                field.kind = format!("{} ({words})", short(target, 200));
                return field;
            }
        };
        let named = reference.map(name_of);
        field.link = reference.and_then(link_of);
        // What stands beside a reference describes the use, not the type.
        let own = |key: &str| Some(text(schema, key)).filter(|words| !words.is_empty());
        own("description").unwrap_or_else(|| text(target, "description")).clone_into(&mut field.description);
        field.deprecated = flag(schema, "deprecated") || flag(target, "deprecated");
        if let Some(reference) = reference
            && self.open.contains(&reference)
        {
            field.kind = named.unwrap_or_default();
            field.cut = Some(Cut::Cycle);
            return field;
        }
        let opened = reference.inspect(|reference| self.open.push(reference)).is_some();
        self.describe(&mut field, target, depth);
        if opened {
            self.open.pop();
        }
        if let Some(named) = named {
            // A name says more than `object`, and less than `string`.
            field.kind = if is_object(&field.kind) { named } else { format!("{named}: {}", field.kind) };
        }
        field
    }

    fn describe(&mut self, field: &mut Field, schema: &'a Value, depth: usize) {
        if let Value::Bool(anything) = schema {
            let words = if *anything { "anything" } else { "nothing" };
            words.clone_into(&mut field.kind);
            return;
        }
        field.kind = kind(schema);
        field.facts = facts(schema);
        let is_deep = depth >= DEPTH;
        let has_more = ["properties", "items", "allOf", "oneOf", "anyOf", "prefixItems"]
            .iter()
            .any(|key| schema.get(*key).is_some_and(|inner| !is_simple(inner)));
        if is_deep && has_more {
            field.cut = Some(Cut::Deep);
            return;
        }
        if let Some(items) = schema.get("items") {
            let inner = self.drawn("", items, false, depth + 1);
            let words = if inner.kind.is_empty() { "anything".to_owned() } else { inner.kind };
            field.kind =
                if nullable(schema) { format!("list of {words}, or null") } else { format!("list of {words}") };
            field.link = field.link.take().or(inner.link);
            field.cut = inner.cut;
            field.children = inner.children;
            field.facts.extend(inner.facts);
            if field.description.is_empty() {
                field.description = inner.description;
            }
        }
        for part in list(schema, "allOf") {
            let inner = self.drawn("", part, false, depth + 1);
            if field.kind.is_empty() || field.kind == "object" {
                "object".clone_into(&mut field.kind);
                if inner.children.is_empty() && inner.cut.is_none() && !inner.kind.is_empty() {
                    field.kind = inner.kind;
                }
            }
            field.cut = field.cut.take().or(inner.cut);
            field.facts.extend(inner.facts);
            field.children.extend(inner.children);
            if field.description.is_empty() {
                field.description = inner.description;
            }
        }
        self.properties(field, schema, depth);
        for (key, words) in [("oneOf", "one of"), ("anyOf", "any of")] {
            let choices = list(schema, key);
            if choices.is_empty() {
                continue;
            }
            // `anyOf: [X, {type: null}]` is how an optional X is written.
            let real: Vec<&Value> = choices.iter().filter(|choice| text(choice, "type") != "null").collect();
            if let ([only], true) = (&real[..], real.len() < choices.len()) {
                let inner = self.drawn(&field.name.clone(), only, field.required, depth + 1);
                field.kind = format!("{}, or null", inner.kind);
                (field.link, field.children, field.cut) = (inner.link, inner.children, inner.cut);
                field.facts.extend(inner.facts);
                continue;
            }
            words.clone_into(&mut field.kind);
            for (number, choice) in (1..).zip(choices) {
                let mut inner = self.drawn("", choice, false, depth + 1);
                if inner.name.is_empty() && is_object(&inner.kind) {
                    inner.kind = format!("option {number}");
                }
                field.children.push(inner);
            }
        }
    }

    fn properties(&mut self, field: &mut Field, schema: &'a Value, depth: usize) {
        let needed = list(schema, "required");
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let required = needed.iter().any(|needed| needed.as_str() == Some(name));
            let inner = self.drawn(name, property, required, depth + 1);
            let is_end = inner.cut == Some(Cut::Many);
            field.children.push(inner);
            if is_end {
                break;
            }
        }
        for needed in needed.iter().filter_map(Value::as_str) {
            if let Some(child) = field.children.iter_mut().find(|child| child.name == needed) {
                child.required = true;
            }
        }
        for (number, item) in (1..).zip(list(schema, "prefixItems")) {
            let inner = self.drawn(&number.to_string(), item, true, depth + 1);
            field.children.push(inner);
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => field.facts.push(Fact::new("Other keys", "not allowed")),
            Some(rest @ Value::Object(inner)) if !inner.is_empty() => {
                let mut inner = self.drawn("*", rest, false, depth + 1);
                if inner.description.is_empty() {
                    "Any other key.".clone_into(&mut inner.description);
                }
                if field.kind.is_empty() {
                    "object".clone_into(&mut field.kind);
                }
                field.children.push(inner);
            }
            _ => {}
        }
    }
}

fn is_object(kind: &str) -> bool {
    ["", "object", "object, or null"].contains(&kind)
}

fn is_simple(schema: &Value) -> bool {
    schema.get("$ref").is_none()
        && ["properties", "items", "allOf", "oneOf", "anyOf"].iter().all(|key| schema.get(*key).is_none())
        && !text(schema, "type").is_empty()
}

fn nullable(schema: &Value) -> bool {
    let listed = schema.get("type").and_then(Value::as_array);
    flag(schema, "nullable") || listed.is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
}

/// A schema's own type in words.
fn kind(schema: &Value) -> String {
    let mut words = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect();
            kinds.join(" or ")
        }
        _ if schema.get("properties").is_some() || schema.get("additionalProperties").is_some() => "object".to_owned(),
        _ if schema.get("const").is_some() || schema.get("enum").is_some() => "value".to_owned(),
        _ => String::new(),
    };
    let format = text(schema, "format");
    if !format.is_empty() {
        format!("{words} ({format})").trim().clone_into(&mut words);
    }
    if nullable(schema) { format!("{words}, or null").trim_start_matches(", ").to_owned() } else { words }
}

/// Bounds, defaults, allowed values.
fn facts(schema: &Value) -> Vec<Fact> {
    let mut facts = Vec::new();
    let values = list(schema, "enum");
    if !values.is_empty() {
        let mut words: Vec<String> = values.iter().take(VALUES).map(line).collect();
        if values.len() > VALUES {
            words.push(format!("and {} more", values.len() - VALUES));
        }
        facts.push(Fact::new("One of", words.join(", ")));
    }
    let shown: &[(&str, &str)] = &[
        ("const", "Always"),
        ("default", "Default"),
        ("minimum", "At least"),
        ("exclusiveMinimum", "More than"),
        ("maximum", "At most"),
        ("exclusiveMaximum", "Less than"),
        ("multipleOf", "Multiple of"),
        ("minLength", "Shortest"),
        ("maxLength", "Longest"),
        ("pattern", "Pattern"),
        ("minItems", "Fewest items"),
        ("maxItems", "Most items"),
        ("minProperties", "Fewest keys"),
        ("maxProperties", "Most keys"),
        ("contentMediaType", "Content"),
        ("example", "Example"),
    ];
    for (key, term) in shown {
        // In OpenAPI 3.0 the exclusive bounds are flags.
        if let Some(value) = schema.get(*key).filter(|value| !(value.is_boolean() && key.starts_with("exclusive"))) {
            facts.push(Fact::new(*term, line(value)));
        }
    }
    if let Some(first) = list(schema, "examples").first() {
        facts.push(Fact::new("Example", line(first)));
    }
    for (key, words) in
        [("readOnly", "only in answers"), ("writeOnly", "only in requests"), ("uniqueItems", "no item twice")]
    {
        if flag(schema, key) {
            facts.push(Fact::new("Rule", words));
        }
    }
    facts
}

#[cfg(test)]
mod tests {
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
          name string 
          next Berth  Cycle
        maybe Berth, or null 
          name string 
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
}
