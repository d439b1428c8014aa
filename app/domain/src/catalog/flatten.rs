//! A document as pairs of path and value, which filters, facets and sort orders are about.
//!
//! The rules are Backstage's (`buildEntitySearch`): dots join keys, arrays do not add to the path, and a text in an array is
//! also a path of its own with the value `true` (`metadata.tags.java=true`).

use serde_json::Value;

/// Longer values can only be asked for by the existence of their path.
pub const MAX_VALUE: usize = 200;

/// Longer paths cannot be asked for.
const MAX_PATH: usize = 200;

/// A path in a document and what stands there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// In lower case.
    pub path: String,
    /// As written; `None` for null and for what is too long.
    pub value: Option<String>,
}

/// All entries of a served document.
pub fn flatten(document: &Value) -> Vec<Entry> {
    let mut entries = Vec::new();
    flatten_with(document, &mut |path, value, is_listed| {
        if let Some(text) = value.filter(|_| is_listed) {
            let path = listed(path, text);
            if can_be_asked_for(&path) {
                entries.push(Entry { path, value: Some("true".to_owned()) });
            }
        }
        entries.push(Entry { path: path.to_owned(), value: value.map(str::to_owned) });
    });
    entries.sort();
    entries.dedup();
    entries
}

/// The path that a text in an array makes.
fn listed(path: &str, text: &str) -> String {
    format!("{path}.{}", text.to_lowercase())
}

/// Whether a condition on this path can hold for any document.
pub fn can_be_asked_for(path: &str) -> bool {
    path.len() <= MAX_PATH && path != "metadata.etag"
}

/// Shows every path of a served document and the value there, as [`Entry`] holds them, to `see`, without building a list.
/// The last argument tells that the value is a text in an array: to filters it is also a path, `path.text=true`, which is
/// not shown on its own. A pair may come more than once.
pub fn flatten_with(document: &Value, see: &mut impl FnMut(&str, Option<&str>, bool)) {
    let mut path = String::with_capacity(64);
    for (key, value) in document.as_object().into_iter().flatten() {
        if !["relations", "status", "attachments"].contains(&key.as_str()) {
            path.clear();
            push_lower(&mut path, key);
            visit(&mut path, value, false, see);
        }
    }
    let metadata = document.get("metadata");
    if metadata.and_then(|metadata| metadata.get("namespace")).is_none() {
        show("metadata.namespace", Some(super::DEFAULT_NAMESPACE), false, see);
    }
    for relation in document.get("relations").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(kind), Some(target)) = (text(relation, "type"), text(relation, "targetRef")) {
            path.clear();
            path.push_str("relations.");
            push_lower(&mut path, kind);
            show(&path, Some(target), false, see);
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn push_lower(path: &mut String, key: &str) {
    if key.is_ascii() {
        path.extend(key.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
    } else {
        path.push_str(&key.to_lowercase());
    }
}

fn visit(path: &mut String, value: &Value, is_listed: bool, see: &mut impl FnMut(&str, Option<&str>, bool)) {
    match value {
        Value::Null => show(path, None, false, see),
        Value::Bool(flag) => show(path, Some(if *flag { "true" } else { "false" }), false, see),
        Value::Number(number) => show(path, Some(&number.to_string()), false, see),
        Value::String(text) => show(path, Some(text), is_listed, see),
        Value::Array(items) => {
            for item in items {
                visit(path, item, true, see);
            }
        }
        Value::Object(fields) => {
            let length = path.len();
            for (key, value) in fields {
                path.push('.');
                push_lower(path, key);
                visit(path, value, false, see);
                path.truncate(length);
            }
        }
    }
}

fn show(path: &str, value: Option<&str>, is_listed: bool, see: &mut impl FnMut(&str, Option<&str>, bool)) {
    if can_be_asked_for(path) {
        // Few texts are long, and only those need their characters counted.
        let value = value.filter(|value| value.len() <= MAX_VALUE || value.chars().count() <= MAX_VALUE);
        see(path, value, is_listed && value.is_some());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arrays_are_descended_and_their_texts_are_paths_too() {
        let document = json!({
            "kind": "Component",
            "metadata": {"name": "ticket-api", "tags": ["Java", "go"], "links": [{"url": "https://a"}, {"url": "https://b"}]},
            "spec": {"port": 80, "definition": "x".repeat(300), "gone": null},
            "relations": [{"type": "ownedBy", "targetRef": "group:default/berths"}],
            "status": {"items": []},
        });
        let lines: Vec<_> = flatten(&document)
            .into_iter()
            .map(|entry| format!("{}={}", entry.path, entry.value.as_deref().unwrap_or("-")))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        kind=Component
        metadata.links.url=https://a
        metadata.links.url=https://b
        metadata.name=ticket-api
        metadata.namespace=default
        metadata.tags=Java
        metadata.tags=go
        metadata.tags.go=true
        metadata.tags.java=true
        relations.ownedby=group:default/berths
        spec.definition=-
        spec.gone=-
        spec.port=80
        ");
    }
}
