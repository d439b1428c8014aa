//! Names of repositories in the embedded Git hosting.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A repository's name, fit for a path and an address: `harbour/quay-signs`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName {
    owner: String,
    repo: String,
}

/// Why a text names no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARepository {
    /// It is not `owner/repo`.
    #[error("`{0}` is not `owner/repo`")]
    Shape(String),
    /// A part has characters that a path or an address cannot carry.
    #[error(
        "`{0}` cannot be part of a repository's name: use 1 to 100 letters, digits, `-`, `_` and `.`, \
         not starting with `.` or `-` and not ending with `.git`, `.lock` or `.`"
    )]
    Part(String),
}

fn part(text: &str) -> Result<String, NotARepository> {
    let fits = (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !text.starts_with(['.', '-'])
        && !text.contains("..")
        && !text.ends_with('.')
        && !text.to_ascii_lowercase().ends_with(".git")
        && !text.to_ascii_lowercase().ends_with(".lock");
    if fits { Ok(text.to_owned()) } else { Err(NotARepository::Part(text.to_owned())) }
}

impl RepositoryName {
    /// Joins the two parts.
    pub fn new(owner: &str, repo: &str) -> Result<Self, NotARepository> {
        Ok(Self { owner: part(owner)?, repo: part(repo)? })
    }

    /// Who it belongs to.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its name among those of the owner.
    pub fn repo(&self) -> &str {
        &self.repo
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.repo)
    }
}

impl FromStr for RepositoryName {
    type Err = NotARepository;

    fn from_str(text: &str) -> Result<Self, NotARepository> {
        let (owner, repo) = text.split_once('/').ok_or_else(|| NotARepository::Shape(text.to_owned()))?;
        Self::new(owner, repo)
    }
}

impl TryFrom<String> for RepositoryName {
    type Error = NotARepository;

    fn try_from(text: String) -> Result<Self, NotARepository> {
        text.parse()
    }
}

impl From<RepositoryName> for String {
    fn from(name: RepositoryName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_climb_or_confuse_git_are_refused() {
        for text in [
            "a", "a/", "/a", "../a", "a/..", "a/b/c", "a/.b", "-a/b", "a/b.git", "a/b.lock", "a/b.", "a/b c", "ä/b",
            "a/b\0",
        ] {
            assert!(text.parse::<RepositoryName>().is_err(), "{text}");
        }
        assert_eq!("harbour/quay-signs".parse::<RepositoryName>().unwrap().to_string(), "harbour/quay-signs");
    }

    proptest! {
        #[test]
        fn a_name_is_never_more_than_two_path_segments(text in ".{0,30}") {
            if let Ok(name) = text.parse::<RepositoryName>() {
                let path = std::path::PathBuf::from(name.to_string());
                prop_assert_eq!(path.components().filter(|c| matches!(c, std::path::Component::Normal(_))).count(), 2);
            }
        }
    }
}
