//! A value that fits a schema, for people to start from.

use serde_json::{Map, Value, json};

use crate::document::{Led, flag, follow, list, text};

/// How deep a sample goes.
const DEPTH: u8 = 6;

/// How many values it has.
const MOST: u32 = 200;

/// A value that fits `schema`, as far as that is easy.
pub(crate) fn sample(root: &Value, schema: &Value) -> Value {
    let mut left = MOST;
    made(root, schema, DEPTH, &mut left)
}

fn made(root: &Value, schema: &Value, depth: u8, left: &mut u32) -> Value {
    let Led::Here(schema, _) = follow(root, schema) else { return Value::Null };
    if depth == 0 || *left == 0 {
        return Value::Null;
    }
    *left -= 1;
    for key in ["example", "default", "const"] {
        if let Some(value) = schema.get(key) {
            return value.clone();
        }
    }
    if let Some(value) = list(schema, "examples").first().or(list(schema, "enum").first()) {
        return value.clone();
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(first) = list(schema, key).first() {
            return made(root, first, depth - 1, left);
        }
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default()
        }
        _ => "",
    };
    let all = list(schema, "allOf");
    if kind == "object" || schema.get("properties").is_some() || !all.is_empty() {
        let mut fields = Map::new();
        for part in all {
            if let Value::Object(more) = made(root, part, depth - 1, left) {
                fields.extend(more);
            }
        }
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if flag(property, "readOnly") || *left == 0 {
                continue;
            }
            fields.insert(name.clone(), made(root, property, depth - 1, left));
        }
        return Value::Object(fields);
    }
    match kind {
        "array" => {
            Value::Array(schema.get("items").map(|items| made(root, items, depth - 1, left)).into_iter().collect())
        }
        "integer" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "number" => schema.get("minimum").cloned().unwrap_or(json!(1.5)),
        "boolean" => json!(true),
        "string" => json!(match text(schema, "format") {
            "date" => "2026-01-31",
            "date-time" => "2026-01-31T08:00:00Z",
            "time" => "08:00:00",
            "uuid" => "00000000-0000-4000-8000-000000000000",
            "email" => "name@example.com",
            "uri" | "url" => "https://example.com/",
            "ipv4" => "192.0.2.1",
            "byte" => "dGV4dA==",
            _ => "text",
        }),
        _ => Value::Null,
    }
}
