//! How the caller of a command shows who they are.

use serde_json::Value;

use super::{encoded, quoted};
use crate::document::{entries, resolved, text};

/// Where a credential goes.
pub(super) enum Shown {
    /// An option of `curl`.
    Option(String),
    /// A part of the query, its secret in double quotes.
    Query(String),
}

/// What the first of the sets that would do asks for, all of it.
pub(super) fn shown(document: &Value, operation: &Value) -> Vec<Shown> {
    let needed = operation.get("security").or(document.get("security")).and_then(Value::as_array);
    let Some(set) = needed.and_then(|sets| sets.first()?.as_object()) else { return Vec::new() };
    let components = document.get("components").unwrap_or(&Value::Null);
    let one = |name: &String| {
        let mut known = entries(components, "securitySchemes").chain(entries(document, "securityDefinitions"));
        let scheme = resolved(document, known.find(|(known, _)| *known == name)?.1);
        let key = text(scheme, "name");
        let way = text(scheme, "scheme").to_lowercase();
        Some(match (text(scheme, "type"), way.as_str(), text(scheme, "in")) {
            ("basic", ..) | ("http", "basic", _) => Shown::Option("-u \"$USERNAME:$PASSWORD\"".into()),
            ("apiKey", _, "header") => Shown::Option(format!("-H {}\"$API_KEY\"", quoted(&format!("{key}: ")))),
            ("apiKey", _, "cookie") => Shown::Option(format!("-b {}\"$API_KEY\"", quoted(&format!("{key}=")))),
            ("apiKey", _, "query") => Shown::Query(format!("{}=\"$API_KEY\"", encoded(key))),
            ("http", "digest", _) => Shown::Option("--digest -u \"$USERNAME:$PASSWORD\"".into()),
            ("http", other, _) if !matches!(other, "" | "bearer") => {
                let word: String = text(scheme, "scheme")
                    .chars()
                    .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
                    .collect();
                Shown::Option(format!("-H \"Authorization: {word} $CREDENTIALS\""))
            }
            ("mutualTLS", ..) => Shown::Option("--cert \"$CERTIFICATE\" --key \"$KEY\"".into()),
            ("http" | "oauth2" | "openIdConnect", ..) => Shown::Option("-H \"Authorization: Bearer $TOKEN\"".into()),
            _ => return None,
        })
    };
    set.keys().take(5).filter_map(one).collect()
}
