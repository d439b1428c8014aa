//! What a command sends.

use serde_json::{Map, Value, json};

use super::{encoded, joined, quoted, xml};
use crate::{
    document::{Led, entries, flag, follow, list, resolved, text},
    sample::{For, sample},
};

/// How many parts of a form are sent.
const PARTS: usize = 50;

/// How deep the fields of a form are looked for.
const DEPTH: u8 = 6;

/// The options of `curl` that send a body: JSON if it may be that, or else what comes first.
pub(super) fn options(document: &Value, body: &Value) -> Vec<String> {
    let first = entries(body, "content").find(|(media, _)| media.contains("json"));
    let Some((media, content)) = first.or_else(|| entries(body, "content").next()) else { return Vec::new() };
    let named = entries(content, "examples").find_map(|(_, example)| resolved(document, example).get("value"));
    let schema = content.get("schema");
    let example = content.get("example").or(named).cloned();
    let value = example.clone().or_else(|| schema.map(|schema| sample(document, schema, For::Request)));
    let header = typed(media);
    match (media.as_str(), value) {
        (media, Some(Value::Object(fields))) if media.starts_with("multipart/") => {
            // `curl` writes the header itself, with what tells the parts apart; of another kind only if it is told which.
            let of_other_kind = (media != "multipart/form-data").then_some(header);
            of_other_kind.into_iter().chain(parts(document, content, fields)).collect()
        }
        ("application/x-www-form-urlencoded", Some(Value::Object(fields))) => {
            let encoding = content.get("encoding").unwrap_or(&Value::Null);
            let values = fields.iter().take(PARTS).flat_map(|(name, value)| pairs(name, value, encoding.get(name)));
            vec![header, raw(&values.collect::<Vec<_>>().join("&"))]
        }
        (media, _) if example.is_none() && is_file(document, media, schema) => {
            vec![header, "--data-binary @FILE".to_owned()]
        }
        (media, Some(value)) if example.is_none() && media.contains("xml") => {
            vec![header, raw(&xml::written(document, schema.unwrap_or(&Value::Null), &value))]
        }
        (_, Some(Value::String(text))) => vec![header, raw(&text)],
        (_, Some(value)) => vec![header, raw(&value.to_string())],
        (_, None) => vec![header],
    }
}

/// The same of OpenAPI 2, where fields of a form are parameters.
pub(super) fn form(
    document: &Value,
    operation: &Value,
    parameters: &[&Value],
    value: impl Fn(&Value) -> Value,
) -> Vec<String> {
    let needed = parameters.iter().copied().filter(|it| text(it, "in") == "formData" && flag(it, "required"));
    let needed: Vec<&Value> = needed.take(PARTS).collect();
    let own = list(operation, "consumes");
    let media = if own.is_empty() { list(document, "consumes") } else { own };
    let has_file = needed.iter().any(|parameter| text(parameter, "type") == "file");
    let is_multipart = has_file || media.iter().any(|media| media == "multipart/form-data");
    let name = |parameter: &Value| text(parameter, "name").to_owned();
    if is_multipart {
        let part = |parameter: &&Value| match text(parameter, "type") {
            "file" => Some(format!("-F {}", quoted(&format!("{}=@FILE", name(parameter))))),
            _ => part(&name(parameter), &joined(&value(parameter), ",", str::to_owned), ""),
        };
        return needed.iter().filter_map(part).collect();
    }
    if needed.is_empty() {
        return Vec::new();
    }
    let values = needed.iter().flat_map(|parameter| super::asked(parameter, &value(parameter)));
    let values = values.collect::<Vec<_>>().join("&");
    vec![typed("application/x-www-form-urlencoded"), raw(&values)]
}

pub(super) fn typed(media: &str) -> String {
    format!("-H {}", quoted(&format!("Content-Type: {media}")))
}

/// A body as it stands here: `curl` would read a file where it begins with `@`.
pub(super) fn raw(body: &str) -> String {
    let option = if body.starts_with('@') { "--data-raw" } else { "-d" };
    format!("{option} {}", quoted(body))
}

