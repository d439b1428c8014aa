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
    catalog::{
        ports::{MEMBERS, TEAMS},
        store::{self, Documents, FileRow, Known},
    },
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

/// Names that old things have now.
#[derive(Default)]
pub(super) struct Renames {
    /// New ones, each with the old one.
    pub(super) names: HashMap<String, String>,
    /// Those among the new ones of which others have let go, who have left.
    pub(super) vacant: Vec<String>,
}

/// The names in `plan` that are those of old things.
pub(super) async fn find(
    tx: &Transaction,
    tenant: &Tenant,
    files: &[SourceFile],
    documents: &[Documents],
    old: &[Arc<FileRow>],
    plan: &Plan,
    names: &Names<'_>,
) -> Result<Renames> {
    let mut found = numbered(files, documents, old, plan, names);
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
            found.names.insert(to.to_string(), from.to_string());
        }
    }
    Ok(found)
}

/// Teams and members of a forge under other names. Each stands in a file that bears their number, so that one is known again also
/// where another has taken the old name.
fn numbered(
    files: &[SourceFile],
    documents: &[Documents],
    old: &[Arc<FileRow>],
    plan: &Plan,
    names: &Names<'_>,
) -> Renames {
    let is_numbered = |path: &str| [TEAMS, MEMBERS].iter().any(|folder| path.starts_with(folder));
    let put: HashSet<String> = plan
        .put
        .iter()
        .map(|(put, _)| put)
        .filter(|put| is_numbered(&put.path))
        .map(|put| put.reference.to_string())
        .collect();
    if put.is_empty() {
        return Renames::default();
    }
    let old: HashMap<&str, &Documents> = old.iter().map(|row| (row.file.path.as_str(), &row.documents)).collect();
    let mut found = Renames::default();
    for (SourceFile { path, .. }, after) in files.iter().zip(documents).filter(|(file, _)| is_numbered(&file.path)) {
        if let (Some([Some(from)]), [Some(to)]) = (old.get(path.as_str()).map(|old| old.as_slice()), after.as_slice())
            && from != to
            && put.contains(to)
            && names.own.get(from).is_some_and(|known| known.path == *path)
        {
            found.names.insert(to.clone(), from.clone());
        }
    }
    let former: HashSet<&String> = found.names.values().collect();
    let is_vacant = |to: &&String| names.own.contains_key(*to) && !former.contains(to);
    found.vacant = found.names.keys().filter(is_vacant).cloned().collect();
    found
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
