//! Merged keys of YAML 1.1 (`<<: *common`), which authors of definitions still use.

use serde_json::{Map, Value};

/// Takes what is merged in to where it is: what stands there already, and what is merged first, holds.
pub(crate) fn merged(mut document: Value) -> Value {
    merge(&mut document);
    document
}

fn merge(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(merge),
        Value::Object(fields) => {
            fields.values_mut().for_each(merge);
            let more = match fields.get_mut("<<") {
                Some(Value::Object(more)) => vec![std::mem::take(more)],
                Some(Value::Array(parts)) if !parts.is_empty() && parts.iter().all(Value::is_object) => {
                    parts.iter_mut().filter_map(|part| part.as_object_mut().map(std::mem::take)).collect()
                }
                _ => return,
            };
            fields.shift_remove("<<");
            for (key, value) in more.into_iter().flat_map(Map::into_iter) {
                fields.entry(key).or_insert(value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_merged_stands_where_it_is_merged() {
        let document = json!({
            "a": { "<<": { "x": 1, "y": { "<<": { "z": 2 } } }, "x": 3 },
            "b": { "<<": [{ "x": 1 }, { "x": 2, "y": 2 }] },
            "c": { "<<": "plain" },
        });
        let expected = json!({ "a": { "x": 3, "y": { "z": 2 } }, "b": { "x": 1, "y": 2 }, "c": { "<<": "plain" } });
        assert_eq!(merged(document), expected);
    }
}
