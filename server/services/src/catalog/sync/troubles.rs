//! Whose problem it is.

use std::collections::{HashMap, HashSet};

use domain::{
    catalog::{EntityRef, OwnKinds, SourceFile, Trouble},
    identity::{Caller, Tenant},
};
use sea_orm::prelude::Uuid;

use super::gather::{Found, Note};
use crate::{
    Result,
    catalog::store::{self, Documents},
    changes::Transaction,
};

/// How many of a source's entities are asked whose they are, for a file that says nothing.
const ASKED: usize = 500;

/// Whom an entity belongs to by its own declaration.
pub(super) fn owner_of(found: &Found, kinds: &OwnKinds) -> Option<EntityRef> {
    let owned = found.declared(kinds).relations.into_iter().find(|relation| relation.relation == "ownedBy");
    owned.map(|relation| relation.target)
}

/// Writes what should be mended, each with its owner: the document's own, else that of its last good version, else that of
/// the others in its file or its source, else nobody.
pub(super) async fn record(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
    notes: Vec<Note>,
    (files, documents, carried): (&[SourceFile], &[Documents], &HashSet<String>),
) -> Result<()> {
    let tenant = &caller.tenant;
    let owners = if notes.iter().all(|note| note.owner.is_some()) {
        Owners::default()
    } else {
        Owners::load(tx, tenant, id, &notes, files).await?
    };
    let mut troubles = Vec::with_capacity(notes.len());
    for note in notes {
        let Some(file) = files.get(note.file) else { continue };
        let last = note.place.and_then(|place| documents.get(note.file)?.get(place)?.clone());
        let reference = match (note.reference, last) {
            (Some(reference), _) => Some(reference),
            (None, Some(last)) => Some(store::parse(&last)?),
            (None, None) => None,
        };
        let owner = match note.owner {
            Some(owner) => Some(owner),
            None => owners.guess(reference.as_ref(), &file.path),
        };
        let trouble = Trouble { source: id, path: file.path.clone(), problem: note.problem, reference, owner };
        troubles.push((note.file, trouble));
    }
    if !carried.is_empty() {
        // What was not looked at is as much in need of someone as before.
        let numbers: HashMap<&str, usize> = files.iter().map(|file| file.path.as_str()).zip(0..).collect();
        let before = store::troubles_of(&**tx, tenant, id).await?.into_iter();
        let before = before.filter(|trouble| carried.contains(&trouble.path));
        troubles.extend(before.filter_map(|trouble| Some((*numbers.get(trouble.path.as_str())?, trouble))));
        troubles.sort_by_key(|(number, _)| *number);
    }
    let troubles = troubles.into_iter().map(|(_, trouble)| trouble).collect();
    // Files that need someone soonest first, as the trace shows them; within one, as it reads.
    store::replace_troubles(&**tx, tenant, id, troubles).await
}

/// Who owns what in a source.
#[derive(Default)]
struct Owners {
    by_entity: HashMap<String, EntityRef>,
    by_path: HashMap<String, EntityRef>,
    whole: Option<EntityRef>,
}

impl Owners {
    async fn load(tx: &Transaction, tenant: &Tenant, id: Uuid, notes: &[Note], files: &[SourceFile]) -> Result<Self> {
        let paths: HashSet<&str> = notes
            .iter()
            .filter(|note| note.owner.is_none())
            .filter_map(|note| Some(files.get(note.file)?.path.as_str()))
            .collect();
        let known = store::known_of(&**tx, tenant, id).await?;
        let mut names: Vec<(&String, &str)> = known.iter().map(|(key, known)| (key, known.path.as_str())).collect();
        names.sort_unstable();
        let beside = names.iter().filter(|(_, path)| paths.contains(path)).take(ASKED * 10);
        let asked: HashSet<String> = beside.chain(names.iter().take(ASKED)).map(|(key, _)| (*key).clone()).collect();
        let asked: Vec<String> = asked.into_iter().collect();
        let mut owners = Self::default();
        let mut counts: HashMap<(Option<&str>, String), usize> = HashMap::new();
        for row in store::relations_from(&**tx, tenant, &asked).await? {
            let Some(known) = known.get(&row.source_ref).filter(|_| row.kind == "ownedBy") else { continue };
            *counts.entry((Some(known.path.as_str()), row.target_ref.clone())).or_default() += 1;
            *counts.entry((None, row.target_ref.clone())).or_default() += 1;
            owners.by_entity.insert(row.source_ref, store::parse(&row.target_ref)?);
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        // The one that owns most of them, the first by name among equals.
        counts.sort_unstable_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        for ((path, owner), _) in counts {
            let owner = store::parse(&owner)?;
            match path {
                Some(path) => {
                    owners.by_path.entry(path.to_owned()).or_insert(owner);
                }
                None => {
                    owners.whole.get_or_insert(owner);
                }
            }
        }
        Ok(owners)
    }

    fn guess(&self, reference: Option<&EntityRef>, path: &str) -> Option<EntityRef> {
        reference
            .and_then(|reference| self.by_entity.get(&reference.to_string()))
            .or_else(|| self.by_path.get(path))
            .or(self.whole.as_ref())
            .cloned()
    }
}
