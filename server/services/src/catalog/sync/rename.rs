//! Which new names are old things.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::{
    catalog::{Contents, EntityRef, SourceFile, renames},
    identity::Tenant,
};
use serde_json::Value;

use super::{gather::Found, record::Plan, stitch};
use crate::{
    Result,
    catalog::store::{self, Documents, FileRow, Known},
    changes::Transaction,
};

/// Names that are in the catalog.
pub(super) struct Names<'a> {
    /// Those of this source.
    pub(super) own: &'a HashMap<String, Known>,
    /// Those of other sources that this one declares too.
    pub(super) others: &'a HashMap<String, Known>,
}

/// What each file's documents are called. A document that is broken now keeps the name whose last good state stands, so
/// that it is known when the document is mended.
pub(super) fn documents(
    files: &[SourceFile],
    layouts: Vec<Documents>,
    old: &[Arc<FileRow>],
    stale: &HashSet<String>,
) -> Vec<Documents> {
    let old: HashMap<&str, &Documents> = old.iter().map(|row| (row.file.path.as_str(), &row.documents)).collect();
    let mut documents = layouts;
    for (file, documents) in files.iter().zip(&mut documents) {
        let Some(old) = old.get(file.path.as_str()) else { continue };
        // A file that cannot be read at all shows no documents.
        if documents.is_empty() && old.iter().flatten().any(|name| stale.contains(name)) {
            documents.clone_from(old);
            continue;
        }
        for (name, old) in documents.iter_mut().zip(old.iter()) {
            if name.is_none() {
                *name = old.clone().filter(|old| stale.contains(old));
            }
        }
    }
    documents
}

/// The new names in `plan` that are those of old things, each with the old name.
pub(super) async fn find(
    tx: &Transaction,
    tenant: &Tenant,
    files: &[SourceFile],
    documents: &[Documents],
    old: &[Arc<FileRow>],
    plan: &Plan,
    names: &Names<'_>,
) -> Result<HashMap<String, String>> {
    let mut found = HashMap::new();
    let gone: HashSet<&String> = plan.orphan.iter().collect();
    if gone.is_empty() || plan.put.is_empty() {
        return Ok(found);
    }
    let came: HashMap<(&str, usize), &Found> =
        plan.put.iter().map(|(put, _)| ((put.path.as_str(), put.place), put)).collect();
    let new: HashSet<String> = plan
        .put
        .iter()
        .map(|(put, _)| put.reference.to_string())
        .filter(|key| !names.own.contains_key(key) && !names.others.contains_key(key))
        .collect();
    let old: HashMap<&str, &Documents> = old.iter().map(|row| (row.file.path.as_str(), &row.documents)).collect();
    let moved: Vec<(&str, &Documents, &Documents)> = files
        .iter()
        .zip(documents)
        .filter_map(|(file, after)| Some((file.path.as_str(), *old.get(file.path.as_str())?, after)))
        .filter(|(_, before, after)| before.len() == after.len() && before != after)
        .collect();
    let asked: Vec<String> = moved
        .iter()
        .flat_map(|(_, before, _)| before.iter().flatten())
        .filter(|key| gone.contains(key))
        .cloned()
        .collect();
    let rows = store::rows(&**tx, tenant, &asked).await?;
    let went: HashMap<String, Value> =
        rows.into_iter().map(|row| (row.reference, stitch::declaration(row.document))).collect();
    for (path, before, after) in moved {
        let said = Said { path, before, went: &went, came: &came };
        let (is_gone, is_new) =
            (|name: &EntityRef| gone.contains(&name.to_string()), |name: &EntityRef| new.contains(&name.to_string()));
        for (from, to) in renames(&parsed(before)?, &parsed(after)?, is_gone, is_new, &said) {
            found.insert(to.to_string(), from.to_string());
        }
    }
    Ok(found)
}

fn parsed(documents: &Documents) -> Result<Vec<Option<EntityRef>>> {
    documents.iter().map(|name| name.as_deref().map(store::parse).transpose()).collect()
}

/// What the documents of one file said and say.
struct Said<'a> {
    path: &'a str,
    before: &'a Documents,
    went: &'a HashMap<String, Value>,
    came: &'a HashMap<(&'a str, usize), &'a Found>,
}

impl Contents for Said<'_> {
    fn before(&self, place: usize) -> Option<String> {
        nameless(self.went.get(self.before.get(place)?.as_ref()?)?.clone())
    }

    fn after(&self, place: usize) -> Option<String> {
        nameless(self.came.get(&(self.path, place))?.value())
    }
}

/// A document's text without what names it.
fn nameless(mut document: Value) -> Option<String> {
    let metadata = document.get_mut("metadata")?.as_object_mut()?;
    for field in ["name", "namespace", "title"] {
        metadata.shift_remove(field);
    }
    Some(document.to_string())
}
