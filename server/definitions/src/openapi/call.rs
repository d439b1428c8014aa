//! A command that calls an operation, to be copied: nothing in it can end its quotes.

use serde_json::Value;

use super::{Found, servers};
use crate::{
    document::{entries, flag, resolved, short, text},
    model::Code,
    sample::sample,
};

/// A `curl` command with sample values; secrets are variables of the shell.
pub(super) fn command(document: &Value, found: &Found<'_>, parameters: &[&Value]) -> Code {
    let server = [found.operation, found.shared, document]
        .into_iter()
        .find_map(|at| servers(document, at).into_iter().next())
        .map_or_else(|| "https://HOST".to_owned(), |server| server.address);
    let value = |parameter: &Value| {
        let schema = parameter.get("schema").unwrap_or(parameter);
        match parameter.get("example").cloned().unwrap_or_else(|| sample(document, schema)) {
            Value::String(text) => text,
            Value::Null => "VALUE".to_owned(),
            other => other.to_string(),
        }
    };
    let mut path = found.path.to_owned();
    let mut query = Vec::new();
    let mut lines = Vec::new();
    for parameter in parameters {
        let name = text(parameter, "name");
        match text(parameter, "in") {
            "path" => path = path.replace(&format!("{{{name}}}"), &encoded(&value(parameter))),
            "query" if flag(parameter, "required") => {
                query.push(format!("{}={}", encoded(name), encoded(&value(parameter))));
            }
            "header" if flag(parameter, "required") => {
                lines.push(format!("-H {}", quoted(&format!("{name}: {}", value(parameter)))));
            }
            "formData" if flag(parameter, "required") => {
                lines.push(format!("-F {}", quoted(&format!("{name}={}", value(parameter)))));
            }
            "body" => {
                lines.push("-H 'Content-Type: application/json'".to_owned());
                let body = parameter.get("schema").map(|schema| sample(document, schema)).unwrap_or_default();
                lines.push(format!("-d {}", quoted(&body.to_string())));
            }
            _ => {}
        }
    }
    lines.extend(credentials(document, found.operation));
    let body = found.operation.get("requestBody").map_or(&Value::Null, |body| resolved(document, body));
    if let Some((media, content)) =
        entries(body, "content").find(|(media, _)| media.contains("json")).or(entries(body, "content").next())
    {
        lines.push(format!("-H {}", quoted(&format!("Content-Type: {media}"))));
        let named = entries(content, "examples").find_map(|(_, example)| resolved(document, example).get("value"));
        let schema = || content.get("schema").map(|schema| sample(document, schema));
        if let Some(body) = content.get("example").or(named).cloned().or_else(schema) {
            let body = if let Value::String(text) = body { text } else { body.to_string() };
            lines.push(format!("-d {}", quoted(&body)));
        }
    }
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let address = quoted(&format!("{}{path}{query}", server.trim_end_matches('/')));
    let method = found.method.to_uppercase();
    let first = if method == "GET" { format!("curl {address}") } else { format!("curl -X {method} {address}") };
    let all: Vec<String> = std::iter::once(first).chain(lines).collect();
    Code { title: "Call it".into(), language: "bash", text: short(&all.join(" \\\n  "), 8_000) }
}

fn credentials(document: &Value, operation: &Value) -> Option<String> {
    let needed = operation.get("security").or(document.get("security"))?.as_array()?;
    let (name, _) = needed.first()?.as_object()?.iter().next()?;
    let components = document.get("components").unwrap_or(&Value::Null);
    let mut known = entries(components, "securitySchemes").chain(entries(document, "securityDefinitions"));
    let scheme = resolved(document, known.find(|(known, _)| *known == name)?.1);
    match (text(scheme, "type"), text(scheme, "scheme")) {
        ("basic", _) | ("http", "basic") => Some("-u \"$USERNAME:$PASSWORD\"".into()),
        ("apiKey", _) if text(scheme, "in") == "header" => {
            Some(format!("-H {}\"$API_KEY\"", quoted(&format!("{}: ", text(scheme, "name")))))
        }
        ("http" | "oauth2" | "openIdConnect", _) => Some("-H \"Authorization: Bearer $TOKEN\"".into()),
        _ => None,
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
