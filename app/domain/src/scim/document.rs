//! A resource as a client sends it, and as it is sent back.

use serde_json::{Map, Value};

use super::{
    Attribute, ENTERPRISE, Fault, Kind, LARGEST, LONGEST, MOST_VALUES, Problem, Schema,
    schema::Kind::{Complex, Flag, Reference, Text},
    shown,
};

/// Reads a resource: known attributes by their proper names, values of their kinds. What is unknown, or only told, is left out,
/// and passwords with it.
///
/// # Errors
/// [`Problem`] names the attribute that is wrong.
pub fn read(schema: Schema, input: &Value) -> Result<Map<String, Value>, Problem> {
    let Some(input) = input.as_object() else {
        return Err(Problem::new(Fault::InvalidSyntax, "the body is not an object; send a resource as JSON"));
    };
    let mut document = Map::new();
    for (key, given) in input {
        let own = key.get(..schema.urn().len()).filter(|start| start.eq_ignore_ascii_case(schema.urn()));
        let name = own.and_then(|own| key[own.len()..].strip_prefix(':')).unwrap_or(key);
        if schema == Schema::User && key.eq_ignore_ascii_case(ENTERPRISE) {
            let extension = of_parts(Schema::Enterprise.attributes(), key, given)?;
            if !extension.is_empty() {
                document.insert(ENTERPRISE.to_owned(), extension.into());
            }
            continue;
        }
        if let Some(attribute) = schema.attribute(name).filter(|attribute| !attribute.is_read_only)
            && let Some(value) = value(attribute, given)?
        {
            document.insert(attribute.name.to_owned(), value);
        }
    }
    for attribute in schema.attributes().iter().filter(|attribute| attribute.is_required) {
        if document.get(attribute.name).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
            return Err(Problem::new(Fault::InvalidValue, format!("`{}` is missing", attribute.name)));
        }
    }
    Ok(document)
}

/// Whether a person is not larger than they may be.
///
/// # Errors
/// [`Problem`] says how large they are.
pub fn bounded(document: &Map<String, Value>) -> Result<(), Problem> {
    let size = serde_json::to_string(document).map_or(0, |text| text.len());
    if size > LARGEST {
        let why = format!("the resource has {} KiB; {} are the most", size / 1024, LARGEST / 1024);
        return Err(Problem::new(Fault::TooLarge, why));
    }
    Ok(())
}

fn of_parts(parts: &'static [Attribute], whose: &str, given: &Value) -> Result<Map<String, Value>, Problem> {
    let Some(given) = given.as_object() else {
        if given.is_null() {
            return Ok(Map::new());
        }
        return Err(Problem::new(Fault::InvalidValue, format!("`{}` is made of parts; send an object", shown(whose))));
    };
    let mut read = Map::new();
    for (key, given) in given {
        if let Some(part) = parts.iter().find(|part| part.name.eq_ignore_ascii_case(key))
            && let Some(value) = value(part, given)?
        {
            read.insert(part.name.to_owned(), value);
        }
    }
    Ok(read)
}

