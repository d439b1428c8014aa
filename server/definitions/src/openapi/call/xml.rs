//! A value as XML, by what its schema says of names and attributes.

use std::fmt::Write as _;

use serde_json::Value;

use super::joined;
use crate::document::{Led, entries, flag, follow, list, name_of, resolved, text};

/// How deep elements stand in each other.
const DEPTH: u8 = 8;

/// A document with one element for `value`.
pub(super) fn written(document: &Value, schema: &Value, value: &Value) -> String {
    let named = match follow(document, schema) {
        Led::Here(_, reference) => reference.map(name_of),
        Led::Elsewhere(_) => None,
    };
    let mut out = String::new();
    element(document, resolved(document, schema), &named.unwrap_or_else(|| "root".into()), value, DEPTH, &mut out);
    out
}

fn element(document: &Value, schema: &Value, usual: &str, value: &Value, depth: u8, out: &mut String) {
    let name = name(schema, usual);
    if depth == 0 || name.is_empty() {
        return;
    }
    let about = schema.get("xml").unwrap_or(&Value::Null);
    let namespace = match (text(about, "namespace"), text(about, "prefix")) {
        ("", _) => String::new(),
        (address, "") => format!(" xmlns=\"{}\"", escaped(address)),
        (address, prefix) => format!(" xmlns:{}=\"{}\"", word(prefix), escaped(address)),
    };
    match value {
        Value::Array(items) => {
            let inner = schema.get("items").map_or(&Value::Null, |items| resolved(document, items));
            let is_wrapped = flag(about, "wrapped");
            if is_wrapped {
                let _ = write!(out, "<{name}{namespace}>");
            }
            for item in items {
                element(document, inner, if is_wrapped { usual } else { &name }, item, depth - 1, out);
            }
            if is_wrapped {
                let _ = write!(out, "</{name}>");
            }
        }
        Value::Object(fields) => {
            let (mut attributes, mut inner) = (namespace, String::new());
            for (key, value) in fields {
                let property = property(document, schema, key, depth);
                if property.get("xml").is_some_and(|about| flag(about, "attribute")) {
                    let value = joined(value, ",", str::to_owned);
                    let _ = write!(attributes, " {}=\"{}\"", self::name(property, key), escaped(&value));
                } else {
                    element(document, property, key, value, depth - 1, &mut inner);
                }
            }
            let _ = write!(out, "<{name}{attributes}>{inner}</{name}>");
        }
        plain => {
            let _ = write!(out, "<{name}{namespace}>{}</{name}>", escaped(&joined(plain, ",", str::to_owned)));
        }
    }
}

/// What a schema or one of its parts says of a property.
fn property<'a>(document: &'a Value, schema: &'a Value, key: &str, depth: u8) -> &'a Value {
    if let Some((_, property)) = entries(schema, "properties").find(|(name, _)| *name == key) {
        return resolved(document, property);
    }
    let mut parts = list(schema, "allOf").iter().filter(|_| depth > 0);
    let found = parts.find_map(|part| {
        let found = property(document, resolved(document, part), key, depth - 1);
        (!found.is_null()).then_some(found)
    });
    found.unwrap_or(&Value::Null)
}

fn name(schema: &Value, usual: &str) -> String {
    let about = schema.get("xml").unwrap_or(&Value::Null);
    let own = text(about, "name");
    let name = word(if own.is_empty() { usual } else { own });
    match text(about, "prefix") {
        "" => name,
        prefix => format!("{}:{name}", word(prefix)),
    }
}

/// A name without what would end it.
fn word(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric() || "-_.".contains(*letter)).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
