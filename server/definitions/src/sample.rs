//! A value that fits a schema, for people to start from.

use serde_json::{Map, Value, json};

use crate::document::{Led, flag, follow, list, text};

/// How deep a sample goes.
const DEPTH: u8 = 6;

/// How many values it has.
const MOST: u32 = 200;

/// What a sample is for, which decides what belongs in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// What is sent: without what only answers have.
    Request,
    /// What comes back: without what is only sent.
    Answer,
    /// The schema itself.
    Itself,
}

/// A value that fits `schema`, as far as that is easy.
pub(crate) fn sample(root: &Value, schema: &Value, what: For) -> Value {
    Maker { root, what, left: MOST }.made(schema, DEPTH)
}

struct Maker<'a> {
    root: &'a Value,
    what: For,
    left: u32,
}

impl Maker<'_> {
    fn made(&mut self, schema: &Value, depth: u8) -> Value {
        let Led::Here(schema, _) = follow(self.root, schema) else { return Value::Null };
        if depth == 0 || self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        for key in ["example", "default", "const"] {
            if let Some(value) = schema.get(key) {
                return value.clone();
            }
        }
        if let Some(value) = list(schema, "examples").first().or(list(schema, "enum").first()) {
            return value.clone();
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(first) = list(schema, key).first() {
                return self.made(first, depth - 1);
            }
        }
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default()
            }
            _ if schema.get("prefixItems").is_some() => "array",
            _ => "",
        };
        let all = list(schema, "allOf");
        if kind == "object" || schema.get("properties").is_some() || !all.is_empty() {
            let mut fields = Map::new();
            for part in all {
                if let Value::Object(more) = self.made(part, depth - 1) {
                    fields.extend(more);
                }
            }
            for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if self.is_left_out(property) || self.left == 0 {
                    continue;
                }
                fields.insert(name.clone(), self.made(property, depth - 1));
            }
            return Value::Object(fields);
        }
        match kind {
            "array" => {
                let mut items: Vec<Value> =
                    list(schema, "prefixItems").iter().map(|item| self.made(item, depth - 1)).collect();
                // `true` and `false` say what may follow, not what it looks like.
                if let (true, Some(item @ Value::Object(_))) = (items.is_empty(), schema.get("items")) {
                    items.push(self.made(item, depth - 1));
                }
                Value::Array(items)
            }
            "integer" => number(schema, 1.0, true),
            "number" => number(schema, 1.5, false),
            "boolean" => json!(true),
            "string" => json!(match text(schema, "format") {
                "date" => "2026-01-31",
                "date-time" => "2026-01-31T08:00:00Z",
                "time" => "08:00:00",
                "uuid" => "00000000-0000-4000-8000-000000000000",
                "email" => "name@example.com",
                "uri" | "url" => "https://example.com/",
                "ipv4" => "192.0.2.1",
                "byte" => "dGV4dA==",
                _ => "text",
            }),
            _ => Value::Null,
        }
    }

    fn is_left_out(&self, property: &Value) -> bool {
        let key = match self.what {
            For::Request => "readOnly",
            For::Answer => "writeOnly",
            For::Itself => return false,
        };
        let named = match follow(self.root, property) {
            Led::Here(named, _) => flag(named, key),
            Led::Elsewhere(_) => false,
        };
        named || flag(property, key)
    }
}

/// A number within the bounds of a schema, or near `usual` if it has none.
fn number(schema: &Value, usual: f64, is_whole: bool) -> Value {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let step = bound("multipleOf").filter(|step| *step > 0.0);
    // In OpenAPI 3.0 the exclusive bounds are flags.
    let least = bound("minimum").into_iter().chain(bound("exclusiveMinimum")).reduce(f64::max);
    let most = bound("maximum").into_iter().chain(bound("exclusiveMaximum")).reduce(f64::min);
    let is_out = |value: f64| {
        let is_low = bound("exclusiveMinimum").is_some_and(|bound| value <= bound)
            || (flag(schema, "exclusiveMinimum") && bound("minimum").is_some_and(|bound| value <= bound));
        let is_high = bound("exclusiveMaximum").is_some_and(|bound| value >= bound)
            || (flag(schema, "exclusiveMaximum") && bound("maximum").is_some_and(|bound| value >= bound));
        (is_low, is_high)
    };
    let by = step.unwrap_or(if is_whole { 1.0 } else { 0.5 });
    let mut value = least.unwrap_or_else(|| most.map_or(usual, |most| usual.min(most)));
    if let Some(step) = step {
        value = (value / step).ceil() * step;
        if least.is_none() && most.is_some_and(|most| value > most) {
            value -= step;
        }
    }
    match is_out(value) {
        (true, _) => value += by,
        (_, true) if least.is_none() => value -= by,
        _ => {}
    }
    // Numbers that are whole are written so.
    format!("{value}").parse::<i64>().map_or_else(|_| json!(value), |whole| json!(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_to_its_bounds() {
        let made = |schema: Value| sample(&Value::Null, &schema, For::Itself).to_string();
        for (schema, expected) in [
            (json!({ "type": "integer" }), "1"),
            (json!({ "type": "number" }), "1.5"),
            (json!({ "type": "integer", "multipleOf": 5 }), "5"),
            (json!({ "type": "integer", "multipleOf": 5, "minimum": 12 }), "15"),
            (json!({ "type": "integer", "multipleOf": 5, "exclusiveMinimum": 15 }), "20"),
            (json!({ "type": "integer", "minimum": 0, "exclusiveMinimum": true }), "1"),
            (json!({ "type": "integer", "maximum": -3 }), "-3"),
            (json!({ "type": "integer", "exclusiveMaximum": 1 }), "0"),
            (json!({ "type": "number", "multipleOf": 0.25, "maximum": 1 }), "1"),
            (json!({ "type": "number", "minimum": 0.5, "maximum": 0.75 }), "0.5"),
        ] {
            assert_eq!(made(schema.clone()), expected, "{schema}");
        }
    }

    #[test]
    fn a_sample_has_what_belongs_where_it_goes() {
        let schema = json!({ "type": "object", "properties": {
            "id": { "$ref": "#/components/Id" }, "password": { "type": "string", "writeOnly": true }, "name": { "type": "string" },
            "pair": { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }], "items": false }, "any": { "type": "array", "items": true },
        } });
        let root = json!({ "components": { "Id": { "type": "integer", "readOnly": true } } });
        let made = |what: For| sample(&root, &schema, what).to_string();
        assert_eq!(made(For::Request), r#"{"password":"text","name":"text","pair":["text",1],"any":[]}"#);
        assert_eq!(made(For::Answer), r#"{"id":1,"name":"text","pair":["text",1],"any":[]}"#);
        assert_eq!(made(For::Itself), r#"{"id":1,"password":"text","name":"text","pair":["text",1],"any":[]}"#);
    }
}
