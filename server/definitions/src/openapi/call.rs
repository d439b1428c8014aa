//! A command that calls an operation, to be copied: nothing in it can end its quotes.

mod body;
mod credentials;
mod xml;

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    Found,
    servers::{servers, usual_address},
};
use crate::{
    document::{entries, flag, list, resolved, short, text},
    model::Code,
    sample::{For, sample},
};

/// How deep an object is written into names.
const DEEPEST: u8 = 6;

/// A `curl` command with sample values; secrets are variables of the shell.
pub(super) fn command(document: &Value, found: &Found<'_>, parameters: &[&Value]) -> Code {
    let server = [found.operation, found.shared, document]
        .into_iter()
        .find_map(|at| {
            let described = list(at, "servers").iter().map(usual_address).find(|address| !address.is_empty());
            described.or_else(|| servers(document, at).into_iter().next().map(|server| server.address))
        })
        .unwrap_or_else(|| "https://HOST".to_owned());
    // One without a host is that of whoever serves the definition. What begins with a letter is no option.
    let server = if server.contains("://") && server.starts_with(|first: char| first == '{' || first.is_alphabetic()) {
        server
    } else {
        format!("https://HOST/{}", server.trim_start_matches('/'))
    };
    let value = |parameter: &Value| {
        let content = entries(parameter, "content").next().map_or(&Value::Null, |(_, media)| media);
        let schema = parameter.get("schema").or(content.get("schema")).unwrap_or(parameter);
        let example = [parameter, content].into_iter().find_map(|at| {
            let named = || entries(at, "examples").find_map(|(_, it)| resolved(document, it).get("value"));
            at.get("example").filter(|example| !example.is_null()).or_else(named)
        });
        example.cloned().unwrap_or_else(|| sample(document, schema, For::Request))
    };
    // In a header, a list is joined by commas, and so are the keys of an object with their values.
    let line = |parameter: &Value| match value(parameter) {
        Value::Object(fields) if flag(parameter, "explode") => {
            let pairs = fields.iter().map(|(key, value)| format!("{key}={}", joined(value, ",", str::to_owned)));
            pairs.collect::<Vec<_>>().join(",")
        }
        other => joined(&other, ",", str::to_owned),
    };
    let mut path = found.path.to_owned();
    let mut query = Vec::new();
    let mut lines = Vec::new();
    for parameter in parameters {
        let name = text(parameter, "name");
        match text(parameter, "in") {
            "path" => path = path.replace(&format!("{{{name}}}"), &in_path(parameter, &value(parameter))),
            "query" if flag(parameter, "required") => query.extend(asked(parameter, &value(parameter))),
            "header" if flag(parameter, "required") && !name.starts_with('@') => {
                lines.push(format!("-H {}", quoted(&format!("{name}: {}", line(parameter)))));
            }
            "cookie" if flag(parameter, "required") => {
                lines.push(format!("-b {}", quoted(&format!("{name}={}", joined(&value(parameter), ",", encoded)))));
            }
            "body" => {
                lines.push(body::typed("application/json"));
                let body = parameter.get("schema").map(|schema| sample(document, schema, For::Request));
                lines.push(body::raw(&body.unwrap_or_default().to_string()));
            }
            _ => {}
        }
    }
    lines.extend(body::form(document, found.operation, parameters, value));
    for shown in credentials::shown(document, found.operation) {
        match shown {
            credentials::Shown::Option(option) => lines.push(option),
            credentials::Shown::Query(pair) => query.push(pair),
        }
    }
    let body = found.operation.get("requestBody").map_or(&Value::Null, |body| resolved(document, body));
    lines.extend(body::options(document, body));
    // Secrets are put in by the shell, which must find them outside the single quotes.
    let secrets: Vec<String> = query.extract_if(.., |pair| pair.contains("\"$")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    // Blanks end an address.
    let mut address = quoted(&format!("{}{path}{query}", server.trim_end_matches('/')).replace(' ', "%20"));
    for (number, pair) in secrets.iter().enumerate() {
        let sign = if number == 0 && query.is_empty() { '?' } else { '&' };
        let (name, secret) = pair.split_once('"').unwrap_or((pair, ""));
        let _ = write!(address, "{}\"{secret}", quoted(&format!("{sign}{name}")));
    }
    let method = found.method.to_uppercase();
    // Else brackets would mean many addresses.
    let plainly = if address.contains(['{', '}', '[', ']']) { " -g" } else { "" };
    let first = if method == "GET" {
        format!("curl{plainly} {address}")
    } else {
        format!("curl{plainly} -X {method} {address}")
    };
    let all: Vec<String> = std::iter::once(first).chain(lines).collect();
    Code { title: "Call it".into(), language: "bash", text: short(&all.join(" \\\n  "), 8_000) }
}

/// A value of a parameter as one text, its parts apart by `separator`.
fn joined(value: &Value, separator: &str, word: impl Fn(&str) -> String) -> String {
    let plain = |value: &Value| match value {
        Value::String(text) => word(text),
        Value::Null => "VALUE".to_owned(),
        other => word(&other.to_string()),
    };
    match value {
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(separator),
        Value::Object(fields) => {
            let parts = fields.iter().flat_map(|(key, value)| [word(key), plain(value)]);
            parts.collect::<Vec<_>>().join(separator)
        }
        other => plain(other),
    }
}

/// A parameter as it stands in a path, by its style.
fn in_path(parameter: &Value, value: &Value) -> String {
    let (name, is_apart) = (text(parameter, "name"), flag(parameter, "explode"));
    let (begin, between) = match (text(parameter, "style"), value) {
        ("label", _) => (".".to_owned(), if is_apart { "." } else { "," }.to_owned()),
        ("matrix", Value::Object(_)) if is_apart => (";".to_owned(), ";".to_owned()),
        ("matrix", _) => (format!(";{name}="), if is_apart { format!(";{name}=") } else { ",".to_owned() }),
        _ => (String::new(), ",".to_owned()),
    };
    let inner = match value {
        Value::Object(fields) if is_apart => {
            let pairs = fields.iter().map(|(key, value)| format!("{}={}", encoded(key), joined(value, ",", encoded)));
            pairs.collect::<Vec<_>>().join(&between)
        }
        value => joined(value, &between, encoded),
    };
    begin + &inner
}

/// A value in a query that may hold the signs of an address, but for those that end it there.
fn barely_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if ":/?@!$'()*,;=".contains(letter) {
            out.push(letter);
        } else {
            out.push_str(&encoded(letter.encode_utf8(&mut [0; 4])));
        }
    }
    out
}

