//! OpenAPI 2, 3.0 and 3.1.

mod call;
mod operation;

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    document::{entries, flag, list, resolved, short, text},
    model::{Detail, Fact, Group, Item, Overview, Problem, Scheme, Section, Server, Tone},
    schema::Trees,
};

pub(crate) use self::operation::code;

/// The methods of a path, in the order people expect.
const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options", "trace", "query"];

/// How many operations and types are listed.
const MOST: usize = 20_000;

/// The name of the group for operations that have no tag.
const UNTAGGED: &str = "Operations";

pub(crate) fn overview(document: &Value) -> Result<Overview, Problem> {
    let form = form(document)?;
    let info = document.get("info").unwrap_or(&Value::Null);
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut group = |groups: &mut Vec<Group>, name: &str, description: &str| {
        *places.entry(name.to_owned()).or_insert_with(|| {
            groups.push(Group { name: name.to_owned(), description: description.to_owned(), items: Vec::new() });
            groups.len() - 1
        })
    };
    for tag in list(document, "tags") {
        group(&mut groups, text(tag, "name"), text(tag, "description"));
    }
    let mut notes = Vec::new();
    let mut listed = 0;
    for found in operations(document) {
        listed += 1;
        if listed > MOST {
            notes.push(format!("Only the first {MOST} operations are listed."));
            break;
        }
        let item = found.item();
        let mut tags = list(found.operation, "tags").iter().filter_map(Value::as_str).peekable();
        if tags.peek().is_none() {
            let at = group(&mut groups, if found.is_webhook { "Webhooks" } else { UNTAGGED }, "");
            groups[at].items.push(item);
            continue;
        }
        for tag in tags.take(8) {
            let at = group(&mut groups, tag, "");
            groups[at].items.push(item.clone());
        }
    }
    groups.retain(|group| !group.items.is_empty());
    let schemas: Vec<Item> = schemas(document).take(MOST).map(|(name, schema)| schema_item(name, schema)).collect();
    if !schemas.is_empty() {
        groups.push(Group { name: "Schemas".into(), description: String::new(), items: schemas });
    }
    if groups.is_empty() {
        notes.push("It describes no operation and no schema.".into());
    }
    let licence = info.get("license").map(|licence| text(licence, "name")).unwrap_or_default();
    if flag(document, "x-internal") {
        notes.push("Its author marked it as internal.".into());
    }
    if !licence.is_empty() {
        notes.push(format!("Licence: {}.", short(licence, 80)));
    }
    Ok(Overview {
        form,
        title: text(info, "title").to_owned(),
        version: version(info),
        description: described(info),
        servers: servers(document, document),
        schemes: schemes(document),
        groups,
        notes,
    })
}

pub(crate) fn detail(document: &Value, id: &str) -> Option<Detail> {
    if let Some(name) = id.strip_prefix("schema:") {
        let (name, schema) = schemas(document).find(|(known, _)| *known == name)?;
        return Some(schema_detail(document, name, schema));
    }
    let found = operations(document).find(|found| found.id() == id)?;
    Some(operation::detail(document, &found))
}

/// What an API says of itself, its summary first.
fn described(info: &Value) -> String {
    let parts = [text(info, "summary"), text(info, "description")].map(str::trim);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn form(document: &Value) -> Result<String, Problem> {
    let version = |key: &str| match document.get(key)? {
        Value::String(version) => Some(version.clone()),
        Value::Number(version) => Some(version.to_string()),
        _ => None,
    };
    match (version("openapi"), version("swagger")) {
        (Some(version), _) if version.starts_with('3') => Ok(format!("OpenAPI {}", short(&version, 20))),
        (Some(version), _) => Err(Problem::whole(format!(
            "`openapi: {}` is a version that is not known; 3.0 and 3.1 are",
            short(&version, 20)
        ))),
        (None, Some(version)) if version.starts_with('2') => Ok(format!("OpenAPI {} (Swagger)", short(&version, 20))),
        _ => Err(Problem::whole(
            "this is no OpenAPI document: it has neither `openapi: 3.1.0` (or 3.0) nor `swagger: \"2.0\"` at its top",
        )),
    }
}

/// `info.version`, which people like to write as a number.
pub(crate) fn version(info: &Value) -> String {
    match info.get("version") {
        Some(Value::String(version)) => short(version, 40),
        Some(Value::Number(version)) => version.to_string(),
        _ => String::new(),
    }
}

/// An operation where it stands.
struct Found<'a> {
    path: &'a str,
    method: &'static str,
    shared: &'a Value,
    operation: &'a Value,
    is_webhook: bool,
}

impl Found<'_> {
    /// The operation's own name if it has one: an address that survives when the path is rewritten.
    fn id(&self) -> String {
        match text(self.operation, "operationId") {
            "" => format!("{} {}", self.method, self.path),
            own => own.to_owned(),
        }
    }

    fn item(&self) -> Item {
        let summary = match text(self.operation, "summary") {
            "" => text(self.operation, "description").lines().next().unwrap_or_default(),
            summary => summary,
        };
        Item {
            id: self.id(),
            badge: self.method.to_uppercase(),
            tone: match self.method {
                "get" | "head" | "query" => Tone::Read,
                "post" => Tone::Make,
                "put" | "patch" => Tone::Change,
                "delete" => Tone::Remove,
                _ => Tone::Plain,
            },
            title: self.path.to_owned(),
            summary: short(summary, 160),
            deprecated: flag(self.operation, "deprecated"),
        }
    }
}

