//! JSON as the engine sees it, with the habits of JavaScript: empty lists are true, `true` prints in lower case.

use std::{fmt, fmt::Write as _, sync::Arc};

use indexmap::IndexMap;
use minijinja::{
    Error, ErrorKind, Value,
    value::{Enumerator, Object, ObjectRepr, ValueKind},
};
use serde_json::{Map, Number, Value as Json};

/// How deep a value may nest before it is cut off; far above what people write.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
struct List(Vec<Value>);

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&items_text(self.0.iter().cloned(), 0))
    }
}

#[derive(Debug)]
struct Dictionary(IndexMap<String, Value>);

impl Object for Dictionary {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|key| Value::from(key.as_str())).collect())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[object Object]")
    }
}

/// A value of the engine that holds `json`.
pub(super) fn from_json(json: &Json) -> Value {
    from_json_at(json, 0)
}

fn from_json_at(json: &Json, depth: usize) -> Value {
    match json {
        _ if depth > MAX_DEPTH => Value::UNDEFINED,
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => from_number(number),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            Value::from_object(List(items.iter().map(|item| from_json_at(item, depth + 1)).collect()))
        }
        Json::Object(map) => Value::from_object(Dictionary(
            map.iter().map(|(key, value)| (key.clone(), from_json_at(value, depth + 1))).collect(),
        )),
    }
}

fn from_number(number: &Number) -> Value {
    if let Some(integer) = number.as_i64() {
        return Value::from(integer);
    }
    if let Some(integer) = number.as_u64() {
        return Value::from(integer);
    }
    let float = number.as_f64().unwrap_or_default();
    whole(float).map_or_else(|| Value::from(float), Value::from)
}

/// The integer that a float stands for, if it is one.
fn whole(float: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    #[expect(clippy::cast_possible_truncation, reason = "in the range where every integer has a float of its own")]
    (float.fract() == 0.0 && float.abs() <= LARGEST).then_some(float as i64)
}

/// What the engine computed, as JSON; `None` is JavaScript's `undefined`.
pub(super) fn to_json(value: &Value) -> Result<Option<Json>, Error> {
    to_json_at(value, 0)
}

fn to_json_at(value: &Value, depth: usize) -> Result<Option<Json>, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::InvalidOperation, "the value nests too deep"));
    }
    Ok(Some(match value.kind() {
        ValueKind::Undefined => return Ok(None),
        ValueKind::None => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number => number(value),
        ValueKind::String => Json::String(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut items = Vec::new();
            for item in value.try_iter()?.checked() {
                items.push(to_json_at(&item?, depth + 1)?.unwrap_or(Json::Null));
            }
            Json::Array(items)
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter()?.checked() {
                let key = key?;
                if let Some(json) = to_json_at(&value.get_item(&key)?, depth + 1)? {
                    map.insert(text(&key), json);
                }
            }
            Json::Object(map)
        }
        ValueKind::Invalid => return Err(invalid(value)),
        _ => Json::String(text(value)),
    }))
}

fn number(value: &Value) -> Json {
    if let Some(integer) = value.as_i64() {
        return Json::from(integer);
    }
    if let Ok(integer) = u64::try_from(value.clone()) {
        return Json::from(integer);
    }
    let float = f64::try_from(value.clone()).unwrap_or(f64::NAN);
    whole(float).map_or_else(|| Number::from_f64(float).map_or(Json::Null, Json::Number), Json::from)
}

/// The error inside a value that could not be computed.
fn invalid(value: &Value) -> Error {
    Error::new(ErrorKind::InvalidOperation, value.to_string())
}

/// A value as JavaScript prints it.
pub(super) fn text(value: &Value) -> String {
    text_at(value, 0)
}

fn text_at(value: &Value, depth: usize) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => String::new(),
        ValueKind::Bool => if value.is_true() { "true" } else { "false" }.to_owned(),
        ValueKind::String => value.as_str().unwrap_or_default().to_owned(),
        ValueKind::Number => match number(value) {
            Json::Null => "NaN".to_owned(),
            number => number.to_string(),
        },
        ValueKind::Seq | ValueKind::Iterable if depth <= MAX_DEPTH => {
            value.try_iter().map(|items| items_text(items, depth + 1)).unwrap_or_default()
        }
        ValueKind::Map => "[object Object]".to_owned(),
        _ => value.to_string(),
    }
}

fn items_text(items: impl Iterator<Item = Value>, depth: usize) -> String {
    let mut out = String::new();
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        // Writing into a `String` does not fail.
        let _ = write!(out, "{}", text_at(&item, depth));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_comes_back_as_it_went_in() {
        let json = json!({"a": [1, 2.5, -3, true, null, "x"], "b": {}, "c": [], "d": 18_446_744_073_709_551_615_u64});
        assert_eq!(to_json(&from_json(&json)).unwrap(), Some(json));
    }

    #[test]
    fn values_print_as_in_javascript() {
        let print = |json: Json| text(&from_json(&json));
        assert_eq!(print(json!(true)), "true");
        assert_eq!(print(json!(null)), "");
        assert_eq!(print(json!(1.0)), "1");
        assert_eq!(print(json!([1, [2, null], "x", true])), "1,2,,x,true");
        assert_eq!(print(json!({"a": 1})), "[object Object]");
    }
}
