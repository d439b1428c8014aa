//! Policies and example cases, among what is checked.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use domain::catalog::{FileProblem, Outcome, Severity, SourceFile};
use services::identity::PolicyProblem;

use crate::policy_files::{PolicyFiles, entries, has_policies, is_folder, is_policy_file};

/// How deep folders are looked through, and how many entries.
const DEEPEST: usize = 32;
const MOST_ENTRIES: usize = 200_000;

/// What of the paths is policies.
pub(super) struct Looked {
    /// Every file of policies and example cases, and what is wrong with it.
    pub(super) files: Vec<SourceFile>,
    /// What is to be looked at as a catalog.
    pub(super) rest: Vec<PathBuf>,
}

/// Looks for policies: folders in which they stand right away, the topmost of those that stand in each other. A file is looked at
/// together with the others of its folder, as it will be read.
///
/// # Errors
/// If a folder cannot be read.
pub(super) fn look(paths: &[PathBuf]) -> io::Result<Looked> {
    let (mut folders, mut rest) = (BTreeSet::new(), Vec::new());
    for path in paths {
        if is_policy_file(path) {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            folders.insert(folder.unwrap_or(Path::new(".")).to_owned());
        } else if path.is_dir() {
            let mut walk = Walk { folders: BTreeSet::new(), has_catalog: false, left: MOST_ENTRIES };
            walk.look(path, false, DEEPEST)?;
            // A folder that has neither is told by the check of the catalog.
            if walk.folders.is_empty() || walk.has_catalog {
                rest.push(path.clone());
            }
            folders.extend(walk.folders);
        } else {
            rest.push(path.clone());
        }
    }
    let mut files = Vec::new();
    for folder in folders {
        for (path, problems) in PolicyFiles::read(&folder)?.files {
            let outcome = if problems.is_empty() { Outcome::Found } else { Outcome::Rejected };
            let problems = problems.into_iter().map(told).collect();
            files.push(SourceFile { path: plain(&path), outcome, entities: 0, problems, parent: None });
        }
    }
    Ok(Looked { files, rest })
}

/// A path as findings name it.
pub(super) fn plain(path: &Path) -> String {
    let shown = path.display().to_string();
    shown.strip_prefix("./").map_or(shown.clone(), str::to_owned)
}

fn told(problem: PolicyProblem) -> FileProblem {
    let (line, column) = problem.place.unzip();
    let message = match problem.hint {
        Some(hint) => format!("{} ({hint})", problem.message),
        None => problem.message,
    };
    FileProblem { severity: Severity::Error, message, field: None, line, column }
}

struct Walk {
    folders: BTreeSet<PathBuf>,
    has_catalog: bool,
    left: usize,
}

impl Walk {
    fn look(&mut self, folder: &Path, is_within: bool, depth: usize) -> io::Result<()> {
        let is_within = is_within || {
            let has_policies = has_policies(folder);
            if has_policies {
                self.folders.insert(folder.to_owned());
            }
            has_policies
        };
        for path in entries(folder)? {
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                return Ok(());
            }
            if is_folder(&path) {
                if depth > 0 {
                    self.look(&path, is_within, depth - 1)?;
                }
            } else if !is_policy_file(&path) {
                self.has_catalog |= path.extension().is_some_and(|end| end == "yaml" || end == "yml");
            }
        }
        Ok(())
    }
}