/// A field of a form as it stands in an address: by the style that is said, or else once for each of its values.
fn pairs(name: &str, value: &Value, encoding: Option<&Value>) -> Vec<String> {
    let said = |key: &str| encoding.and_then(|encoding| encoding.get(key));
    if ["style", "explode", "allowReserved"].into_iter().any(|key| said(key).is_some()) {
        let style = said("style").and_then(Value::as_str).unwrap_or("form");
        let is_apart = said("explode").and_then(Value::as_bool).unwrap_or(style == "form");
        let is_bare = said("allowReserved").and_then(Value::as_bool).unwrap_or_default();
        let field = json!({ "name": name, "style": style, "explode": is_apart, "allowReserved": is_bare });
        return super::asked(&field, value);
    }
    let values = match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    // What has parts is written as JSON where nothing else is said.
    let one = |value: &Value| match value {
        Value::Object(_) | Value::Array(_) => encoded(&value.to_string()),
        plain => joined(plain, ",", encoded),
    };
    values.into_iter().map(|value| format!("{}={}", encoded(name), one(value))).collect()
}

/// The parts of a form, each as an option.
fn parts(document: &Value, content: &Value, fields: Map<String, Value>) -> Vec<String> {
    let mut known = Vec::new();
    properties(document, content.get("schema").unwrap_or(&Value::Null), DEPTH, &mut known);
    let encoding = content.get("encoding").unwrap_or(&Value::Null);
    let mut options = Vec::new();
    for (name, value) in fields.into_iter().take(PARTS) {
        let property = known.iter().find(|(known, _)| **known == name).map_or(&Value::Null, |(_, property)| *property);
        let items = property.get("items").map_or(&Value::Null, |items| resolved(document, items));
        let media = encoding.get(&name).map(|encoding| text(encoding, "contentType")).unwrap_or_default();
        let media = plain_media(media);
        if is_binary(property) || is_binary(items) {
            let media = if media.is_empty() { String::new() } else { format!(";type={media}") };
            options.push(format!("-F {}", quoted(&format!("{name}=@FILE{media}"))));
            continue;
        }
        let values = match value {
            Value::Array(items) => items,
            one => vec![one],
        };
        options.extend(values.into_iter().filter_map(|value| match value {
            Value::Object(_) | Value::Array(_) => {
                part(&name, &value.to_string(), if media.is_empty() { "application/json" } else { media })
            }
            plain => part(&name, &joined(&plain, ",", str::to_owned), media),
        }));
    }
    options
}

/// One part with a value that stands here: nothing in it names a file or says more than the value.
fn part(name: &str, value: &str, media: &str) -> Option<String> {
    // There is no way to write such a name.
    if name.contains('=') {
        return None;
    }
    if media.is_empty() {
        return Some(format!("--form-string {}", quoted(&format!("{name}={value}"))));
    }
    let is_plain = value.starts_with(['{', '[']) && !value.contains(';');
    let value =
        if is_plain { value.to_owned() } else { format!("\"{}\"", value.replace('\\', r"\\").replace('"', r#"\""#)) };
    Some(format!("-F {}", quoted(&format!("{name}={value};type={media}"))))
}

/// A media type without what else may stand behind it; nothing for what is none, or leaves it open.
fn plain_media(media: &str) -> &str {
    let first = media.split([';', ',']).next().unwrap_or_default().trim();
    let is_one = first.split_once('/').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty());
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/.+-_".contains(letter);
    if is_one && first.chars().all(is_plain) { first } else { "" }
}

/// The properties of a schema, those of its parts among them.
fn properties<'a>(document: &'a Value, schema: &'a Value, depth: u8, into: &mut Vec<(&'a String, &'a Value)>) {
    let schema = resolved(document, schema);
    into.extend(entries(schema, "properties").map(|(name, property)| (name, resolved(document, property))));
    if depth > 0 {
        let chosen = ["oneOf", "anyOf"].into_iter().filter_map(|key| list(schema, key).first());
        for part in list(schema, "allOf").iter().chain(chosen) {
            properties(document, part, depth - 1, into);
        }
    }
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
