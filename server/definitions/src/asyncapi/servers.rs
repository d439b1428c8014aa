//! Where channels are served.

use serde_json::Value;

use super::{bindings, traits::Told};
use crate::{
    document::{entries, list, name_of, resolved, short, text},
    model::{Fact, Server},
    openapi::variables,
};

/// How many servers are shown.
const MOST: usize = 50;

pub(super) fn servers(document: &Value) -> Vec<Server> {
    let all = entries(document, "servers").take(MOST).map(|(name, server)| {
        let server = resolved(document, server);
        let host = match text(server, "url") {
            "" => format!("{}{}", text(server, "host"), text(server, "pathname")),
            url => url.to_owned(),
        };
        let protocol = text(server, "protocol");
        let address = if host.contains("://") || protocol.is_empty() { host } else { format!("{protocol}://{host}") };
        let said = ["title", "summary", "description"].into_iter().map(|key| text(server, key).to_owned());
        let said: Vec<String> = said.chain([variables(document, server)]).filter(|words| !words.is_empty()).collect();
        let description = if said.is_empty() { name.clone() } else { format!("{name}: {}", said.join(" · ")) };
        let told = Told::of(document, server);
        let mut facts = Vec::new();
        if !text(server, "protocolVersion").is_empty() {
            facts.push(Fact::new("Protocol", short(&format!("{protocol} {}", text(server, "protocolVersion")), 80)));
        }
        facts.extend(security(server));
        if !told.tags().is_empty() {
            facts.push(Fact::new("Tags", told.tags()));
        }
        let more = told.get("externalDocs").map(|docs| text(resolved(document, docs), "url")).unwrap_or_default();
        if !more.is_empty() {
            facts.push(Fact::new("More", short(more, 300)));
        }
        facts.extend(bindings::facts(&told));
        Server { address: short(&address, 500), description: short(&description, 600), facts }
    });
    all.collect()
}

/// What a caller must show, one of several: names of schemes, or schemes where they stand.
pub(super) fn security(of: &Value) -> Option<Fact> {
    needed(list(of, "security"))
}

pub(super) fn needed(schemes: &[Value]) -> Option<Fact> {
    let one = |needed: &Value| match (text(needed, "$ref"), text(needed, "type")) {
        ("", "") => {
            let names: Vec<String> =
                needed.as_object().into_iter().flatten().map(|(name, _)| short(name, 80)).take(10).collect();
            if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
        }
        ("", kind) if text(needed, "description").is_empty() => short(kind, 80),
        ("", kind) => format!("{} ({})", short(kind, 80), short(text(needed, "description"), 200)),
        (reference, _) => short(&name_of(reference), 80),
    };
    let words: Vec<String> = schemes.iter().take(10).map(one).collect();
    (!words.is_empty()).then(|| Fact::new("Needs", words.join(", or ")))
}
