//! Answers: from the pairs that a form sends to JSON, with defaults where nothing was answered.

use std::{fmt::Write as _, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::{
    conditions::{effective, resolve},
    field::{Choice, Control, Field},
    form::fields,
};
use crate::letters;

/// How often conditions are looked at again, because one answer makes the next field appear.
const ROUNDS: usize = 6;

/// Answers as one text of a form: a JSON object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Answers(pub Map<String, Value>);

/// A text is not a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answers are not a JSON object: {0}; start again from the list of templates")]
pub struct NotAnswers(String);

impl FromStr for Answers {
    type Err = NotAnswers;

    fn from_str(text: &str) -> Result<Self, NotAnswers> {
        serde_json::from_str(text).map(Self).map_err(|error| NotAnswers(error.to_string()))
    }
}

impl TryFrom<String> for Answers {
    type Error = NotAnswers;

    fn try_from(text: String) -> Result<Self, NotAnswers> {
        text.parse()
    }
}

impl From<Answers> for String {
    fn from(answers: Answers) -> Self {
        Value::Object(answers.0).to_string()
    }
}

/// The answers with the defaults of the fields that are there for them.
pub fn with_defaults(schema: &Value, answers: &Map<String, Value>) -> Map<String, Value> {
    let mut filled = answers.clone();
    for _ in 0..ROUNDS {
        let before = filled.clone();
        fill(schema, &mut filled, schema, 0);
        if filled == before {
            break;
        }
    }
    filled
}

fn fill(schema: &Value, answers: &mut Map<String, Value>, root: &Value, depth: usize) {
    if depth > ROUNDS {
        return;
    }
    for (name, property) in effective(schema, answers, root).properties {
        let property = resolve(&property, root);
        let default = property.get("default").filter(|default| !default.is_null());
        if let (false, Some(default)) = (answers.contains_key(&name), default) {
            answers.insert(name.clone(), default.clone());
        }
        if property.get("properties").is_some() {
            let mut inner = answers.get(&name).and_then(Value::as_object).cloned().unwrap_or_default();
            fill(property, &mut inner, root, depth + 1);
            if !inner.is_empty() {
                answers.insert(name, Value::Object(inner));
            }
        }
    }
}

/// Reads what a form sent. `base` holds the answers of other pages; `pairs` are the names (JSON pointers) and texts.
pub fn decode(schema: &Value, base: &Map<String, Value>, pairs: &[(String, String)]) -> Map<String, Value> {
    let mut answers = base.clone();
    for _ in 0..ROUNDS {
        let mut next = base.clone();
        // Lists are as long as what was sent, before their items are read.
        let mut shape = answers.clone();
        lengthen(&fields(schema, &answers), pairs, &mut shape);
        for field in fields(schema, &shape) {
            let name = field.pointer[1..].replace("~1", "/").replace("~0", "~");
            match value(&field, pairs) {
                Some(value) => {
                    next.insert(name, value);
                }
                None => {
                    next.remove(&name);
                }
            }
        }
        if next == answers {
            break;
        }
        answers = next;
    }
    answers
}

fn lengthen(fields: &[Field], pairs: &[(String, String)], shape: &mut Map<String, Value>) {
    for field in fields {
        let Control::List { blank, .. } = &field.control else { continue };
        let name = field.pointer[1..].replace("~1", "/").replace("~0", "~");
        let prefix = format!("{}/", field.pointer);
        let length = pairs
            .iter()
            .filter_map(|(key, _)| key.strip_prefix(&prefix)?.split('/').next()?.parse::<usize>().ok())
            .max()
            .map_or(0, |last| (last + 1).min(100));
        let known = shape.get(&name).and_then(Value::as_array).cloned().unwrap_or_default();
        let items = (0..length).map(|at| known.get(at).cloned().unwrap_or_else(|| blank.clone()));
        shape.insert(name, Value::Array(items.collect()));
    }
}

/// The answer of one field; `None` if there is none.
fn value(field: &Field, pairs: &[(String, String)]) -> Option<Value> {
    let sent = || pairs.iter().filter(|(name, _)| *name == field.pointer).map(|(_, text)| text.as_str());
    let one = || sent().next().filter(|text| !text.is_empty());
    match &field.control {
        Control::Text { .. } | Control::EntityName => one().map(|text| Value::from(text.replace("\r\n", "\n"))),
        Control::Number { integer, .. } => one().map(|text| number(text, *integer)),
        Control::Toggle => Some(Value::Bool(sent().any(|text| text == "true"))),
        Control::Choice { options, .. } => one().map(|text| chosen(options, text)),
        Control::Choices { options } => {
            let chosen: Vec<Value> = sent().filter(|text| !text.is_empty()).map(|text| chosen(options, text)).collect();
            (!chosen.is_empty()).then_some(Value::Array(chosen))
        }
        Control::Entity { multiple: false, .. } => one().map(|text| Value::from(text.trim())),
        Control::Entity { .. } | Control::Tags => {
            let parts = sent().flat_map(|text| text.split([',', '\n'])).map(str::trim).filter(|part| !part.is_empty());
            let parts: Vec<Value> = parts.map(Value::from).collect();
            (!parts.is_empty()).then_some(Value::Array(parts))
        }
        Control::Repository { hosts, .. } => repository(field, hosts, pairs),
        Control::List { items, .. } => {
            let items: Vec<Value> = items.iter().map(|item| value(item, pairs).unwrap_or_default()).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Control::Group { fields } => {
            let entries = fields.iter().filter_map(|inner| {
                let name = inner.pointer.rsplit('/').next()?.replace("~1", "/").replace("~0", "~");
                Some((name, value(inner, pairs)?))
            });
            let entries: Map<String, Value> = entries.collect();
            (!entries.is_empty()).then_some(Value::Object(entries))
        }
        Control::Hidden { value } => Some(value.clone()).filter(|value| !value.is_null()),
        Control::Secret | Control::Password => None,
    }
}

/// A number, or the text as it was sent, which the check of the answers then tells to be none.
fn number(text: &str, integer: bool) -> Value {
    let text = text.trim();
    if let Ok(whole) = text.parse::<i64>() {
        return Value::from(whole);
    }
    let number = letters::number(text).filter(|_| !integer).and_then(Number::from_f64);
    number.map_or_else(|| Value::from(text), Value::Number)
}

/// The option that was meant, or the text as it was sent, which the check of the answers then refuses.
fn chosen(options: &[Choice], sent: &str) -> Value {
    options.iter().find(|option| option.text() == sent).map_or_else(|| Value::from(sent), |option| option.value.clone())
}

/// The parts of a repository's place are fields of their own in the form.
fn repository(field: &Field, hosts: &[String], pairs: &[(String, String)]) -> Option<Value> {
    let part = |name: &str| {
        let name = format!("{}/{name}", field.pointer);
        pairs.iter().find(|(key, _)| *key == name).map(|(_, text)| text.trim()).filter(|text| !text.is_empty())
    };
    let (owner, repo) = (part("owner"), part("repo"));
    if owner.is_none() && repo.is_none() {
        return None;
    }
    let host = part("host").or(hosts.first().map(String::as_str)).unwrap_or("causeway");
    let mut url = host.to_owned();
    for (at, (name, value)) in [("owner", owner), ("repo", repo)].into_iter().enumerate() {
        url.push(if at == 0 { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        url.push_str(&in_query(value.unwrap_or_default()));
    }
    Some(Value::from(url))
}

/// A text as it may stand in the query of an address.
pub fn in_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/') {
            out.push(char::from(byte));
        } else {
            // Writing into a `String` does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
