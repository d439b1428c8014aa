//! `$text`, `$json` and `$yaml`: a field whose value stands in another file.

use std::sync::Arc;

use domain::catalog::{FieldPath, Step};
use serde_json::Value;

use super::{gather::Limits, outside::Outside};
use crate::catalog::{
    ports::{Begin, OpenSource, ReadProblem},
    yaml,
};

/// `$openapi` and `$asyncapi` are widespread; upstream they also write out references within the definition.
const KEYS: &[&str] = &["$text", "$json", "$yaml", "$openapi", "$asyncapi"];

/// How large a text may be: definitions of APIs are larger than what people write by hand.
const TEXT: u64 = definitions::LARGEST as u64;

/// How many fields of one document may stand in other files.
const MOST: usize = 200;

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
    for (number, (field, key, target)) in found.into_iter().enumerate() {
        let content = if number >= MOST {
            Err(format!("a document may take at most {MOST} fields from other files"))
        } else if resolved.bytes > limits.file.text as u64 {
            Err("the files that the document names are too large together".to_owned())
        } else {
            fetch(outside, source, path, (&key, &target), limits, &mut resolved.bytes).await
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

fn collect(value: &Value, at: &FieldPath, found: &mut Vec<(FieldPath, String, String)>) {
    match value {
        Value::Object(fields) => {
            if let (1, Some((key, Value::String(target)))) = (fields.len(), fields.iter().next())
                && KEYS.contains(&key.as_str())
            {
                found.push((at.clone(), key.clone(), target.clone()));
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
    source: &Arc<dyn OpenSource>,
    path: &str,
    (key, target): (&str, &str),
    limits: &Limits,
    bytes: &mut u64,
) -> Result<Value, String> {
    let most = if matches!(key, "$json" | "$yaml") { limits.file.bytes } else { limits.file.bytes.max(TEXT) };
    let content = if target.contains("://") {
        // Only the outside world has addresses: a document from there must not make the server read its own disk.
        let other = outside.open(target).await.map_err(|problem| problem.to_string())?;
        let Begin::Named(paths) = other.begin() else { return Err(format!("`{target}` is not one file")) };
        let path = paths.first().ok_or_else(|| format!("`{target}` is not a file"))?;
        other.read(path, most).await
    } else {
        match source.resolve(path, target) {
            Ok(other) => source.read(&other, most).await,
            Err(problem) => Err(problem),
        }
    };
    let content = content.map_err(|problem: ReadProblem| problem.to_string())?;
    *bytes += content.len() as u64;
    let named = |problem: &dyn std::fmt::Display| format!("`{target}`: {problem}");
    match key {
        "$text" | "$openapi" | "$asyncapi" => match std::str::from_utf8(&content) {
            Ok(text) => Ok(Value::String(text.to_owned())),
            Err(error) => Err(named(&format!("not UTF-8 at byte {}; save it as UTF-8", error.valid_up_to()))),
        },
        "$json" => serde_json::from_slice(&content).map_err(|error| named(&format!("not JSON: {error}"))),
        _ => yaml::read_one(&content, &limits.file).map_err(|problem| named(&problem)),
    }
}
