//! What was listed last, also after a restart: what cannot be listed for a while is as it was then.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use super::workloads::Workload;
use crate::source::git;

/// How many workloads of how many targets are remembered from one listing to the next.
const MOST: usize = 200_000;
const MOST_TARGETS: usize = 1_000;

/// How large a file may become, and how many there are at most; what is larger or older is not known after a restart.
const LARGEST: usize = 64 * 1024 * 1024;
const MOST_FILES: usize = 100;

/// Workloads by their kind and the namespace that was asked for.
pub(super) type Listed = HashMap<(String, Option<String>), Vec<Workload>>;

/// As it is written to the disk, in the order of kinds and namespaces.
type Parts = Vec<((String, Option<String>), Vec<Workload>)>;

#[derive(Debug)]
pub(super) struct Kept {
    folder: PathBuf,
    listed: Mutex<HashMap<String, Listed>>,
}

impl Kept {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, listed: Mutex::default() }
    }

    /// What was listed of a target the last time; nothing if that is not known.
    pub(super) async fn before(&self, target: &str) -> Listed {
        let known = self.listed.lock().unwrap_or_else(PoisonError::into_inner).get(target).cloned();
        if let Some(known) = known {
            return known;
        }
        let path = self.path(target);
        tokio::task::spawn_blocking(move || read(&path)).await.ok().flatten().unwrap_or_default()
    }

    /// Keeps what was listed for the next time. Anybody may look at a target before it is registered, so there is a bound.
    pub(super) async fn remember(&self, target: String, listed: &Listed) {
        let is_known = {
            let mut all = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            let kept: usize = all.values().flat_map(HashMap::values).map(Vec::len).sum();
            if kept >= MOST || all.len() >= MOST_TARGETS {
                all.retain(|known, _| *known == target);
            }
            all.insert(target.clone(), listed.clone()).is_some_and(|before| before == *listed)
        };
        let path = self.path(&target);
        if is_known && is_touched(path.clone()).await {
            return;
        }
        let mut parts: Parts = listed.clone().into_iter().collect();
        parts.sort_by(|(left, _), (right, _)| left.cmp(right));
        let written = tokio::task::spawn_blocking(move || write(&path, &parts)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "what was listed of a cluster cannot be kept on disk, so it is not known after a restart");
        }
    }

    fn path(&self, target: &str) -> PathBuf {
        self.folder.join(format!("{}.json", git::name(target)))
    }
}

/// Notes that what a file says is so still; not where there is none.
async fn is_touched(path: PathBuf) -> bool {
    let touch = move || File::options().write(true).open(path)?.set_modified(SystemTime::now());
    matches!(tokio::task::spawn_blocking(touch).await, Ok(Ok(())))
}

fn read(path: &Path) -> Option<Listed> {
    let parts: Parts = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    Some(parts.into_iter().collect())
}

fn write(path: &Path, parts: &Parts) -> io::Result<()> {
    let bytes = serde_json::to_vec(parts)?;
    if bytes.len() > LARGEST {
        // What it was earlier is true no longer.
        return fs::remove_file(path)
            .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) });
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&bytes)?;
    file.persist(path)?;
    forget_old(folder)
}

/// Removes those files that were written longest ago, where there are too many.
fn forget_old(folder: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // One that another removed meanwhile is none of them.
        if path.extension().is_some_and(|ending| ending == "json")
            && let Ok(modified) = fs::metadata(&path).and_then(|about| about.modified())
        {
            files.push((modified, path));
        }
    }
    files.sort();
    let too_many = files.len().saturating_sub(MOST_FILES);
    for (_, path) in files.into_iter().take(too_many) {
        let _ = fs::remove_file(path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_listings_are_kept_and_no_more_of_them_than_there_is_room_for() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..MOST_FILES + 3 {
            write(&folder.path().join(format!("{number}.json")), &Vec::new()).unwrap();
        }
        let newest = folder.path().join(format!("{}.json", MOST_FILES + 2));
        assert!(read(&newest).is_some_and(|listed| listed.is_empty()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), MOST_FILES);
    }
}
