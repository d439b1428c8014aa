//! Who owns which name.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    catalog::{FileProblem, Outcome, OwnKinds, Severity, SourceFile},
    identity::Caller,
};
use sea_orm::prelude::Uuid;

use super::{
    gather::{Found, Gathered, Note, Rest, TOLD},
    keep::Keep,
    part::Part,
    precedence::{self, Precedence, Taken},
    recall,
    record::Plan,
    rejected, rename,
};
use crate::{
    Result,
    catalog::{
        origin,
        rows::conflict,
        store::{self, Documents, FileRow, Known},
        waiting,
    },
    changes::Transaction,
};

/// What a source may do to the catalog.
pub(super) struct Claims {
    pub(super) plan: Plan,
    pub(super) files: Vec<SourceFile>,
    /// What each file's documents are called, in step with `files`.
    pub(super) documents: Vec<Documents>,
    /// What should be mended because a name is taken.
    pub(super) notes: Vec<Note>,
    /// How many entities the source owns.
    pub(super) standing: usize,
    /// How many stand because of each file.
    pub(super) by_file: HashMap<String, u64>,
    /// Files that claim what others have.
    pub(super) disputed: HashSet<String>,
    /// Files that were not looked at, and are told of as they were.
    pub(super) carried: HashSet<String>,
    /// Sources that wait for a name that has become free.
    pub(super) waiting: BTreeSet<waiting::Claim>,
    /// Who says anew whose a name is.
    pub(super) losers: HashSet<Uuid>,
    /// Whether what was not asked for may have to do with what changed, so that it is to be asked for now.
    pub(super) is_owed: bool,
    /// Names that change hands because this source is believed about people and who held them is not.
    pub(super) taken: Vec<Taken>,
}

