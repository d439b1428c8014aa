//! The pipeline without recording: what would become of a target, and why.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    catalog::{
        DeclaredRelation, Entity, EntityRef, FileProblem, Look, NewSource, Outcome, Prospect, ProspectTie, Severity,
        SourceFile, SourceKind, Verdict,
    },
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use super::{
    kinds, origin,
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, SourceReader, join},
    preview::{Explained, There},
    sources::checked,
    store::{self, Known},
    sync::gather::{Found, Gathered, Limits, Terms, gather},
    trust::{self, Trusts},
};
use crate::{Error, Result, Services, identity};

/// The longest text that is looked at.
pub const LONGEST_TEXT: usize = 512 * 1024;

/// How long a look may take: less than a request, so that whoever waits is told what it waited for.
const PATIENCE: Duration = Duration::from_secs(25);

/// How many verdicts one look gives.
const VERDICTS: usize = 500;

/// How a text without a name is called.
const PASTED: &str = "catalog-info.yaml";

/// Walks a target as a sync would, and records nothing.
pub async fn explain(services: &Services, caller: &Caller, new: NewSource) -> Result<Explained> {
    let (mut gathered, declared) = walk(services, caller, new).await?;
    let mut met = HashSet::new();
    let is_held = |found: &&Found| {
        declared.taken.contains_key(&found.reference.to_string()) && met.insert(found.reference.clone())
    };
    let held: Vec<Found> = gathered.found.iter().filter(is_held).cloned().collect();
    let there = There { source: declared.source, same: declared.read.len() + declared.own, others: held.len() };
    let targets = store::targets(&services.db, &caller.tenant).await?;
    let place = |known: &Known| match targets.get(&known.source) {
        Some(target) => format!("`{}` of `{target}`", known.path),
        None => format!("`{}`", known.path),
    };
    claim(&mut gathered, &declared.taken.iter().map(|(key, known)| (key.clone(), place(known))).collect());
    // What another source holds is declared all the same, and the files say that it is held.
    gathered.found.extend(held);
    Ok(Explained { there, ..explained(gathered) })
}

/// Walks a target as a sync would, records nothing, and gives a verdict on each document.
pub async fn look(services: &Services, caller: &Caller, new: NewSource) -> Result<Look> {
    let (gathered, declared) = walk(services, caller, new).await?;
    verdicts(services, caller, gathered, &declared).await
}

/// Looks at one text as a file that has no files beside it, and gives a verdict on each of its documents.
pub async fn look_at_text(services: &Services, caller: &Caller, text: &str) -> Result<Look> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    if text.len() > LONGEST_TEXT {
        return Err(Error::Rejected(format!(
            "the text is longer than {} KiB; paste a part of it",
            LONGEST_TEXT / 1024
        )));
    }
    let given = kinds::given(&services.db, &caller.tenant, None).await?;
    let reader = Lonely(Bytes::copy_from_slice(text.as_bytes()));
    let terms = Terms { given, is_before: true, ..Terms::default() };
    match gather(&reader, SourceKind::File, "/catalog-info.yaml", Limits::telling_all(), terms).await {
        Ok(gathered) => verdicts(services, caller, gathered, &Names::default()).await,
        Err(problem) => Err(Error::Rejected(problem.to_string())),
    }
}

/// Names that are declared in other sources than the one that is looked at.
#[derive(Default)]
struct Names {
    /// In other files.
    taken: HashMap<String, Known>,
    /// In the very files that were gathered, which another source reads too.
    read: HashSet<String>,
    /// The source that is registered with this very target, and how many of its names stand.
    source: Option<Uuid>,
    own: usize,
}

