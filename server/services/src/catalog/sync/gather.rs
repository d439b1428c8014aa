//! Fetch, parse, resolve placeholders, validate: from a source to what it declares, and what became of every file.
//!
//! Nothing here touches the database, so the same walk answers "explain this" and `causeway check`.

mod follow;
mod judge;
mod notes;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use domain::catalog::{
    DeclaredRelation, EntityRef, FieldPath, FileProblem, Outcome, OwnKinds, ReferenceDefaults, Severity, SourceFile,
    SourceKind, normalise, validate,
};
use serde_json::Value;

pub(in crate::catalog) use self::notes::{Note, Text};
use self::{judge::Judged, notes::About};
use super::{outside::Outside, placeholders, stitch};
use crate::catalog::{
    kinds::Given,
    ports::{Begin, OpenSource, ReadProblem, SourceReader},
    yaml::{self, Document},
};

/// Bounds on what one sync may cost.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct Limits {
    pub(in crate::catalog) file: yaml::Limits,
    pub(in crate::catalog) files: usize,
    pub(in crate::catalog) bytes: u64,
    pub(in crate::catalog) entities: usize,
    /// How many Locations may lead from one to the next.
    pub(in crate::catalog) depth: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: yaml::Limits::default(), files: 20_000, bytes: 256 * 1024 * 1024, entities: 200_000, depth: 8 }
    }
}

/// What a walk goes by, beyond the files it reads.
#[derive(Debug, Clone, Default)]
pub(in crate::catalog) struct Terms {
    /// Kinds that are declared elsewhere.
    pub(in crate::catalog) given: Given,
    /// Whether a template or scorecard that could not do its work is an error. In a catalog it is a warning: its page tells
    /// what is wrong with it.
    pub(in crate::catalog) is_stern: bool,
}

/// An entity that a file declares.
#[derive(Debug, Clone)]
pub(in crate::catalog) struct Found {
    pub(in crate::catalog) reference: EntityRef,
    /// As declared, with the catalog's annotations.
    pub(in crate::catalog) document: Value,
    pub(in crate::catalog) path: String,
    /// The document's place in its file, from 0.
    pub(in crate::catalog) place: usize,
    /// The line that its document begins at.
    pub(in crate::catalog) line: u32,
    /// What it is tied to.
    pub(in crate::catalog) relations: Vec<DeclaredRelation>,
    /// Tells the rules of an own kind from other rules of it.
    pub(in crate::catalog) rules: Option<String>,
}

impl Found {
    /// Tells two declarations apart: what is said, and by which rules it is read.
    pub(in crate::catalog) fn hash(&self) -> String {
        let hash = stitch::hash(&self.document);
        self.rules.as_ref().map_or_else(|| hash.clone(), |rules| format!("{hash}.{rules}"))
    }
}

/// What a source declares.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Gathered {
    /// In the order in which they claim their names.
    pub(in crate::catalog) found: Vec<Found>,
    pub(in crate::catalog) files: Vec<SourceFile>,
    /// Files that say something that could not be read: what they said before still stands.
    pub(in crate::catalog) failed: HashSet<String>,
    /// Whether a bound was reached, so that there may be more.
    pub(in crate::catalog) cut: bool,
    pub(in crate::catalog) revision: Option<String>,
    /// The branch, and whether it was read only because the repository opens with it.
    pub(in crate::catalog) branch: Option<(String, bool)>,
    /// What each file's documents are called, in step with `files`.
    pub(in crate::catalog) layouts: Vec<Vec<Option<EntityRef>>>,
    /// What should be mended.
    pub(in crate::catalog) notes: Vec<Note>,
    pub(in crate::catalog) texts: Vec<Text>,
    /// Every document that was met: the number of its file, and the line it begins at.
    pub(in crate::catalog) documents: Vec<(usize, u32)>,
}

/// Walks a source from its first files through all its Locations.
pub(in crate::catalog) async fn gather(
    reader: &dyn SourceReader,
    kind: SourceKind,
    target: &str,
    limits: Limits,
    terms: Terms,
) -> Result<Gathered, ReadProblem> {
    let source = reader.open(kind, target).await?;
    let mut walk = Walk {
        terms,
        kinds: OwnKinds::default(),
        waiting: Vec::new(),
        late: Vec::new(),
        outside: Outside::new(reader),
        limits,
        origin: match kind {
            SourceKind::File => format!("file:{target}"),
            SourceKind::Git | SourceKind::Url => format!("url:{target}"),
        },
        opened: vec![source.clone()],
        by_address: HashMap::new(),
        steps: Vec::new(),
        queue: VecDeque::new(),
        seen: HashMap::new(),
        bytes: 0,
        about: None,
        kept: 0,
        gathered: Gathered { revision: source.revision(), branch: source.branch(), ..Gathered::default() },
    };
    let (paths, trust) = match source.begin() {
        Begin::Named(paths) | Begin::Found(paths) => (paths, Trust::Meant),
        Begin::Guessed(paths) => (paths, Trust::Guessed),
    };
    for path in paths {
        walk.enqueue(Step { source: 0, path, parent: None, depth: 0, trust, is_optional: false });
    }
    while let Some(step) = walk.queue.pop_front() {
        walk.visit(step).await;
    }
    walk.judge_waiting();
    Ok(walk.gathered)
}

