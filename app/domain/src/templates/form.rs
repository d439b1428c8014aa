//! From JSON Schema (draft 7) and the hints of `ui:*` to the fields of a form.

use serde_json::{Map, Value};

use super::{
    conditions::{effective, resolve},
    field::{Choice, Control, Field, Look, TextLook, text},
};

/// How deep forms may nest.
const MAX_DEPTH: usize = 8;
/// How many items of a list are drawn.
const MOST_ITEMS: usize = 100;

/// The pickers that choose entities.
const ENTITY_PICKERS: [&str; 5] =
    ["EntityPicker", "MultiEntityPicker", "OwnedEntityPicker", "OwnerPicker", "MyGroupsPicker"];

/// The fields that `schema` asks for, given the answers so far.
pub fn fields(schema: &Value, answers: &Map<String, Value>) -> Vec<Field> {
    object_fields(schema, answers, schema, "", 0)
}

/// The fields that are asked with the plan: secrets and passwords.
pub fn late_fields(fields: &[Field]) -> Vec<Field> {
    let mut late = Vec::new();
    for field in fields {
        match &field.control {
            Control::Group { fields } | Control::List { items: fields, .. } => late.extend(late_fields(fields)),
            control if control.is_late() => late.push(field.clone()),
            _ => {}
        }
    }
    late
}

