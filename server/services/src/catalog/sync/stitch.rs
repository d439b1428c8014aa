//! The document as it is served: what its source declares, with its relations and with what is wrong about it.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::catalog::{Declared, EntityRef, OwnKinds, declared};
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use crate::catalog::rows::conflict;

/// All that the served document is made of.
pub(super) struct Parts<'a> {
    pub(super) reference: &'a EntityRef,
    pub(super) uid: Uuid,
    /// As declared.
    pub(super) document: Value,
    /// Type and target, whoever declares them.
    pub(super) relations: &'a BTreeSet<(String, String)>,
    /// References that name nothing in the catalog.
    pub(super) missing: &'a HashSet<String>,
    pub(super) conflicts: &'a [conflict::Model],
    /// What the sources in `conflicts` are.
    pub(super) targets: &'a HashMap<Uuid, String>,
    pub(super) is_orphaned: bool,
    /// Why what its file says now does not stand, if this is what it said before.
    pub(super) rejected: Option<&'a str>,
    pub(super) own: &'a OwnKinds,
}

/// A served document and its etag.
pub(super) fn stitch(parts: Parts<'_>) -> (Value, String) {
    let Parts { reference, uid, document, relations, missing, conflicts, targets, is_orphaned, rejected, own } = parts;
    let mut problems = problems(declared(reference, &document, own), missing, (conflicts, targets));
    if let Some(why) = rejected {
        problems.insert(0, item("error", "InputError", why.to_owned()));
    }
    let mut document = document;
    if is_orphaned && let Some(annotations) = annotations(&mut document) {
        annotations.insert("backstage.io/orphan".into(), "true".into());
    }
    if let Some(root) = document.as_object_mut() {
        let relations = relations.iter().map(|(kind, target)| json!({ "type": kind, "targetRef": target })).collect();
        root.insert("relations".into(), Value::Array(relations));
        if !problems.is_empty() {
            root.insert("status".into(), json!({ "items": problems }));
        }
    }
    let etag = hash(&document);
    if let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("uid".into(), json!(uid));
        metadata.insert("etag".into(), json!(etag));
    }
    (document, etag)
}

/// The document as its source declared it, taken back from the served one.
pub(super) fn declaration(mut document: Value) -> Value {
    if let Some(annotations) = annotations(&mut document) {
        annotations.shift_remove("backstage.io/orphan");
    }
    if let Some(root) = document.as_object_mut() {
        root.shift_remove("relations");
        root.shift_remove("status");
        if let Some(metadata) = root.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("uid");
            metadata.shift_remove("etag");
        }
    }
    document
}

/// Why what its file says now does not stand, as the served document tells it.
pub(super) fn rejection(served: &Value) -> Option<String> {
    let items = served.pointer("/status/items")?.as_array()?;
    let error = items.iter().find(|item| item.get("level").and_then(Value::as_str) == Some("error"))?;
    Some(error.get("message")?.as_str()?.to_owned())
}

/// Tells two documents apart.
pub(super) fn hash(document: &Value) -> String {
    blake3::hash(document.to_string().as_bytes()).to_hex()[..40].to_owned()
}

fn annotations(document: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    document.get_mut("metadata")?.get_mut("annotations")?.as_object_mut()
}

fn problems(
    declared: Declared,
    missing: &HashSet<String>,
    (conflicts, targets): (&[conflict::Model], &HashMap<Uuid, String>),
) -> Vec<Value> {
    let dangling = declared.relations.iter().filter(|relation| missing.contains(&relation.target.to_string()));
    let dangling = dangling.map(|relation| {
        let (field, target) = (&relation.field, &relation.target);
        item(
            "warning",
            "NotFoundError",
            format!("`{field}` names `{target}`, which is not in the catalog; register it, or correct the reference"),
        )
    });
    let unclear = declared.warnings.iter().map(|warning| item("warning", "InputError", warning.to_string()));
    let twice = conflicts.iter().map(|conflict| {
        let message = if conflict.source_id == conflict.owner_id {
            format!(
                "`{}` declares it again; the one in `{}` stands. Remove one of the two",
                conflict.path, conflict.owner_path
            )
        } else {
            let named = |source: &Uuid| targets.get(source).map(|target| format!(" of `{target}`")).unwrap_or_default();
            format!(
                "`{}`{} declares it again; the one in `{}`{} stands. Remove one of the two",
                conflict.path,
                named(&conflict.source_id),
                conflict.owner_path,
                named(&conflict.owner_id)
            )
        };
        item("warning", "ConflictError", message)
    });
    dangling.chain(unclear).chain(twice).collect()
}

fn item(level: &str, name: &str, message: String) -> Value {
    json!({
        "type": "backstage.io/catalog-processing",
        "level": level,
        "message": message,
        "error": { "name": name, "message": message },
    })
}
