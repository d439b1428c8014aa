//! AsyncAPI 2 and 3.

mod bindings;
mod messages;
mod operations;
mod servers;
mod traits;

use serde_json::Value;

use self::{messages::message_item, operations::operations, traits::Told};
use crate::{
    document::{entries, short, text},
    model::{Detail, Group, Item, Overview, Problem},
    openapi::{about, schema_detail, schema_item, schemes, version},
    schema::Trees,
};

/// How many channels and messages are listed.
const MOST: usize = 20_000;

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
    Ok(Overview {
        form: format!("AsyncAPI {}", short(version_of, 20)),
        title: text(info, "title").to_owned(),
        version: version(info),
        description: text(info, "description").to_owned(),
        facts: about(document, info),
        servers: servers::servers(document),
        schemes: schemes(document),
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
        let message = Told::of(document, message);
        let sections = messages::sections(document, &mut Trees::new(document), "", &message);
        return Some(Detail {
            item,
            description: message.text("description").to_owned(),
            sections,
            ..Detail::default()
        });
    }
    let found = operations(document).find(|found| found.id() == id)?;
    Some(found.detail(document))
}

#[cfg(test)]
mod tests;
