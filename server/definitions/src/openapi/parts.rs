//! Smaller parts of bodies and responses: how a part of a form is sent, what to call next.

use serde_json::Value;

use crate::{
    document::{entries, line, resolved, short, text},
    model::{Fact, Field},
};

/// How many parts of a form and links of a response are shown.
const MOST: usize = 50;

/// Tells beside the fields of a form how each is sent.
pub(super) fn encode(fields: &mut Vec<Field>, content: &Value) {
    for (name, encoding) in entries(content, "encoding").take(MOST) {
        let headers: Vec<String> = entries(encoding, "headers").map(|(name, _)| short(name, 80)).take(10).collect();
        let said = ["contentType", "style"].map(|key| short(text(encoding, key), 100));
        let [media, style] = said;
        let is_apart = encoding.get("explode").map(line).unwrap_or_default();
        let facts =
            [("Sent as", media), ("Style", style), ("Explode", is_apart), ("Headers of the part", headers.join(", "))];
        let facts = facts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(term, text)| Fact::new(term, text));
        // A schema with a name stands as one field, and its own below it.
        let named = |field: &&mut Field| field.name == *name;
        let inner = fields.iter_mut().flat_map(|field| {
            let is_whole = field.name.is_empty();
            let own = is_whole.then_some(&mut field.children);
            own.into_iter().flatten()
        });
        if let Some(field) = inner.into_iter().find(named) {
            field.facts.extend(facts);
        } else if let Some(field) = fields.iter_mut().find(named) {
            field.facts.extend(facts);
        } else {
            fields.push(Field { name: short(name, 200), facts: facts.collect(), ..Field::default() });
        }
    }
}

/// What a response leads to: operations that take something of it.
pub(super) fn links(document: &Value, response: &Value) -> Vec<Field> {
    let one = |(name, link): (&String, &Value)| {
        let link = resolved(document, link);
        let id = text(link, "operationId");
        let reference = text(link, "operationRef");
        let mut facts: Vec<Fact> = entries(link, "parameters")
            .take(MOST)
            .map(|(name, value)| Fact::new(short(name, 80), line(value)))
            .collect();
        facts.extend(link.get("requestBody").map(|body| Fact::new("Body", line(body))));
        Field {
            name: short(name, 200),
            kind: short(if id.is_empty() { reference } else { id }, 200),
            link: is_operation(document, id).then(|| id.to_owned()),
            description: text(link, "description").to_owned(),
            facts,
            ..Field::default()
        }
    };
    entries(response, "links").take(MOST).map(one).collect()
}

fn is_operation(document: &Value, id: &str) -> bool {
    !id.is_empty() && super::operations(document).any(|found| text(found.operation, "operationId") == id)
}
