//! Changing parts of a resource.

use serde_json::{Map, Value};

use super::{
    Attribute, AttributePath, ENTERPRISE, Fault, Filter, Kind, Literal, PATCH, Problem, Schema, Test, document,
    element, filter, shown,
};

/// How many operations one message has at most.
const MOST: usize = 1_000;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Adds values.
    Add,
    /// Puts values in place of others.
    Replace,
    /// Takes values away.
    Remove,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What it does.
    pub kind: OperationKind,
    /// Where; none for the resource as a whole.
    pub path: Option<String>,
    /// What with.
    pub value: Value,
}

fn syntax(why: impl Into<String>) -> Problem {
    Problem::new(Fault::InvalidSyntax, why)
}

fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Reads the operations of a message.
///
/// # Errors
/// [`Problem`] says what the message lacks.
pub fn operations(body: &Value) -> Result<Vec<Operation>, Problem> {
    let body = body.as_object().ok_or_else(|| syntax("the body is not an object"))?;
    let schemas = field(body, "schemas").and_then(Value::as_array);
    let is_patch = schemas.is_none_or(|schemas| {
        schemas.iter().filter_map(Value::as_str).any(|schema| schema.eq_ignore_ascii_case(PATCH))
    });
    if !is_patch {
        return Err(syntax(format!("`schemas` must name `{PATCH}`")));
    }
    let list = field(body, "Operations").and_then(Value::as_array);
    let list = list.filter(|list| !list.is_empty()).ok_or_else(|| syntax("`Operations` is missing, or empty"))?;
    if list.len() > MOST {
        let why = format!("the message has {} operations; {MOST} are the most", list.len());
        return Err(Problem::new(Fault::TooLarge, why));
    }
    list.iter().map(operation).collect()
}

fn operation(given: &Value) -> Result<Operation, Problem> {
    let given = given.as_object().ok_or_else(|| syntax("an operation is not an object"))?;
    let word = field(given, "op").and_then(Value::as_str).unwrap_or_default();
    let kind = match word.to_lowercase().as_str() {
        "add" => OperationKind::Add,
        "replace" => OperationKind::Replace,
        "remove" => OperationKind::Remove,
        _ => return Err(syntax(format!("`op` is `{}`; it must be `add`, `replace` or `remove`", shown(word)))),
    };
    let path = match field(given, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(path.trim().to_owned()).filter(|path| !path.is_empty()),
        Some(other) => return Err(Problem::new(Fault::InvalidPath, format!("`{}` is no path", shown(other)))),
    };
    Ok(Operation { kind, path, value: field(given, "value").cloned().unwrap_or_default() })
}

/// Where an operation takes place.
struct Place {
    is_enterprise: bool,
    attribute: &'static Attribute,
    filter: Option<Filter>,
    part: Option<&'static Attribute>,
}

fn invalid(path: &str) -> Problem {
    Problem::new(Fault::InvalidPath, format!("`{}` names no attribute that is kept here", shown(path)))
}

fn place(path: &str) -> Result<Place, Problem> {
    let (name, filter, behind) = filter::with_brackets(path)?;
    let read = AttributePath::read(&name, Fault::InvalidPath)?;
    let schema = if read.is_enterprise { Schema::Enterprise } else { Schema::User };
    let attribute = schema.attribute(&read.name).ok_or_else(|| invalid(path))?;
    let part = match behind.or(read.part) {
        Some(part) => Some(attribute.part(&part).ok_or_else(|| invalid(path))?),
        None => None,
    };
    if filter.is_some() && !attribute.is_many {
        return Err(Problem::new(
            Fault::InvalidPath,
            format!("`{}` has one value; take the filter away", attribute.name),
        ));
    }
    Ok(Place { is_enterprise: read.is_enterprise, attribute, filter, part })
}

/// Changes a person.
///
/// # Errors
/// [`Problem`] says which operation cannot be done; then the document is to be thrown away.
pub fn apply(document: &mut Map<String, Value>, operations: &[Operation]) -> Result<(), Problem> {
    for Operation { kind, path, value } in operations {
        match path {
            Some(path) if path.eq_ignore_ascii_case(ENTERPRISE) => whole(document, *kind, &extension(value))?,
            Some(path) => at(document, *kind, path, value)?,
            None => whole(document, *kind, value)?,
        }
    }
    let name = document.get("userName").and_then(Value::as_str).unwrap_or_default();
    if name.trim().is_empty() {
        return Err(Problem::new(Fault::InvalidValue, "`userName` cannot be taken away"));
    }
    document::bounded(document)
}

fn extension(value: &Value) -> Value {
    Value::Object(Map::from_iter([(ENTERPRISE.to_owned(), value.clone())]))
}

