//! An organisation's own kinds, with their schemas compiled: what a sync judges documents by.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use domain::{
    catalog::{EntityRef, FieldPath, OwnKind, OwnKinds, Violation},
    identity::{Caller, Permission, Target, Tenant},
};
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use sea_orm::{ConnectionTrait, prelude::Uuid};
use serde_json::Value;

use super::store;
use crate::{Result, Services, identity};

/// The longest schema of a kind, as JSON.
const LONGEST_SCHEMA: usize = 256 * 1024;

/// How many problems of one document with its schema are told.
const TOLD: usize = 50;

/// How many compiled schemas are kept.
const KEPT: usize = 500;

/// Each schema is compiled once; it follows from its text alone, so everything in the process may share it.
static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The kinds that are declared outside of the files that a walk reads.
#[derive(Debug, Clone, Default)]
pub(in crate::catalog) struct Given {
    /// By other sources; what the walk itself declares of that name is a second claim and does not count.
    pub(in crate::catalog) theirs: OwnKinds,
    /// What declares each of those, by the kind's name in lower case.
    pub(in crate::catalog) declarers: HashMap<String, EntityRef>,
    /// By the same source the last time, or by orphans; they count where the walk does not declare them.
    pub(in crate::catalog) until_declared: OwnKinds,
}

/// Every own kind of the tenant.
pub async fn own_kinds(services: &Services, caller: &Caller) -> Result<OwnKinds> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    all(&services.db, &caller.tenant).await
}