async fn walk(services: &Services, caller: &Caller, new: NewSource) -> Result<(Gathered, Names)> {
    let new = checked(services, caller, new).await?;
    let registered = store::source_by_target(&services.db, &caller.tenant, &new).await?;
    let id = registered.as_ref().map(|source| source.id);
    let terms = Terms { given: kinds::given(&services.db, &caller.tenant, id).await?, ..Terms::default() };
    let reader = services.reader(caller);
    let walk = gather(&reader, new.kind, &new.target, Limits::default(), terms);
    let gathered = tokio::time::timeout(PATIENCE, walk).await.unwrap_or_else(|_| Err(too_slow()));
    let gathered = gathered.map_err(|problem| match problem {
        ReadProblem::Missing(why) => Error::NotFound(why),
        ReadProblem::Refused(why) => Error::Rejected(why),
        ReadProblem::Unreachable(why) => Error::Unavailable { system: new.target.clone(), why },
    })?;
    let keys: Vec<String> = gathered.found.iter().map(|found| found.reference.to_string()).collect();
    let known = store::known_as(&services.db, &caller.tenant, &keys).await?;
    let known = known.into_iter().filter(|(_, known)| !known.is_orphaned);
    let (own, mut taken): (HashMap<_, _>, HashMap<String, Known>) =
        known.partition(|(_, known)| Some(known.source) == id);
    let standing = own.len();
    // What becomes this source's at once is in nobody's way.
    let trust = registered.as_ref().map_or(new.trust.unwrap_or_default(), |own| own.trust);
    let trusts = Trusts::load(&services.db, &caller.tenant).await?;
    for found in gathered.found.iter().filter(|found| trust::counts(trust, &found.path)) {
        let key = found.reference.to_string();
        let is_weaker = |known: &Known| !trusts.stands_by(&key, known.source, &known.path);
        if trust::is_of_people(&key) && taken.get(&key).is_some_and(is_weaker) {
            taken.remove(&key);
        }
    }
    let keys: Vec<String> = taken.keys().cloned().collect();
    let at: HashMap<String, String> =
        gathered.found.iter().map(|found| (found.reference.to_string(), found.location())).collect();
    let mut read = HashSet::new();
    for (key, place) in origin::locations(&services.db, &caller.tenant, &keys).await? {
        if at.get(&key) == Some(&place) {
            taken.remove(&key);
            read.insert(key);
        }
    }
    Ok((gathered, Names { taken, read, source: id, own: standing }))
}

fn too_slow() -> ReadProblem {
    let seconds = PATIENCE.as_secs();
    ReadProblem::Unreachable(format!(
        "it was not read within {seconds} seconds: its server hangs or is slow, or there is very much of it; as a source it is read \
         with more patience, and its page tells how far that came"
    ))
}

/// Walks one text as a file named `catalog-info.yaml` that has no files beside it, by the kinds that every catalog knows.
pub async fn explain_text(text: &str) -> Explained {
    explain_by(text, Terms::default()).await
}

pub(super) async fn explain_by(text: &str, terms: Terms) -> Explained {
    let reader = Lonely(Bytes::copy_from_slice(text.as_bytes()));
    match gather(&reader, SourceKind::File, "/catalog-info.yaml", Limits::telling_all(), terms).await {
        Ok(mut gathered) => {
            claim(&mut gathered, &HashMap::new());
            explained(gathered)
        }
        Err(problem) => {
            Explained { files: vec![broken(PASTED, &problem)], entities: Vec::new(), there: There::default() }
        }
    }
}

/// A file, a folder or a pattern that could not be read at all.
pub(super) fn broken(path: &str, problem: &ReadProblem) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        outcome: Outcome::Rejected,
        entities: 0,
        problems: vec![plain(Severity::Error, problem.to_string())],
        parent: None,
    }
}

fn plain(severity: Severity, message: String) -> FileProblem {
    FileProblem { severity, message, field: None, line: None, column: None }
}

