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
            "integer" => schema.get("minimum").cloned().unwrap_or(json!(1)),
            "number" => schema.get("minimum").cloned().unwrap_or(json!(1.5)),
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

#[cfg(test)]
mod tests {
    use super::*;

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
