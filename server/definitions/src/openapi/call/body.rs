//! What a command sends.

use serde_json::{Map, Value};

use super::{encoded, joined, quoted};
use crate::{
    document::{Led, entries, follow, resolved, text},
    sample::sample,
};

/// How many parts of a form are sent.
const PARTS: usize = 50;

/// The options of `curl` that send a body: JSON if it may be that, or else what comes first.
pub(super) fn options(document: &Value, body: &Value) -> Vec<String> {
    let first = entries(body, "content").find(|(media, _)| media.contains("json"));
    let Some((media, content)) = first.or_else(|| entries(body, "content").next()) else { return Vec::new() };
    let named = entries(content, "examples").find_map(|(_, example)| resolved(document, example).get("value"));
    let schema = content.get("schema");
    let example = content.get("example").or(named).cloned();
    let value = example.clone().or_else(|| schema.map(|schema| sample(document, schema)));
    let header = format!("-H {}", quoted(&format!("Content-Type: {media}")));
    match (media.as_str(), value) {
        // `curl` writes the header itself, with what tells the parts apart.
        ("multipart/form-data", Some(Value::Object(fields))) => parts(document, schema, fields),
        ("application/x-www-form-urlencoded", Some(Value::Object(fields))) => {
            let pairs = fields.iter().take(PARTS).flat_map(|(name, value)| {
                let values = match value {
                    Value::Array(items) => items.iter().collect(),
                    one => vec![one],
                };
                values.into_iter().map(move |value| format!("{}={}", encoded(name), joined(value, ",", encoded)))
            });
            vec![header, format!("-d {}", quoted(&pairs.collect::<Vec<_>>().join("&")))]
        }
        (media, _) if example.is_none() && is_file(document, media, schema) => {
            vec![header, "--data-binary @FILE".to_owned()]
        }
        (_, Some(Value::String(text))) => vec![header, format!("-d {}", quoted(&text))],
        (_, Some(value)) => vec![header, format!("-d {}", quoted(&value.to_string()))],
        (_, None) => vec![header],
    }
}

/// The parts of a form, each as an option.
fn parts(document: &Value, schema: Option<&Value>, fields: Map<String, Value>) -> Vec<String> {
    let schema = schema.map_or(&Value::Null, |schema| resolved(document, schema));
    let properties = schema.get("properties").unwrap_or(&Value::Null);
    let mut options = Vec::new();
    for (name, value) in fields.into_iter().take(PARTS) {
        let property = properties.get(&name).map_or(&Value::Null, |property| resolved(document, property));
        let items = property.get("items").map_or(&Value::Null, |items| resolved(document, items));
        if is_binary(property) || is_binary(items) {
            options.push(format!("-F {}", quoted(&format!("{name}=@FILE"))));
            continue;
        }
        let values = match value {
            Value::Array(items) => items,
            one => vec![one],
        };
        for value in values {
            let value = match value {
                Value::Object(_) | Value::Array(_) => format!("{value};type=application/json"),
                plain => joined(&plain, ",", str::to_owned),
            };
            options.push(format!("-F {}", quoted(&format!("{name}={value}"))));
        }
    }
    options
}

fn is_binary(schema: &Value) -> bool {
    ["binary", "base64"].contains(&text(schema, "format")) || !text(schema, "contentMediaType").is_empty()
}

/// Whether a body is the content of a file.
fn is_file(document: &Value, media: &str, schema: Option<&Value>) -> bool {
    let is_binary = schema.is_some_and(|schema| match follow(document, schema) {
        Led::Here(schema, _) => is_binary(schema),
        Led::Elsewhere(_) => false,
    });
    let kinds = ["image/", "audio/", "video/", "application/octet-stream", "application/zip", "application/pdf"];
    is_binary || kinds.iter().any(|kind| media.starts_with(kind))
}
