//! Fields that are named and given no value: `tags:` with nothing behind it. Backstage refuses the whole document; here the
//! field is taken as left out, and clients never see a `null` where they expect a list.

use serde_json::{Map, Value};

use super::Violation;
use crate::catalog::{FieldPath, Need, kind};

/// Fields of `metadata` that are of one type.
const METADATA: [&str; 7] = ["namespace", "title", "description", "labels", "annotations", "tags", "links"];

/// Fields of `spec` that are of one type, beside those that every kind names for itself.
const SPEC: [&str; 5] = ["type", "profile", "presence", "target", "targets"];

/// Takes them away, each with a warning.
pub(super) fn remove(root: &mut Map<String, Value>, warnings: &mut Vec<Violation>) {
    let text = |key: &str| root.get(key).and_then(Value::as_str).unwrap_or_default();
    let rules = kind(text("kind"), text("apiVersion"));
    let mut known: Vec<&str> = SPEC.to_vec();
    if let Some(rules) = rules {
        known.extend(rules.relations.iter().map(|relation| relation.field));
        known.extend(rules.needs.iter().map(|need| match need {
            Need::Text(name) | Need::List(name) => *name,
        }));
    }
    known.sort_unstable();
    known.dedup();
    for (part, fields) in [("metadata", &METADATA[..]), ("spec", &known[..])] {
        let Some(within) = root.get_mut(part).and_then(Value::as_object_mut) else { continue };
        if part == "spec" && rules.is_none() {
            continue;
        }
        for key in fields {
            let is_empty = |value: &Value| value.is_null() || (*key == "title" && value == "");
            if within.get(*key).is_some_and(is_empty) {
                within.shift_remove(*key);
                let message = "has no value and was taken as left out; write one, or remove the field".to_owned();
                warnings.push(Violation { field: FieldPath::of(part).key(key), message });
            }
        }
    }
}
