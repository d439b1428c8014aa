//! The embedded Git hosting: bare repositories below the data directory, made and served by the `git` executable.

mod command;
mod commit;
mod read;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use domain::runs::RepositoryName;
use services::{
    Error, Result,
    runs::{FirstCommit, Published, Repositories},
};
use tokio::fs;

pub use self::{
    command::{GitCommand, git},
    read::{commit_of, read_file},
};

/// Where the key of the step that made a repository is written, in the repository's own configuration.
const KEY: &str = "causeway.key";
/// Where the hash of its first commit is written.
const COMMIT: &str = "causeway.commit";

/// Repositories below one folder: `OWNER/REPO.git`.
#[derive(Debug, Clone)]
pub struct EmbeddedHosting {
    root: PathBuf,
}

impl EmbeddedHosting {
    /// The hosting of the installation whose data is kept in `data`.
    pub fn new(data: &Path) -> Self {
        Self { root: data.join("git") }
    }

    /// The folder of a repository, whether it is there or not.
    pub fn path(&self, name: &RepositoryName) -> PathBuf {
        self.root.join(name.owner()).join(format!("{}.git", name.repo()))
    }

    /// The folder of a repository that is there.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is not.
    pub async fn find(&self, name: &RepositoryName) -> Result<PathBuf> {
        let path = self.path(name);
        match fs::try_exists(path.join("HEAD")).await {
            Ok(true) => Ok(path),
            _ => Err(Error::NotFound(format!("there is no repository {name} on this server"))),
        }
    }

    /// What the step with `key` made before, if it did.
    async fn made_by(&self, path: &Path, name: &RepositoryName, key: &str) -> Result<Option<Published>> {
        if !fs::try_exists(path.join("HEAD")).await.unwrap_or(false) {
            return Ok(None);
        }
        let found = git(path).args(["config", "--get", KEY]).read().await.unwrap_or_default();
        if found.trim() != key {
            return Err(Error::Conflict(format!("a repository {name} already exists; choose another name")));
        }
        let commit = git(path).args(["config", "--get", COMMIT]).read().await?;
        Ok(Some(Published { commit: commit.trim().to_owned(), was_there: true }))
    }
}

#[async_trait]
impl Repositories for EmbeddedHosting {
    async fn create_or_get(&self, name: &RepositoryName, first: &FirstCommit) -> Result<Published> {
        let path = self.path(name);
        if let Some(there) = self.made_by(&path, name, &first.key).await? {
            return Ok(there);
        }
        let owner = self.root.join(name.owner());
        fs::create_dir_all(&owner).await?;
        // Made aside and moved into place in one go: a repository that is there is whole.
        let aside = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.root)?;
        let made = aside.path().join("repository.git");
        let commit = commit::make(&made, first).await?;
        git(&made).args(["config", KEY, &first.key]).run().await?;
        git(&made).args(["config", COMMIT, &commit]).run().await?;
        match fs::rename(&made, &path).await {
            Ok(()) => {
                sync_folder(&owner).await;
                Ok(Published { commit, was_there: false })
            }
            // Someone was faster; perhaps it was this very step.
            Err(error) => match self.made_by(&path, name, &first.key).await? {
                Some(there) => Ok(there),
                None => Err(error.into()),
            },
        }
    }

    async fn exists(&self, name: &RepositoryName) -> Result<Option<bool>> {
        Ok(Some(fs::try_exists(self.path(name)).await?))
    }
}

/// Makes the new name in the folder outlast a loss of power, where the system can.
async fn sync_folder(folder: &Path) {
    if let Ok(folder) = fs::File::open(folder).await
        && let Err(error) = folder.sync_all().await
    {
        tracing::debug!(%error, "the folder of a new repository was not synced");
    }
}

#[cfg(test)]
mod tests;