/// A value of an attribute; none where nothing is sent.
pub(super) fn value(attribute: &'static Attribute, given: &Value) -> Result<Option<Value>, Problem> {
    if !attribute.is_many {
        return one(attribute, given);
    }
    let alone = std::slice::from_ref(given);
    let given = match given {
        Value::Null => return Ok(None),
        Value::Array(given) => given.as_slice(),
        _ => alone,
    };
    // Groups are as large as they are; what is said of one person is not.
    if given.len() > MOST_VALUES && attribute.name != "members" {
        let why = format!("`{}` has {} values; {MOST_VALUES} are the most", attribute.name, given.len());
        return Err(Problem::new(Fault::TooLarge, why));
    }
    let mut values = Vec::with_capacity(given.len());
    for given in given {
        values.extend(one(attribute, given)?);
    }
    first_alone(&mut values);
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

/// Sees to it that one value at most is the first to use: the one that was named last.
pub(super) fn first_alone(values: &mut [Value]) {
    let mut is_found = false;
    for value in values.iter_mut().rev() {
        if value.get("primary") == Some(&Value::Bool(true)) {
            if is_found {
                value["primary"] = Value::Bool(false);
            }
            is_found = true;
        }
    }
}

/// One value, of those that an attribute may have.
pub(super) fn one(attribute: &'static Attribute, given: &Value) -> Result<Option<Value>, Problem> {
    let wrong = |what: &str| {
        Problem::new(Fault::InvalidValue, format!("`{}` is {what}, not `{}`", attribute.name, shown(given)))
    };
    Ok(match (attribute.kind, given) {
        (_, Value::Null) => None,
        (Flag, _) => Some(Value::Bool(flag(given).ok_or_else(|| wrong("`true` or `false`"))?)),
        (Text | Reference, Value::String(text)) => (!text.is_empty()).then(|| checked(attribute, text)).transpose()?,
        (Text | Reference, Value::Number(number)) => Some(number.to_string().into()),
        (Text | Reference, Value::Bool(value)) => Some(value.to_string().into()),
        (Complex, Value::Object(_)) => {
            let read = of_parts(attribute.parts, attribute.name, given)?;
            (!read.is_empty()).then_some(read.into())
        }
        // A directory that means the value sends it alone.
        (Complex, Value::String(_)) if attribute.part("value").is_some() => {
            let part = attribute.part("value").and_then(|part| one(part, given).transpose()).transpose()?;
            part.map(|part| Value::Object(Map::from_iter([("value".to_owned(), part)])))
        }
        (Text | Reference, _) => return Err(wrong("a text")),
        (Complex, _) => return Err(wrong("made of parts")),
    })
}

fn flag(given: &Value) -> Option<bool> {
    match given {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn checked(attribute: &Attribute, text: &str) -> Result<Value, Problem> {
    // A picture may be sent whole; it is of no use here, and its place is all that is kept of it.
    let is_short = text.len() <= LONGEST * 4 && text.chars().count() <= LONGEST;
    let is_plain = !text.chars().any(|letter| letter.is_control() && !"\n\r\t".contains(letter));
    if is_short && is_plain {
        return Ok(text.into());
    }
    let why = if is_short { "holds control characters" } else { "is too long" };
    Err(Problem::new(Fault::InvalidValue, format!("`{}` {why}: `{}`", attribute.name, shown(text))))
}

/// Which attributes an answer holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    only: Vec<String>,
    without: Vec<String>,
}

impl Projection {
    /// What `attributes` and `excludedAttributes` ask for, with commas between.
    pub fn new(attributes: Option<&str>, excluded: Option<&str>) -> Self {
        let names = |text: Option<&str>| -> Vec<String> {
            let names = text.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
            names.take(MOST_VALUES).map(|name| plain(name).to_lowercase()).collect()
        };
        Self { only: names(attributes), without: names(excluded) }
    }

    /// Whether the answer holds an attribute at all.
    pub fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        if !self.only.is_empty() {
            let part = format!("{name}.");
            return self.only.iter().any(|only| *only == name || only.starts_with(&part));
        }
        !self.without.contains(&name)
    }

    /// Whether an attribute was asked for by name.
    pub fn names(&self, name: &str) -> bool {
        !self.only.is_empty() && self.wants(name)
    }

    /// Leaves out of a resource what the answer does not hold. What it is, and its id, are always told.
    pub fn apply(&self, resource: &mut Map<String, Value>) {
        if self.only.is_empty() && self.without.is_empty() {
            return;
        }
        let names: Vec<String> = resource.keys().cloned().collect();
        for name in names {
            if ["id", "schemas"].contains(&name.as_str()) {
                continue;
            }
            let key = name.to_lowercase();
            // What employers add is named with its schema, and a colon before the attribute.
            let joint = if key.starts_with("urn:") { ':' } else { '.' };
            let parts = |names: &[String]| -> Vec<String> {
                let parts = names.iter().filter_map(|only| only.strip_prefix(&key)?.strip_prefix(joint));
                parts.map(str::to_owned).collect()
            };
            if self.only.is_empty() {
                if self.without.contains(&key) {
                    resource.shift_remove(&name);
                } else if let Some(value) = resource.get_mut(&name) {
                    let without = parts(&self.without);
                    retain(value, &|part| !without.contains(&part.to_lowercase()));
                }
            } else if !self.only.contains(&key) {
                let only = parts(&self.only);
                match resource.get_mut(&name) {
                    Some(value) if !only.is_empty() => retain(value, &|part| only.contains(&part.to_lowercase())),
                    _ => {
                        resource.shift_remove(&name);
                    }
                }
            }
        }
    }
}

/// The name without the schema of what everyone has.
fn plain(name: &str) -> &str {
    for schema in [Schema::User, Schema::Group] {
        let urn = schema.urn();
        if name.get(..urn.len()).is_some_and(|start| start.eq_ignore_ascii_case(urn)) {
            return name[urn.len()..].trim_start_matches(':');
        }
    }
    name
}

fn retain(value: &mut Value, keep: &dyn Fn(&str) -> bool) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| retain(value, keep)),
        Value::Object(parts) => parts.retain(|name, _| keep(name)),
        _ => {}
    }
}

