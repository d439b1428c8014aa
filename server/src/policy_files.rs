//! Policies that are files of a folder, `NAME.cedar` with `NAME.cases.yaml` beside them: read, and held against each other.

mod follow;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use chrono::Utc;
use services::{
    identity::{PolicyProblem, RoleName},
    permission::{PolicyFolder, Trial, try_policies},
};

pub(crate) use self::follow::follow;

/// The largest file that is read; policies are bounded closer than that.
const LARGEST: u64 = 1024 * 1024;
/// How deep folders below are looked through for policies that would hold nowhere, and how many entries.
const DEEPEST: usize = 16;
const MOST_ENTRIES: usize = 100_000;

/// A folder of policies, as it was found.
#[derive(Debug, Default)]
pub(crate) struct PolicyFiles {
    /// Name, policies, example cases.
    pub(crate) documents: Vec<(String, String, String)>,
    /// What is wrong with which file. A file of which nothing is wrong is here as well.
    pub(crate) files: BTreeMap<PathBuf, Vec<PolicyProblem>>,
    /// How many example cases hold, with those that come with Causeway.
    pub(crate) cases: usize,
}

/// What a file is, by its name.
enum Kind {
    Policies(String),
    Cases(String),
    /// It means to be one of both, and is called otherwise.
    Misnamed,
    Other,
}

const CEDAR: &str = ".cedar";
const CASES: &str = ".cases.yaml";

fn kind(path: &Path) -> Kind {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(stem) = name.strip_suffix(CEDAR) {
        return Kind::Policies(stem.to_owned());
    }
    if let Some(stem) = name.strip_suffix(CASES) {
        return Kind::Cases(stem.to_owned());
    }
    let small = name.to_lowercase();
    let is_near = [CEDAR, CASES, ".cases.yml", ".cases.json"].iter().any(|end| small.ends_with(end));
    if is_near { Kind::Misnamed } else { Kind::Other }
}

/// Whether a path is a file of policies or example cases, or means to be one.
pub(crate) fn is_policy_file(path: &Path) -> bool {
    !matches!(kind(path), Kind::Other) && path.is_file()
}

/// Whether policies stand right in a folder.
pub(crate) fn has_policies(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(|entry| is_policy_file(&entry.path())))
}

/// All that stands in a folder, files and folders, in order. What begins with a dot belongs to tools.
pub(crate) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

impl PolicyFiles {
    /// Reads a folder and tries what is in it.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut found = Self::default();
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        let mut cases: BTreeMap<String, String> = BTreeMap::new();
        for path in entries(folder)? {
            if is_folder(&path) {
                found.look_below(&path, folder);
                continue;
            }
            match kind(&path) {
                Kind::Policies(name) => {
                    if name.parse::<RoleName>().is_err() {
                        found.tell(&path, "name policies with lower-case letters, digits and hyphens".to_owned());
                    } else if let Some(text) = found.take(&path) {
                        texts.insert(name, text);
                    }
                }
                Kind::Cases(name) => {
                    if let Some(text) = found.take(&path) {
                        cases.insert(name, text);
                    }
                }
                Kind::Misnamed => {
                    let why = "files are called `NAME.cedar` and `NAME.cases.yaml`; this one counts for nothing";
                    found.tell(&path, why.to_owned());
                }
                Kind::Other => {}
            }
        }
        let names = |name: &str| (folder.join(format!("{name}{CEDAR}")), folder.join(format!("{name}{CASES}")));
        for name in cases.keys() {
            let (policies, own) = names(name);
            // One that could not be read is told of itself.
            if !texts.contains_key(name) && !found.files.contains_key(&policies) {
                let why = format!(
                    "there is no `{name}{CEDAR}` beside it, so these cases are never tried; call it like the policies that they \
                     are about, or move its cases to others, since all are tried with all policies"
                );
                found.tell(&own, why);
            }
        }
        found.documents = texts
            .into_iter()
            .map(|(name, text)| (name.clone(), text, cases.remove(&name).unwrap_or_default()))
            .collect();
        let Trial { cases, faults } = try_policies(&found.documents);
        found.cases = cases;
        for fault in faults {
            let (path, problem) = match (fault.document, fault.is_shipped) {
                (Some(name), false) if fault.in_cases => (names(&name).1, fault.problem),
                (Some(name), false) => (names(&name).0, fault.problem),
                (Some(name), true) => {
                    let message = format!("in `{name}`, which comes with Causeway: {}", fault.problem.message);
                    (folder.to_owned(), PolicyProblem { message, ..fault.problem })
                }
                (None, _) => (folder.to_owned(), fault.problem),
            };
            found.files.entry(path).or_default().push(problem);
        }
        Ok(found)
    }

    /// What of it holds, where nothing is wrong.
    pub(crate) fn held(self, folder: &Path) -> PolicyFolder {
        PolicyFolder {
            documents: self.documents,
            revision: follow::revision(folder),
            read_at: Utc::now(),
            problems: Vec::new(),
        }
    }

    /// What is wrong, each with its file, as a line.
    pub(crate) fn problems(&self) -> Vec<String> {
        let all = self.files.iter().flat_map(|(path, problems)| problems.iter().map(move |problem| (path, problem)));
        all.map(|(path, problem)| format!("{}: {problem}", path.display())).collect()
    }

    fn tell(&mut self, path: &Path, why: String) {
        self.files.entry(path.to_owned()).or_default().push(PolicyProblem::plain(why));
    }

    /// The text of a file, or why there is none.
    fn take(&mut self, path: &Path) -> Option<String> {
        self.files.entry(path.to_owned()).or_default();
        match fs::metadata(path) {
            // Nothing may ever come out of it.
            Ok(about) if !about.is_file() => {
                self.tell(path, "it is no plain file; put one there, or call it otherwise".to_owned());
                return None;
            }
            Ok(about) if about.len() > LARGEST => {
                self.tell(path, "it is larger than 1 MiB; split it".to_owned());
                return None;
            }
            _ => {}
        }
        match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) => {
                self.tell(path, format!("it cannot be read: {error}"));
                None
            }
        }
    }

    /// Policies in a folder below hold nowhere, whatever anybody believes.
    fn look_below(&mut self, below: &Path, folder: &Path) {
        let mut left = MOST_ENTRIES;
        let mut folders = vec![(below.to_owned(), 1)];
        while let Some((at, depth)) = folders.pop() {
            for path in entries(&at).unwrap_or_default() {
                left = left.saturating_sub(1);
                if left == 0 {
                    return;
                }
                if is_folder(&path) {
                    if depth < DEEPEST {
                        folders.push((path, depth + 1));
                    }
                } else if is_policy_file(&path) {
                    let why = format!("only files right in `{}` count; move it there", folder.display());
                    self.tell(&path, why);
                }
            }
        }
    }
}

/// Whether a path is a folder itself, and not a link to one, which may lead in a circle.
pub(crate) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_dir())
}
