//! AsyncAPI 2 and 3.

use serde_json::Value;

use crate::{
    document::{Led, entries, flag, follow, link_of, list, name_of, resolved, short, text},
    model::{Detail, Fact, Group, Item, Overview, Problem, Scheme, Section, Server, Tone},
    openapi::{schema_detail, schema_item, version},
    schema::Trees,
};

/// How many channels and messages are listed.
const MOST: usize = 20_000;

/// How many messages one operation shows.
const MESSAGES: usize = 50;

pub(crate) fn overview(document: &Value) -> Result<Overview, Problem> {
    let version_of = text(document, "asyncapi");
    if !version_of.starts_with(['2', '3']) {
        return Err(Problem::whole(
            "this is no AsyncAPI document of version 2 or 3: `asyncapi: 3.0.0` (or 2.x) is missing at its top",
        ));
    }
    let info = document.get("info").unwrap_or(&Value::Null);
    let components = document.get("components").unwrap_or(&Value::Null);
    let mut groups = Vec::new();
    let mut group = |name: &str, items: Vec<Item>| {
        if !items.is_empty() {
            groups.push(Group { name: name.to_owned(), description: String::new(), items });
        }
    };
    group("Channels", operations(document).take(MOST).map(|found| found.item()).collect());
    let messages = entries(components, "messages").take(MOST);
    group("Messages", messages.map(|(name, message)| message_item(document, name, message)).collect());
    group(
        "Schemas",
        entries(components, "schemas").take(MOST).map(|(name, schema)| schema_item(name, schema)).collect(),
    );
    let servers = entries(document, "servers").take(50).map(|(name, server)| {
        let server = resolved(document, server);
        let host = match text(server, "url") {
            "" => format!("{}{}", text(server, "host"), text(server, "pathname")),
            url => url.to_owned(),
        };
        let protocol = text(server, "protocol");
        let address = if host.contains("://") || protocol.is_empty() { host } else { format!("{protocol}://{host}") };
        let description = match text(server, "description") {
            "" => name.clone(),
            words => format!("{name}: {words}"),
        };
        Server { address: short(&address, 500), description: short(&description, 300) }
    });
    let schemes = entries(components, "securitySchemes").take(50).map(|(name, scheme)| {
        let scheme = resolved(document, scheme);
        Scheme {
            name: name.clone(),
            words: short(text(scheme, "type"), 60),
            description: text(scheme, "description").to_owned(),
        }
    });
    Ok(Overview {
        form: format!("AsyncAPI {}", short(version_of, 20)),
        title: text(info, "title").to_owned(),
        version: version(info),
        description: text(info, "description").to_owned(),
        servers: servers.collect(),
        schemes: schemes.collect(),
        notes: if groups.is_empty() { vec!["It describes no channel and no message.".into()] } else { Vec::new() },
        groups,
    })
}

pub(crate) fn detail(document: &Value, id: &str) -> Option<Detail> {
    let components = document.get("components").unwrap_or(&Value::Null);
    if let Some(name) = id.strip_prefix("schema:") {
        let (name, schema) = entries(components, "schemas").find(|(known, _)| *known == name)?;
        return Some(schema_detail(document, name, schema));
    }
    if let Some(name) = id.strip_prefix("message:") {
        let (name, message) = entries(components, "messages").find(|(known, _)| *known == name)?;
        let item = message_item(document, name, message);
        let message = resolved(document, message);
        let sections = message_sections(document, &mut Trees::new(document), "", message);
        return Some(Detail {
            item,
            description: text(message, "description").to_owned(),
            sections,
            ..Detail::default()
        });
    }
    let found = operations(document).find(|found| found.id() == id)?;
    Some(found.detail(document))
}

/// What can be done with a channel.
struct Found<'a> {
    /// The operation's name in version 3, the channel's in version 2.
    name: &'a str,
    /// `send`, `receive`, `publish`, `subscribe`; empty for a channel without an operation.
    action: &'a str,
    channel_name: String,
    channel: &'a Value,
    operation: &'a Value,
}

