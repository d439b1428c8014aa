//! JSON Schema as a tree of fields, at a bounded cost: cycles end where they close, and one page shows so much and no more.

use std::collections::HashSet;

use serde_json::Value;

use crate::{
    document::{Led, entries, flag, follow, line, link_of, list, name_of, short, text},
    model::{Cut, Fact, Field},
};

/// How deep one tree goes.
const DEPTH: usize = 7;

/// How many fields one page shows.
const MOST: usize = 600;

/// What a schema's schemas stand under.
const INNER: [&str; 12] = [
    "properties",
    "items",
    "allOf",
    "oneOf",
    "anyOf",
    "prefixItems",
    "patternProperties",
    "if",
    "not",
    "contains",
    "propertyNames",
    "dependentSchemas",
];

/// How many allowed values are listed.
const VALUES: usize = 40;

/// Draws the schemas of one page.
pub(crate) struct Trees<'a> {
    root: &'a Value,
    left: usize,
    /// The references that are being written out.
    open: Vec<&'a str>,
}

impl<'a> Trees<'a> {
    pub(crate) fn new(root: &'a Value) -> Self {
        Self { root, left: MOST, open: Vec::new() }
    }

    /// A schema as a field of its own.
    pub(crate) fn field(&mut self, name: &str, schema: &'a Value, required: bool) -> Field {
        self.drawn(name, schema, required, 0)
    }

    /// What a schema is made of: its properties, or itself if it has none.
    pub(crate) fn fields(&mut self, schema: &'a Value) -> Vec<Field> {
        let field = self.drawn("", schema, false, 0);
        if field.children.is_empty() || !field.facts.is_empty() || !is_object(&field.kind) {
            return vec![field];
        }
        field.children
    }

    fn drawn(&mut self, name: &str, schema: &'a Value, required: bool, depth: usize) -> Field {
        let mut field = Field { name: short(name, 200), required, ..Field::default() };
        if self.left == 0 {
            return Field { cut: Some(Cut::Many), ..field };
        }
        self.left -= 1;
        let (target, reference) = match follow(self.root, schema) {
            Led::Here(target, reference) => (target, reference),
            Led::Elsewhere(target) => {
                let words = if target.starts_with('#') { "not in this document" } else { "in another document" };
                field.kind = format!("{} ({words})", short(target, 200));
                return field;
            }
        };
        let named = reference.map(name_of);
        field.link = reference.and_then(link_of);
        // What stands beside a reference describes the use, not the type.
        let own = |key: &str| Some(text(schema, key)).filter(|words| !words.is_empty());
        own("description").unwrap_or_else(|| text(target, "description")).clone_into(&mut field.description);
        field.deprecated = flag(schema, "deprecated") || flag(target, "deprecated");
        if let Some(reference) = reference
            && self.open.contains(&reference)
        {
            field.kind = named.unwrap_or_default();
            field.cut = Some(Cut::Cycle);
            return field;
        }
        let opened = reference.inspect(|reference| self.open.push(reference)).is_some();
        self.describe(&mut field, target, depth);
        if opened {
            self.open.pop();
        }
        if let Some(named) = named {
            // A name says more than `object`, and less than `string`.
            field.kind = if is_object(&field.kind) { named } else { format!("{named}: {}", field.kind) };
        }
        field
    }

    fn describe(&mut self, field: &mut Field, schema: &'a Value, depth: usize) {
        if let Value::Bool(anything) = schema {
            let words = if *anything { "anything" } else { "nothing" };
            words.clone_into(&mut field.kind);
            return;
        }
        field.kind = kind(schema);
        field.facts = facts(schema);
        let is_deep = depth >= DEPTH;
        let has_more = INNER.iter().any(|key| schema.get(*key).is_some_and(|inner| !is_simple(inner)));
        if is_deep && has_more {
            field.cut = Some(Cut::Deep);
            return;
        }
        let is_tuple = !list(schema, "prefixItems").is_empty();
        if is_tuple {
            let words = if nullable(schema) { "list in this order, or null" } else { "list in this order" };
            words.clone_into(&mut field.kind);
        } else if let Some(items) = schema.get("items") {
            let inner = self.drawn("", items, false, depth + 1);
            let words = if inner.kind.is_empty() { "anything".to_owned() } else { inner.kind };
            field.kind =
                if nullable(schema) { format!("list of {words}, or null") } else { format!("list of {words}") };
            field.link = field.link.take().or(inner.link);
            field.cut = inner.cut;
            field.children = inner.children;
            field.facts.extend(inner.facts);
            if field.description.is_empty() {
                field.description = inner.description;
            }
        }
        for part in list(schema, "allOf") {
            let inner = self.drawn("", part, false, depth + 1);
            if field.kind.is_empty() || field.kind == "object" {
                "object".clone_into(&mut field.kind);
                if inner.children.is_empty() && inner.cut.is_none() && !inner.kind.is_empty() {
                    field.kind = inner.kind;
                }
            }
            field.cut = field.cut.take().or(inner.cut);
            field.facts.extend(inner.facts);
            field.children.extend(inner.children);
            if field.description.is_empty() {
                field.description = inner.description;
            }
        }
        self.properties(field, schema, depth);
        // What one part of a whole needs may be declared by another.
        for part in list(schema, "allOf") {
            if let Led::Here(part, _) = follow(self.root, part) {
                need(field, part);
            }
        }
        self.conditions(field, schema, depth);
        for (key, words) in [("oneOf", "one of"), ("anyOf", "any of")] {
            let choices = list(schema, key);
            if choices.is_empty() {
                continue;
            }
            // `anyOf: [X, {type: null}]` is how an optional X is written.
            let real: Vec<&Value> = choices.iter().filter(|choice| text(choice, "type") != "null").collect();
            if let ([only], true) = (&real[..], real.len() < choices.len()) {
                let inner = self.drawn(&field.name.clone(), only, field.required, depth + 1);
                field.kind = format!("{}, or null", inner.kind);
                (field.link, field.children, field.cut) = (inner.link, inner.children, inner.cut);
                field.facts.extend(inner.facts);
                continue;
            }
            words.clone_into(&mut field.kind);
            for (number, choice) in (1..).zip(choices) {
                let mut inner = self.drawn("", choice, false, depth + 1);
                if inner.name.is_empty() && is_object(&inner.kind) {
                    inner.kind = format!("option {number}");
                }
                // Enumerations whose values have names are written so.
                if inner.description.is_empty() && choice.get("const").is_some() {
                    text(choice, "title").clone_into(&mut inner.description);
                }
                field.children.push(inner);
            }
        }
    }

