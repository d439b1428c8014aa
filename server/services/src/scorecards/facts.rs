//! What an expression can ask about an entity.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use cel::{
    Context,
    common::{
        types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelTimestamp},
        value::Val,
    },
};
use chrono::{DateTime, Utc};
use domain::catalog::{EntityRef, KINDS};
use serde_json::Value;

use super::expression;

/// The variables of an expression.
pub(super) const VARIABLES: [&str; 10] =
    ["entity", "kind", "metadata", "spec", "annotations", "labels", "tags", "links", "relations", "now"];

/// The relations that every entity has in an expression, be it an empty list.
static RELATIONS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    KINDS.iter().flat_map(|kind| kind.relations).flat_map(|field| [field.relation, field.reverse]).collect()
});

/// What a rule may know of an entity at the other end of a relation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Neighbour {
    pub(super) kind_of: String,
    pub(super) lifecycle: String,
}

/// The entities at the other end of relations; those that the catalog does not know are absent.
pub(super) type Neighbours = HashMap<EntityRef, Neighbour>;

impl Neighbour {
    pub(super) fn of(document: &Value) -> Self {
        let text = |field: &str| document["spec"][field].as_str().unwrap_or_default().to_owned();
        Self { kind_of: text("type"), lifecycle: text("lifecycle") }
    }
}

/// The relations of a document: type and target.
pub(super) fn relations(document: &Value) -> impl Iterator<Item = (&str, EntityRef)> {
    document["relations"].as_array().into_iter().flatten().filter_map(|relation| {
        let target = relation["targetRef"].as_str()?.parse().ok()?;
        Some((relation["type"].as_str()?, target))
    })
}

/// A context with everything an expression may ask. Texts are borrowed from the document.
pub(super) fn context<'v>(document: &'v Value, neighbours: &'v Neighbours, now: DateTime<Utc>) -> Context<'v, 'v> {
    static EMPTY: Value = Value::Null;
    let metadata = document.get("metadata").unwrap_or(&EMPTY);
    let mut context = expression::context();
    context.add_variable_as_val("entity", value(document));
    context.add_variable_as_val("kind", text(document["kind"].as_str().unwrap_or_default()));
    context.add_variable_as_val("metadata", object(metadata));
    context.add_variable_as_val("spec", object(&document["spec"]));
    context.add_variable_as_val("annotations", object(&metadata["annotations"]));
    context.add_variable_as_val("labels", object(&metadata["labels"]));
    context.add_variable_as_val("tags", list(&metadata["tags"]));
    context.add_variable_as_val("links", list(&metadata["links"]));
    context.add_variable_as_val("relations", related_map(document, neighbours));
    context.add_variable_as_val("now", Box::new(CelTimestamp::from(now.fixed_offset())));
    context
}

fn related_map<'v>(document: &'v Value, neighbours: &'v Neighbours) -> Box<dyn Val + 'v> {
    let mut lists: HashMap<&str, Vec<Box<dyn Val + 'v>>> = RELATIONS.iter().map(|name| (*name, Vec::new())).collect();
    for (name, target) in relations(document) {
        let neighbour = neighbours.get(&target);
        let absent = Neighbour::default();
        let known = neighbour.unwrap_or(&absent);
        let fields: [(&'static str, Box<dyn Val + 'v>); 7] = [
            ("ref", text_owned(target.to_string())),
            ("kind", text_owned(target.kind().to_owned())),
            ("namespace", text_owned(target.namespace().to_owned())),
            ("name", text_owned(target.name().to_owned())),
            ("found", Box::new(CelBool::from(neighbour.is_some()))),
            ("type", text_owned(known.kind_of.clone())),
            ("lifecycle", text_owned(known.lifecycle.clone())),
        ];
        lists.entry(name).or_default().push(map(fields));
    }
    map(lists.into_iter().map(|(name, items)| (name, Box::new(CelList::from(items)) as Box<dyn Val + 'v>)))
}

fn value(json: &Value) -> Box<dyn Val + '_> {
    match json {
        Value::Null => Box::new(CelNull),
        Value::Bool(flag) => Box::new(CelBool::from(*flag)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Box::new(CelInt::from(whole)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => Box::new(CelList::from(items.iter().map(value).collect::<Vec<_>>())),
        Value::Object(fields) => map(fields.iter().map(|(name, inner)| (name.as_str(), value(inner)))),
    }
}

/// An object, or an empty one where there is none.
fn object(json: &Value) -> Box<dyn Val + '_> {
    match json {
        Value::Object(_) => value(json),
        _ => map([]),
    }
}

/// A list, or an empty one where there is none.
fn list(json: &Value) -> Box<dyn Val + '_> {
    match json {
        Value::Array(_) => value(json),
        _ => Box::new(CelList::from(Vec::<Box<dyn Val>>::new())),
    }
}

fn map<'v>(fields: impl IntoIterator<Item = (&'v str, Box<dyn Val + 'v>)>) -> Box<dyn Val + 'v> {
    let fields: HashMap<CelMapKey<'v>, Box<dyn Val + 'v>> =
        fields.into_iter().map(|(name, value)| (CelMapKey::String(CelString::from(name)), value)).collect();
    Box::new(CelMap::from(fields))
}

fn text(text: &str) -> Box<dyn Val + '_> {
    Box::new(CelString::from(text))
}

fn text_owned<'v>(text: String) -> Box<dyn Val + 'v> {
    Box::new(CelString::from(text))
}