impl Kind {
    /// Whether values of it are compared as texts.
    pub fn is_text(self) -> bool {
        matches!(self, Text | Reference)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_is_read_as_directories_send_them() {
        let sent = json!({
            "schemas": [Schema::User.urn()], "UserName": "ada@x.example", "password": "hunter2", "id": "mine", "meta": {},
            "name": { "givenName": "Ada", "nonsense": 1 }, "active": "False", "groups": [{ "value": "g" }],
            "emails": { "value": "ada@x.example", "type": "work", "primary": "True" },
            "urn:ietf:params:scim:schemas:core:2.0:User:title": "Pilot", "unheard": "of", "externalID": 7,
            ENTERPRISE: { "department": "Quays", "manager": "m1" }, "nickName": null,
        });
        let read = Value::Object(read(Schema::User, &sent).unwrap());
        assert_eq!(
            read,
            json!({
                "userName": "ada@x.example", "name": { "givenName": "Ada" }, "active": false,
                "emails": [{ "value": "ada@x.example", "type": "work", "primary": true }], "title": "Pilot", "externalId": "7",
                ENTERPRISE: { "department": "Quays", "manager": { "value": "m1" } },
            })
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (sent, name) in [
            (json!([]), "object"),
            (json!({}), "userName"),
            (json!({ "userName": " " }), "userName"),
            (json!({ "userName": ["a"] }), "userName"),
            (json!({ "userName": "a", "active": "perhaps" }), "active"),
            (json!({ "userName": "a", "name": "Ada" }), "name"),
            (json!({ "userName": "a", "emails": [3] }), "emails"),
            (json!({ "userName": "a", "title": "x".repeat(3_000) }), "title"),
            (json!({ "userName": "a\u{0}" }), "userName"),
            (json!({ "userName": "a", "emails": vec!["x"; 200] }), "emails"),
            (json!({ "userName": "a", ENTERPRISE: 3 }), "enterprise"),
        ] {
            let problem = read(Schema::User, &sent).unwrap_err();
            assert!(problem.message.contains(name), "{sent}: {problem}");
        }
    }

    #[test]
    fn an_answer_holds_what_was_asked_for() {
        let whole = json!({
            "schemas": [], "id": "1", "userName": "ada", "name": { "givenName": "Ada", "familyName": "B" }, "meta": {},
            "emails": [{ "value": "a", "type": "work" }], ENTERPRISE: { "department": "d", "division": "v" },
        });
        let with = |attributes: &str, excluded: &str| {
            let mut resource = whole.as_object().unwrap().clone();
            Projection::new(Some(attributes), Some(excluded)).apply(&mut resource);
            Value::Object(resource)
        };
        assert_eq!(with("", ""), whole);
        assert_eq!(
            with("username,emails.value", ""),
            json!({ "schemas": [], "id": "1", "userName": "ada", "emails": [{ "value": "a" }] })
        );
        let department = format!("{ENTERPRISE}:department");
        assert_eq!(with(&department, ""), json!({ "schemas": [], "id": "1", ENTERPRISE: { "department": "d" } }));
        let less = with("", "Name.familyName,emails,id");
        assert_eq!(
            (&less["name"], less.get("emails"), &less["id"]),
            (&json!({ "givenName": "Ada" }), None, &json!("1"))
        );
        assert!(!Projection::new(None, Some("members")).wants("members") && Projection::default().wants("members"));
    }
}