    fn properties(&mut self, field: &mut Field, schema: &'a Value, depth: usize) {
        let needed = list(schema, "required");
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let required = needed.iter().any(|needed| needed.as_str() == Some(name));
            let inner = self.drawn(name, property, required, depth + 1);
            let is_end = inner.cut == Some(Cut::Many);
            field.children.push(inner);
            if is_end {
                break;
            }
        }
        need(field, schema);
        for (number, item) in (1..).zip(list(schema, "prefixItems")) {
            let inner = self.drawn(&number.to_string(), item, true, depth + 1);
            field.children.push(inner);
        }
        match schema.get("items") {
            Some(Value::Bool(false)) if !list(schema, "prefixItems").is_empty() => {
                field.facts.push(Fact::new("Other items", "not allowed"));
            }
            Some(rest @ Value::Object(_)) if !list(schema, "prefixItems").is_empty() => {
                let mut inner = self.drawn("more", rest, false, depth + 1);
                if inner.description.is_empty() {
                    "Any item behind these.".clone_into(&mut inner.description);
                }
                field.children.push(inner);
            }
            _ => {}
        }
        for (pattern, property) in schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten() {
            self.keys(field, &format!("/{}/", short(pattern, 190)), property, "Any key that matches.", depth);
        }
        let rest = schema.get("additionalProperties").or_else(|| schema.get("unevaluatedProperties"));
        match rest {
            Some(Value::Bool(false)) => field.facts.push(Fact::new("Other keys", "not allowed")),
            Some(rest @ Value::Object(inner)) if !inner.is_empty() => {
                self.keys(field, "*", rest, "Any other key.", depth);
            }
            _ => {}
        }
    }

    /// The value of keys that are not named one by one.
    fn keys(&mut self, field: &mut Field, name: &str, schema: &'a Value, described: &str, depth: usize) {
        let mut inner = self.drawn(name, schema, false, depth + 1);
        if inner.description.is_empty() {
            described.clone_into(&mut inner.description);
        }
        if field.kind.is_empty() {
            "object".clone_into(&mut field.kind);
        }
        field.children.push(inner);
    }

    /// What holds only beside something else: each as a child that is named after its word.
    fn conditions(&mut self, field: &mut Field, schema: &'a Value, depth: usize) {
        let words = ["if", "then", "else", "not", "contains"].map(|word| (word, word));
        for (word, shown) in words.into_iter().chain([("propertyNames", "each key")]) {
            let Some(condition) = schema.get(word) else { continue };
            let mut inner = self.drawn(shown, condition, false, depth + 1);
            let is_drawn = |name: &&str| inner.children.iter().any(|child| child.name == *name);
            let needed = list(condition, "required").iter().filter_map(Value::as_str).filter(|name| !is_drawn(name));
            let needed: Vec<&str> = needed.take(20).collect();
            if !needed.is_empty() {
                inner.facts.push(Fact::new("Needs", needed.join(", ")));
            }
            field.children.push(inner);
        }
        for (name, inner) in schema.get("dependentSchemas").and_then(Value::as_object).into_iter().flatten() {
            let inner = self.drawn(&format!("if {} is there", short(name, 180)), inner, false, depth + 1);
            field.children.push(inner);
        }
        for (name, needed) in schema.get("dependentRequired").and_then(Value::as_object).into_iter().flatten().take(20)
        {
            let needed: Vec<&str> =
                needed.as_array().into_iter().flatten().filter_map(Value::as_str).take(20).collect();
            field.facts.push(Fact::new(format!("With {}", short(name, 80)), format!("also {}", needed.join(", "))));
        }
    }
}

