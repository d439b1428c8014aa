//! What was fetched before: so that only what moved is fetched again, also after a restart.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Which shape the answers have that are kept. What is kept in another one is fetched again: it may lack what is asked for now.
const SHAPE: u32 = 3;

/// How large the file may become; what is larger is fetched again after a restart.
const LARGEST: u64 = 256 * 1024 * 1024;

/// An answer, and the tag under which the server knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) etag: Option<String>,
    /// `None` for what is not there.
    pub(super) body: Option<String>,
    /// What stands behind the `?` of the next page.
    pub(super) next: Option<String>,
    /// When the server last said so.
    pub(super) at: DateTime<Utc>,
}

/// A repository, as it was when its files were last looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// The forge's mark for its state, and the branch.
    pub(super) mark: String,
    /// Its catalog files.
    pub(super) files: Vec<String>,
    /// When they were looked for.
    pub(super) at: DateTime<Utc>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    #[serde(default)]
    shape: u32,
    answers: HashMap<String, Kept>,
    seen: HashMap<String, Seen>,
    /// Since everything was listed last, and between the last time and the time before; unknown after a start.
    #[serde(skip)]
    used: HashSet<String>,
    #[serde(skip)]
    used_before: Option<HashSet<String>>,
    /// When everything was last asked for; not kept over a restart.
    #[serde(skip)]
    listed_at: Option<DateTime<Utc>>,
    /// Whether the file is behind.
    #[serde(skip)]
    is_new: bool,
}

/// What is known of one organisation.
#[derive(Debug)]
pub(super) struct Memory {
    path: PathBuf,
    contents: Mutex<Contents>,
}

impl Memory {
    /// What was kept in a file; nothing if it is not there, or of another release.
    pub(super) fn open(path: PathBuf) -> Self {
        let is_small = fs::metadata(&path).is_ok_and(|about| about.len() <= LARGEST);
        let read = if is_small { fs::read(&path).ok() } else { None };
        let known = read.and_then(|bytes| serde_json::from_slice::<Contents>(&bytes).ok());
        let contents = known.filter(|known| known.shape == SHAPE).unwrap_or_default();
        let contents = Contents { shape: SHAPE, ..contents };
        Self { path, contents: Mutex::new(contents) }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Contents) -> T) -> T {
        work(&mut self.contents.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The answer of before.
    pub(super) fn answer(&self, key: &str) -> Option<Kept> {
        self.with(|contents| {
            contents.used.insert(key.to_owned());
            contents.answers.get(key).cloned()
        })
    }

    pub(super) fn keep(&self, key: &str, kept: Kept) {
        self.with(|contents| {
            contents.used.insert(key.to_owned());
            let said = |kept: &Kept| (kept.etag.clone(), kept.body.clone(), kept.next.clone());
            contents.is_new |= contents.answers.get(key).is_none_or(|known| said(known) != said(&kept));
            contents.answers.insert(key.to_owned(), kept);
        });
    }

    pub(super) fn seen(&self, repository: &str) -> Option<Seen> {
        self.with(|contents| contents.seen.get(repository).cloned())
    }

    pub(super) fn see(&self, repository: &str, seen: Seen) {
        self.with(|contents| {
            contents.is_new = true;
            contents.seen.insert(repository.to_owned(), seen);
        });
    }

    pub(super) fn listed_at(&self) -> Option<DateTime<Utc>> {
        self.with(|contents| contents.listed_at)
    }

    pub(super) fn list(&self, at: DateTime<Utc>) {
        self.with(|contents| contents.listed_at = Some(at));
    }

    /// Writes it down. With `repositories`, everything was listed: what was not used since it was listed before is forgotten.
    pub(super) fn save(&self, repositories: Option<&HashSet<String>>) -> io::Result<()> {
        let bytes = self.with(|contents| {
            if let Some(repositories) = repositories {
                let before = contents.answers.len() + contents.seen.len();
                let used = std::mem::take(&mut contents.used);
                // What catalog files lead to is asked for after everything was listed.
                if let Some(before) = &contents.used_before {
                    contents.answers.retain(|key, _| used.contains(key) || before.contains(key));
                }
                contents.used_before = Some(used);
                contents.seen.retain(|name, _| repositories.contains(name));
                contents.is_new |= contents.answers.len() + contents.seen.len() < before;
            }
            std::mem::take(&mut contents.is_new).then(|| serde_json::to_vec(contents)).transpose()
        })?;
        let Some(bytes) = bytes else { return Ok(()) };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&bytes)?;
        file.persist(&self.path)?;
        Ok(())
    }
}
