//! OpenAPI 2, 3.0 and 3.1.

mod about;
mod call;
mod operation;
mod parts;
mod schemes;
mod servers;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::{
    document::{Led, entries, first_line, flag, follow, list, resolved, short, text},
    model::{Detail, Group, Item, Overview, Problem, Section, Tone},
    schema::Trees,
};

use self::servers::servers;
pub(crate) use self::{about::about, operation::code, schemes::schemes, servers::variables};

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
        group(&mut groups, text(tag, "name"), &tag_words(tag));
    }
    let mut notes = Vec::new();
    let mut listed = 0;
    let mut taken: HashSet<String> = HashSet::new();
    for found in operations(document) {
        listed += 1;
        if listed > MOST {
            notes.push(format!("Only the first {MOST} operations are listed."));
            break;
        }
        let mut item = found.item();
        if !taken.insert(item.id.clone()) {
            item.id = found.place();
        }
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
    // What an author says of a tag is often all there is to it: a chapter of the documentation.
    groups.retain(|group| !group.items.is_empty() || !group.description.trim().is_empty());
    let schemas: Vec<Item> = schemas(document).take(MOST).map(|(name, schema)| schema_item(name, schema)).collect();
    if !schemas.is_empty() {
        groups.push(Group { name: "Schemas".into(), description: String::new(), items: schemas });
    }
    let elsewhere = elsewhere(document);
    if let [first, more @ ..] = &elsewhere[..] {
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        notes.push(format!(
            "Some of its paths stand in other files, which are not read: `{}`{more}. Name the definition with `$openapi` instead of \
             `$text` to have them brought in.",
            short(first, 200)
        ));
    } else if groups.iter().all(|group| group.items.is_empty()) {
        notes.push("It describes no operation and no schema.".into());
    }
    if flag(document, "x-internal") {
        notes.push("Its author marked it as internal.".into());
    }
    Ok(Overview {
        form,
        title: text(info, "title").to_owned(),
        version: version(info),
        description: described(info),
        facts: about(document, info),
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
    // Of two with one name, the second goes by its place.
    let found = operations(document)
        .find(|found| found.id() == id)
        .or_else(|| operations(document).find(|found| found.place() == id))?;
    let mut detail = operation::detail(document, &found);
    id.clone_into(&mut detail.item.id);
    Some(detail)
}

/// What is said of a tag, and where more stands about it.
fn tag_words(tag: &Value) -> String {
    let more = tag.get("externalDocs").map(|docs| text(docs, "url")).unwrap_or_default();
    let more = if more.is_empty() { String::new() } else { format!("<{}>", short(more, 300)) };
    let words = [text(tag, "description"), &more].map(str::trim);
    words.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
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
            "" => self.place(),
            own => own.to_owned(),
        }
    }

    fn place(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn item(&self) -> Item {
        let summary = match text(self.operation, "summary") {
            "" => first_line(text(self.operation, "description")),
            summary => short(summary, 160),
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
            summary,
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

/// The references of paths that lead out of the document.
fn elsewhere(document: &Value) -> Vec<&str> {
    let all = ["paths", "webhooks"].into_iter().flat_map(|key| entries(document, key));
    let led = all.filter_map(|(_, path)| match follow(document, path) {
        Led::Elsewhere(target) => Some(target),
        Led::Here(..) => None,
    });
    led.take(MOST).collect()
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
        summary: first_line(text(schema, "description")),
        deprecated: flag(schema, "deprecated"),
    }
}

pub(crate) fn schema_detail(document: &Value, name: &str, schema: &Value) -> Detail {
    let fields = Trees::new(document).fields(schema);
    let mut examples: Vec<_> =
        schema.get("example").into_iter().chain(list(schema, "examples").iter()).take(5).collect();
    let sample;
    let title = if examples.is_empty() {
        sample = crate::sample::sample(document, schema, crate::sample::For::Itself);
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

#[cfg(test)]
mod tests;