/// Decides which of the names that a source declares are its own. The first claim stands, in this source and among all,
/// but of people and teams one that counts comes before one that does not.
/// Nothing is decided if what the files declare that are as they were no longer stands.
pub(super) async fn claim(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
    (gathered, told): (Gathered, &[Note]),
    old: &[Arc<FileRow>],
) -> Result<Option<Claims>> {
    let tenant = &caller.tenant;
    let Gathered { found, kinds, mut files, failed, unlisted, part, cut, layouts, same, .. } = gathered;
    let part = Part::new(part, &files, old);
    // What is as it was, or was not asked for, declares what it declared.
    let is_kept = |path: &str| same.contains(path) || part.is_outside(path);
    let found: Vec<(String, Found)> = found.into_iter().map(|found| (found.reference.to_string(), found)).collect();
    let there = store::standing(&**tx, tenant, id).await?;
    let as_they_were = old.iter().filter(|row| same.contains(&row.file.path)).map(|row| {
        let standing = recall::count(&there, &row.file.path);
        (recall::standing(row) == Some(standing)).then(|| (row.file.path.clone(), standing))
    });
    let Some(mut by_file) = as_they_were.collect::<Option<HashMap<String, u64>>>() else { return Ok(None) };
    let outside: u64 = there.iter().filter(|(path, _)| part.is_outside(path)).map(|(_, (standing, _))| standing).sum();
    // Of the files that are kept, only what others claim too is of interest.
    let others: Vec<String> = there.into_keys().filter(|path| !is_kept(path)).collect();
    let (own, others) = known(tx, id, &others, &found).await?;
    let is_partial = store::is_partial(&**tx, tenant, id).await?;
    let around = store::conflicts_around(&**tx, tenant, id).await?;
    let held = held_elsewhere(&found, &own, &is_kept);
    let precedence = Precedence::new(tx, tenant, id, (&found, &others)).await?;
    let rivals: Vec<String> = others.keys().cloned().collect();
    let places = origin::locations(&**tx, tenant, &rivals).await?;
    let mut conflicts = Conflicts::new(tenant.to_string(), (id, store::targets(&**tx, tenant).await?), &around);
    let mut plan = Plan::default();
    let mut claimed: HashMap<String, String> = HashMap::new();
    let mut taken = Vec::new();
    for (key, found) in found {
        let (other, before) = (others.get(&key), held.get(&key).filter(|path| **path != found.path));
        let stands = || precedence.stands(&key, &found.path, (own.get(&key), before, other));
        if let Some(owner) = claimed.get(&key).map(|path| (id, path.clone())).or_else(stands) {
            conflicts.disputed.insert(found.path.clone());
            let is_same = owner.0 != id && places.get(&key).is_some_and(|place| *place == found.location());
            let is_weaker = precedence.is_weaker(&key, (id, &found.path), (owner.0, &owner.1));
            conflicts.tell(key, found, (owner, is_same, is_weaker), (&mut files, &kinds));
            continue;
        }
        taken.extend(Taken::from(&key, &found.path, (id, before), other));
        claimed.insert(key.clone(), found.path.clone());
        *by_file.entry(found.path.clone()).or_default() += 1;
        let hash = found.hash();
        let is_same =
            |known: &Known| known.hash == hash && known.path == found.path && !known.is_orphaned && !is_partial;
        if !own.get(&key).is_some_and(is_same) {
            plan.put.push((found, hash));
        }
    }
    conflicts.tell_rests(&mut files);
    plan.kinds = kinds;
    let keep = Keep::new(&files, old, (failed, unlisted), cut);
    let is_undeclared =
        |(key, known): &(&String, &Known)| !claimed.contains_key(*key) && !known.is_orphaned && !is_kept(&known.path);
    let (stale, gone): (Vec<_>, Vec<_>) =
        own.iter().filter(is_undeclared).partition(|(_, known)| keep.stands(&known.path));
    let stale: HashSet<String> = stale.into_iter().map(|(key, _)| key.clone()).collect();
    plan.orphan.extend(gone.into_iter().map(|(key, _)| key.clone()));
    let standing = usize::try_from(by_file.values().sum::<u64>() + outside).unwrap_or(usize::MAX);
    let standing = standing.saturating_add(stale.len());
    // What could not be looked at is told as it was: it is not mended.
    let is_unseen = |path: &str| keep.is_unlisted(path) || part.is_outside(path);
    let carried: Vec<&Arc<FileRow>> = old.iter().filter(|row| is_unseen(&row.file.path)).collect();
    tell_rejected(&mut plan, (&own, &stale), &rejected::Rejected::new(&files, told), &rejected_before(old, &is_unseen));
    plan.orphan.sort();
    let mut documents = rename::documents(&files, layouts, old, &stale);
    let names = rename::Names { own: &own, others: &others };
    let rename::Renames { names, mut vacant } =
        rename::find(tx, tenant, &files, &documents, old, &plan, &names).await?;
    plan.renames = names;
    plan.remove.append(&mut vacant);
    let renamed: HashSet<&String> = plan.renames.values().collect();
    plan.orphan.retain(|key| !renamed.contains(key));

    let freed: HashSet<&String> = plan.orphan.iter().chain(renamed).collect();
    let is_waiting =
        |row: &&conflict::Model| row.owner_id == id && row.source_id != id && freed.contains(&row.reference);
    let waiting = around.iter().filter(is_waiting).map(waiting::claim).collect();
    // Whoever loses a name, or waited for it too, says whose it is now.
    let losers = precedence::losers(tx, tenant, id, &taken, is_kept).await?;
    let Conflicts { rows, notes, disputed, .. } = conflicts;
    let is_owed = settle(tx, (id, around), rows.into_values().collect(), is_unseen, &mut plan).await?;
    let carried = carry(carried, &mut files, &mut documents);
    Ok(Some(Claims {
        plan,
        files,
        documents,
        notes,
        standing,
        by_file,
        disputed,
        carried,
        waiting,
        losers,
        is_owed,
        taken,
    }))
}

/// Says of each entity whose file does not stand as it is now why that is, and of no other any longer.
fn tell_rejected(
    plan: &mut Plan,
    (own, stale): (&HashMap<String, Known>, &HashSet<String>),
    rejected: &rejected::Rejected<'_>,
    before: &HashSet<&str>,
) {
    for (key, known) in own {
        let why = stale.contains(key).then(|| rejected.why(key, &known.path)).flatten();
        if why.is_some() || before.contains(known.path.as_str()) {
            plan.touched.insert(key.clone());
            plan.rejected.insert(key.clone(), why);
        }
    }
}

