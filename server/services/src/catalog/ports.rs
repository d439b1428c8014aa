//! What the catalog needs from outside: the files of a source.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::catalog::{Allowance, Severity, SourceKind};

use super::keys::{Granted, Keys};

/// The folder of an organisation's teams, which no repository can have: `@` stands in no repository's name.
pub const TEAMS: &str = "@teams/";
/// The folder of its members.
pub const MEMBERS: &str = "@members/";

/// Why something outside could not be read. Messages say what happened and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadProblem {
    /// It is not there.
    #[error("{0}")]
    Missing(String),
    /// It breaks a rule: too large, outside its source, at an internal address.
    #[error("{0}")]
    Refused(String),
    /// It did not answer, or answered badly; another time it may.
    #[error("{0}")]
    Unreachable(String),
}

/// A file in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// From the root of the source, with `/`.
    pub path: String,
    /// Whether it is a program.
    pub executable: bool,
}

/// Where a file is, in the words of the well-known annotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `file` or `url`.
    pub kind: &'static str,
    /// The path on disk, or the address.
    pub target: String,
    /// Where a person reads it.
    pub view: Option<String>,
    /// Where a person changes it.
    pub edit: Option<String>,
    /// The folder it is in, for tools.
    pub folder: Option<String>,
}

/// When something was pushed to repositories, by [`domain::catalog::repository_path`]: a list that is behind must not hide it.
pub type Pushed = HashMap<String, DateTime<Utc>>;

/// What of an organisation it is enough to ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// The repositories that were pushed to, by [`domain::catalog::repository_path`].
    pub repositories: BTreeSet<String>,
    /// Files of repositories that bring something of these, by their paths in the source.
    pub files: BTreeSet<String>,
}

/// Opens sources.
#[async_trait]
pub trait SourceReader: Send + Sync {
    /// Fetches what moved, and gives access to the files.
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem>;

    /// The same, with what may be shown to servers that ask who reads, and with what was pushed of late.
    async fn open_with(
        &self,
        kind: SourceKind,
        target: &str,
        _keys: &Keys,
        _pushed: &Pushed,
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.open(kind, target).await
    }

    /// The same where it is enough to ask for what moved, if that can be told apart: see [`OpenSource::part`] and
    /// [`OpenSource::is_behind`].
    async fn open_pushed(
        &self,
        kind: SourceKind,
        target: &str,
        keys: &Keys,
        (pushed, _moved): (&Pushed, &Moved),
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.open_with(kind, target, keys, pushed).await
    }

    /// Opens an address that a document names, with no more credentials than it was granted.
    async fn open_named(&self, _granted: Granted, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.open(SourceKind::Url, target).await
    }
}

/// One state of a source, whose files can be read.
#[async_trait]
pub trait OpenSource: Send + Sync {
    /// Names the state, such as a commit.
    fn revision(&self) -> Option<String>;

    /// The branch that is read, and whether only because the repository opens with it; nothing for what has none.
    fn branch(&self) -> Option<(String, bool)> {
        None
    }

    /// The files that the source's target means, and whether they were named or only found in a folder.
    fn begin(&self) -> Begin;

    /// The folder that the source's target means.
    fn folder(&self) -> String;

    /// The folder or repository, of several, that a file is in.
    fn root(&self, _path: &str) -> String {
        self.folder()
    }

    /// The path that `target` means in the file at `from`.
    fn resolve(&self, from: &str, target: &str) -> Result<String, ReadProblem>;

    /// The files that match a resolved glob, sorted.
    async fn find(&self, pattern: &str) -> Result<Vec<String>, ReadProblem>;

    /// All files below a resolved folder, sorted.
    async fn list(&self, folder: &str) -> Result<Vec<FileInfo>, ReadProblem>;

    /// A file's content, refused beyond `limit` bytes.
    async fn read(&self, path: &str, limit: u64) -> Result<Bytes, ReadProblem>;

    /// Names the content of a file without reading it, where the source knows it: the same name means the same bytes.
    fn fingerprint(&self, _path: &str) -> Option<String> {
        None
    }

    /// Where the file is.
    fn place(&self, path: &str) -> Place;

    /// What is to be said beyond its files, such as what could not be listed.
    fn remarks(&self) -> Vec<Remark> {
        Vec::new()
    }

    /// The folders, each with a slash at the end, and the files that were asked for, where that is not all: whatever is recorded of
    /// others stands.
    fn part(&self) -> Option<Vec<String>> {
        None
    }

