//! Fetch, parse, resolve placeholders, validate: from a source to what it declares, and what became of every file.
//!
//! Nothing here touches the database, so the same walk answers "explain this" and `causeway check`.

mod ahead;
mod content;
mod folder;
mod follow;
mod found;
mod judge;
mod look;
mod notes;
mod visit;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use domain::catalog::{
    EntityRef, FileProblem, Outcome, OwnKind, OwnKinds, ReferenceDefaults, Severity, SourceFile, SourceKind,
};
use serde_json::Value;

use self::{
    ahead::Ahead,
    folder::Folder,
    follow::Naming,
    judge::{Guess, Waiting},
    look::Look,
    notes::About,
};
pub(in crate::catalog) use self::{
    found::{Found, Gathered},
    notes::{Note, Rest, Text},
};
use super::{
    outside::Outside,
    placeholders,
    recall::{self, Recall},
};
use crate::catalog::{
    keys::Granted,
    kinds::Given,
    ports::{Begin, OpenSource, ReadProblem, SourceReader, is_glob},
    yaml,
};

/// How many problems of one file a trace holds.
pub(super) const TOLD: usize = 100;

/// Bounds on what one sync may cost.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct Limits {
    pub(in crate::catalog) file: yaml::Limits,
    pub(in crate::catalog) files: usize,
    pub(in crate::catalog) bytes: u64,
    pub(in crate::catalog) entities: usize,
    /// How many problems of one file are told one by one.
    pub(in crate::catalog) problems: usize,
    /// How many Locations may lead from one to the next.
    pub(in crate::catalog) depth: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file: yaml::Limits::default(),
            files: 20_000,
            bytes: 256 * 1024 * 1024,
            entities: 200_000,
            problems: TOLD,
            depth: 100,
        }
    }
}

impl Limits {
    /// For texts that are looked at so that they can be mended: nothing that is wrong is left for later.
    pub(in crate::catalog) fn telling_all() -> Self {
        Self { problems: usize::MAX, ..Self::default() }
    }
}

/// What a walk goes by, beyond the files it reads.
#[derive(Debug, Clone, Default)]
pub(in crate::catalog) struct Terms {
    /// Kinds that are declared elsewhere.
    pub(in crate::catalog) given: Given,
    /// Whether somebody looks before a sync does: they are told where each name stands, and warned of files that are passed over. All
    /// else is judged alike.
    pub(in crate::catalog) is_before: bool,
    /// What is known of the files from the last time.
    pub(in crate::catalog) recall: Recall,
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
    let origin: Arc<str> = match kind {
        SourceKind::File => format!("file:{target}").into(),
        SourceKind::Kubernetes => format!("kubernetes:{target}").into(),
        _ => format!("url:{target}").into(),
    };
    let walk = |terms| Walk::new(reader, (source.clone(), Named::of(target)), origin.clone(), limits, terms);
    let mut gathered = walk(terms.clone()).run(&source).await;
    // Documents of other kinds than before may stand in what was not asked for.
    gathered.is_behind |= gathered.part.is_some() && recall::kinds(&gathered.kinds) != terms.kinds();
    let by_kinds = gathered.prints.iter().flatten().any(|print| print.kinds.is_some());
    if !by_kinds || gathered.same.is_empty() || recall::kinds(&gathered.kinds) == terms.kinds() {
        return Ok(gathered);
    }
    // Other kinds than before: the documents that waited for them are judged again.
    let terms = Terms { recall: terms.recall.without_kinds(), ..terms };
    Ok(walk(terms).run(&source).await)
}

impl Terms {
    /// Names the kinds that are known before the walk.
    fn kinds(&self) -> String {
        recall::kinds(
            &self
                .given
                .until_declared
                .iter()
                .chain(self.given.theirs.iter())
                .map(|kind| OwnKind::clone(kind))
                .collect(),
        )
    }
}

impl<'a> Walk<'a> {
    fn new(
        reader: &'a dyn SourceReader,
        (source, named): (Arc<dyn OpenSource>, Named),
        origin: Arc<str>,
        limits: Limits,
        terms: Terms,
    ) -> Self {
        Self {
            kinds_before: terms.kinds(),
            terms,
            kinds: OwnKinds::default(),
            waiting: Vec::new(),
            declarers: HashMap::new(),
            guesses: Vec::new(),
            late: Vec::new(),
            outside: Outside::new(reader),
            limits,
            named,
            origin,
            by_address: HashMap::new(),
            folders: BTreeMap::new(),
            steps: Vec::new(),
            ahead: Ahead::default(),
            seen: HashMap::new(),
            absent: HashMap::new(),
            leading: HashSet::new(),
            bytes: 0,
            entities: 0,
            about: None,
            rests: BTreeMap::new(),
            kept: 0,
            gathered: Gathered::of(source.as_ref()),
            opened: vec![source],
        }
    }

    async fn run(mut self, source: &Arc<dyn OpenSource>) -> Gathered {
        let (paths, named) = self.begin(0, self.named).await;
        for path in paths {
            let (parent, naming, trust) = (None, None, named.trust(&path));
            self.enqueue(Step { source: 0, path, parent, naming, depth: 0, trust, is_optional: false });
        }
        // Files are visited in the order in which they were met, and looked at some way ahead of that.
        for number in 0.. {
            self.look_ahead();
            let Some(read) = self.ahead.next().await else { break };
            self.visit(number, read).await;
        }
        self.take_guesses().await;
        self.judge_waiting();
        self.tell_rests();
        for remark in source.remarks() {
            self.remark(remark);
        }
        self.tell_left_out().await;
        self.gathered.allowance = source.allowance();
        self.gathered
    }
}

