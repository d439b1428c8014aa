//! Names within a document: what `$anchor`, `$dynamicAnchor` and `$id` of JSON Schema call something is led to by its place.

use std::{collections::HashMap, fmt::Write as _};

use serde_json::Value;

/// How many names are known; a definition of thousands of schemas has some hundred.
const MOST: usize = 20_000;

/// What stands under these words is a value of an author, whatever it looks like.
const VALUES: [&str; 5] = ["example", "examples", "default", "const", "enum"];

/// What stands under these words has names that authors chose.
const NAMED: [&str; 16] = [
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
    "definitions",
    "schemas",
    "responses",
    "callbacks",
    "parameters",
    "variables",
    "messages",
    "channels",
    "operations",
    "paths",
    "links",
    "securitySchemes",
];

/// Where a walk is: in which document, by its place, and whether the keys here are names.
#[derive(Debug, Clone, Copy)]
struct Here<'a> {
    within: &'a str,
    is_named: bool,
}

#[derive(Debug, Default)]
struct Names {
    /// The place of every schema that has an address of its own, by that as it is written and as it is whole.
    documents: HashMap<String, String>,
    /// The whole address of each, by its place.
    bases: HashMap<String, String>,
    /// The place of every anchor, by the place of the document that it stands in.
    anchors: HashMap<(String, String), String>,
    /// The first with a name, whichever document it stands in.
    first: HashMap<String, String>,
}

/// Writes references to names as references to places.
pub(crate) fn placed(mut document: Value) -> Value {
    let mut names = Names::default();
    let top = Here { within: "", is_named: false };
    names.collect(&document, &mut String::new(), top);
    if names.documents.is_empty() && names.anchors.is_empty() {
        return document;
    }
    let mut led = Vec::new();
    names.lead(&document, &document, &mut String::new(), top, &mut led);
    for (at, key, place) in led {
        if let Some(Value::Object(fields)) = document.pointer_mut(&at) {
            fields.shift_remove(key);
            fields.entry("$ref").or_insert_with(|| Value::String(format!("#{place}")));
        }
    }
    document
}

impl Names {
    fn collect(&mut self, value: &Value, at: &mut String, here: Here<'_>) {
        if self.first.len() + self.documents.len() >= MOST {
            return;
        }
        let own = document_at(value, at, here);
        let within = own.as_deref().unwrap_or(here.within);
        if let (Value::Object(fields), false) = (value, here.is_named) {
            if let (Some(own), Some(Value::String(id))) = (&own, fields.get("$id")) {
                let id = id.trim_end_matches('#');
                let base = whole(self.bases.get(here.within).map_or("", String::as_str), id);
                for address in [id, &base] {
                    self.documents.entry(address.to_owned()).or_insert_with(|| own.clone());
                }
                self.bases.insert(own.clone(), base);
            }
            for key in ["$anchor", "$dynamicAnchor"] {
                let Some(Value::String(name)) = fields.get(key) else { continue };
                self.anchors.entry((within.to_owned(), name.clone())).or_insert_with(|| at.clone());
                self.first.entry(name.clone()).or_insert_with(|| at.clone());
            }
        }
        each(value, at, Here { within, ..here }, |inner, at, here| self.collect(inner, at, here));
    }

