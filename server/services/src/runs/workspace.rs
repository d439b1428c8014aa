//! The folder that a run's steps work in.
//!
//! It is not kept safe, it is made again: what stands in it follows from the recorded inputs of the steps that are done.
//! A state file beside it says after which step it stands; while a step alters it there is none, so whoever finds a folder
//! that was left in the middle, or no folder at all, starts from nothing.

use std::{
    fs,
    io::Read,
    path::{Component, Path, PathBuf},
};

use domain::identity::Tenant;
use uuid::Uuid;
use walkdir::WalkDir;

use crate::{Error, Result};

/// How many files a workspace may hold.
const FILES: usize = 20_000;
/// How many bytes they may have together.
const BYTES: u64 = 256 << 20;

/// A run's folder.
#[derive(Debug, Clone)]
pub(super) struct Workspace {
    home: PathBuf,
}

impl Workspace {
    pub(super) fn of(data: &Path, tenant: &Tenant, run: Uuid) -> Self {
        Self { home: data.join("workspaces").join(tenant.as_str()).join(run.to_string()) }
    }

    /// The folder that steps see.
    pub(super) fn root(&self) -> PathBuf {
        self.home.join("files")
    }

    /// Whether the folder stands as the step at `position` left it, with the files `tree`; `None` means before all steps.
    pub(super) fn stands_after(&self, at: Option<(i32, &str)>) -> bool {
        let stands = fs::read_to_string(self.state()).ok();
        self.root().is_dir() && stands.as_deref() == Some(line(at).as_str())
    }

    /// Starts from nothing.
    pub(super) fn reset(&self) -> Result<()> {
        self.remove()?;
        fs::create_dir_all(self.root())?;
        Ok(())
    }

    /// Says that a step is about to alter it.
    pub(super) fn begin(&self) -> Result<()> {
        fs::create_dir_all(self.root())?;
        match fs::remove_file(self.state()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Says after which step it stands now.
    pub(super) fn settle(&self, at: Option<(i32, &str)>) -> Result<()> {
        fs::create_dir_all(self.root())?;
        fs::write(self.state(), line(at))?;
        Ok(())
    }

    /// Deletes it.
    pub(super) fn remove(&self) -> Result<()> {
        match fs::remove_dir_all(&self.home) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The place that `relative` names, which must stay inside: no `..`, no root, no way through a symbolic link.
    pub(super) fn inside(&self, relative: &str) -> Result<PathBuf> {
        let refuse =
            || Error::Rejected(format!("`{relative}` leads out of the run's workspace; name a path inside it"));
        let mut path = self.root();
        for component in Path::new(relative).components() {
            match component {
                Component::CurDir => {}
                Component::Normal(name) => {
                    if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
                        return Err(refuse());
                    }
                    path.push(name);
                }
                Component::Prefix(_) | Component::RootDir | Component::ParentDir => return Err(refuse()),
            }
        }
        if path != self.root() && fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(refuse());
        }
        Ok(path)
    }

    /// The files in it, with paths that start at its root, in order.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        let root = self.root();
        let mut files = Vec::new();
        for entry in WalkDir::new(&root).sort_by_file_name() {
            let entry = entry.map_err(|error| Error::Internal(format!("workspace: {error}")))?;
            if !entry.file_type().is_dir() {
                files.push(entry.path().strip_prefix(&root).unwrap_or(entry.path()).to_path_buf());
            }
            if files.len() > FILES {
                return Err(Error::Rejected(format!("the workspace holds more than {FILES} files")));
            }
        }
        Ok(files)
    }

    /// One name for all that stands in it: paths, contents, which are executable, where links lead.
    pub(super) fn tree(&self) -> Result<String> {
        let root = self.root();
        let mut hash = blake3::Hasher::new();
        let mut bytes = 0_u64;
        for path in self.files()? {
            let full = root.join(&path);
            let found = fs::symlink_metadata(&full)?;
            hash.update(path.as_os_str().as_encoded_bytes()).update(&[0]);
            if found.is_symlink() {
                hash.update(b"link").update(fs::read_link(&full)?.as_os_str().as_encoded_bytes());
            } else {
                bytes += found.len();
                if bytes > BYTES {
                    return Err(Error::Rejected(format!("the workspace holds more than {} MiB", BYTES >> 20)));
                }
                hash.update(if is_executable(&found) { b"exec" } else { b"file" });
                hash.update(&found.len().to_le_bytes());
                let mut file = fs::File::open(&full)?;
                let mut part = [0_u8; 16 * 1024];
                loop {
                    let read = file.read(&mut part)?;
                    if read == 0 {
                        break;
                    }
                    hash.update(&part[..read]);
                }
            }
            hash.update(&[0]);
        }
        Ok(hash.finalize().to_hex()[..32].to_owned())
    }

    fn state(&self) -> PathBuf {
        self.home.join("state")
    }
}

fn line(at: Option<(i32, &str)>) -> String {
    at.map_or_else(|| "new".to_owned(), |(position, tree)| format!("{position} {tree}"))
}

#[cfg(unix)]
pub(super) fn is_executable(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
pub(super) fn is_executable(_found: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(data: &Path) -> Workspace {
        let workspace = Workspace::of(data, &Tenant::default(), Uuid::nil());
        workspace.reset().unwrap();
        workspace
    }

    #[test]
    fn a_path_that_climbs_out_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let workspace = workspace(data.path());
        for path in ["../x", "/etc/passwd", "a/../../x", ".."] {
            assert!(matches!(workspace.inside(path), Err(Error::Rejected(_))), "{path}");
        }
        assert_eq!(workspace.inside("./a/b").unwrap(), workspace.root().join("a/b"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_a_way_out() {
        let data = tempfile::tempdir().unwrap();
        let workspace = workspace(data.path());
        std::os::unix::fs::symlink("/etc", workspace.root().join("etc")).unwrap();
        assert!(workspace.inside("etc/passwd").is_err());
        assert!(workspace.inside("etc").is_err());
    }

    #[test]
    fn what_was_left_in_the_middle_does_not_stand() {
        let data = tempfile::tempdir().unwrap();
        let workspace = workspace(data.path());
        workspace.settle(None).unwrap();
        assert!(workspace.stands_after(None));
        workspace.begin().unwrap();
        assert!(!workspace.stands_after(None));
        fs::write(workspace.root().join("a"), "1").unwrap();
        let tree = workspace.tree().unwrap();
        workspace.settle(Some((0, &tree))).unwrap();
        assert!(workspace.stands_after(Some((0, &tree))));
        fs::write(workspace.root().join("a"), "2").unwrap();
        assert_ne!(workspace.tree().unwrap(), tree);
    }
}