/// How a file came to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Itself,
    /// Manifests of all kinds fit a pattern.
    ByPattern,
}

impl Named {
    fn of(target: &str) -> Self {
        let is_pattern = match target.split_once("://") {
            // In an address, `?` begins the query, and brackets may be part of the host.
            Some((_, rest)) => rest.split_once('/').is_some_and(|(_, path)| path.contains(['*', '[', '{'])),
            None => match target.split_once('?') {
                // Of a repository on the server's disk, what is read stands behind the `?`.
                Some((folder, wanted))
                    if wanted.split('&').all(|part| part.starts_with("ref=") || part.starts_with("path=")) =>
                {
                    is_glob(folder) || is_glob(wanted)
                }
                _ => is_glob(target),
            },
        };
        if is_pattern { Self::ByPattern } else { Self::Itself }
    }

    fn trust(self, path: &str) -> Trust {
        if self == Self::Itself || Begin::is_usual(path) { Trust::Meant } else { Trust::Guessed }
    }
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
    /// Where the Location names it.
    naming: Option<Naming>,
    depth: u32,
    trust: Trust,
    is_optional: bool,
}

struct Walk<'a> {
    outside: Outside<'a>,
    terms: Terms,
    /// Names the kinds that were known before.
    kinds_before: String,
    /// Kinds that the walk has met.
    kinds: OwnKinds,
    /// Documents of kinds that may be declared in a file yet to come.
    waiting: Vec<Waiting>,
    /// What declares each of them, by the kind's name in lower case.
    declarers: HashMap<String, EntityRef>,
    /// Documents that are meant for the catalog only if a file yet to come declares their kinds.
    guesses: Vec<Guess>,
    /// The files that hold what waits, and their texts.
    late: Vec<(usize, Bytes)>,
    limits: Limits,
    /// How the first files were named.
    named: Named,
    origin: Arc<str>,
    opened: Vec<Arc<dyn OpenSource>>,
    by_address: HashMap<(String, Granted), usize>,
    /// What those mean that were begun with.
    folders: BTreeMap<usize, Folder>,
    /// Files that were visited, in step with `gathered.files`.
    steps: Vec<Step>,
    ahead: Ahead,
    /// Where a file is, to its number.
    seen: HashMap<String, usize>,
    /// Files that are not there and need not be, and what was said of it.
    absent: HashMap<usize, String>,
    /// Files whose Locations lead on: what is wrong with where they lead shows later.
    leading: HashSet<usize>,
    bytes: u64,
    /// How many entities the files declare that are as they were.
    entities: usize,
    /// The file and the document that are being looked at.
    about: Option<(usize, About)>,
    /// What files have wrong beyond what is told of them.
    rests: BTreeMap<usize, Rest>,
    /// How much text was kept.
    kept: usize,
    gathered: Gathered,
}

impl Walk<'_> {
    fn enqueue(&mut self, step: Step) {
        let place = self.opened[step.source].place(&step.path);
        if let Some(&number) = self.seen.get(&place.target) {
            return self.meet_again(number, &step);
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
        self.gathered.prints.push(None);
        self.seen.insert(place.target, number);
        self.steps.push(step);
    }

    fn tell(&mut self, number: usize, problem: FileProblem) {
        let is_told = self.gathered.files[number].problems.len() < self.limits.problems;
        if is_told || self.is_first_of_document(number, &problem) {
            self.note(number, &problem);
        }
        let file = &mut self.gathered.files[number];
        let outcome = match problem.severity {
            Severity::Error => Outcome::Rejected,
            Severity::Warning => Outcome::Warned,
            Severity::Info => Outcome::Found,
        };
        file.outcome = file.outcome.max(outcome);
        if is_told {
            file.problems.push(problem);
        } else {
            let place = self.about.as_ref().filter(|(of, _)| *of == number).map(|(_, about)| about.place);
            self.rests.entry(number).or_default().add(&problem, place);
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
}

/// How large what a file's placeholders name may be.
fn most(look: &Look) -> u64 {
    placeholders::most(&look.limits)
}

fn plain(severity: Severity, message: String) -> FileProblem {
    FileProblem { severity, message, field: None, line: None, column: None }
}

/// The name of a document that breaks no rule.
pub(in crate::catalog) fn reference_of(value: &Value) -> Option<EntityRef> {
    let metadata = value.get("metadata")?;
    let namespace = metadata.get("namespace").and_then(Value::as_str).unwrap_or(domain::catalog::DEFAULT_NAMESPACE);
    let defaults = ReferenceDefaults { kind: value.get("kind")?.as_str(), namespace };
    let name = metadata.get("name")?.as_str()?;
    EntityRef::parse(name, defaults).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_named_behind_a_repository_is_no_pattern() {
        for (target, expected) in [
            ("/srv/one.git?path=docs/config.yaml", Named::Itself),
            ("/srv/one.git?ref=main&path=docs/config.yaml", Named::Itself),
            ("/srv/one.git?ref=main&path=*/catalog.yaml", Named::ByPattern),
            ("/srv/cat?log.yaml", Named::ByPattern),
            ("https://git.example/one.git?path=docs/config.yaml", Named::Itself),
            ("https://git.example/one.git?path=*/config.yaml", Named::ByPattern),
        ] {
            assert_eq!(Named::of(target), expected, "{target}");
        }
    }
}