/// Sorts what was gathered by document, and looks up in the catalog what it names.
async fn verdicts(services: &Services, caller: &Caller, gathered: Gathered, declared: &Names) -> Result<Look> {
    let Gathered { found, kinds, files, notes, mut documents, .. } = gathered;
    let mut noted: HashMap<usize, Vec<FileProblem>> = HashMap::new();
    for note in notes {
        noted.entry(note.file).or_default().push(note.problem);
    }
    documents.sort_unstable();
    documents.truncate(VERDICTS);
    let here: HashSet<&EntityRef> = found.iter().map(|found| &found.reference).collect();
    let at: HashMap<(&str, u32), &Found> =
        found.iter().map(|found| ((found.path.as_str(), found.line), found)).collect();
    let shown = documents.iter().map(|(number, line)| (files[*number].path.as_str(), *line));
    let relations: HashMap<(&str, u32), Vec<DeclaredRelation>> =
        shown.filter_map(|spot| Some((spot, at.get(&spot)?.declared(&kinds).relations))).collect();
    let named = relations.values().flatten().map(|relation| &relation.target);
    let asked: HashSet<String> = named.chain(here.iter().copied()).map(ToString::to_string).collect();
    let asked: Vec<String> = asked.into_iter().collect();
    let existing = store::existing(&services.db, &caller.tenant, &asked).await?;
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(documents.len());
    for (place, &(number, line)) in documents.iter().enumerate() {
        let file = &files[number];
        let next = documents.get(place + 1).filter(|(other, _)| *other == number).map_or(u32::MAX, |(_, next)| *next);
        let is_here = |problem: &&FileProblem| problem.line.is_some_and(|at| (line..next).contains(&at));
        let mut problems: Vec<FileProblem> = file.problems.iter().filter(is_here).cloned().collect();
        if problems.is_empty() {
            // What a file has too many problems for is noted all the same.
            problems.extend(noted.get(&number).into_iter().flatten().find(is_here).cloned());
        }
        let found = at.get(&(file.path.as_str(), line)).copied();
        let entity = found
            .map(|found| prospect(found, relations.get(&(file.path.as_str(), line)), &here, &existing, declared))
            .transpose()?;
        if let Some(first) = entity.as_ref().and_then(|entity| entity.claimed_by.as_ref()) {
            problems.push(plain(
                Severity::Warning,
                format!(
                    "this name is declared already, in `{first}`; that one was first and stands. Rename one of the two"
                ),
            ));
        }
        let twice = verdicts.iter().any(|earlier: &Verdict| {
            earlier.entity.as_ref().zip(entity.as_ref()).is_some_and(|(a, b)| a.reference == b.reference)
        });
        if twice {
            let message = "this name is declared further up; that one stands. Remove one of the two, or rename it";
            problems.push(plain(Severity::Warning, message.to_owned()));
        }
        let worst = problems.iter().map(|problem| problem.severity).max();
        let outcome = match (&entity, worst) {
            (None, Some(Severity::Error)) => Outcome::Rejected,
            (None, _) => Outcome::Skipped,
            (Some(_), Some(Severity::Warning | Severity::Error)) => Outcome::Warned,
            (Some(_), _) => Outcome::Found,
        };
        verdicts.push(Verdict { path: file.path.clone(), line, outcome, entity, problems });
    }
    Ok(Look { files, verdicts })
}

fn prospect(
    found: &Found,
    relations: Option<&Vec<DeclaredRelation>>,
    here: &HashSet<&EntityRef>,
    existing: &HashSet<String>,
    declared: &Names,
) -> Result<Prospect> {
    let (reference, document) = (&found.reference, found.value());
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let title = text("/metadata/title").or_else(|| text("/metadata/name")).unwrap_or(reference.name()).to_owned();
    let key = reference.to_string();
    let ties = relations
        .into_iter()
        .flatten()
        .map(|relation| ProspectTie {
            field: relation.field.to_string(),
            relation: relation.relation.to_string(),
            target: relation.target.clone(),
            is_found: here.contains(&relation.target) || existing.contains(&relation.target.to_string()),
        })
        .collect();
    let document = serde_saphyr::to_string(&document)
        .map_err(|error| Error::Internal(format!("the document cannot be written as YAML: {error}")))?;
    Ok(Prospect {
        title,
        type_: text("/spec/type").unwrap_or_default().to_owned(),
        is_known: existing.contains(&key),
        is_read: declared.read.contains(&key),
        claimed_by: declared.taken.get(&key).map(|known| known.path.clone()),
        ties,
        document,
        reference: reference.clone(),
    })
}

