//! What the last sync made of each file, so that a file which is the same is neither parsed nor judged nor compared again.
//!
//! A file is the same if its content is, where it stands, what its placeholders bring, the kinds that its documents waited
//! for, and the program that judged it; and if all that it declared still stands in the catalog. Files that lead on to
//! others, declare kinds, dispute a name or were rejected are looked at every time; of these no more is remembered than the addresses
//! that they name.

use std::{collections::HashMap, sync::Arc};

use domain::{
    catalog::{EntityRef, FileProblem, Outcome, OwnKinds},
    identity::Tenant,
};
use sea_orm::{ConnectionTrait, prelude::Uuid};
use serde::{Deserialize, Serialize};

use super::{claim::Claims, gather::Note};
use crate::{
    Result,
    catalog::{
        ports::{OpenSource, Place},
        store::{self, FileRow},
    },
    program,
};

/// What is remembered of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::catalog) struct Print {
    /// Names its content, its place, and how it was judged; nothing for a file that is looked at every time.
    pub(super) digest: String,
    /// How much was read for it.
    pub(super) bytes: u64,
    /// How many entities stand in the catalog because of it.
    pub(super) standing: u64,
    /// The files that its placeholders name, each with its content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) beside: Vec<(String, String)>,
    /// Addresses elsewhere that its Locations and placeholders name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) away: Vec<String>,
    /// Names the kinds by which its documents were judged, should any have waited for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kinds: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<Remark>,
}

impl Print {
    pub(super) fn new(digest: String) -> Self {
        Self { digest, bytes: 0, standing: 0, beside: Vec::new(), away: Vec::new(), kinds: None, notes: Vec::new() }
    }
}

/// Has the file looked at every time, and the addresses remembered that it names.
pub(super) fn note(print: &mut Option<Print>, away: Vec<String>) {
    print.get_or_insert_with(|| Print::new(String::new())).away.extend(away);
    forget(print);
}

/// Has the file looked at every time, and remembers no more of it than the addresses that it names.
pub(super) fn forget(print: &mut Option<Print>) {
    let away = print.take().map(|print| print.away).unwrap_or_default();
    *print = (!away.is_empty()).then(|| Print { away, ..Print::new(String::new()) });
}

/// A [`Note`] of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remark {
    place: Option<usize>,
    reference: Option<EntityRef>,
    owner: Option<EntityRef>,
    problem: FileProblem,
}

impl Remark {
    fn of(note: &Note) -> Self {
        let Note { place, reference, owner, problem, .. } = note.clone();
        Self { place, reference, owner, problem }
    }

    /// The note, of the file numbered so.
    pub(super) fn note(&self, file: usize) -> Note {
        let Self { place, reference, owner, problem } = self.clone();
        Note { file, place, reference, owner, problem }
    }
}

/// A file of the last sync that may be taken as it was.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) row: Arc<FileRow>,
    pub(super) print: Print,
}

/// What is remembered of a source.
#[derive(Debug, Clone, Default)]
pub(in crate::catalog) struct Recall {
    known: HashMap<String, Arc<Known>>,
}

impl Recall {
    /// What `files` and the entities that stand tell.
    pub(super) async fn of(
        db: &impl ConnectionTrait,
        tenant: &Tenant,
        id: Uuid,
        files: &[Arc<FileRow>],
    ) -> Result<Self> {
        let prints = files.iter().filter_map(|row| Some((row, serde_json::from_str(row.judged.as_ref()?).ok()?)));
        let known: Vec<(&Arc<FileRow>, Print)> = prints.collect();
        if known.is_empty() {
            return Ok(Self::default());
        }
        let standing = store::standing(db, tenant, id).await?;
        let still = known.into_iter().filter(|(row, print)| print.standing == count(&standing, &row.file.path));
        let known = still.map(|(row, print)| (row.file.path.clone(), Arc::new(Known { row: row.clone(), print })));
        Ok(Self { known: known.collect() })
    }

    /// Without the files whose documents waited for kinds.
    pub(super) fn without_kinds(&self) -> Self {
        let known = self.known.iter().filter(|(_, known)| known.print.kinds.is_none());
        Self { known: known.map(|(path, known)| (path.clone(), known.clone())).collect() }
    }

    /// What is remembered of the file at `path`, if it was judged by those kinds or needed none.
    pub(super) fn get(&self, path: &str, kinds: &str) -> Option<Arc<Known>> {
        let known = self.known.get(path)?;
        known.print.kinds.as_deref().is_none_or(|by| by == kinds).then(|| known.clone())
    }
}