/// A parameter as it stands in a query, by its style.
fn asked(parameter: &Value, value: &Value) -> Vec<String> {
    let name = text(parameter, "name");
    let pair = |name: &str, value: String| format!("{}={value}", encoded(name));
    let word = if flag(parameter, "allowReserved") { barely_encoded } else { encoded };
    if parameter.get("content").is_some() {
        return vec![pair(name, encoded(&value.to_string()))];
    }
    // OpenAPI 2 has its own words, and joins where nothing is said.
    let separator = match (text(parameter, "style"), text(parameter, "collectionFormat")) {
        ("spaceDelimited", _) | (_, "ssv") => "%20",
        ("pipeDelimited", _) | (_, "pipes") => "%7C",
        (_, "tsv") => "%09",
        _ => ",",
    };
    let is_form = matches!(text(parameter, "style"), "" | "form") && parameter.get("schema").is_some();
    let is_apart = parameter.get("explode").and_then(Value::as_bool).unwrap_or(is_form)
        || text(parameter, "collectionFormat") == "multi";
    match value {
        Value::Array(items) if is_apart => items.iter().map(|item| pair(name, joined(item, ",", word))).collect(),
        Value::Object(_) if text(parameter, "style") == "deepObject" => {
            let mut pairs = Vec::new();
            deep(name, value, DEEPEST, &mut |name, value| pairs.push(pair(name, joined(value, ",", word))));
            pairs
        }
        Value::Object(fields) if is_apart => {
            fields.iter().map(|(key, value)| pair(key, joined(value, ",", word))).collect()
        }
        other => vec![pair(name, joined(other, separator, word))],
    }
}

/// The values of an object, each by the way to it: `a[b][c]`.
fn deep(name: &str, value: &Value, left: u8, told: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) if left > 0 => {
            for (key, value) in fields.iter().take(50) {
                deep(&format!("{name}[{key}]"), value, left - 1, told);
            }
        }
        value => told(name, value),
    }
}

/// A text as one word of a shell: on one line, and nothing in it is special.
fn quoted(text: &str) -> String {
    let one_line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("'{}'", one_line.replace('\'', r"'\''"))
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    out
}

#[cfg(test)]
mod tests;