    /// Whether it is time to ask for the rest, which was not asked for now.
    fn is_behind(&self) -> bool {
        false
    }

    /// When what could not be asked for now is to be asked for again, since somebody waits for it.
    fn again_at(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// How many requests its server still allows; nothing for one that does not say.
    fn allowance(&self) -> Option<Allowance> {
        None
    }

    /// Which credentials the words of its documents may use.
    fn granted(&self) -> Granted {
        Granted::Nothing
    }
}

/// Something about a part of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is about, as it stands in the trace.
    pub about: String,
    /// How bad it is.
    pub severity: Severity,
    /// What happened and how to mend it.
    pub message: String,
    /// Folders, each with a slash at the end, or the empty text for all: what files there declared before stands, since
    /// nobody knows what they declare now.
    pub keeps: Vec<String>,
}

/// How a source's files were chosen, which decides how strictly they are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// A person named these files: whatever is in them is meant for the catalog.
    Named(Vec<String>),
    /// They bear the usual name.
    Found(Vec<String>),
    /// They only end like YAML, or fit a pattern that a person wrote: documents that are not meant for a catalog are left out,
    /// but of those with the usual name.
    Guessed(Vec<String>),
}

impl Begin {
    /// What a folder means: every `catalog-info.yaml` below it, or else every YAML file. Whoever walks it leaves out what is there
    /// for templates to render.
    pub fn folder(paths: impl IntoIterator<Item = String>) -> Self {
        let mut guessed: Vec<String> = paths.into_iter().filter(|path| Self::is_yaml(path)).collect();
        guessed.sort();
        let found: Vec<String> = guessed.iter().filter(|path| Self::is_usual(path)).cloned().collect();
        if found.is_empty() { Self::Guessed(guessed) } else { Self::Found(found) }
    }

    /// Whether a file has the name that says what it is.
    pub fn is_usual(path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        ["catalog-info.yaml", "catalog-info.yml"].contains(&name)
    }

    /// Whether a file is YAML by its name.
    pub fn is_yaml(path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
        name.rsplit_once('.').is_some_and(|(_, end)| ["yaml", "yml"].contains(&end))
    }
}

/// Joins `target` to the folder of `from`, both within a source whose root is the empty path.
pub fn join(from: &str, target: &str) -> Result<String, ReadProblem> {
    let climbs = || {
        ReadProblem::Refused(format!(
            "`{target}` leads out of the source; keep what a catalog file names inside the folder or repository it is in"
        ))
    };
    let mut parts: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => from.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default(),
    };
    for part in target.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(climbs)?;
            }
            part if part.contains('\0') => return Err(climbs()),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// Whether a path is a pattern for many.
pub fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn targets_are_joined_and_never_climb_out() {
        assert_eq!(join("a/b.yaml", "./c/../d.yaml").unwrap(), "a/d.yaml");
        assert_eq!(join("a/b.yaml", "../d.yaml").unwrap(), "d.yaml");
        assert_eq!(join("a/b.yaml", "/d.yaml").unwrap(), "d.yaml");
        for wrong in ["../../d.yaml", "c/../../../d.yaml", "..\\..\\d.yaml", "/../x", "a\0b"] {
            assert!(matches!(join("a/b.yaml", wrong), Err(ReadProblem::Refused(_))), "{wrong}");
        }
    }

    #[test]
    fn a_folder_means_its_catalog_files_or_else_all_its_yaml() {
        let folder = |paths: &[&str]| Begin::folder(paths.iter().map(ToString::to_string));
        let found = ["c/x.yaml", "c/catalog-info.yml", "t/template.yaml"];
        assert_eq!(folder(&found), Begin::Found(vec!["c/catalog-info.yml".into()]));
        let guessed = ["c/x.YAML", "c/x.json", "a.yml", "t/template.yaml"];
        assert_eq!(folder(&guessed), Begin::Guessed(vec!["a.yml".into(), "c/x.YAML".into(), "t/template.yaml".into()]));
    }

    proptest! {
        #[test]
        fn no_target_leaves_the_root(from in "[a-c/]{0,9}", target in "[a-c./\\\\]{0,20}") {
            if let Ok(path) = join(&from, &target) {
                let climbs = path.split('/').any(|part| part == ".." || part == ".");
                prop_assert!(!climbs, "{}", path);
            }
        }
    }
}