/// What is in the catalog because of these files of a source, or by the names that were found: its own, and what others have.
async fn known(
    tx: &Transaction,
    id: Uuid,
    paths: &[String],
    found: &[(String, Found)],
) -> Result<(HashMap<String, Known>, HashMap<String, Known>)> {
    let mut own = store::known_in(&**tx, tx.tenant(), id, paths).await?;
    let asked: Vec<String> = found.iter().map(|(key, _)| key).filter(|key| !own.contains_key(*key)).cloned().collect();
    let mut others = HashMap::new();
    for (key, known) in store::known_as(&**tx, tx.tenant(), &asked).await? {
        if known.source == id {
            own.insert(key, known)
        } else {
            others.insert(key, known)
        };
    }
    Ok((own, others))
}

/// Writes down what is disputed, with what was not looked at and claims what it claimed; whether that, or what is of a kind that is
/// gone, is to be looked at now.
async fn settle(
    tx: &Transaction,
    (id, around): (Uuid, Vec<conflict::Model>),
    mut new: HashSet<conflict::Model>,
    is_unseen: impl Fn(&str) -> bool,
    plan: &mut Plan,
) -> Result<bool> {
    let old: HashSet<conflict::Model> = around.into_iter().filter(|row| row.source_id == id).collect();
    let unseen: Vec<&conflict::Model> = old.iter().filter(|row| is_unseen(&row.path)).collect();
    let freed: HashSet<&String> = plan.orphan.iter().chain(plan.renames.values()).collect();
    let is_owed = freed.iter().any(|key| key.starts_with("entitykind:"))
        || unseen.iter().any(|row| freed.contains(&row.reference));
    new.extend(unseen.into_iter().cloned());
    if old != new {
        plan.touched.extend(old.symmetric_difference(&new).map(|row| row.reference.clone()));
        store::replace_conflicts(&**tx, tx.tenant(), id, new.into_iter().collect()).await?;
    }
    Ok(is_owed)
}

/// Files that were rejected before and were looked at now.
fn rejected_before<'a>(old: &'a [Arc<FileRow>], is_unseen: &dyn Fn(&str) -> bool) -> HashSet<&'a str> {
    let rejected = old.iter().filter(|row| row.file.outcome == Outcome::Rejected);
    rejected.map(|row| row.file.path.as_str()).filter(|path| !is_unseen(path)).collect()
}

/// Tells of files as they were that were not looked at, and names them.
fn carry(rows: Vec<&Arc<FileRow>>, files: &mut Vec<SourceFile>, documents: &mut Vec<Documents>) -> HashSet<String> {
    let mut carried = HashSet::with_capacity(rows.len());
    for row in rows {
        carried.insert(row.file.path.clone());
        files.push(row.file.clone());
        documents.push(row.documents.clone());
    }
    carried
}

/// Names that a file of this source held before and still declares, though another file that comes first does so too.
/// A file that is kept declares what it declared.
fn held_elsewhere(
    found: &[(String, Found)],
    own: &HashMap<String, Known>,
    is_kept: &dyn Fn(&str) -> bool,
) -> HashMap<String, String> {
    let holder = |key: &String| own.get(key).filter(|known| !known.is_orphaned).map(|known| &known.path);
    let disputed: HashSet<&String> = found
        .iter()
        .filter(|(key, found)| holder(key).is_some_and(|path| *path != found.path))
        .map(|(key, _)| key)
        .collect();
    let declared = found
        .iter()
        .filter(|(key, found)| disputed.contains(key) && holder(key) == Some(&found.path))
        .map(|(key, found)| (key.clone(), found.path.clone()));
    let kept = disputed.iter().filter_map(|key| Some(((*key).clone(), holder(key)?.clone())));
    declared.chain(kept.filter(|(_, path)| is_kept(path))).collect()
}

/// Declarations that do not stand.
struct Conflicts<'a> {
    tenant: String,
    id: Uuid,
    /// Since when each file has claimed a name, whoever held it, and since when any of this source has.
    by_file: HashMap<(&'a str, &'a str), Option<DateTime<Utc>>>,
    by_name: HashMap<&'a str, Option<DateTime<Utc>>>,
    rows: HashMap<(String, String), conflict::Model>,
    disputed: HashSet<String>,
    notes: Vec<Note>,
    /// Declarations beyond what is told of a file.
    rests: HashMap<usize, Rest>,
    /// Names in files that another source reads too, by the file and that source.
    shared: BTreeMap<(usize, Uuid), usize>,
    /// What sources are, where another one holds a name.
    targets: HashMap<Uuid, String>,
    /// The numbers of files, once they are asked for.
    numbers: HashMap<String, usize>,
}

