//! The part of a document that a client asked for.

use serde_json::{Map, Value};

/// The document with only these fields, each a path whose keys are joined by dots; all of it if none is named.
pub(super) fn pick(document: Value, fields: &[String]) -> Value {
    if fields.is_empty() {
        return document;
    }
    let mut picked = Value::Object(Map::new());
    for field in fields {
        copy(&document, &mut picked, field);
    }
    picked
}

fn copy(from: &Value, to: &mut Value, field: &str) {
    let Some(object) = from.as_object() else { return };
    // A key may hold dots itself, as annotations do: the longest that fits is meant.
    let ends = field.match_indices('.').map(|(at, _)| at).chain([field.len()]);
    let mut ends: Vec<usize> = ends.collect();
    ends.reverse();
    for end in ends {
        let Some(value) = object.get(&field[..end]) else { continue };
        let Some(target) = to.as_object_mut() else { return };
        if end == field.len() {
            target.insert(field.to_owned(), value.clone());
        } else if value.is_object() {
            let below = target.entry(&field[..end]).or_insert_with(|| Value::Object(Map::new()));
            copy(value, below, &field[end + 1..]);
        }
        return;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_was_asked_for_is_left() {
        let document = json!({
            "kind": "Component",
            "metadata": {"name": "a", "tags": ["x"], "annotations": {"backstage.io/view-url": "u", "other": "o"}},
            "spec": {"type": "service"},
        });
        let fields = ["kind", "metadata.name", "metadata.annotations.backstage.io/view-url", "spec.none", "none.at"];
        let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
        let expected = json!({
            "kind": "Component",
            "metadata": {"name": "a", "annotations": {"backstage.io/view-url": "u"}},
            "spec": {},
        });
        assert_eq!(pick(document.clone(), &fields), expected);
        assert_eq!(pick(document.clone(), &[]), document);
    }
}