/// How many entities stand because of a file.
pub(super) fn count(standing: &HashMap<String, (u64, u64)>, path: &str) -> u64 {
    standing.get(path).map_or(0, |(standing, _)| *standing)
}

/// How many entities stood because of a file that is remembered.
pub(super) fn standing(row: &FileRow) -> Option<u64> {
    #[derive(Deserialize)]
    struct Standing {
        standing: u64,
    }
    Some(serde_json::from_str::<Standing>(row.judged.as_ref()?).ok()?.standing)
}

/// The addresses elsewhere that a file's Locations and placeholders named.
pub(super) fn away(row: &FileRow) -> Vec<String> {
    #[derive(Deserialize)]
    struct Away {
        #[serde(default)]
        away: Vec<String>,
    }
    // Most files name none, and need not be read for that.
    let judged = row.judged.as_deref().filter(|judged| judged.contains("\"away\""));
    judged.and_then(|judged| serde_json::from_str::<Away>(judged).ok()).map(|named| named.away).unwrap_or_default()
}

impl Known {
    /// Whether what the file's placeholders named is the same.
    pub(super) async fn is_same_beside(&self, source: &dyn OpenSource, most: u64) -> bool {
        for (path, before) in &self.print.beside {
            if content(source, path, most).await.as_ref() != Some(before) {
                return false;
            }
        }
        true
    }
}

/// Names what stands in a file.
pub(super) async fn content(source: &dyn OpenSource, path: &str, most: u64) -> Option<String> {
    match source.fingerprint(path) {
        Some(name) => Some(name),
        None => Some(content_of(&source.read(path, most).await.ok()?)),
    }
}

/// Names these bytes.
pub(super) fn content_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..40].to_owned()
}

/// Names a content at a place, judged by this program.
pub(super) fn digest(content: &str, place: &Place, origin: &str, is_guessed: bool) -> String {
    let Place { kind, target, view, edit, folder } = place;
    let all = (program::name(), content, (kind, target, view, edit, folder), origin, is_guessed);
    content_of(serde_json::to_string(&all).unwrap_or_default().as_bytes())
}

/// Names a set of kinds.
pub(super) fn kinds(kinds: &OwnKinds) -> String {
    let mut all: Vec<String> = kinds.iter().map(|kind| serde_json::to_string(&**kind).unwrap_or_default()).collect();
    all.sort_unstable();
    content_of(all.concat().as_bytes())
}

/// What is to be remembered of each file, in step with those of the walk: nothing of one that must be looked at again.
pub(super) fn remember(prints: Vec<Option<Print>>, notes: &[Note], claims: &Claims) -> Vec<Option<String>> {
    let mut remarks: HashMap<usize, Vec<Remark>> = HashMap::new();
    for note in notes {
        remarks.entry(note.file).or_default().push(Remark::of(note));
    }
    let judged = prints.into_iter().zip(&claims.files).enumerate().map(|(number, (print, file))| {
        let mut print = print;
        if file.outcome == Outcome::Rejected || claims.disputed.contains(&file.path) {
            forget(&mut print);
        }
        let print = print?;
        let standing = claims.by_file.get(&file.path).copied().unwrap_or_default();
        let print = Print { standing, notes: remarks.remove(&number).unwrap_or_default(), ..print };
        serde_json::to_string(&print).ok()
    });
    judged.collect()
}

/// What is to be remembered of each file where not all was read: the addresses that it names.
pub(super) fn remember_away(prints: Vec<Option<Print>>) -> Vec<Option<String>> {
    let addresses = prints.into_iter().map(|mut print| {
        forget(&mut print);
        serde_json::to_string(&print?).ok()
    });
    addresses.collect()
}

/// Goes on remembering the files that were not asked for.
pub(super) fn carry(judged: &mut [Option<String>], claims: &Claims, old: &[Arc<FileRow>]) {
    let known: HashMap<&str, &Arc<FileRow>> = old.iter().map(|row| (row.file.path.as_str(), row)).collect();
    for (file, judged) in claims.files.iter().zip(judged).filter(|(file, _)| claims.carried.contains(&file.path)) {
        *judged = known.get(file.path.as_str()).and_then(|row| row.judged.clone());
    }
}

/// Whether this program knows its own name; to be asked on a thread that may block, since it reads itself for that.
pub(super) fn prepare() -> bool {
    !program::name().is_empty()
}
