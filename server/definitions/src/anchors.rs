//! Names within a document: what `$anchor`, `$dynamicAnchor` and `$id` of JSON Schema call something is led to by its place.

use std::{collections::HashMap, fmt::Write as _};

use serde_json::Value;

/// How many names are known; a definition of thousands of schemas has some hundred.
const MOST: usize = 20_000;

#[derive(Debug, Default)]
struct Names {
    /// The place of every schema that has an address of its own, by that.
    documents: HashMap<String, String>,
    /// The place of every anchor, by the place of the document that it stands in.
    anchors: HashMap<(String, String), String>,
    /// The first with a name, whichever document it stands in.
    first: HashMap<String, String>,
}

/// Writes references to names as references to places.
pub(crate) fn placed(mut document: Value) -> Value {
    let mut names = Names::default();
    names.collect(&document, &mut String::new(), "");
    if !names.documents.is_empty() || !names.anchors.is_empty() {
        names.lead(&mut document, &mut String::new(), "");
    }
    document
}

impl Names {
    fn collect(&mut self, value: &Value, at: &mut String, within: &str) {
        if self.first.len() + self.documents.len() >= MOST {
            return;
        }
        let own = document_at(value, at);
        let within = own.as_deref().unwrap_or(within);
        if let Value::Object(fields) = value {
            if let (Some(own), Some(Value::String(id))) = (&own, fields.get("$id")) {
                self.documents.entry(id.trim_end_matches('#').to_owned()).or_insert_with(|| own.clone());
            }
            for key in ["$anchor", "$dynamicAnchor"] {
                let Some(Value::String(name)) = fields.get(key) else { continue };
                self.anchors.entry((within.to_owned(), name.clone())).or_insert_with(|| at.clone());
                self.first.entry(name.clone()).or_insert_with(|| at.clone());
            }
        }
        each(value, at, |inner, at| self.collect(inner, at, within));
    }

    fn lead(&self, value: &mut Value, at: &mut String, within: &str) {
        let own = document_at(value, at);
        let within = own.as_deref().unwrap_or(within);
        if let Value::Object(fields) = value {
            for key in ["$ref", "$dynamicRef"] {
                let Some(Value::String(target)) = fields.get(key) else { continue };
                if let Some(place) = self.place(target, within) {
                    fields.shift_remove(key);
                    fields.entry("$ref").or_insert_with(|| Value::String(format!("#{place}")));
                }
            }
        }
        match value {
            Value::Object(fields) => {
                for (key, inner) in fields {
                    stepped(at, key, |at| self.lead(inner, at, within));
                }
            }
            Value::Array(items) => {
                for (number, inner) in items.iter_mut().enumerate() {
                    stepped(at, &number.to_string(), |at| self.lead(inner, at, within));
                }
            }
            _ => {}
        }
    }

    /// Where a reference by name leads, as a pointer; nothing for one that is a pointer already, or leads out of the document.
    fn place(&self, target: &str, within: &str) -> Option<String> {
        let (address, name) = target.split_once('#').unwrap_or((target, ""));
        let document = if address.is_empty() { within } else { self.documents.get(address)? };
        if name.is_empty() {
            // `#` alone is the schema around it, where that is a document of its own.
            return (!document.is_empty()).then(|| document.to_owned());
        }
        if name.starts_with('/') {
            // A pointer is meant from the whole document by nearly everyone who writes one.
            return (!address.is_empty()).then(|| format!("{document}{name}"));
        }
        let own = self.anchors.get(&(document.to_owned(), name.to_owned()));
        own.or_else(|| self.first.get(name).filter(|_| address.is_empty())).cloned()
    }
}

/// The place of a schema that is a document of its own.
fn document_at(value: &Value, at: &str) -> Option<String> {
    value.get("$id").is_some_and(Value::is_string).then(|| at.to_owned())
}

fn each(value: &Value, at: &mut String, mut work: impl FnMut(&Value, &mut String)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| stepped(at, key, |at| work(inner, at))),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, inner)| stepped(at, &number.to_string(), |at| work(inner, at)));
        }
        _ => {}
    }
}

/// Does something one step further down.
fn stepped(at: &mut String, key: &str, work: impl FnOnce(&mut String)) {
    let before = at.len();
    let _ = write!(at, "/{}", key.replace('~', "~0").replace('/', "~1"));
    work(at);
    at.truncate(before);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_led_to_their_places() {
        let document = placed(json!({
            "schemas": {
                "a/b": { "$ref": "#foo", "description": "beside", "$defs": { "x": { "$anchor": "foo" } } },
                "Tree": { "$id": "https://x.example/tree", "$dynamicAnchor": "node", "items": { "$dynamicRef": "#node" }, "whole": { "$ref": "#" } },
                "Other": { "$id": "other", "$dynamicAnchor": "node", "items": { "$dynamicRef": "#node" } },
                "Far": [{ "$ref": "https://x.example/tree" }, { "$ref": "https://x.example/tree#node" }, { "$ref": "other#/items" }, { "$ref": "#nowhere" }, { "$ref": "#/schemas/Tree" }, { "$ref": "#" }],
            },
        }));
        let at = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        assert_eq!(at("/schemas/a~1b/$ref"), "#/schemas/a~1b/$defs/x");
        assert_eq!(at("/schemas/a~1b/description"), "beside");
        assert_eq!(at("/schemas/Tree/items/$ref"), "#/schemas/Tree");
        assert_eq!(at("/schemas/Tree/whole/$ref"), "#/schemas/Tree");
        assert_eq!(at("/schemas/Other/items/$ref"), "#/schemas/Other");
        let far: Vec<String> = (0..6).map(|number| at(&format!("/schemas/Far/{number}/$ref"))).collect();
        let expected = ["#/schemas/Tree", "#/schemas/Tree", "#/schemas/Other/items", "#nowhere", "#/schemas/Tree", "#"];
        assert_eq!(far, expected);
    }
}
