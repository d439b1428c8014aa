//! Filters that Backstage and Nunjucks have and the engine lacks, or means differently.

use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Kwargs, Rest, ValueKind},
};
use serde_json::json;

use super::{regex::Regex, values};
use crate::templates::repo_url::RepoUrl;

/// The longest text that one filter or method makes.
pub(super) const LONGEST: usize = 4 << 20;

/// The names of all filters, to find the nearest to one that is misspelt.
pub(super) const NAMES: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "center",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "dump",
    "e",
    "escape",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "jsonify",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "nl2br",
    "parseEntityRef",
    "parseRepoUrl",
    "pick",
    "pprint",
    "projectSlug",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
    "zip",
];

pub(super) fn add(env: &mut Environment<'static>) {
    env.add_filter("__text", |value: Value| values::text(&value));
    env.add_filter("__pairs", pairs);
    env.add_filter("__each", each);
    env.add_filter("dump", dump);
    env.add_filter("jsonify", dump);
    env.add_filter("string", |value: Value| values::text(&value));
    env.add_filter("length", |value: Value| length(&value));
    env.add_filter("count", |value: Value| length(&value));
    env.add_filter("replace", replace);
    env.add_filter("join", join);
    env.add_filter("title", |value: Value| title(&values::text(&value)));
    env.add_filter("lower", |value: Value| values::text(&value).to_lowercase());
    env.add_filter("upper", |value: Value| values::text(&value).to_uppercase());
    env.add_filter("trim", |value: Value| values::text(&value).trim().to_owned());
    env.add_filter("capitalize", |value: Value| capitalize(&values::text(&value)));
    env.add_filter("center", center);
    env.add_filter("nl2br", |value: Value| values::text(&value).replace('\n', "<br />\n"));
    env.add_filter("striptags", |value: Value| strip_tags(&values::text(&value)));
    env.add_filter("truncate", truncate);
    env.add_filter("wordcount", |value: Value| values::text(&value).split_whitespace().count());
    env.add_filter("forceescape", |state: &mut State, value: Value| state.apply_filter("escape", &[value]));
    env.add_filter("parseRepoUrl", |value: Value| parse_repo_url(&value));
    env.add_filter("projectSlug", project_slug);
    env.add_filter("parseEntityRef", parse_entity_ref);
    env.add_filter("pick", pick);
    env.add_test("truthy", |value: Value| value.is_true());
    env.add_test("falsy", |value: Value| !value.is_true());
    env.add_test("null", |value: Value| value.is_none());
}

/// JavaScript's `+`: numbers are added, anything else is joined as text; what is not set is empty.
pub(super) fn add_up(terms: Rest<Value>) -> Result<Value, Error> {
    let mut terms = terms.0.into_iter();
    let mut sum = terms.next().unwrap_or(Value::UNDEFINED);
    for term in terms {
        let is_number = |value: &Value| matches!(value.kind(), ValueKind::Number | ValueKind::Bool | ValueKind::None);
        sum = if is_number(&sum) && is_number(&term) {
            match (sum.as_i64(), term.as_i64()) {
                (Some(a), Some(b)) if a.checked_add(b).is_some() => Value::from(a + b),
                _ => Value::from(number(&sum) + number(&term)),
            }
        } else {
            let (a, b) = (values::text(&sum), values::text(&term));
            bounded(a.len() + b.len())?;
            Value::from(a + &b)
        };
    }
    Ok(sum)
}

fn number(value: &Value) -> f64 {
    match value.kind() {
        ValueKind::None => 0.0,
        ValueKind::Bool => f64::from(u8::from(value.is_true())),
        _ => f64::try_from(value.clone()).unwrap_or(f64::NAN),
    }
}

/// The error of a filter that got something it cannot work on.
pub(super) fn refused(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, why.into())
}

/// What a loop with several variables goes over: the pairs of a map, the items of a list.
fn pairs(value: Value) -> Result<Value, Error> {
    if value.kind() != ValueKind::Map {
        return Ok(each(value));
    }
    let mut pairs = Vec::new();
    for key in value.try_iter()?.checked() {
        let key = key?;
        pairs.push(Value::from(vec![key.clone(), value.get_item(&key)?]));
    }
    Ok(Value::from(pairs))
}

/// What a loop goes over; JavaScript's `null` and `undefined` hold nothing.
fn each(value: Value) -> Value {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None | ValueKind::Bool | ValueKind::Number => {
            Value::from(Vec::<Value>::new())
        }
        _ => value,
    }
}