/// Without a path, the value says which attributes: by their names, or by paths as keys.
fn whole(document: &mut Map<String, Value>, kind: OperationKind, value: &Value) -> Result<(), Problem> {
    let (OperationKind::Add | OperationKind::Replace, Some(attributes)) = (kind, value.as_object()) else {
        let fault = if kind == OperationKind::Remove { Fault::NoTarget } else { Fault::InvalidValue };
        return Err(Problem::new(fault, "without a `path`, `value` must be an object that names attributes"));
    };
    for (key, value) in attributes {
        if key.eq_ignore_ascii_case(ENTERPRISE) {
            for (name, value) in value.as_object().into_iter().flatten() {
                ignoring_the_unknown(at(document, kind, &format!("{ENTERPRISE}:{name}"), value))?;
            }
        } else if !["id", "schemas", "meta", "groups", "password"].contains(&key.to_lowercase().as_str()) {
            ignoring_the_unknown(at(document, kind, key, value))?;
        }
    }
    Ok(())
}

/// A directory sends all that it knows: what is not kept here is no reason to refuse the rest.
fn ignoring_the_unknown(done: Result<(), Problem>) -> Result<(), Problem> {
    done.or_else(|problem| if problem.fault == Fault::InvalidPath { Ok(()) } else { Err(problem) })
}

fn at(document: &mut Map<String, Value>, kind: OperationKind, path: &str, value: &Value) -> Result<(), Problem> {
    let place = place(path)?;
    if place.attribute.is_read_only {
        let why = format!("`{}` is not changed here; change the members of the group", place.attribute.name);
        return Err(Problem::new(Fault::Mutability, why));
    }
    if !place.is_enterprise {
        return change(document, kind, &place, value);
    }
    let mut own = document.get(ENTERPRISE).and_then(Value::as_object).cloned().unwrap_or_default();
    change(&mut own, kind, &place, value)?;
    if own.is_empty() {
        document.shift_remove(ENTERPRISE);
    } else {
        document.insert(ENTERPRISE.to_owned(), own.into());
    }
    Ok(())
}

fn change(document: &mut Map<String, Value>, kind: OperationKind, place: &Place, given: &Value) -> Result<(), Problem> {
    let Place { attribute, part, .. } = place;
    let name = attribute.name;
    if attribute.is_many {
        let mut values = document.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        change_values(&mut values, kind, place, given)?;
        values.retain(|value| value.as_object().is_some_and(|value| !value.is_empty()));
        let values = document::value(attribute, &Value::Array(values))?;
        set(document, name, values);
        return Ok(());
    }
    let (target, kept) = match part {
        Some(part) => (*part, document.get(name).and_then(Value::as_object).cloned()),
        None => (*attribute, None),
    };
    let value = if kind == OperationKind::Remove { None } else { document::one(target, given)? };
    if part.is_some() {
        let mut parts = kept.unwrap_or_default();
        set(&mut parts, target.name, value);
        set(document, name, (!parts.is_empty()).then_some(parts.into()));
        return Ok(());
    }
    match (value, document.get_mut(name)) {
        // What is made of parts keeps those that are not named.
        (Some(Value::Object(new)), Some(Value::Object(old))) => old.extend(new),
        (value, _) => set(document, name, value),
    }
    Ok(())
}

fn set(object: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.shift_remove(name),
    };
}

fn change_values(values: &mut Vec<Value>, kind: OperationKind, place: &Place, given: &Value) -> Result<(), Problem> {
    let Place { attribute, filter, part, .. } = place;
    if filter.is_none() && part.is_none() {
        let new = match document::value(attribute, given)? {
            Some(Value::Array(new)) => new,
            _ => Vec::new(),
        };
        match kind {
            OperationKind::Replace => *values = new,
            OperationKind::Remove if new.is_empty() => values.clear(),
            OperationKind::Remove => values.retain(|value| !new.iter().any(|gone| is_same(value, gone))),
            OperationKind::Add => {
                values.retain(|value| !new.iter().any(|new| is_same(value, new)));
                values.extend(new);
            }
        }
        return Ok(());
    }
    let mut meant = Vec::new();
    for (at, value) in values.iter().enumerate() {
        if filter.as_ref().is_none_or(|filter| element::is_meant(filter, attribute, value) == Ok(true)) {
            meant.push(at);
        }
    }
    if let Some(filter) = filter {
        // Asked once more, so that what the filter names wrongly is told even where there is nothing.
        element::is_meant(filter, attribute, &Value::Object(Map::new()))?;
    }
    if kind == OperationKind::Remove {
        match part {
            Some(part) => meant.iter().for_each(|&at| {
                if let Some(value) = values[at].as_object_mut() {
                    value.shift_remove(part.name);
                }
            }),
            None => meant.iter().rev().for_each(|&at| drop(values.remove(at))),
        }
        return Ok(());
    }
    if meant.is_empty() {
        // Directories say `emails[type eq "work"].value` also of the first address of a person.
        let made = filter.as_ref().map_or(Ok(Some(Map::new())), |filter| element::from(filter, attribute))?;
        let made = made.ok_or_else(|| {
            Problem::new(Fault::NoTarget, format!("no value of `{}` is what the filter means", attribute.name))
        })?;
        meant.push(values.len());
        values.push(made.into());
    }
    for at in meant {
        let Some(value) = values[at].as_object_mut() else { continue };
        match part {
            Some(part) => set(value, part.name, document::one(part, given)?),
            None => {
                if let Some(Value::Object(new)) = document::one(attribute, given)? {
                    value.extend(new);
                }
            }
        }
    }
    document::first_alone(values);
    Ok(())
}