    /// Which references are to be written anew: where each stands, by which word, and where it leads.
    fn lead(
        &self,
        root: &Value,
        value: &Value,
        at: &mut String,
        here: Here<'_>,
        led: &mut Vec<(String, &'static str, String)>,
    ) {
        let own = document_at(value, at, here);
        let within = own.as_deref().unwrap_or(here.within);
        if let (Value::Object(fields), false) = (value, here.is_named) {
            for key in ["$ref", "$dynamicRef"] {
                let Some(Value::String(target)) = fields.get(key) else { continue };
                led.extend(self.place(root, target, within).map(|place| (at.clone(), key, place)));
            }
        }
        each(value, at, Here { within, ..here }, |inner, at, here| self.lead(root, inner, at, here, led));
    }

    /// Where a reference by name leads, as a pointer; nothing for one that is a pointer already, or leads out of the document.
    fn place(&self, root: &Value, target: &str, within: &str) -> Option<String> {
        let (address, name) = target.split_once('#').unwrap_or((target, ""));
        let base = || self.bases.get(within).map_or("", String::as_str);
        let document = match address {
            "" => within,
            address => self.documents.get(&whole(base(), address)).or_else(|| self.documents.get(address))?,
        };
        if name.is_empty() {
            // `#` alone is the schema around it, where that is a document of its own.
            return (!document.is_empty()).then(|| document.to_owned());
        }
        if name.starts_with('/') {
            // A pointer is meant from the whole document by nearly everyone who writes one.
            let own = format!("{document}{name}");
            let is_meant = !address.is_empty() || root.pointer(name).is_none() && root.pointer(&own).is_some();
            return is_meant.then_some(own);
        }
        let own = self.anchors.get(&(document.to_owned(), name.to_owned()));
        own.or_else(|| self.first.get(name).filter(|_| address.is_empty())).cloned()
    }
}

/// The place of a schema that is a document of its own.
fn document_at(value: &Value, at: &str, here: Here<'_>) -> Option<String> {
    (!here.is_named && value.get("$id").is_some_and(Value::is_string)).then(|| at.to_owned())
}

/// An address as it is from where `base` is.
fn whole(base: &str, address: &str) -> String {
    let has_scheme = address.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    if has_scheme || base.is_empty() {
        return address.to_owned();
    }
    let (origin, path) = match base.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            (format!("{scheme}://{host}/"), path)
        }
        None => (String::new(), base),
    };
    let mut parts: Vec<&str> = match address.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => path.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default(),
    };
    for part in address.trim_start_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    origin + &parts.join("/")
}

fn each(value: &Value, at: &mut String, here: Here<'_>, mut work: impl FnMut(&Value, &mut String, Here<'_>)) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                if here.is_named || !VALUES.contains(&key.as_str()) {
                    let is_named = !here.is_named && NAMED.contains(&key.as_str());
                    stepped(at, key, |at| work(inner, at, Here { is_named, ..here }));
                }
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter().enumerate() {
                stepped(at, &number.to_string(), |at| work(inner, at, Here { is_named: false, ..here }));
            }
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

    #[test]
    fn what_an_author_gives_as_a_value_is_no_reference() {
        let value = json!({ "$id": "1", "kids": [{ "$ref": "1" }] });
        let document = json!({
            "schemas": {
                "Net": { "example": value, "default": value, "examples": [value], "enum": [value], "properties": {
                    "default": { "$ref": "#here" }, "kid": { "$anchor": "here", "const": value },
                } },
            },
        });
        let led = placed(document.clone());
        let mut expected = document;
        expected["schemas"]["Net"]["properties"]["default"] = json!({ "$ref": "#/schemas/Net/properties/kid" });
        assert_eq!(led, expected);
    }

    #[test]
    fn addresses_are_meant_from_the_schema_around_them() {
        let document = placed(json!({
            "schemas": {
                "Customer": {
                    "$id": "https://example.com/schemas/customer",
                    "properties": { "a": { "$ref": "/schemas/address" }, "b": { "$ref": "address" }, "c": { "$ref": "../other" }, "d": { "$ref": "address#/$defs/state" } },
                    "$defs": { "address": {
                        "$id": "https://example.com/schemas/address",
                        "properties": { "state": { "$ref": "#/$defs/state" }, "gone": { "$ref": "#/$defs/gone" } },
                        "$defs": { "state": { "enum": ["CA"] } },
                    } },
                },
                "Other": { "$id": "https://example.com/other", "items": { "$ref": "#/schemas/Customer" } },
            },
        }));
        let at = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let own = "/schemas/Customer/$defs/address";
        for (name, place) in [("a", own), ("b", own), ("c", "/schemas/Other"), ("d", &format!("{own}/$defs/state"))] {
            assert_eq!(at(&format!("/schemas/Customer/properties/{name}/$ref")), format!("#{place}"), "{name}");
        }
        assert_eq!(at(&format!("{own}/properties/state/$ref")), format!("#{own}/$defs/state"));
        assert_eq!(at(&format!("{own}/properties/gone/$ref")), "#/$defs/gone");
        assert_eq!(at("/schemas/Other/items/$ref"), "#/schemas/Customer");
    }
}