/// The answer at a JSON pointer.
pub fn at_pointer<'a>(answers: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let mut parts = pointer.strip_prefix('/')?.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
    let first = answers.get(&parts.next()?)?;
    parts.try_fold(first, |value, part| match value {
        Value::Object(map) => map.get(&part),
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The filters of every entity picker in a schema, under any condition.
pub fn picker_filters(schema: &Value) -> Vec<Value> {
    let mut filters = Vec::new();
    collect_filters(schema, 0, &mut filters);
    filters
}

fn collect_filters(schema: &Value, depth: usize, filters: &mut Vec<Value>) {
    if depth > 24 {
        return;
    }
    let picker = schema.get("ui:field").and_then(Value::as_str);
    if let Some(picker) = picker.filter(|picker| ENTITY_PICKERS.contains(picker))
        && let Control::Entity { filter, .. } = entity(picker, schema)
        && !filters.contains(&filter)
    {
        filters.push(filter);
    }
    match schema {
        Value::Object(map) => map.values().for_each(|part| collect_filters(part, depth + 1, filters)),
        Value::Array(parts) => parts.iter().for_each(|part| collect_filters(part, depth + 1, filters)),
        _ => {}
    }
}

fn object_fields(
    schema: &Value,
    answers: &Map<String, Value>,
    root: &Value,
    pointer: &str,
    depth: usize,
) -> Vec<Field> {
    let effective = effective(schema, answers, root);
    let mut names: Vec<&String> = effective.properties.iter().map(|(name, _)| name).collect();
    if let Some(order) = schema.get("ui:order").and_then(Value::as_array) {
        let order: Vec<&str> = order.iter().filter_map(Value::as_str).collect();
        let rest = order.iter().position(|name| *name == "*").unwrap_or(order.len());
        names.sort_by_key(|name| order.iter().position(|other| other == name).unwrap_or(rest));
    }
    let properties = names.into_iter().filter_map(|name| effective.properties.iter().find(|(other, _)| other == name));
    properties
        .map(|(name, property)| {
            let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            let required = effective.required.contains(name);
            field(property, answers.get(name), root, pointer, name, required, depth + 1)
        })
        .collect()
}

/// A hint: `ui:name`, or `name` under `ui:options`.
fn hint<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get(format!("ui:{name}")).or_else(|| schema.get("ui:options")?.get(name)).filter(|value| !value.is_null())
}

fn field(
    schema: &Value,
    answer: Option<&Value>,
    root: &Value,
    pointer: String,
    name: &str,
    required: bool,
    depth: usize,
) -> Field {
    let schema = resolve(schema, root);
    let own = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
    let hinted = |key: &str| hint(schema, key).and_then(Value::as_str).map(str::to_owned);
    let flag = |key: &str| hint(schema, key).and_then(Value::as_bool).unwrap_or(false);
    let (control, note) = control(schema, answer, root, &pointer, depth);
    Field {
        label: hinted("title").or_else(|| own("title")).unwrap_or_else(|| name.to_owned()),
        description: hinted("description").or_else(|| own("description")),
        help: hinted("help"),
        placeholder: hinted("placeholder"),
        required,
        autofocus: flag("autofocus"),
        readonly: flag("readonly") || flag("disabled") || schema.get("readOnly") == Some(&Value::Bool(true)),
        pointer,
        control,
        note,
    }
}

fn control(
    schema: &Value,
    answer: Option<&Value>,
    root: &Value,
    pointer: &str,
    depth: usize,
) -> (Control, Option<String>) {
    let widget = hint(schema, "widget").and_then(Value::as_str).unwrap_or_default();
    if widget == "hidden" {
        let value = answer.or_else(|| schema.get("default")).cloned().unwrap_or(Value::Null);
        return (Control::Hidden { value }, None);
    }
    let picker = schema.get("ui:field").and_then(Value::as_str);
    let plain = || by_type(schema, answer, root, pointer, widget, depth);
    match picker {
        None => (plain(), None),
        Some(picker) if ENTITY_PICKERS.contains(&picker) => (entity(picker, schema), None),
        Some("EntityNamePicker") => (Control::EntityName, None),
        Some("EntityTagsPicker") => (Control::Tags, None),
        Some("Secret") => (Control::Secret, None),
        Some("RepoUrlPicker") => {
            let list = |name: &str| texts(hint(schema, name));
            (
                Control::Repository {
                    hosts: list("allowedHosts"),
                    owners: list("allowedOwners"),
                    repos: list("allowedRepos"),
                },
                None,
            )
        }
        Some(other) => {
            let note =
                format!("The template asks for the field `{other}`, which is not known here; a plain one stands in.");
            (plain(), Some(note))
        }
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn entity(picker: &str, schema: &Value) -> Control {
    let options = |name: &str| hint(schema, name);
    let kinds = texts(options("allowedKinds"));
    let filter = match (options("catalogFilter"), picker) {
        (Some(filter), _) => filter.clone(),
        (None, _) if !kinds.is_empty() => serde_json::json!({ "kind": kinds }),
        (None, "OwnerPicker") => serde_json::json!({ "kind": ["Group", "User"] }),
        (None, "MyGroupsPicker") => serde_json::json!({ "kind": "Group" }),
        (None, _) => serde_json::json!({}),
    };
    let default_kind = options("defaultKind").and_then(Value::as_str).map(str::to_owned);
    Control::Entity {
        filter,
        multiple: picker == "MultiEntityPicker" || schema.get("type").and_then(Value::as_str) == Some("array"),
        arbitrary: options("allowArbitraryValues").and_then(Value::as_bool).unwrap_or(true),
        default_kind: default_kind
            .or_else(|| matches!(picker, "OwnerPicker" | "MyGroupsPicker").then(|| "Group".to_owned())),
    }
}

/// The type of a field; the first that is not `null` where there are several.
fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("string")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn by_type(schema: &Value, answer: Option<&Value>, root: &Value, pointer: &str, widget: &str, depth: usize) -> Control {
    if let Some(options) = options(schema) {
        let look = if widget == "radio" { Look::Radio } else { Look::Select };
        return Control::Choice { options, look };
    }
    match type_of(schema) {
        "boolean" => toggle(schema, widget),
        "integer" | "number" => number(schema),
        "array" if depth <= MAX_DEPTH => list(schema, answer, root, pointer, depth),
        "object" if depth <= MAX_DEPTH => {
            let empty = Map::new();
            let answers = answer.and_then(Value::as_object).unwrap_or(&empty);
            Control::Group { fields: object_fields(schema, answers, root, pointer, depth) }
        }
        _ if widget == "password" => Control::Password,
        _ => text_control(schema, widget),
    }
}

/// What there is to choose from: `enum` with `enumNames`, or `oneOf`/`anyOf` of constants with titles.
fn options(schema: &Value) -> Option<Vec<Choice>> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let names = schema.get("enumNames").or_else(|| hint(schema, "enumNames")).and_then(Value::as_array);
        let label = |at: usize, value: &Value| names.and_then(|names| names.get(at)).map_or_else(|| text(value), text);
        let options = values.iter().enumerate();
        return Some(options.map(|(at, value)| Choice { value: value.clone(), label: label(at, value) }).collect());
    }
    let alternatives = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)?;
    let options: Option<Vec<Choice>> = alternatives
        .iter()
        .map(|option| {
            let value = option.get("const").or_else(|| option.get("enum")?.get(0))?.clone();
            let label = option.get("title").map_or_else(|| text(&value), text);
            Some(Choice { value, label })
        })
        .collect();
    options.filter(|options| !options.is_empty())
}