impl<'a> Conflicts<'a> {
    fn new(tenant: String, (id, targets): (Uuid, HashMap<Uuid, String>), around: &'a [conflict::Model]) -> Self {
        let (mut by_file, mut by_name) = (HashMap::new(), HashMap::new());
        for row in around.iter().filter(|row| row.source_id == id) {
            by_file.insert((row.reference.as_str(), row.path.as_str()), row.since);
            by_name
                .entry(row.reference.as_str())
                .and_modify(|since| *since = row.since.min(*since))
                .or_insert(row.since);
        }
        let (rows, disputed, notes) = (HashMap::new(), HashSet::new(), Vec::new());
        let (rests, shared, numbers) = (HashMap::new(), BTreeMap::new(), HashMap::new());
        Self { tenant, id, by_file, by_name, rows, disputed, notes, rests, shared, targets, numbers }
    }

    fn tell(
        &mut self,
        key: String,
        found: Found,
        ((owner_id, owner_path), is_same, is_weaker): ((Uuid, String), bool, bool),
        (files, kinds): (&mut [SourceFile], &OwnKinds),
    ) {
        // A claim is as old as it is, whoever holds the name by now: the next in turn is known by that.
        let known = self.by_file.get(&(key.as_str(), found.path.as_str())).or_else(|| self.by_name.get(key.as_str()));
        let since = known.copied().unwrap_or_else(|| Some(Utc::now()));
        if self.numbers.is_empty() {
            self.numbers = files.iter().map(|file| file.path.clone()).zip(0..).collect();
        }
        if let Some((number, file)) =
            self.numbers.get(&found.path).and_then(|&number| Some((number, files.get_mut(number)?)))
        {
            if is_same {
                *self.shared.entry((number, owner_id)).or_default() += 1;
            } else {
                let stands = match self.targets.get(&owner_id).filter(|_| owner_id != self.id) {
                    Some(target) if is_weaker => {
                        format!("`{owner_path}` of `{target}`; that one stands, since it is trusted with people")
                    }
                    None if is_weaker => format!("`{owner_path}`; that one stands, since it is trusted with people"),
                    Some(target) => format!("`{owner_path}` of `{target}`; that one stands"),
                    None => format!("`{owner_path}`; that one was first and stands"),
                };
                let message = format!("`{key}` is declared already, in {stands}. Remove one of the two, or rename it");
                self.warn(&found, number, file, message, kinds);
            }
        }
        let row = conflict::Model {
            tenant: self.tenant.clone(),
            reference: key.clone(),
            source_id: self.id,
            path: found.path.clone(),
            owner_id,
            owner_path,
            since,
            is_same,
        };
        self.rows.insert((key, found.path), row);
    }

    fn warn(&mut self, found: &Found, number: usize, file: &mut SourceFile, message: String, kinds: &OwnKinds) {
        file.outcome = file.outcome.max(Outcome::Warned);
        let (field, line, column) = (None, Some(found.line), None);
        let problem = FileProblem { severity: Severity::Warning, message, field, line, column };
        if file.problems.len() < TOLD {
            file.problems.push(problem.clone());
        } else {
            self.rests.entry(number).or_default().add(&problem, Some(found.place));
        }
        self.notes.push(Note {
            file: number,
            place: Some(found.place),
            owner: super::troubles::owner_of(found, kinds),
            reference: Some(found.reference.clone()),
            problem,
        });
    }

    /// Says what is left to say of whole files.
    fn tell_rests(&mut self, files: &mut [SourceFile]) {
        for (number, rest) in std::mem::take(&mut self.rests) {
            files[number].problems.push(rest.told());
        }
        for ((number, owner), count) in std::mem::take(&mut self.shared) {
            let entities = if count == 1 { "1 entity".to_owned() } else { format!("{count} entities") };
            let target = self.targets.get(&owner).map(String::as_str).unwrap_or_default();
            let message = format!(
                "`{target}` reads this very file too, and holds {entities} of it; should it let go of them, this source takes over"
            );
            let (severity, field, line, column) = (Severity::Info, None, None, None);
            files[number].problems.push(FileProblem { severity, message, field, line, column });
        }
    }
}