/// `JSON.stringify`.
fn dump(value: Value, spaces: Option<usize>, _options: Kwargs) -> Result<String, Error> {
    let Some(json) = values::to_json(&value)? else { return Ok(String::new()) };
    let Some(spaces) = spaces.filter(|&spaces| spaces > 0) else { return Ok(json.to_string()) };
    let indent = " ".repeat(spaces.min(10));
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    serde::Serialize::serialize(&json, &mut serializer).map_err(|error| refused(error.to_string()))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

pub(super) fn length(value: &Value) -> usize {
    match value.as_str() {
        Some(text) => text.encode_utf16().count(),
        None => value.len().unwrap_or_default(),
    }
}

/// Replaces every occurrence, as Nunjucks does, or the first `most`.
fn replace(value: Value, from: Value, to: Value, most: Option<usize>) -> Result<String, Error> {
    let text = values::text(&value);
    let to = values::text(&to);
    if let Some(regex) = from.downcast_object_ref::<Regex>() {
        return regex.replace(&text, &to);
    }
    replaced(&text, &values::text(&from), &to, most.unwrap_or(usize::MAX))
}

/// `text` with up to `most` occurrences of `from` replaced, if that stays within bounds.
pub(super) fn replaced(text: &str, from: &str, to: &str, most: usize) -> Result<String, Error> {
    let count = text.matches(from).take(most).count();
    bounded(text.len().saturating_add(count.saturating_mul(to.len())))?;
    Ok(text.replacen(from, to, most))
}

/// Refuses to make a text of `length` if that is absurd.
pub(super) fn bounded(length: usize) -> Result<(), Error> {
    if length > LONGEST { Err(Error::from(ErrorKind::OutOfFuel)) } else { Ok(()) }
}

fn join(value: Value, between: Option<Value>, attribute: Option<String>) -> Result<String, Error> {
    let between = between.map(|between| values::text(&between)).unwrap_or_default();
    let mut out = String::new();
    for (at, item) in each(value).try_iter()?.checked().enumerate() {
        let item = match &attribute {
            Some(attribute) => item?.get_attr(attribute)?,
            None => item?,
        };
        if at > 0 {
            out.push_str(&between);
        }
        out.push_str(&values::text(&item));
        bounded(out.len())?;
    }
    Ok(out)
}

fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters.as_str().to_lowercase().chars()).collect()
    })
}

fn title(text: &str) -> String {
    text.split(' ').map(capitalize).collect::<Vec<_>>().join(" ")
}

fn center(value: Value, width: Option<usize>) -> Result<String, Error> {
    let text = values::text(&value);
    let width = width.unwrap_or(80);
    bounded(width)?;
    let missing = width.saturating_sub(text.chars().count());
    Ok(format!("{}{text}{}", " ".repeat(missing / 2), " ".repeat(missing - missing / 2)))
}

fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let Some(end) = rest[start..].find('>') else { break };
        out.push_str(&rest[..start]);
        rest = &rest[start + end + 1..];
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn truncate(value: Value, length: Option<usize>, cut_words: Option<bool>, end: Option<String>) -> String {
    let text = values::text(&value);
    let length = length.unwrap_or(255);
    let Some((at, next)) = text.char_indices().nth(length) else { return text };
    let mut kept = &text[..at];
    if !cut_words.unwrap_or(false) {
        kept = text[..at + next.len_utf8()].rfind(' ').map_or(kept, |space| &text[..space]);
    }
    format!("{kept}{}", end.as_deref().unwrap_or("..."))
}

/// `host?owner=o&repo=r` in its parts.
fn parse_repo_url(value: &Value) -> Result<Value, Error> {
    let text = values::text(value);
    let parts = RepoUrl::parse(&text).map_err(|why| refused(why.to_string()))?;
    Ok(values::from_json(&parts.to_json()))
}

fn project_slug(value: Value) -> Result<String, Error> {
    let text = values::text(&value);
    let parts = RepoUrl::parse(&text).map_err(|why| refused(why.to_string()))?;
    Ok(format!("{}/{}", parts.owner.unwrap_or_default(), parts.repo))
}

fn parse_entity_ref(value: Value, defaults: Option<Value>, _rest: Rest<Value>) -> Result<Value, Error> {
    let default = |key: &str| {
        let defaults = defaults.as_ref()?;
        let value = defaults.get_attr(key).ok()?;
        value.as_str().map(str::to_owned)
    };
    let text = values::text(&value);
    let (kind, rest) = match (text.find(':'), text.find('/')) {
        (Some(colon), slash) if slash.is_none_or(|slash| colon < slash) => {
            (Some(text[..colon].to_owned()), &text[colon + 1..])
        }
        _ => (default("defaultKind"), text.as_str()),
    };
    let (namespace, name) = match rest.split_once('/') {
        Some((namespace, name)) => (namespace.to_owned(), name),
        None => (default("defaultNamespace").unwrap_or_else(|| "default".to_owned()), rest),
    };
    let kind = kind.filter(|kind| !kind.is_empty()).ok_or_else(|| {
        refused(format!("the entity reference `{text}` names no kind; write `kind:{text}`, or give `defaultKind`"))
    })?;
    if name.is_empty() || namespace.is_empty() {
        return Err(refused(format!("the entity reference `{text}` has an empty part; write `kind:namespace/name`")));
    }
    Ok(values::from_json(&json!({"kind": kind, "namespace": namespace, "name": name})))
}

fn pick(value: Value, key: String) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(Value::UNDEFINED),
        _ => value.get_attr(&key),
    }
}
