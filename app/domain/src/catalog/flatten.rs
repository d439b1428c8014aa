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
    if let Some(root) = document.as_object() {
        for (key, value) in root {
            if !["relations", "status", "attachments"].contains(&key.as_str()) {
                visit(&key.to_lowercase(), value, &mut entries);
            }
        }
    }
    let metadata = document.get("metadata");
    if metadata.and_then(|metadata| metadata.get("namespace")).is_none() {
        push("metadata.namespace", Some(super::DEFAULT_NAMESPACE.to_owned()), &mut entries);
    }
    for relation in document.get("relations").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(kind), Some(target)) = (text(relation, "type"), text(relation, "targetRef")) {
            push(&format!("relations.{}", kind.to_lowercase()), Some(target.to_owned()), &mut entries);
        }
    }
    entries.sort();
    entries.dedup();
    entries
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn visit(path: &str, value: &Value, entries: &mut Vec<Entry>) {
    match value {
        Value::Null => push(path, None, entries),
        Value::Bool(flag) => push(path, Some(flag.to_string()), entries),
        Value::Number(number) => push(path, Some(number.to_string()), entries),
        Value::String(text) => push(path, Some(text.clone()), entries),
        Value::Array(items) => {
            for item in items {
                visit(path, item, entries);
                if let Value::String(text) = item {
                    push(&format!("{path}.{}", text.to_lowercase()), Some("true".to_owned()), entries);
                }
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                visit(&format!("{path}.{}", key.to_lowercase()), value, entries);
            }
        }
    }
}

fn push(path: &str, value: Option<String>, entries: &mut Vec<Entry>) {
    if path.len() <= MAX_PATH && path != "metadata.etag" {
        let value = value.filter(|value| value.chars().count() <= MAX_VALUE);
        entries.push(Entry { path: path.to_owned(), value });
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
