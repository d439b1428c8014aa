//! `$text`, `$json`, `$yaml`, `$openapi` and `$asyncapi`: a field whose value stands in another file.

use std::sync::Arc;

use domain::catalog::{FieldPath, Step};
use serde_json::Value;
use url::Url;

use super::{
    bundle::{Spot, bundle},
    gather::Limits,
    outside::Outside,
};
use crate::catalog::{ports::OpenSource, yaml};

const KEYS: &[&str] = &["$text", "$json", "$yaml", "$openapi", "$asyncapi"];

/// How large a text may be: definitions of APIs are larger than what people write by hand.
const TEXT: u64 = definitions::LARGEST as u64;

/// How many fields of one document may stand in other files.
const MOST: usize = 200;

/// How large a file may be that a placeholder names.
pub(super) fn most(limits: &yaml::Limits) -> u64 {
    limits.bytes.max(TEXT)
}

/// What became of a document's placeholders.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) problems: Vec<(FieldPath, String)>,
    pub(super) is_broken: bool,
    pub(super) bytes: u64,
}

/// Puts in place what the placeholders of the document at `path` name. What they bring is taken as it is: placeholders in
/// it stay as they are written.
pub(super) async fn resolve(
    outside: &mut Outside<'_>,
    source: &Arc<dyn OpenSource>,
    path: &str,
    document: &mut Value,
    limits: &Limits,
) -> Resolved {
    let mut found = Vec::new();
    collect(document, &FieldPath::default(), &mut found);
    let mut resolved = Resolved::default();
    let from = Spot { source: source.clone(), path: path.to_owned() };
    for (number, (field, key, target)) in found.into_iter().enumerate() {
        let content = if number >= MOST {
            Err(format!("a document may take at most {MOST} fields from other files"))
        } else if resolved.bytes > limits.file.text as u64 {
            Err("the files that the document names are too large together".to_owned())
        } else {
            fetch(outside, &from, (&key, &target), limits, &mut resolved.bytes).await
        };
        match content {
            Ok(content) => {
                if let Some(place) = find_mut(document, &field) {
                    *place = content;
                }
            }
            Err(problem) => {
                resolved.is_broken = true;
                resolved.problems.push((field.key(&key), problem));
            }
        }
    }
    resolved
}

/// Writes out the addresses that placeholders name from `address`, where the document is to stand.
pub(in crate::catalog) fn with_whole_addresses(document: &mut Value, address: &Url) {
    let mut found = Vec::new();
    collect(document, &FieldPath::default(), &mut found);
    for (field, key, target) in found.into_iter().take(MOST) {
        let whole = target.as_str().and_then(|target| address.join(target).ok());
        if let (Some(whole), Some(place)) = (whole, find_mut(document, &field.key(&key))) {
            *place = whole.as_str().into();
        }
    }
}

/// Whether any field of a document stands in another file.
pub(super) fn are_in(value: &Value) -> bool {
    match value {
        Value::Object(fields) if fields.keys().any(|key| key.starts_with('$')) => {
            fields.len() == 1 && fields.keys().all(|key| KEYS.contains(&key.as_str()))
        }
        Value::Object(fields) => fields.values().any(are_in),
        Value::Array(items) => items.iter().any(are_in),
        _ => false,
    }
}

fn collect(value: &Value, at: &FieldPath, found: &mut Vec<(FieldPath, String, Value)>) {
    match value {
        Value::Object(fields) => {
            // As upstream has it: what stands beside a `$` key is left alone, all the way down, so `$ref` survives.
            if fields.keys().any(|key| key.starts_with('$')) {
                if let (1, Some((key, target))) = (fields.len(), fields.iter().next())
                    && KEYS.contains(&key.as_str())
                {
                    found.push((at.clone(), key.clone(), target.clone()));
                }
                return;
            }
            for (key, value) in fields {
                collect(value, &at.key(key), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &at.index(index), found);
            }
        }
        _ => {}
    }
}

fn find_mut<'a>(document: &'a mut Value, field: &FieldPath) -> Option<&'a mut Value> {
    field.0.iter().try_fold(document, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(*index as usize),
    })
}

async fn fetch(
    outside: &mut Outside<'_>,
    from: &Spot,
    (key, target): (&str, &Value),
    limits: &Limits,
    bytes: &mut u64,
) -> Result<Value, String> {
    let Value::String(target) = target else {
        return Err(format!("`{key}` takes a text: the path or the address of a file"));
    };
    let spot = from.follow(outside, target).await.map_err(|problem| problem.to_string())?;
    let most = if matches!(key, "$json" | "$yaml") { limits.file.bytes } else { most(&limits.file) };
    let content = spot.source.read(&spot.path, most).await.map_err(|problem| problem.to_string())?;
    *bytes += content.len() as u64;
    let named = |problem: &dyn std::fmt::Display| format!("`{target}`: {problem}");
    let text = || {
        std::str::from_utf8(&content)
            .map_err(|error| named(&format!("not UTF-8 at byte {}; save it as UTF-8", error.valid_up_to())))
    };
    match key {
        "$text" => Ok(text()?.into()),
        "$openapi" | "$asyncapi" => {
            let whole = bundle(outside, &spot, text()?, &limits.file, bytes).await;
            Ok(whole.map_err(|problem| named(&problem))?.into())
        }
        "$json" => serde_json::from_slice(&content).map_err(|error| named(&format!("not JSON: {error}"))),
        _ => yaml::read_one(&content, &limits.file).map_err(|problem| named(&problem)),
    }
}
