//! What can be done with channels.

use serde_json::Value;

use super::{bindings, messages, servers::needed, traits::Told};
use crate::{
    document::{Led, entries, flag, follow, list, name_of, resolved, short, text},
    model::{Detail, Fact, Item, Section, Tone},
    schema::Trees,
};

/// How many messages one operation shows.
const MESSAGES: usize = 50;

/// What can be done with a channel.
pub(super) struct Found<'a> {
    /// The operation's name in version 3, the channel's in version 2.
    name: &'a str,
    /// `send`, `receive`, `publish`, `subscribe`; empty for a channel without an operation.
    action: &'a str,
    channel_name: String,
    channel: &'a Value,
    operation: Told<'a>,
}

pub(super) fn operations(document: &Value) -> Box<dyn Iterator<Item = Found<'_>> + '_> {
    if text(document, "asyncapi").starts_with('2') {
        return Box::new(entries(document, "channels").flat_map(move |(name, channel)| {
            let channel = resolved(document, channel);
            ["publish", "subscribe"].into_iter().filter_map(move |action| {
                let operation = channel.get(action)?;
                let operation = Told::of(document, operation);
                Some(Found { name, action, channel_name: name.clone(), channel, operation })
            })
        }));
    }
    let named = entries(document, "operations").map(move |(name, operation)| {
        let operation = resolved(document, operation);
        let reference = operation.get("channel").unwrap_or(&Value::Null);
        let channel_name = name_of(text(reference, "$ref"));
        let channel = resolved(document, reference);
        let told = Told::of(document, operation);
        Found { name, action: text(operation, "action"), channel_name, channel, operation: told }
    });
    let used: std::collections::HashSet<String> = entries(document, "operations")
        .map(|(_, operation)| {
            name_of(text(resolved(document, operation).get("channel").unwrap_or(&Value::Null), "$ref"))
        })
        .collect();
    let silent =
        entries(document, "channels").filter(move |(name, _)| !used.contains(*name)).map(move |(name, channel)| {
            let channel = resolved(document, channel);
            Found { name, action: "", channel_name: name.clone(), channel, operation: Told::of(document, &Value::Null) }
        });
    Box::new(named.chain(silent))
}

impl<'a> Found<'a> {
    pub(super) fn id(&self) -> String {
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

    /// The address of the channel in words.
    fn place(&self) -> String {
        // Nobody knows it before it runs: a queue that is made for one reply.
        if self.channel.get("address").is_some_and(Value::is_null) {
            return format!("{}, whose address is known once it runs", short(&self.channel_name, 200));
        }
        short(self.address(), 300)
    }

    pub(super) fn item(&self) -> Item {
        let keys = ["summary", "title", "description"].into_iter();
        let words = keys.clone().map(|key| self.operation.text(key)).chain(keys.map(|key| text(self.channel, key)));
        let summary = words.into_iter().find(|words| !words.is_empty()).unwrap_or_default();
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
            deprecated: self.operation.flag("deprecated") || flag(self.channel, "deprecated"),
        }
    }

    pub(super) fn detail(&self, document: &'a Value) -> Detail {
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
                if !text(parameter, "location").is_empty() {
                    field.facts.push(Fact::new("Taken from", short(text(parameter, "location"), 200)));
                }
                field
            })
            .collect();
        if !parameters.is_empty() {
            sections.push(Section { title: "Parameters".into(), fields: parameters, ..Section::default() });
        }
        for (name, message) in self.messages(document).into_iter().take(MESSAGES) {
            let message = Told::of(document, message);
            sections.extend(messages::sections(document, &mut trees, &name, &message));
        }
        let mut facts = vec![Fact::new("Channel", self.place())];
        let item = self.item();
        let said = [
            ("Title", self.operation.text("title")),
            ("Channel", text(self.channel, "title")),
            ("Channel", text(self.channel, "summary")),
        ];
        let said = said.into_iter().filter(|(_, words)| !words.is_empty() && *words != item.summary);
        facts.extend(said.map(|(term, words)| Fact::new(term, short(words, 300))));
        if let Some(reply) = self.operation.get("reply").map(|reply| resolved(document, reply)) {
            facts.push(Fact::new("Reply on", short(&reply_place(document, reply), 300)));
            let channel = reply.get("channel").map_or(&Value::Null, |channel| resolved(document, channel));
            for (name, message) in messages_of(document, list(reply, "messages"), channel).into_iter().take(MESSAGES) {
                let message = Told::of(document, message);
                let reply = messages::sections(document, &mut trees, &name, &message).into_iter();
                sections.extend(reply.map(|section| Section { title: format!("Reply: {}", section.title), ..section }));
            }
        }
        let id = self.operation.text("operationId");
        if !id.is_empty() {
            facts.push(Fact::new("Operation", short(id, 200)));
        }
        facts.extend(needed(self.operation.list("security")));
        let channel = Told::of(document, self.channel);
        sections.extend(bindings::sections(&mut trees, &self.operation, "Operation, by protocol"));
        sections.extend(bindings::sections(&mut trees, &channel, "Channel, by protocol"));
        for told in [&self.operation, &channel] {
            if !told.tags().is_empty() {
                facts.push(Fact::new("Tags", told.tags()));
            }
            if let Some(docs) = told.get("externalDocs").map(|docs| text(resolved(document, docs), "url")) {
                facts.push(Fact::new("More", short(docs, 300)));
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
        let own = self.operation.text("description");
        let description = if own.is_empty() { text(self.channel, "description") } else { own };
        Detail { item, description: description.to_owned(), facts, sections, call: None }
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
        messages_of(document, self.operation.list("messages"), self.channel)
    }
}

/// The messages that an operation or a reply names, or else all of its channel, with their names.
fn messages_of<'a>(document: &'a Value, own: &'a [Value], channel: &'a Value) -> Vec<(String, &'a Value)> {
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
        let words = text(address, "description");
        let words = if words.is_empty() { String::new() } else { format!(" ({words})") };
        return format!("where the request says: {said}{words}");
    }
    let Some(reference) = reply.get("channel") else { return "a channel that is not named".to_owned() };
    match text(resolved(document, reference), "address") {
        "" => name_of(text(reference, "$ref")),
        address => address.to_owned(),
    }
}
