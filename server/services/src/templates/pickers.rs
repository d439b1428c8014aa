//! Pickers: fields whose answers are entities of the catalog.

use domain::{
    catalog::{
        Condition, DEFAULT_NAMESPACE, Direction, EntityRef, Filter, Order, Query, ReferenceDefaults, TextFilter,
    },
    identity::{Caller, Permission, Target},
    templates::{Control, Field, Problem, Template, at_pointer, fields},
};
use serde_json::{Map, Value};

use super::answers::Scope;
use crate::{Result, Services, catalog, identity::may};

/// How many entities a picker offers at once.
const MOST: u32 = 200;

/// An entity that can be picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntityOption {
    /// What stands in the answer.
    pub(super) reference: EntityRef,
    /// What it is called.
    pub(super) title: String,
}

/// The entities that a picker with this `catalogFilter` offers, by title, narrowed by a text if there is one.
pub(super) async fn options(
    services: &Services,
    caller: &Caller,
    wanted: &Value,
    text: &str,
) -> Result<(Vec<EntityOption>, u32)> {
    may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let text = text.trim();
    let query = Query {
        filter: filter(wanted),
        text: (!text.is_empty()).then(|| TextFilter { term: text.to_owned(), paths: Vec::new() }),
        order: vec![Order::by("metadata.name", Direction::Asc)],
        limit: Some(MOST),
        offset: 0,
    };
    let page = catalog::query(services, caller, &query).await?;
    let options = page
        .items
        .iter()
        .map(|entity| EntityOption { reference: entity.reference.clone(), title: entity.summary().shown().to_owned() });
    Ok((options.collect(), page.total))
}

/// A template's `catalogFilter`: a map, or a list of maps of which one holds; values are a text, a list, or `{exists}`.
fn filter(wanted: &Value) -> Filter {
    let maps: Vec<&Map<String, Value>> = match wanted {
        Value::Array(maps) => maps.iter().filter_map(Value::as_object).collect(),
        Value::Object(map) => vec![map],
        _ => Vec::new(),
    };
    let alternatives =
        maps.into_iter().map(|map| map.iter().filter_map(|(path, value)| condition(path, value)).collect());
    let alternatives: Vec<Vec<Condition>> = alternatives.collect();
    // An alternative without a condition means every entity, and so do all of them together.
    if alternatives.iter().any(Vec::is_empty) { Filter::everything() } else { Filter { alternatives } }
}

fn condition(path: &str, value: &Value) -> Option<Condition> {
    match value {
        Value::String(text) => Some(Condition::equals(path, text)),
        Value::Array(texts) => {
            Some(Condition::any_of(path, &texts.iter().filter_map(Value::as_str).collect::<Vec<_>>()))
        }
        Value::Object(map) if map.get("exists") == Some(&Value::Bool(true)) => Some(Condition::exists(path)),
        Value::Bool(flag) => Some(Condition::equals(path, if *flag { "true" } else { "false" })),
        _ => None,
    }
}

/// Picked entities that are not in the catalog.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// In fields that take nothing else.
    pub(super) problems: Vec<Problem>,
    /// In fields that take anything: label and answer.
    pub(super) warnings: Vec<(String, String)>,
    /// Those that are there: label and reference.
    pub(super) found: Vec<(String, EntityRef)>,
}

struct Picked {
    pointer: String,
    label: String,
    text: String,
    reference: Option<EntityRef>,
    why: String,
    arbitrary: bool,
}

/// Looks up what was picked.
pub(super) async fn missing(
    services: &Services,
    caller: &Caller,
    template: &Template,
    values: &Map<String, Value>,
    scope: Scope,
) -> Result<Missing> {
    let mut picked = Vec::new();
    for (at, page) in template.pages.iter().enumerate() {
        if !matches!(scope, Scope::Page(wanted) if wanted != at) {
            collect(&fields(&page.schema, values), values, &mut picked);
        }
    }
    let references: Vec<EntityRef> = picked.iter().filter_map(|picked| picked.reference.clone()).collect();
    if picked.is_empty() {
        return Ok(Missing::default());
    }
    let mut known = catalog::entities(services, caller, &references).await?.into_iter();
    let mut missing = Missing::default();
    for picked in picked {
        let is_there = picked.reference.is_some() && known.next().flatten().is_some();
        match (picked.reference, is_there) {
            (Some(reference), true) => missing.found.push((picked.label, reference)),
            (reference, _) if !picked.arbitrary => {
                let why = reference.map_or(picked.why, |reference| format!("`{reference}` is not in the catalog"));
                let message = format!("{why}; choose one of the list");
                missing.problems.push(Problem { pointer: picked.pointer, message });
            }
            _ => missing.warnings.push((picked.label, picked.text)),
        }
    }
    Ok(missing)
}

fn collect(fields: &[Field], values: &Map<String, Value>, picked: &mut Vec<Picked>) {
    for field in fields {
        match &field.control {
            Control::Group { fields } | Control::List { items: fields, .. } => collect(fields, values, picked),
            Control::Entity { arbitrary, default_kind, .. } => {
                let texts = match at_pointer(values, &field.pointer) {
                    Some(Value::String(text)) => vec![text.clone()],
                    Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                    _ => Vec::new(),
                };
                for text in texts {
                    let defaults = ReferenceDefaults { kind: default_kind.as_deref(), namespace: DEFAULT_NAMESPACE };
                    let reference = EntityRef::parse(&text, defaults);
                    picked.push(Picked {
                        pointer: field.pointer.clone(),
                        label: field.label.clone(),
                        why: reference.as_ref().err().map(ToString::to_string).unwrap_or_default(),
                        reference: reference.ok(),
                        text,
                        arbitrary: *arbitrary,
                    });
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_catalog_filter_is_read_as_templates_write_it() {
        let shown = |value: Value| filter(&value).to_string();
        assert_eq!(shown(json!({"kind": "Group", "spec.type": "team"})), "kind=group,spec.type=team");
        assert_eq!(
            shown(json!([{"kind": ["Group", "User"]}, {"metadata.annotations.x": {"exists": true}}])),
            "kind=group,kind=user or metadata.annotations.x"
        );
        assert_eq!(filter(&json!({})), Filter::everything());
        assert_eq!(filter(&json!(null)), Filter::everything());
    }
}