fn operations(document: &Value) -> impl Iterator<Item = Found<'_>> {
    [("paths", false), ("webhooks", true)].into_iter().flat_map(move |(key, is_webhook)| {
        entries(document, key).flat_map(move |(path, shared)| {
            let shared = resolved(document, shared);
            METHODS.iter().filter_map(move |method| {
                let operation = shared.get(*method).filter(|operation| operation.is_object())?;
                Some(Found { path, method, shared, operation, is_webhook })
            })
        })
    })
}

fn schemas(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let components = document.get("components").unwrap_or(&Value::Null);
    entries(components, "schemas").chain(entries(document, "definitions"))
}

pub(crate) fn schema_item(name: &str, schema: &Value) -> Item {
    Item {
        id: format!("schema:{name}"),
        badge: "schema".into(),
        tone: Tone::Plain,
        title: name.to_owned(),
        summary: short(text(schema, "description").lines().next().unwrap_or_default(), 160),
        deprecated: flag(schema, "deprecated"),
    }
}

pub(crate) fn schema_detail(document: &Value, name: &str, schema: &Value) -> Detail {
    let fields = Trees::new(document).fields(schema);
    let mut examples: Vec<_> =
        schema.get("example").into_iter().chain(list(schema, "examples").iter()).take(5).collect();
    let sample;
    let title = if examples.is_empty() {
        sample = crate::sample::sample(document, schema);
        examples.push(&sample);
        "Made from the schema"
    } else {
        "Example"
    };
    let examples = examples.into_iter().map(|example| operation::code(title, example)).collect();
    Detail {
        item: schema_item(name, schema),
        description: text(schema, "description").to_owned(),
        sections: vec![Section { title: "Schema".into(), fields, examples, ..Section::default() }],
        ..Detail::default()
    }
}

/// Where an operation, a path or the whole API is served; `at` is what says so.
fn servers(document: &Value, at: &Value) -> Vec<Server> {
    let listed = list(at, "servers").iter().take(50).map(|server| {
        let words = [text(server, "description").to_owned(), variables(server)];
        let words: Vec<String> = words.into_iter().filter(|words| !words.is_empty()).collect();
        Server { address: short(text(server, "url"), 500), description: short(&words.join(" · "), 300) }
    });
    let mut servers: Vec<Server> = listed.filter(|server| !server.address.is_empty()).collect();
    let host = text(document, "host");
    if servers.is_empty() && std::ptr::eq(document, at) && !host.is_empty() {
        let base = text(document, "basePath").trim_end_matches('/');
        let schemes: Vec<&str> = list(document, "schemes").iter().filter_map(Value::as_str).take(4).collect();
        let schemes = if schemes.is_empty() { vec!["https"] } else { schemes };
        let server = |scheme: &str| Server { address: format!("{scheme}://{host}{base}"), description: String::new() };
        servers.extend(schemes.into_iter().map(server));
    }
    servers
}

/// What may stand for the names in a server's address: the one that does where nothing is said, and the others.
fn variables(server: &Value) -> String {
    let said = entries(server, "variables").take(10).map(|(name, variable)| {
        let usual = text(variable, "default");
        let others = list(variable, "enum").iter().filter_map(Value::as_str).filter(|other| *other != usual).take(20);
        let all: Vec<&str> = std::iter::once(usual).filter(|usual| !usual.is_empty()).chain(others).collect();
        format!("{name}: {}", all.join(" or "))
    });
    said.collect::<Vec<_>>().join("; ")
}

/// The address that a server has where nothing is said about its variables.
fn usual_address(server: &Value) -> String {
    entries(server, "variables").fold(text(server, "url").to_owned(), |address, (name, variable)| {
        let first = || list(variable, "enum").first().and_then(Value::as_str).unwrap_or_default();
        match text(variable, "default") {
            "" if first().is_empty() => address,
            "" => address.replace(&format!("{{{name}}}"), first()),
            usual => address.replace(&format!("{{{name}}}"), usual),
        }
    })
}

fn schemes(document: &Value) -> Vec<Scheme> {
    let components = document.get("components").unwrap_or(&Value::Null);
    let all = entries(components, "securitySchemes").chain(entries(document, "securityDefinitions"));
    all.take(50)
        .map(|(name, scheme)| {
            let scheme = resolved(document, scheme);
            Scheme {
                name: name.clone(),
                words: scheme_words(scheme),
                description: text(scheme, "description").to_owned(),
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
        "apiKey" => format!("API key `{}` in {}", short(text(scheme, "name"), 80), short(text(scheme, "in"), 20)),
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

/// What a caller must show: one of several sets.
fn security(document: &Value, operation: &Value) -> Option<Fact> {
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

#[cfg(test)]
mod tests;