fn toggle(schema: &Value, widget: &str) -> Control {
    let names = schema.get("enumNames").or_else(|| hint(schema, "enumNames"));
    let names = texts(names);
    let label = |at: usize, otherwise: &str| names.get(at).cloned().unwrap_or_else(|| otherwise.to_owned());
    match widget {
        "radio" | "select" => Control::Choice {
            options: vec![
                Choice { value: Value::Bool(true), label: label(0, "Yes") },
                Choice { value: Value::Bool(false), label: label(1, "No") },
            ],
            look: if widget == "radio" { Look::Radio } else { Look::Select },
        },
        _ => Control::Toggle,
    }
}

fn number(schema: &Value) -> Control {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let integer = type_of(schema) == "integer";
    Control::Number {
        integer,
        minimum: bound("minimum")
            .or_else(|| bound("exclusiveMinimum").map(|bound| if integer { bound + 1.0 } else { bound })),
        maximum: bound("maximum")
            .or_else(|| bound("exclusiveMaximum").map(|bound| if integer { bound - 1.0 } else { bound })),
        step: bound("multipleOf"),
    }
}

fn text_control(schema: &Value, widget: &str) -> Control {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    let look = if widget == "textarea" || matches!(hint(schema, "multiline"), Some(Value::Bool(true))) {
        let rows = hint(schema, "rows").and_then(Value::as_u64).and_then(|rows| u32::try_from(rows).ok());
        TextLook::Area(rows.unwrap_or(4).clamp(2, 30))
    } else {
        let kind = match (widget, format) {
            ("email", _) | (_, "email") => "email",
            ("uri", _) | (_, "uri" | "url") => "url",
            ("date", _) | (_, "date") => "date",
            (_, "time") => "time",
            ("color", _) | (_, "color") => "color",
            _ => "text",
        };
        TextLook::Line(kind.to_owned())
    };
    Control::Text {
        look,
        min_length: bound("minLength"),
        max_length: bound("maxLength"),
        pattern: schema.get("pattern").and_then(Value::as_str).map(str::to_owned),
        suggestions: texts(schema.get("examples")),
    }
}

fn list(schema: &Value, answer: Option<&Value>, root: &Value, pointer: &str, depth: usize) -> Control {
    let nothing = Value::Object(Map::new());
    let item = schema.get("items").map_or(&nothing, |item| resolve(item, root));
    let item = if item.is_array() { item.get(0).unwrap_or(&nothing) } else { item };
    if let Some(options) = options(item) {
        return Control::Choices { options };
    }
    let answers = answer.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let title = item.get("title").and_then(Value::as_str);
    let items = answers.iter().take(MOST_ITEMS).enumerate().map(|(at, answer)| {
        let name = title.map_or_else(|| format!("{}", at + 1), |title| format!("{title} {}", at + 1));
        let mut field = field(item, Some(answer), root, format!("{pointer}/{at}"), &name, false, depth + 1);
        field.label = name;
        field
    });
    let blank = item.get("default").cloned().unwrap_or_else(|| match type_of(item) {
        "object" => Value::Object(Map::new()),
        "array" => Value::Array(Vec::new()),
        _ => Value::Null,
    });
    Control::List {
        items: items.collect(),
        blank,
        min: schema.get("minItems").and_then(Value::as_u64).unwrap_or(0),
        max: schema.get("maxItems").and_then(Value::as_u64),
    }
}