/// Every own kind that stands in the catalog.
pub(in crate::catalog) async fn all(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<OwnKinds> {
    Ok(standing(db, tenant).await?.into_iter().filter_map(|(_, document, _)| OwnKind::read(&document).ok()).collect())
}

/// The kinds that a walk of the source `own` finds declared already.
pub(in crate::catalog) async fn given(db: &impl ConnectionTrait, tenant: &Tenant, own: Option<Uuid>) -> Result<Given> {
    let mut given = Given::default();
    for (source, document, orphaned_at) in standing(db, tenant).await? {
        if let Ok(kind) = OwnKind::read(&document) {
            if Some(source) == own || orphaned_at.is_some() {
                given.until_declared.insert(kind);
                continue;
            }
            if let Some(declarer) = EntityRef::of(&document) {
                given.declarers.insert(kind.name.to_lowercase(), declarer);
            }
            given.theirs.insert(kind);
        }
    }
    Ok(given)
}

/// The documents of all own kinds, those last that come before others of the same name: what is declared, else what was lately. An
/// orphan rules until it leaves, so that moving a kind to another place takes nothing from what is of it.
async fn standing(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Vec<(Uuid, Value, Option<DateTime<Utc>>)>> {
    let mut kinds = store::kinds(db, tenant).await?;
    kinds.sort_by_key(|(_, _, orphaned_at)| (orphaned_at.is_none(), *orphaned_at));
    Ok(kinds)
}

/// Reads a document of kind `EntityKind`, with its schema.
pub(in crate::catalog) fn read(document: &Value) -> std::result::Result<OwnKind, Vec<Violation>> {
    let kind = OwnKind::read(document)?;
    if let Some(schema) = &kind.schema {
        compiled(schema).map_err(|violation| vec![violation])?;
    }
    Ok(kind)
}

/// What is wrong with the `spec` of a document of this kind.
pub(in crate::catalog) fn judge(kind: &OwnKind, document: &Value) -> Vec<Violation> {
    let Some(schema) = &kind.schema else { return Vec::new() };
    let validator = match compiled(schema) {
        Ok(validator) => validator,
        Err(violation) => return vec![Violation { field: FieldPath::of("kind"), message: violation.message }],
    };
    let nothing = Value::Object(serde_json::Map::new());
    let spec = document.get("spec").filter(|spec| !spec.is_null()).unwrap_or(&nothing);
    let mut found = Vec::new();
    for error in validator.iter_errors(spec) {
        explain(&error, spec, &mut found);
        if found.len() >= TOLD {
            found.truncate(TOLD);
            break;
        }
    }
    found
}

fn compiled(schema: &Value) -> std::result::Result<Arc<Validator>, Violation> {
    let at = FieldPath::of("spec.schema");
    let text = schema.to_string();
    if text.len() > LONGEST_SCHEMA {
        let message = format!("is longer than {} KiB; write it shorter", LONGEST_SCHEMA / 1024);
        return Err(Violation { field: at, message });
    }
    let kept = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(validator) = kept().get(&text) {
        return Ok(validator.clone());
    }
    // Nothing is fetched: a schema stands whole in its document. Patterns run in linear time.
    let built = jsonschema::options()
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .should_validate_formats(true)
        .offline()
        .build(schema);
    let validator = Arc::new(built.map_err(|error| {
        let place = FieldPath::of_pointer(error.instance_path().as_str(), schema);
        Violation { field: at.join(&place), message: format!("is not a JSON Schema: {error}") }
    })?);
    let mut kept = kept();
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(text, validator.clone());
    Ok(validator)
}

/// An error of the validator in words, at the field that it is about.
fn explain(error: &ValidationError<'_>, spec: &Value, found: &mut Vec<Violation>) {
    let field = FieldPath::of("spec").join(&FieldPath::of_pointer(error.instance_path().as_str(), spec));
    let mut say = |field: FieldPath, message: String| found.push(Violation { field, message });
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            say(field.key(name), "is missing; the kind asks for it".to_owned());
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                say(field.key(name), "is not a field of this kind; remove it, or correct its name".to_owned());
            }
        }
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            say(field, "fits none of the alternatives that the kind has; see its schema".to_owned());
        }
        ValidationErrorKind::Pattern { pattern } => say(field, format!("must match the pattern `{pattern}`")),
        ValidationErrorKind::Constant { expected_value } => say(field, format!("must be {expected_value}")),
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().into_iter().flatten().map(|option| match option {
                Value::String(text) => format!("`{text}`"),
                other => format!("`{other}`"),
            });
            say(field, format!("must be one of {}", options.collect::<Vec<_>>().join(", ")));
        }
        _ => {
            let mut message = error.to_string();
            // A long value in the message would hide what is wrong with it.
            if message.len() > 300 {
                let cut = (0..=300).rev().find(|&at| message.is_char_boundary(at)).unwrap_or(0);
                message.truncate(cut);
                message.push('…');
            }
            say(field, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(schema: Value) -> std::result::Result<OwnKind, Vec<Violation>> {
        read(&json!({"spec": {"names": {"kind": "Vessel"}, "schema": schema}}))
    }

    fn told(violations: &[Violation]) -> String {
        violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_document_is_judged_by_the_schema_of_its_kind() {
        let kind = kind(json!({
            "type": "object", "required": ["homePort", "class"], "additionalProperties": false,
            "properties": {
                "homePort": {"type": "string"}, "class": {"enum": ["ferry", "tug"]}, "length": {"type": "number", "minimum": 1},
                "decks": {"type": "array", "items": {"type": "string", "pattern": "^[A-Z]$"}},
            },
        }))
        .unwrap();
        assert_eq!(judge(&kind, &json!({"spec": {"homePort": "a", "class": "tug", "decks": ["A"]}})), []);
        let wrong = json!({"spec": {"class": "raft", "length": 0, "decks": ["A", "b"], "sails": 3}});
        insta::assert_snapshot!(told(&judge(&kind, &wrong)));
        insta::assert_snapshot!(told(&judge(&kind, &json!({}))));
    }

    #[test]
    fn a_broken_schema_is_told_at_its_place_and_nothing_is_fetched() {
        let broken = kind(json!({"properties": {"a": {"type": "nonsense"}}})).unwrap_err();
        assert!(told(&broken).starts_with("spec.schema.properties.a.type: is not a JSON Schema"), "{}", told(&broken));
        let far = kind(json!({"$ref": "https://schemas.example/vessel.json"})).unwrap_err();
        assert!(told(&far).starts_with("spec.schema"), "{}", told(&far));
        let pattern = kind(json!({"properties": {"a": {"pattern": "("}}})).unwrap_err();
        assert!(told(&pattern).starts_with("spec.schema.properties.a.pattern"), "{}", told(&pattern));
        let long = kind(json!({"description": "x".repeat(LONGEST_SCHEMA)})).unwrap_err();
        assert_eq!(told(&long), "spec.schema: is longer than 256 KiB; write it shorter");
    }
}