fn operations(document: &Value) -> Box<dyn Iterator<Item = Found<'_>> + '_> {
    if text(document, "asyncapi").starts_with('2') {
        return Box::new(entries(document, "channels").flat_map(move |(name, channel)| {
            let channel = resolved(document, channel);
            ["publish", "subscribe"].into_iter().filter_map(move |action| {
                let operation = channel.get(action)?;
                Some(Found { name, action, channel_name: name.clone(), channel, operation })
            })
        }));
    }
    let named = entries(document, "operations").map(move |(name, operation)| {
        let operation = resolved(document, operation);
        let reference = operation.get("channel").unwrap_or(&Value::Null);
        let channel_name = name_of(text(reference, "$ref"));
        let channel = resolved(document, reference);
        Found { name, action: text(operation, "action"), channel_name, channel, operation }
    });
    let used: std::collections::HashSet<String> = entries(document, "operations")
        .map(|(_, operation)| {
            name_of(text(resolved(document, operation).get("channel").unwrap_or(&Value::Null), "$ref"))
        })
        .collect();
    let silent =
        entries(document, "channels").filter(move |(name, _)| !used.contains(*name)).map(move |(name, channel)| {
            let channel = resolved(document, channel);
            Found { name, action: "", channel_name: name.clone(), channel, operation: &Value::Null }
        });
    Box::new(named.chain(silent))
}

impl<'a> Found<'a> {
    fn id(&self) -> String {
        match self.action {
            "" => format!("channel {}", self.name),
            "publish" | "subscribe" => format!("{} {}", self.action, self.name),
            _ => self.name.to_owned(),
        }
    }

    fn address(&self) -> &str {
        match text(self.channel, "address") {
            "" => &self.channel_name,
            address => address,
        }
    }

    fn item(&self) -> Item {
        let words = |of: &'a Value| match text(of, "summary") {
            "" => match text(of, "title") {
                "" => text(of, "description"),
                title => title,
            },
            summary => summary,
        };
        let summary = if words(self.operation).is_empty() { words(self.channel) } else { words(self.operation) };
        Item {
            id: self.id(),
            badge: match self.action {
                "" => "channel".to_owned(),
                action => short(action, 12),
            },
            tone: match self.action {
                "subscribe" | "receive" => Tone::Read,
                "publish" | "send" => Tone::Make,
                _ => Tone::Plain,
            },
            title: self.address().to_owned(),
            summary: short(summary.lines().next().unwrap_or_default(), 160),
            deprecated: flag(self.operation, "deprecated") || flag(self.channel, "deprecated"),
        }
    }

    fn detail(&self, document: &'a Value) -> Detail {
        let mut trees = Trees::new(document);
        let mut sections = Vec::new();
        let parameters: Vec<_> = entries(self.channel, "parameters")
            .take(100)
            .map(|(name, parameter)| {
                let parameter = resolved(document, parameter);
                let mut field = trees.field(name, parameter.get("schema").unwrap_or(parameter), true);
                if !text(parameter, "description").is_empty() {
                    text(parameter, "description").clone_into(&mut field.description);
                }
                if field.kind.is_empty() {
                    field.kind = "string".into();
                }
                field
            })
            .collect();
        if !parameters.is_empty() {
            sections.push(Section { title: "Parameters".into(), fields: parameters, ..Section::default() });
        }
        for (name, message) in self.messages(document).into_iter().take(MESSAGES) {
            sections.extend(message_sections(document, &mut trees, &name, message));
        }
        let mut facts = vec![Fact::new("Channel", short(self.address(), 300))];
        if let Some(reply) = self.operation.get("reply").map(|reply| resolved(document, reply)) {
            facts.push(Fact::new("Reply on", short(&reply_place(document, reply), 300)));
            let channel = reply.get("channel").map_or(&Value::Null, |channel| resolved(document, channel));
            for (name, message) in messages_of(document, reply, channel).into_iter().take(MESSAGES) {
                let reply = message_sections(document, &mut trees, &name, message).into_iter();
                sections.extend(reply.map(|section| Section { title: format!("Reply: {}", section.title), ..section }));
            }
        }
        let id = text(self.operation, "operationId");
        if !id.is_empty() {
            facts.push(Fact::new("Operation", short(id, 200)));
        }
        for of in [self.operation, self.channel] {
            let bindings: Vec<String> = entries(of, "bindings").map(|(name, _)| name.clone()).take(10).collect();
            if !bindings.is_empty() {
                facts.push(Fact::new("Bindings", bindings.join(", ")));
            }
        }
        let servers: Vec<String> = list(self.channel, "servers")
            .iter()
            .take(20)
            .map(|server| server.as_str().map_or_else(|| name_of(text(server, "$ref")), str::to_owned))
            .collect();
        if !servers.is_empty() {
            facts.push(Fact::new("Servers", servers.join(", ")));
        }
        let own = text(self.operation, "description");
        let description = if own.is_empty() { text(self.channel, "description") } else { own };
        Detail { item: self.item(), description: description.to_owned(), facts, sections, call: None }
    }

    /// The messages that go over the channel, with their names.
    fn messages(&self, document: &'a Value) -> Vec<(String, &'a Value)> {
        let single = self.operation.get("message");
        if let Some(message) = single {
            let choices = list(resolved(document, message), "oneOf");
            if choices.is_empty() {
                return named(document, message).into_iter().collect();
            }
            return choices.iter().filter_map(|message| named(document, message)).collect();
        }
        messages_of(document, self.operation, self.channel)
    }
}

