//! Keys of mappings that are no texts. JSON has none, so each is read as a text, the one that Backstage reads it as
//! (`stringifyKey` of its parser): a list or a mapping as it is written on one line.

use domain::catalog::FieldPath;
use serde_json::{Map, Value};

/// The text of a key, and whether it was a list or a mapping.
pub(super) fn text(key: Value) -> (String, bool) {
    match key {
        Value::String(key) => (key, false),
        Value::Null => (String::new(), false),
        Value::Bool(_) | Value::Number(_) => (key.to_string(), false),
        Value::Array(_) | Value::Object(_) => (flow(&key), true),
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Array(items) => around('[', items.iter().map(flow), ']'),
        Value::Object(pairs) => around('{', pairs.iter().map(pair), '}'),
        other => other.to_string(),
    }
}

fn pair((key, value): (&String, &Value)) -> String {
    // `{ host }` is how a key without a value is written.
    if value.is_null() { plain(key) } else { format!("{}: {}", plain(key), flow(value)) }
}

fn around(open: char, items: impl Iterator<Item = String>, close: char) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { format!("{open}{close}") } else { format!("{open} {} {close}", items.join(", ")) }
}

/// A text as it stands among others on one line.
fn plain(text: &str) -> String {
    let is_plain = text.chars().all(|letter| letter.is_alphanumeric() || " ._-/|()".contains(letter))
        && text.starts_with(char::is_alphabetic)
        && !text.ends_with(' ')
        && !["true", "false", "null"].contains(&text);
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// The places of these keys in a document.
pub(in crate::catalog) fn places(document: &Value, keys: &[String]) -> Vec<FieldPath> {
    let mut found = Vec::new();
    if !keys.is_empty() {
        look(document, keys, &FieldPath::default(), &mut found);
    }
    found
}

fn look(value: &Value, keys: &[String], at: &FieldPath, found: &mut Vec<FieldPath>) {
    match value {
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                look(item, keys, &at.index(number), found);
            }
        }
        Value::Object(pairs) => in_mapping(pairs, keys, at, found),
        _ => {}
    }
}

fn in_mapping(pairs: &Map<String, Value>, keys: &[String], at: &FieldPath, found: &mut Vec<FieldPath>) {
    for (key, value) in pairs {
        let place = at.key(key);
        if keys.contains(key) {
            found.push(place.clone());
        }
        look(value, keys, &place, found);
    }
}
