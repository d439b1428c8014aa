//! Looking around in a document whose shape nobody has checked.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// How many references may lead from one to the next.
const HOPS: usize = 16;

/// Where a reference leads.
pub(crate) enum Led<'a> {
    /// To this value; with the pointer of the last reference, if there was one.
    Here(&'a Value, Option<&'a str>),
    /// Out of the document, or to nothing.
    Elsewhere(&'a str),
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(crate) fn entries<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// A value as one line, cut short if it is long.
pub(crate) fn line(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    short(&text, 120)
}

/// The beginning of a text.
pub(crate) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The first line of a description that says something, without the tags of HTML in it.
pub(crate) fn first_line(text: &str) -> String {
    const NAMES: [&str; 24] = [
        "p", "strong", "em", "b", "i", "u", "a", "code", "pre", "br", "ul", "ol", "li", "div", "span", "h1", "h2",
        "h3", "h4", "h5", "h6", "table", "hr", "small",
    ];
    const MOST: usize = 160;
    let mut lines = text.lines().take(20).map(|line| {
        let mut out = String::new();
        let mut rest = line;
        while let Some(at) = rest.find('<') {
            let (before, tag) = rest.split_at(at);
            out.push_str(before);
            let word = tag[1..].trim_start_matches('/');
            let length = word.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(word.len());
            let is_tag = NAMES.iter().any(|name| word[..length].eq_ignore_ascii_case(name));
            rest = if let Some(end) = tag.find('>').filter(|_| is_tag) {
                &tag[end + 1..]
            } else {
                out.push('<');
                &tag[1..]
            };
            if out.len() > MOST * 8 {
                break;
            }
        }
        out.push_str(rest);
        out.trim().to_owned()
    });
    short(&lines.find(|line| !line.is_empty()).unwrap_or_default(), MOST)
}

/// A value written out for reading, cut short if it is very long.
pub(crate) fn pretty(value: &Value) -> String {
    const MOST: usize = 20_000;
    let text = match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    short(&text, MOST)
}

/// Follows `$ref` within the document, through as many as there are.
pub(crate) fn follow<'a>(root: &'a Value, value: &'a Value) -> Led<'a> {
    let (mut at, mut last) = (value, None);
    for _ in 0..HOPS {
        let Some(target) = at.get("$ref").and_then(Value::as_str) else { return Led::Here(at, last) };
        let Some(next) = target.strip_prefix('#').and_then(|pointer| pointed(root, pointer)) else {
            return Led::Elsewhere(target);
        };
        (at, last) = (next, Some(target));
    }
    Led::Elsewhere(last.unwrap_or_default())
}

/// The value behind a reference, or nothing at all.
pub(crate) fn resolved<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    match follow(root, value) {
        Led::Here(value, _) => value,
        Led::Elsewhere(_) => &Value::Null,
    }
}

/// A JSON pointer as it stands in a reference, where it may be written as an address.
fn pointed<'a>(root: &'a Value, pointer: &str) -> Option<&'a Value> {
    let pointer: Cow<'_, str> =
        if pointer.contains('%') { Cow::Owned(percent_decoded(pointer)?) } else { Cow::Borrowed(pointer) };
    root.pointer(&pointer)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            bytes.push(digit(rest.next()?)? * 16 + digit(rest.next()?)?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The last part of a reference: what people call it.
pub(crate) fn name_of(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    last.replace("~1", "/").replace("~0", "~")
}

/// The item that describes what a reference leads to, if it is a named schema or message.
pub(crate) fn link_of(reference: &str) -> Option<String> {
    let path = reference.strip_prefix("#/")?;
    let (folder, name) = path.rsplit_once('/')?;
    let name = name_of(name);
    match folder {
        "components/schemas" | "definitions" => Some(format!("schema:{name}")),
        "components/messages" => Some(format!("message:{name}")),
        _ => None,
    }
}
