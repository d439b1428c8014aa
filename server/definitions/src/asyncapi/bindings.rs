//! What holds for one protocol only.

use serde_json::Value;

use super::traits::Told;
use crate::{
    document::{line, short},
    model::{Fact, Field, Section},
    schema::Trees,
};

/// How many protocols are shown, and how many words of each.
const MOST: usize = 20;

/// How deep what is no schema is written out.
const DEPTH: u8 = 3;

/// A section for each protocol that something is bound to.
pub(super) fn sections<'a>(trees: &mut Trees<'a>, of: &Told<'a>, title: &str) -> Vec<Section> {
    let all = of.bindings().into_iter().take(MOST);
    let drawn = all.map(|(protocol, binding)| {
        let binding = binding.into_iter().take(MOST);
        let fields: Vec<Field> = binding.map(|(name, value)| field(trees, name, value, DEPTH)).collect();
        Section { title: title.to_owned(), note: short(protocol, 40), fields, ..Section::default() }
    });
    drawn.collect()
}

/// The same, where there is room for a line only.
pub(super) fn facts(of: &Told<'_>) -> Vec<Fact> {
    let all = of.bindings().into_iter().take(MOST);
    let told = all.map(|(protocol, binding)| {
        let binding = binding.into_iter().take(MOST);
        let words: Vec<String> = binding.map(|(name, value)| format!("{}: {}", short(name, 80), line(value))).collect();
        Fact::new(format!("Binding {}", short(protocol, 40)), words.join("; "))
    });
    told.collect()
}

fn field<'a>(trees: &mut Trees<'a>, name: &str, value: &'a Value, depth: u8) -> Field {
    match value {
        Value::Object(_) if is_schema(value) => trees.field(name, value, false),
        Value::Object(inner) if depth > 0 => {
            let children = inner.iter().take(MOST).map(|(name, value)| field(trees, name, value, depth - 1)).collect();
            Field { name: short(name, 200), children, ..Field::default() }
        }
        plain => Field { name: short(name, 200), kind: line(plain), ..Field::default() },
    }
}

/// Whether a value describes values. Bindings have words of their own that look like it: an exchange of AMQP has a `type`, too.
fn is_schema(value: &Value) -> bool {
    const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];
    let names_type = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    match value.get("type") {
        Some(Value::Array(names)) => names.iter().all(names_type),
        Some(name) => names_type(name),
        None => ["$ref", "enum", "properties", "oneOf"].iter().any(|key| value.get(*key).is_some()),
    }
}