/// Marks what a schema needs among the children of a field.
fn need(field: &mut Field, schema: &Value) {
    let needed: HashSet<&str> = list(schema, "required").iter().filter_map(Value::as_str).collect();
    for child in field.children.iter_mut().filter(|child| needed.contains(child.name.as_str())) {
        child.required = true;
    }
}

fn is_object(kind: &str) -> bool {
    ["", "object", "object, or null"].contains(&kind)
}

fn is_simple(schema: &Value) -> bool {
    schema.get("$ref").is_none()
        && INNER.iter().all(|key| schema.get(*key).is_none())
        && !text(schema, "type").is_empty()
}

fn nullable(schema: &Value) -> bool {
    let listed = schema.get("type").and_then(Value::as_array);
    flag(schema, "nullable") || listed.is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
}

/// A schema's own type in words.
fn kind(schema: &Value) -> String {
    let mut words = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect();
            kinds.join(" or ")
        }
        _ if ["properties", "additionalProperties", "patternProperties"]
            .iter()
            .any(|key| schema.get(*key).is_some()) =>
        {
            "object".to_owned()
        }
        _ if schema.get("const").is_some() || schema.get("enum").is_some() => "value".to_owned(),
        _ => String::new(),
    };
    let format = text(schema, "format");
    if !format.is_empty() {
        format!("{words} ({format})").trim().clone_into(&mut words);
    }
    if nullable(schema) { format!("{words}, or null").trim_start_matches(", ").to_owned() } else { words }
}

/// Bounds, defaults, allowed values.
fn facts(schema: &Value) -> Vec<Fact> {
    let mut facts = Vec::new();
    let values = list(schema, "enum");
    if !values.is_empty() {
        let mut words: Vec<String> = values.iter().take(VALUES).map(line).collect();
        if values.len() > VALUES {
            words.push(format!("and {} more", values.len() - VALUES));
        }
        facts.push(Fact::new("One of", words.join(", ")));
    }
    let shown: &[(&str, &str)] = &[
        ("const", "Always"),
        ("default", "Default"),
        ("minimum", "At least"),
        ("exclusiveMinimum", "More than"),
        ("maximum", "At most"),
        ("exclusiveMaximum", "Less than"),
        ("multipleOf", "Multiple of"),
        ("minLength", "Shortest"),
        ("maxLength", "Longest"),
        ("pattern", "Pattern"),
        ("minItems", "Fewest items"),
        ("maxItems", "Most items"),
        ("minProperties", "Fewest keys"),
        ("maxProperties", "Most keys"),
        ("minContains", "Fewest that match"),
        ("maxContains", "Most that match"),
        ("contentMediaType", "Content"),
        ("example", "Example"),
    ];
    for (key, term) in shown {
        // In OpenAPI 3.0 the exclusive bounds are flags.
        if let Some(value) = schema.get(*key).filter(|value| !(value.is_boolean() && key.starts_with("exclusive"))) {
            let term = match *key {
                "minimum" if flag(schema, "exclusiveMinimum") => "More than",
                "maximum" if flag(schema, "exclusiveMaximum") => "Less than",
                _ => term,
            };
            facts.push(Fact::new(term, line(value)));
        }
    }
    if let Some(discriminator) = schema.get("discriminator") {
        // OpenAPI 2 has the key alone.
        let key = discriminator.as_str().unwrap_or_else(|| text(discriminator, "propertyName"));
        facts.push(Fact::new("Told apart by", short(key, 80)));
        for (value, target) in entries(discriminator, "mapping").take(VALUES) {
            let target = target.as_str().map(name_of).unwrap_or_default();
            facts.push(Fact::new(format!("{}: {}", short(key, 80), short(value, 80)), short(&target, 200)));
        }
    }
    let xml = schema.get("xml").and_then(Value::as_object).into_iter().flatten();
    let xml: Vec<String> = xml.take(8).map(|(key, value)| format!("{}: {}", short(key, 40), line(value))).collect();
    if !xml.is_empty() {
        facts.push(Fact::new("In XML", xml.join(", ")));
    }
    let more = schema.get("externalDocs").map(|docs| text(docs, "url")).unwrap_or_default();
    if !more.is_empty() {
        facts.push(Fact::new("More", short(more, 300)));
    }
    if let Some(first) = list(schema, "examples").first() {
        facts.push(Fact::new("Example", line(first)));
    }
    for (key, words) in
        [("readOnly", "only in answers"), ("writeOnly", "only in requests"), ("uniqueItems", "no item twice")]
    {
        if flag(schema, key) {
            facts.push(Fact::new("Rule", words));
        }
    }
    facts
}

#[cfg(test)]
mod tests;
