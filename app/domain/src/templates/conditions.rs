//! Which fields a form shows for given answers: `dependencies`, `allOf`, `oneOf`, `if`/`then`/`else`, `$ref`.

use serde_json::{Map, Value};

/// How deep schemas may refer to each other.
const MAX_DEPTH: usize = 16;

/// The fields that are there for some answers.
#[derive(Debug, Default)]
pub(super) struct Effective {
    /// Names and schemas, in the order in which the form shows them.
    pub(super) properties: Vec<(String, Value)>,
    pub(super) required: Vec<String>,
}

impl Effective {
    fn add(&mut self, name: &str, schema: Value) {
        match self.properties.iter_mut().find(|(known, _)| known == name) {
            // A branch that narrows a field (`storage: {enum: [none]}`) does not take its title away.
            Some((_, known)) => {
                if let (Value::Object(known), Value::Object(more)) = (known, schema) {
                    for (key, value) in more {
                        known.entry(key).or_insert(value);
                    }
                }
            }
            None => self.properties.push((name.to_owned(), schema)),
        }
    }
}

/// The fields of an object's schema for `answers`. `root` is where `$ref` looks.
pub(super) fn effective(schema: &Value, answers: &Map<String, Value>, root: &Value) -> Effective {
    let mut effective = Effective::default();
    collect(schema, answers, root, 0, &mut effective);
    effective
}

fn collect(schema: &Value, answers: &Map<String, Value>, root: &Value, depth: usize, out: &mut Effective) {
    if depth > MAX_DEPTH {
        return;
    }
    let schema = resolve(schema, root);
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        out.add(name, resolve(property, root).clone());
    }
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !out.required.iter().any(|known| known == name) {
            out.required.push(name.to_owned());
        }
    }
    let instance = Value::Object(answers.clone());
    for (name, dependency) in schema.get("dependencies").and_then(Value::as_object).into_iter().flatten() {
        if !answers.contains_key(name) {
            continue;
        }
        match dependency {
            Value::Array(names) => {
                out.required.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            dependency => collect(dependency, answers, root, depth + 1, out),
        }
    }
    if let Some(condition) = schema.get("if") {
        let branch = if holds(condition, &instance) { "then" } else { "else" };
        if let Some(branch) = schema.get(branch) {
            collect(branch, answers, root, depth + 1, out);
        }
    }
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        collect(part, answers, root, depth + 1, out);
    }
    for alternatives in ["oneOf", "anyOf"] {
        let alternatives = schema.get(alternatives).and_then(Value::as_array).into_iter().flatten();
        if let Some(chosen) = alternatives.map(|part| resolve(part, root)).find(|part| fits(part, &instance)) {
            collect(chosen, answers, root, depth + 1, out);
        }
    }
}

/// Whether an alternative is the one that is meant: what it says of answers that are given holds. What it requires
/// besides may still be missing; that is why its fields are shown.
fn fits(alternative: &Value, instance: &Value) -> bool {
    let properties = alternative.get("properties").and_then(Value::as_object);
    properties.is_none_or(|properties| {
        properties.iter().all(|(name, schema)| {
            let chooses = schema.get("const").is_some() || schema.get("enum").is_some();
            !chooses || instance.get(name).is_none_or(|answer| holds(schema, answer))
        })
    })
}

/// The schema that `schema` refers to, if it refers to one in the same document.
pub(super) fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..MAX_DEPTH {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(found) => schema = found,
            None => return schema,
        }
    }
    schema
}

/// Whether `instance` fulfils a condition, by the keywords that conditions are made of.
pub fn holds(condition: &Value, instance: &Value) -> bool {
    let Value::Object(condition) = condition else { return condition != &Value::Bool(false) };
    condition.iter().all(|(keyword, wanted)| keyword_holds(keyword, wanted, instance))
}

fn keyword_holds(keyword: &str, wanted: &Value, instance: &Value) -> bool {
    let parts = || wanted.as_array().into_iter().flatten();
    let bound = |holds: fn(f64, f64) -> bool| {
        instance.as_f64().zip(wanted.as_f64()).is_none_or(|(given, bound)| holds(given, bound))
    };
    let size = |holds: fn(u64, u64) -> bool, of: Option<usize>| {
        of.and_then(|size| u64::try_from(size).ok())
            .zip(wanted.as_u64())
            .is_none_or(|(given, bound)| holds(given, bound))
    };
    match keyword {
        "const" => instance == wanted,
        "enum" => parts().any(|option| option == instance),
        "type" => match wanted {
            Value::Array(types) => types.iter().filter_map(Value::as_str).any(|name| is_type(name, instance)),
            wanted => wanted.as_str().is_none_or(|name| is_type(name, instance)),
        },
        "required" => {
            parts().filter_map(Value::as_str).all(|name| !instance.is_object() || instance.get(name).is_some())
        }
        "properties" => wanted.as_object().is_none_or(|properties| {
            properties.iter().all(|(name, schema)| instance.get(name).is_none_or(|value| holds(schema, value)))
        }),
        "contains" => instance.as_array().is_none_or(|items| items.iter().any(|item| holds(wanted, item))),
        "items" if !wanted.is_array() => {
            instance.as_array().is_none_or(|items| items.iter().all(|item| holds(wanted, item)))
        }
        "not" => !holds(wanted, instance),
        "allOf" => parts().all(|part| holds(part, instance)),
        "anyOf" => parts().any(|part| holds(part, instance)),
        "oneOf" => parts().filter(|part| holds(part, instance)).count() == 1,
        "minimum" => bound(|given, bound| given >= bound),
        "maximum" => bound(|given, bound| given <= bound),
        "exclusiveMinimum" => bound(|given, bound| given > bound),
        "exclusiveMaximum" => bound(|given, bound| given < bound),
        "minLength" => size(|given, bound| given >= bound, instance.as_str().map(|text| text.chars().count())),
        "maxLength" => size(|given, bound| given <= bound, instance.as_str().map(|text| text.chars().count())),
        "minItems" => size(|given, bound| given >= bound, instance.as_array().map(Vec::len)),
        "maxItems" => size(|given, bound| given <= bound, instance.as_array().map(Vec::len)),
        _ => true,
    }
}

fn is_type(name: &str, instance: &Value) -> bool {
    match name {
        "string" => instance.is_string(),
        "number" => instance.is_number(),
        "integer" => instance.as_f64().is_some_and(|number| number.fract() == 0.0),
        "boolean" => instance.is_boolean(),
        "array" => instance.is_array(),
        "object" => instance.is_object(),
        "null" => instance.is_null(),
        _ => true,
    }
}
