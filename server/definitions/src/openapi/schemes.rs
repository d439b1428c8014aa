//! How callers show who they are.

use serde_json::Value;

use crate::{
    document::{entries, resolved, short, text},
    model::{Fact, Scheme},
};

/// How many scopes of one flow are listed.
const SCOPES: usize = 100;

pub(crate) fn schemes(document: &Value) -> Vec<Scheme> {
    let components = document.get("components").unwrap_or(&Value::Null);
    let all = entries(components, "securitySchemes").chain(entries(document, "securityDefinitions"));
    all.take(50)
        .map(|(name, scheme)| {
            let scheme = resolved(document, scheme);
            Scheme {
                name: name.clone(),
                words: scheme_words(scheme),
                description: text(scheme, "description").to_owned(),
                facts: flows(scheme),
            }
        })
        .collect()
}

fn scheme_words(scheme: &Value) -> String {
    match text(scheme, "type") {
        "http" => match text(scheme, "bearerFormat") {
            "" => format!("HTTP {}", short(text(scheme, "scheme"), 40)),
            format => format!("HTTP {} ({})", short(text(scheme, "scheme"), 40), short(format, 40)),
        },
        "basic" => "HTTP basic".into(),
        // AsyncAPI has keys without a name, which stand where a protocol keeps them.
        "apiKey" if text(scheme, "name").is_empty() => format!("API key in {}", short(text(scheme, "in"), 20)),
        "apiKey" | "httpApiKey" => {
            format!("API key {} in {}", short(text(scheme, "name"), 80), short(text(scheme, "in"), 20))
        }
        "oauth2" => {
            let flows: Vec<String> = entries(scheme, "flows").map(|(flow, _)| flow.clone()).take(5).collect();
            let flow = text(scheme, "flow");
            let flows = if flows.is_empty() { flow.to_owned() } else { flows.join(", ") };
            if flows.is_empty() { "OAuth 2".into() } else { format!("OAuth 2 ({flows})") }
        }
        "openIdConnect" => format!("OpenID Connect, {}", short(text(scheme, "openIdConnectUrl"), 200)),
        "mutualTLS" => "Client certificate".into(),
        other => short(other, 40),
    }
}

/// The addresses of OAuth 2, and what may be asked for there.
fn flows(scheme: &Value) -> Vec<Fact> {
    let mut facts = Vec::new();
    // OpenAPI 2 has one flow, which is the scheme itself.
    let own = ["authorizationUrl", "tokenUrl"].iter().any(|key| scheme.get(*key).is_some());
    let all = entries(scheme, "flows").map(|(name, flow)| (name.as_str(), flow)).take(5);
    for (name, flow) in all.chain(own.then(|| (text(scheme, "flow"), scheme))) {
        let of = if name.is_empty() { String::new() } else { format!(" ({})", short(name, 40)) };
        for (key, term) in [("authorizationUrl", "Authorization"), ("tokenUrl", "Token"), ("refreshUrl", "Refresh")] {
            let address = text(flow, key);
            if !address.is_empty() {
                facts.push(Fact::new(format!("{term}{of}"), short(address, 300)));
            }
        }
        for (scope, words) in entries(flow, "scopes").chain(entries(flow, "availableScopes")).take(SCOPES) {
            let words = words.as_str().filter(|words| !words.is_empty());
            let words = words.map(|words| format!(": {}", short(words, 200))).unwrap_or_default();
            facts.push(Fact::new(format!("Scope{of}"), format!("{}{words}", short(scope, 200))));
        }
    }
    facts
}

/// What a caller must show: one of several sets.
pub(super) fn security(document: &Value, operation: &Value) -> Option<Fact> {
    let needed = operation.get("security").or(document.get("security"))?.as_array()?;
    let sets: Vec<String> = needed
        .iter()
        .take(10)
        .map(|set| {
            let set = set.as_object().into_iter().flatten().map(|(name, scopes)| {
                let scopes: Vec<&str> =
                    scopes.as_array().into_iter().flatten().filter_map(Value::as_str).take(20).collect();
                if scopes.is_empty() { name.clone() } else { format!("{name} ({})", scopes.join(", ")) }
            });
            set.take(10).collect::<Vec<_>>().join(" and ")
        })
        .map(|set| if set.is_empty() { "nothing".to_owned() } else { set })
        .collect();
    (!sets.is_empty()).then(|| Fact::new("Needs", sets.join(", or ")))
}
