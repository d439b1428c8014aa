//! What runs need from outside.

use std::path::PathBuf;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::runs::RepositoryName;

use crate::Result;

/// The first commit of a repository; the same words make the same hash, whenever and wherever it is made.
#[derive(Debug, Clone)]
pub struct FirstCommit {
    /// Names the step that makes it: whoever comes again with the same key gets what is there.
    pub key: String,
    /// The folder whose files it holds.
    pub files: PathBuf,
    /// The branch it starts.
    pub branch: String,
    /// What it says.
    pub message: String,
    /// Who it names as author.
    pub author_name: String,
    /// The author's address.
    pub author_email: String,
    /// When it claims to be made.
    pub at: DateTime<Utc>,
    /// What the repository is for, in a line.
    pub description: String,
}

/// A repository that exists now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The hash of the first commit.
    pub commit: String,
    /// Whether it was there before, made by the same step.
    pub was_there: bool,
}

/// Hosting of Git repositories.
#[async_trait]
pub trait Repositories: Send + Sync {
    /// Makes a repository with one commit, or finds the one that the same step made before.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if the name is taken by another.
    async fn create_or_get(&self, name: &RepositoryName, first: &FirstCommit) -> Result<Published>;

    /// Whether a repository of this name exists; `None` if that cannot be told from here.
    async fn exists(&self, _name: &RepositoryName) -> Result<Option<bool>> {
        Ok(None)
    }
}
