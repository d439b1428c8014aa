//! Messages: what is sent over channels.

use serde_json::Value;

use super::{bindings, traits::Told};
use crate::{
    document::{link_of, resolved, short, text},
    model::{Fact, Field, Item, Section, Tone},
    schema::Trees,
};

pub(super) fn message_item(document: &Value, name: &str, message: &Value) -> Item {
    let message = Told::of(document, message);
    let summary =
        ["summary", "title", "description"].into_iter().map(|key| message.text(key)).find(|words| !words.is_empty());
    Item {
        id: format!("message:{name}"),
        badge: "message".into(),
        tone: Tone::Plain,
        title: name.to_owned(),
        summary: short(summary.unwrap_or_default().lines().next().unwrap_or_default(), 160),
        deprecated: message.flag("deprecated"),
    }
}

pub(super) fn sections<'a>(document: &'a Value, trees: &mut Trees<'a>, name: &str, message: &Told<'a>) -> Vec<Section> {
    let title = match (message.text("title"), message.text("name"), name) {
        ("", "", "") => "Message".to_owned(),
        ("", "", name) | ("", name, _) | (name, ..) => format!("Message {}", short(name, 100)),
    };
    let mut sections = Vec::new();
    let headers = headers(trees, message);
    if !headers.is_empty() {
        sections.push(Section { title: format!("{title}, headers"), fields: headers, ..Section::default() });
    }
    let payload = message.get("payload").unwrap_or(&Value::Null);
    // Version 3 may wrap a schema of another language.
    let (format, payload) = match (text(payload, "schemaFormat"), payload.get("schema")) {
        ("", _) | (_, None) => (message.text("schemaFormat"), payload),
        (format, Some(schema)) => (format, schema),
    };
    let is_foreign = ["avro", "protobuf", "raml"].iter().any(|other| format.contains(other));
    let mut examples: Vec<_> = message
        .list("examples")
        .iter()
        .take(5)
        .flat_map(|example| {
            let label =
                if text(example, "summary").is_empty() { text(example, "name") } else { text(example, "summary") };
            let label = if label.is_empty() { "Example" } else { label };
            let label = short(label, 120);
            let headers = example.get("headers");
            let payload = example.get("payload").or(headers.is_none().then_some(example));
            let headers = headers.map(|headers| crate::openapi::code(&format!("{label}, headers"), headers));
            payload.map(|payload| crate::openapi::code(&label, payload)).into_iter().chain(headers)
        })
        .collect();
    let mut fields = Vec::new();
    if is_foreign {
        examples.insert(0, crate::openapi::code(&format!("Schema ({})", short(format, 80)), payload));
    } else if !payload.is_null() {
        fields = trees.fields(payload);
        if examples.is_empty() {
            let sample = crate::sample::sample(document, payload, crate::sample::For::Itself);
            if !sample.is_null() {
                examples.push(crate::openapi::code("Made from the schema", &sample));
            }
        }
    }
    let link = payload.get("$ref").and_then(Value::as_str).and_then(link_of);
    let note = match (message.text("contentType"), link) {
        ("", _) => text(document, "defaultContentType"),
        (own, _) => own,
    };
    let correlation = message.get("correlationId").map(|id| resolved(document, id));
    let more = message.get("externalDocs").map(|docs| text(resolved(document, docs), "url"));
    let facts = [
        ("Correlation id", correlation.map(|id| text(id, "location")).unwrap_or_default()),
        ("Correlation id", correlation.map(|id| text(id, "description")).unwrap_or_default()),
        ("Tags", &message.tags()),
        ("More", more.unwrap_or_default()),
    ];
    let facts = facts.into_iter().filter(|(_, text)| !text.is_empty());
    let facts = facts.map(|(term, text)| Fact::new(term, short(text, 300))).collect();
    let bound = bindings::sections(trees, message, &format!("{title}, by protocol"));
    sections.push(Section {
        title,
        note: short(note, 100),
        description: match message.text("description") {
            "" => message.text("summary").to_owned(),
            words => words.to_owned(),
        },
        facts,
        fields,
        examples,
    });
    sections.extend(bound);
    sections
}

/// The headers of a message and those that its traits add.
fn headers<'a>(trees: &mut Trees<'a>, message: &Told<'a>) -> Vec<Field> {
    let mut all = message.all("headers");
    if let (Some(only), None) = (all.next(), all.next()) {
        return trees.fields(only);
    }
    let mut fields: Vec<Field> = Vec::new();
    for headers in message.all("headers") {
        let more = trees.fields(headers).into_iter().flat_map(|field| {
            // A schema with a name stands as one field, and its own below it.
            if field.name.is_empty() && !field.children.is_empty() { field.children } else { vec![field] }
        });
        let more: Vec<Field> = more.filter(|field| !fields.iter().any(|known| known.name == field.name)).collect();
        fields.extend(more);
    }
    fields
}