/// The messages that an operation or a reply names, or else all of its channel, with their names.
fn messages_of<'a>(document: &'a Value, of: &'a Value, channel: &'a Value) -> Vec<(String, &'a Value)> {
    let own = list(of, "messages");
    if own.is_empty() {
        let all = entries(channel, "messages");
        return all.map(|(name, message)| (name.clone(), resolved(document, message))).collect();
    }
    own.iter().filter_map(|message| named(document, message)).collect()
}

/// A message and what its reference calls it; nothing for one in another document.
fn named<'a>(document: &'a Value, message: &'a Value) -> Option<(String, &'a Value)> {
    match follow(document, message) {
        Led::Here(value, reference) => Some((reference.map(name_of).unwrap_or_default(), value)),
        Led::Elsewhere(_) => None,
    }
}

/// Where a reply goes: the address of its channel, or where the request says.
fn reply_place(document: &Value, reply: &Value) -> String {
    let address = reply.get("address").map_or(&Value::Null, |address| resolved(document, address));
    let said = text(address, "location");
    if !said.is_empty() {
        return format!("where the request says: {said}");
    }
    let Some(reference) = reply.get("channel") else { return "a channel that is not named".to_owned() };
    match text(resolved(document, reference), "address") {
        "" => name_of(text(reference, "$ref")),
        address => address.to_owned(),
    }
}

fn message_item(document: &Value, name: &str, message: &Value) -> Item {
    let message = resolved(document, message);
    let summary =
        ["summary", "title", "description"].into_iter().map(|key| text(message, key)).find(|words| !words.is_empty());
    Item {
        id: format!("message:{name}"),
        badge: "message".into(),
        tone: Tone::Plain,
        title: name.to_owned(),
        summary: short(summary.unwrap_or_default().lines().next().unwrap_or_default(), 160),
        deprecated: flag(message, "deprecated"),
    }
}

fn message_sections<'a>(document: &'a Value, trees: &mut Trees<'a>, name: &str, message: &'a Value) -> Vec<Section> {
    let title = match (text(message, "title"), text(message, "name"), name) {
        ("", "", "") => "Message".to_owned(),
        ("", "", name) | ("", name, _) | (name, ..) => format!("Message {}", short(name, 100)),
    };
    let mut sections = Vec::new();
    let headers = message.get("headers");
    if let Some(headers) = headers {
        sections.push(Section {
            title: format!("{title}, headers"),
            fields: trees.fields(headers),
            ..Section::default()
        });
    }
    let payload = message.get("payload").unwrap_or(&Value::Null);
    // Version 3 may wrap a schema of another language.
    let (format, payload) = match (text(payload, "schemaFormat"), payload.get("schema")) {
        ("", _) | (_, None) => (text(message, "schemaFormat"), payload),
        (format, Some(schema)) => (format, schema),
    };
    let is_foreign = ["avro", "protobuf", "raml"].iter().any(|other| format.contains(other));
    let mut examples: Vec<_> = list(message, "examples")
        .iter()
        .take(5)
        .map(|example| {
            let label =
                if text(example, "summary").is_empty() { text(example, "name") } else { text(example, "summary") };
            let label = if label.is_empty() { "Example" } else { label };
            crate::openapi::code(&short(label, 120), example.get("payload").unwrap_or(example))
        })
        .collect();
    let mut fields = Vec::new();
    if is_foreign {
        examples.insert(0, crate::openapi::code(&format!("Schema ({})", short(format, 80)), payload));
    } else if !payload.is_null() {
        fields = trees.fields(payload);
        if examples.is_empty() {
            let sample = crate::sample::sample(document, payload);
            if !sample.is_null() {
                examples.push(crate::openapi::code("Made from the schema", &sample));
            }
        }
    }
    let link = payload.get("$ref").and_then(Value::as_str).and_then(link_of);
    let note = match (text(message, "contentType"), link) {
        ("", _) => text(document, "defaultContentType"),
        (own, _) => own,
    };
    sections.push(Section {
        title,
        note: short(note, 100),
        description: match text(message, "description") {
            "" => text(message, "summary").to_owned(),
            words => words.to_owned(),
        },
        fields,
        examples,
    });
    sections
}

#[cfg(test)]
mod tests;