/// Whether two values are one: the same value, for the same use.
fn is_same(one: &Value, other: &Value) -> bool {
    one.get("value").is_some()
        && one.get("value") == other.get("value")
        && (one.get("type") == other.get("type") || other.get("type").is_none())
}

/// What a message does to a group. Its members are many, so that they are not looked at one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupDeed {
    /// Gives it another name.
    Rename(String),
    /// Gives it another name at the directory, or none.
    Mark(Option<String>),
    /// Takes people in.
    Admit(Vec<String>),
    /// Sends people away.
    Dismiss(Vec<String>),
    /// Lets these be in it, and nobody else.
    Assemble(Vec<String>),
}

/// What the operations do to a group.
///
/// # Errors
/// [`Problem`] says which operation cannot be done.
pub fn group_deeds(operations: &[Operation]) -> Result<Vec<GroupDeed>, Problem> {
    let mut deeds = Vec::new();
    for Operation { kind, path, value } in operations {
        match (path, value) {
            (Some(path), value) => deeds.extend(group_deed(*kind, path, value)?),
            (None, Value::Object(attributes)) if *kind != OperationKind::Remove => {
                for (key, value) in attributes {
                    if ["displayname", "externalid", "members"].contains(&key.to_lowercase().as_str()) {
                        deeds.extend(group_deed(*kind, key, value)?);
                    }
                }
            }
            (None, _) => {
                let fault = if *kind == OperationKind::Remove { Fault::NoTarget } else { Fault::InvalidValue };
                return Err(Problem::new(fault, "without a `path`, `value` must be an object that names attributes"));
            }
        }
    }
    Ok(deeds)
}

fn group_deed(kind: OperationKind, path: &str, value: &Value) -> Result<Option<GroupDeed>, Problem> {
    let (name, filter, part) = filter::with_brackets(path)?;
    let read = AttributePath::read(&name, Fault::InvalidPath)?;
    let is_remove = kind == OperationKind::Remove;
    if read.is("displayName") {
        return match value.as_str().map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) if !is_remove => Ok(Some(GroupDeed::Rename(checked(name)?))),
            _ => Err(Problem::new(Fault::InvalidValue, "`displayName` cannot be taken away, and is a text")),
        };
    }
    if read.is("externalId") {
        let name = value.as_str().filter(|name| !is_remove && !name.is_empty());
        return Ok(Some(GroupDeed::Mark(name.map(checked).transpose()?)));
    }
    if !read.is("members") {
        return Err(invalid(path));
    }
    if let Some(filter) = filter {
        let (Filter::Compare(by, Test::Eq, Literal::Text(id)), true, None) = (&filter, is_remove, &part) else {
            let why = "members are named by `members[value eq \"ID\"]`, to be removed";
            return Err(Problem::new(Fault::InvalidFilter, why));
        };
        if !by.is("value") {
            return Err(Problem::new(Fault::InvalidFilter, "members are told apart by `value` alone"));
        }
        return Ok(Some(GroupDeed::Dismiss(vec![id.clone()])));
    }
    let ids = members(value)?;
    Ok(Some(match kind {
        OperationKind::Add => GroupDeed::Admit(ids),
        OperationKind::Replace => GroupDeed::Assemble(ids),
        // Entra ID says what to remove as a value, which the standard does not know.
        OperationKind::Remove if value.is_null() => GroupDeed::Assemble(Vec::new()),
        OperationKind::Remove => GroupDeed::Dismiss(ids),
    }))
}

fn checked(text: &str) -> Result<String, Problem> {
    let attribute = Schema::Group.attribute("displayName").filter(|attribute| attribute.kind == Kind::Text);
    let read = attribute.map(|attribute| document::one(attribute, &text.into())).transpose()?.flatten();
    Ok(read.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// The ids of members, as they are sent: alone, or each in an object.
///
/// # Errors
/// [`Problem`] names one that has none.
pub fn members(value: &Value) -> Result<Vec<String>, Problem> {
    let alone = std::slice::from_ref(value);
    let list = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list.as_slice(),
        _ => alone,
    };
    let id = |member: &Value| {
        let id = member.as_str().or_else(|| field(member.as_object()?, "value")?.as_str());
        let wrong =
            || Problem::new(Fault::InvalidValue, format!("`{}` is no member; it has no `value`", shown(member)));
        id.filter(|id| !id.is_empty() && id.len() <= 200).map(str::to_owned).ok_or_else(wrong)
    };
    list.iter().map(id).collect()
}

#[cfg(test)]
mod tests;