/// Leaves out second claims and tells of them. `others` says where names are declared beside what was gathered.
pub(super) fn claim(gathered: &mut Gathered, others: &HashMap<String, String>) {
    let mut claimed: HashMap<EntityRef, String> = HashMap::new();
    let mut kept = Vec::with_capacity(gathered.found.len());
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for found in std::mem::take(&mut gathered.found) {
        let first = claimed.get(&found.reference).or_else(|| others.get(&found.reference.to_string()));
        let Some(first) = first else {
            claimed.insert(found.reference.clone(), declared_at(&found.path, &found));
            kept.push(found);
            continue;
        };
        let message = format!(
            "`{}` is declared already, in {first}; that one was first and stands. Remove one of the two, or rename it",
            found.reference
        );
        if numbers.is_empty() {
            numbers = gathered.files.iter().map(|file| file.path.clone()).zip(0..).collect();
        }
        if let Some(file) = numbers.get(&found.path).and_then(|&number| gathered.files.get_mut(number)) {
            let (line, column) = found.name_at.map_or((found.line, None), |(line, column)| (line, Some(column)));
            let place = FileProblem { line: Some(line), column, ..plain(Severity::Warning, message) };
            file.problems.push(place);
            file.outcome = file.outcome.max(Outcome::Warned);
        }
    }
    gathered.found = kept;
}

/// Where something is declared, as it is told: the file as people know it, and the line.
pub(super) fn declared_at(path: &str, found: &Found) -> String {
    format!("`{path}`, line {}", found.name_at.map_or(found.line, |(line, _)| line))
}

pub(super) fn explained(gathered: Gathered) -> Explained {
    let now = chrono::Utc::now();
    let entity = |found: Found| Entity {
        document: with_relations(found.value(), &found.declared(&gathered.kinds).relations),
        reference: found.reference,
        uid: Uuid::nil(),
        etag: String::new(),
        changed_at: now,
        source: None,
        orphaned_at: None,
    };
    Explained {
        files: gathered.files,
        entities: gathered.found.into_iter().map(entity).collect(),
        there: There::default(),
    }
}

/// The relations that the document itself declares.
pub(super) fn with_relations(mut document: Value, relations: &[domain::catalog::DeclaredRelation]) -> Value {
    let relations = relations.iter().map(|tie| json!({ "type": tie.relation, "targetRef": tie.target })).collect();
    document["relations"] = Value::Array(relations);
    document
}

/// A text without surroundings.
pub(super) struct Lonely(pub(super) Bytes);

#[async_trait]
impl SourceReader for Lonely {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        match kind {
            SourceKind::File => Ok(Arc::new(Self(self.0.clone()))),
            _ => Err(alone(target)),
        }
    }
}

fn alone(target: &str) -> ReadProblem {
    ReadProblem::Missing(format!("`{target}` was not looked up: only this text is checked"))
}

#[async_trait]
impl OpenSource for Lonely {
    fn revision(&self) -> Option<String> {
        None
    }

    fn begin(&self) -> Begin {
        Begin::Named(vec!["catalog-info.yaml".into()])
    }

    fn folder(&self) -> String {
        String::new()
    }

    fn resolve(&self, from: &str, target: &str) -> Result<String, ReadProblem> {
        join(from, target)
    }

    async fn find(&self, _pattern: &str) -> Result<Vec<String>, ReadProblem> {
        Ok(Vec::new())
    }

    async fn list(&self, _folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        Ok(Vec::new())
    }

    async fn read(&self, path: &str, limit: u64) -> Result<Bytes, ReadProblem> {
        if path != "catalog-info.yaml" {
            return Err(alone(path));
        }
        if self.0.len() as u64 > limit {
            return Err(ReadProblem::Refused(format!("the text is larger than {} MiB", limit / 1024 / 1024)));
        }
        Ok(self.0.clone())
    }

    fn place(&self, path: &str) -> Place {
        Place { kind: "file", target: format!("/{path}"), view: None, edit: None, folder: None }
    }
}