/// Whether what stands in a file is meant for the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    Meant,
    Guessed,
}

#[derive(Debug, Clone)]
struct Step {
    /// In `opened`.
    source: usize,
    path: String,
    /// In `steps`: the file whose Location led here.
    parent: Option<usize>,
    depth: u32,
    trust: Trust,
    is_optional: bool,
}

struct Walk<'a> {
    outside: Outside<'a>,
    terms: Terms,
    /// Kinds that the walk has met.
    kinds: OwnKinds,
    /// Documents of kinds that may be declared in a file yet to come.
    waiting: Vec<Judged>,
    /// The files that hold them, and their texts.
    late: Vec<(usize, Bytes)>,
    limits: Limits,
    origin: String,
    opened: Vec<Arc<dyn OpenSource>>,
    by_address: HashMap<String, usize>,
    /// Files that were visited, in step with `gathered.files`.
    steps: Vec<Step>,
    queue: VecDeque<usize>,
    /// Where a file is, to its number.
    seen: HashMap<String, usize>,
    bytes: u64,
    /// The file and the document that are being looked at.
    about: Option<(usize, About)>,
    /// How much text was kept.
    kept: usize,
    gathered: Gathered,
}

impl Walk<'_> {
    fn enqueue(&mut self, step: Step) {
        let place = self.opened[step.source].place(&step.path);
        if let Some(&number) = self.seen.get(&place.target) {
            // Met twice is fine; met again on the way to itself is a circle.
            if let Some(parent) = step.parent
                && self.is_above(number, parent)
            {
                let message = format!(
                    "the Location leads back to `{}`, in a circle; remove one of the targets",
                    self.gathered.files[number].path
                );
                self.tell(parent, plain(Severity::Warning, message));
            }
            return;
        }
        if self.steps.len() >= self.limits.files {
            self.cut(
                step.parent,
                format!("the source has more than {} files; register a part of it", self.limits.files),
            );
            return;
        }
        let number = self.steps.len();
        let path = if step.source == 0 { step.path.clone() } else { place.target.clone() };
        let parent = step.parent.map(|parent| self.gathered.files[parent].path.clone());
        self.gathered.files.push(SourceFile {
            path,
            outcome: Outcome::Found,
            entities: 0,
            problems: Vec::new(),
            parent,
        });
        self.gathered.layouts.push(Vec::new());
        self.seen.insert(place.target, number);
        self.steps.push(step);
        self.queue.push_back(number);
    }

    fn is_above(&self, number: usize, mut at: usize) -> bool {
        loop {
            if at == number {
                return true;
            }
            match self.steps[at].parent {
                Some(parent) => at = parent,
                None => return false,
            }
        }
    }

    fn tell(&mut self, number: usize, problem: FileProblem) {
        if self.gathered.files[number].problems.len() < 100 {
            self.note(number, &problem);
        }
        let file = &mut self.gathered.files[number];
        let outcome = match problem.severity {
            Severity::Error => Outcome::Rejected,
            Severity::Warning => Outcome::Warned,
            Severity::Info => Outcome::Found,
        };
        file.outcome = file.outcome.max(outcome);
        // A file with thousands of problems is told with the first hundred.
        if file.problems.len() < 100 {
            file.problems.push(problem);
        }
    }

    /// An error in what a file says: its last good state stands.
    fn fail(&mut self, number: usize, problem: FileProblem) {
        self.gathered.failed.insert(self.gathered.files[number].path.clone());
        self.tell(number, problem);
    }

    fn cut(&mut self, number: Option<usize>, message: String) {
        if !self.gathered.cut {
            self.gathered.cut = true;
            let number = number.unwrap_or(0);
            if number < self.gathered.files.len() {
                self.tell(number, plain(Severity::Error, message));
            }
        }
    }

    async fn visit(&mut self, number: usize) {
        let step = self.steps[number].clone();
        let source = self.opened[step.source].clone();
        let bytes = match source.read(&step.path, self.limits.file.bytes).await {
            Ok(bytes) => bytes,
            Err(ReadProblem::Missing(message)) if step.is_optional => {
                self.tell(number, plain(Severity::Info, message));
                self.gathered.files[number].outcome = Outcome::Skipped;
                return;
            }
            // What is gone declares nothing any more, so this is not a failure that keeps the last good state.
            Err(ReadProblem::Missing(message)) => return self.tell(number, plain(Severity::Error, message)),
            Err(problem) => return self.fail(number, plain(Severity::Error, problem.to_string())),
        };
        self.bytes += bytes.len() as u64;
        if self.bytes > self.limits.bytes {
            let mib = self.limits.bytes / 1024 / 1024;
            self.gathered.failed.insert(self.gathered.files[number].path.clone());
            return self.cut(Some(number), format!("the source is larger than {mib} MiB; register a part of it"));
        }
        let limits = self.limits.file;
        let is_meant = step.trust == Trust::Meant || speaks_of_catalog(&bytes);
        let text = bytes.clone();
        let read = tokio::task::spawn_blocking(move || yaml::read(&bytes, &limits)).await;
        match read {
            Ok(Ok(documents)) => {
                self.gathered.layouts[number] = vec![None; documents.len()];
                for (place, document) in documents.into_iter().enumerate() {
                    self.about = Some((number, About { place, ..About::default() }));
                    match document {
                        Ok(document) => {
                            self.gathered.documents.push((number, document.line));
                            self.take(number, &step, document, place).await;
                        }
                        // Charts and the like only look like YAML.
                        Err(problem) if !is_meant => {
                            self.tell(number, FileProblem { severity: Severity::Info, ..problem });
                        }
                        Err(problem) => {
                            self.gathered.documents.push((number, problem.line.unwrap_or(1)));
                            self.fail(number, problem);
                        }
                    }
                }
                self.about = None;
            }
            Ok(Err(problem)) if !is_meant => self.tell(number, FileProblem { severity: Severity::Info, ..problem }),
            Ok(Err(problem)) => self.fail(number, problem),
            Err(_) => self.fail(
                number,
                plain(Severity::Error, "the file could not be read; its text makes the parser stumble".into()),
            ),
        }
        let file = &mut self.gathered.files[number];
        if file.entities == 0 && file.outcome == Outcome::Found {
            file.outcome = Outcome::Skipped;
            if file.problems.is_empty() {
                file.problems.push(plain(Severity::Info, "the file holds no document".into()));
            }
        }
        if self.waiting.last().is_some_and(|waiting| waiting.number == number) {
            self.late.push((number, text));
        } else {
            self.keep(number, &text);
        }
    }

    async fn take(&mut self, number: usize, step: &Step, mut document: Document, place: usize) {
        if step.trust == Trust::Guessed && !is_meant(&document.value) {
            let message = "left out: its `apiVersion` is not one of a catalog".to_owned();
            let problem = document.problem(Severity::Info, &FieldPath::default(), message);
            return self.tell(number, problem);
        }
        let source = self.opened[step.source].clone();
        let mut value = document.value.take();
        self.about = Some((number, About::of(place, &value)));
        let resolved = placeholders::resolve(&mut self.outside, &source, &step.path, &mut value, &self.limits).await;
        self.bytes += resolved.bytes;
        let unresolved: Vec<FieldPath> = resolved.problems.iter().map(|(field, _)| field.clone()).collect();
        for (field, problem) in resolved.problems {
            let problem = document.problem(Severity::Error, &field, problem);
            self.fail(number, problem);
        }
        for warning in normalise(&mut value) {
            let problem = document.problem(Severity::Warning, &warning.field, warning.message.clone());
            self.tell(number, problem);
        }
        let violations = validate(&value);
        let is_broken = !violations.is_empty() || resolved.is_broken;
        // What is wrong with a field that could not be fetched was told just now.
        for violation in violations.into_iter().filter(|violation| !is_above_any(&violation.field, &unresolved)) {
            let problem = document.problem(Severity::Error, &violation.field, violation.message.clone());
            self.fail(number, problem);
        }
        let Some(reference) = reference_of(&value).filter(|_| !is_broken) else { return };
        if self.gathered.found.len() + self.waiting.len() >= self.limits.entities {
            self.gathered.failed.insert(self.gathered.files[number].path.clone());
            let message =
                format!("the source declares more than {} entities; register a part of it", self.limits.entities);
            return self.cut(Some(number), message);
        }
        self.annotate(&mut value, &source.place(&step.path));
        if reference.kind() == "location" {
            self.follow(number, step, &document, &value).await;
        }
        self.judge(Judged { number, place, reference, document, value }).await;
    }
}

