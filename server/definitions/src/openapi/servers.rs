//! Where an API is served.

use serde_json::Value;

use crate::{
    document::{entries, list, resolved, short, text},
    model::Server,
};

/// Where an operation, a path or the whole API is served; `at` is what says so.
pub(super) fn servers(document: &Value, at: &Value) -> Vec<Server> {
    let listed = list(at, "servers").iter().take(50).map(|server| {
        let words = [text(server, "description").to_owned(), variables(document, server)];
        let words: Vec<String> = words.into_iter().filter(|words| !words.is_empty()).collect();
        Server {
            address: short(text(server, "url"), 500),
            description: short(&words.join(" · "), 600),
            ..Server::default()
        }
    });
    let mut servers: Vec<Server> = listed.filter(|server| !server.address.is_empty()).collect();
    let host = text(document, "host");
    if servers.is_empty() && std::ptr::eq(document, at) && !host.is_empty() {
        let base = text(document, "basePath").trim_end_matches('/');
        let schemes: Vec<&str> = list(document, "schemes").iter().filter_map(Value::as_str).take(4).collect();
        let schemes = if schemes.is_empty() { vec!["https"] } else { schemes };
        let server = |scheme: &str| Server { address: format!("{scheme}://{host}{base}"), ..Server::default() };
        servers.extend(schemes.into_iter().map(server));
    }
    servers
}

/// What may stand for the names in a server's address: the one that does where nothing is said, and the others.
pub(crate) fn variables(document: &Value, server: &Value) -> String {
    let said = entries(server, "variables").take(10).map(|(name, variable)| {
        let variable = resolved(document, variable);
        let usual = text(variable, "default");
        let others = list(variable, "enum").iter().filter_map(Value::as_str).filter(|other| *other != usual).take(20);
        let nothing = variable.get("default").is_some().then_some("nothing");
        let usual = Some(usual).filter(|usual| !usual.is_empty()).or(nothing);
        let all: Vec<&str> = usual.into_iter().chain(others).collect();
        let words = text(variable, "description");
        let words = if words.is_empty() { String::new() } else { format!(" ({words})") };
        format!("{name}: {}{words}", all.join(" or "))
    });
    said.collect::<Vec<_>>().join("; ")
}

/// The address that a server has where nothing is said about its variables.
pub(super) fn usual_address(server: &Value) -> String {
    entries(server, "variables").fold(text(server, "url").to_owned(), |address, (name, variable)| {
        let first = list(variable, "enum").first().and_then(Value::as_str);
        // One that is empty where nothing is said is empty.
        match variable.get("default").and_then(Value::as_str).or(first) {
            Some(usual) => address.replace(&format!("{{{name}}}"), usual),
            None => address,
        }
    })
}