fn plain(severity: Severity, message: String) -> FileProblem {
    FileProblem { severity, message, field: None, line: None, column: None }
}

fn is_above_any(field: &FieldPath, others: &[FieldPath]) -> bool {
    others.iter().any(|other| other.0.len() == field.0.len() + 1 && other.0.starts_with(&field.0))
}

/// Whether a file that nobody named holds anything for a catalog, as far as its text shows.
fn speaks_of_catalog(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    ["backstage.io/", "causeway.dev/"].iter().any(|group| text.contains(group))
}

/// Whether a document in a file that nobody named belongs into a catalog.
fn is_meant(value: &Value) -> bool {
    let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let group = version.split('/').next().unwrap_or_default();
    ["backstage.io", "causeway.dev"].iter().any(|known| group == *known || group.ends_with(&format!(".{known}")))
}

/// The name of a document that breaks no rule.
pub(in crate::catalog) fn reference_of(value: &Value) -> Option<EntityRef> {
    let metadata = value.get("metadata")?;
    let namespace = metadata.get("namespace").and_then(Value::as_str).unwrap_or(domain::catalog::DEFAULT_NAMESPACE);
    let defaults = ReferenceDefaults { kind: value.get("kind")?.as_str(), namespace };
    let name = metadata.get("name")?.as_str()?;
    EntityRef::parse(name, defaults).ok()
}
