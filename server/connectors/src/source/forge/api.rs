//! What GitHub, GitLab and Gitea call the same things.

mod gitea;
mod github;
mod gitlab;

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use domain::catalog::SourceKind;
use services::catalog::organisation::Organisation;
use url::Url;

use super::client::{Client, Listed, Trouble};

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repository {
    /// Its whole name, in small letters: `saltmarsh/tides`.
    pub(super) name: String,
    /// As its paths begin in the source: `tides`, or `quays/tides` for a group in a group.
    pub(super) id: String,
    /// As its API names it, encoded.
    pub(super) api: String,
    /// The address that people open.
    pub(super) web: String,
    pub(super) branch: String,
    pub(super) topics: Vec<String>,
    pub(super) is_archived: bool,
    pub(super) is_fork: bool,
    /// Nothing was pushed to it yet, or it is switched off.
    pub(super) is_empty: bool,
    /// Another one after every push.
    pub(super) mark: String,
    /// The mark may be behind for pushes before this moment.
    pub(super) settles_at: Option<DateTime<Utc>>,
}

/// A team, or a group of GitLab.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Team {
    /// What stays when it is renamed, if the forge tells it.
    pub(super) id: Option<u64>,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) web: String,
    pub(super) edit: Option<String>,
    pub(super) picture: Option<String>,
    pub(super) annotations: Vec<(String, String)>,
    /// Who is in it, by the names of [`Person`].
    pub(super) members: Vec<String>,
}

/// A member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    /// What stays when they are renamed, if the forge tells it.
    pub(super) id: Option<u64>,
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) email: Option<String>,
    pub(super) picture: Option<String>,
    pub(super) description: Option<String>,
    pub(super) web: String,
    pub(super) annotations: Vec<(String, String)>,
}

/// A file in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) is_executable: bool,
    /// What Git calls its content.
    pub(super) content: Option<String>,
}

/// Teams and members, as much of them as there was to be had.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) teams: Vec<Team>,
    pub(super) persons: Vec<Person>,
    pub(super) cut: Option<Trouble>,
}

/// One of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forge {
    GitHub,
    GitLab,
    Gitea,
}

impl Forge {
    pub(super) fn of(kind: SourceKind) -> Option<Self> {
        match kind {
            SourceKind::GitHub => Some(Self::GitHub),
            SourceKind::GitLab => Some(Self::GitLab),
            SourceKind::Gitea => Some(Self::Gitea),
            _ => None,
        }
    }

    /// Where the API of a server begins.
    pub(super) fn api(self, web: &Url) -> Url {
        let mut api = web.clone();
        match self {
            // In its cloud it has its API at a name of its own; an own server has it below.
            Self::GitHub if web.host_str().is_some_and(|host| host == "github.com" || host.ends_with(".ghe.com")) => {
                let _ = api.set_host(web.host_str().map(|host| format!("api.{host}")).as_deref());
                api.set_path("/");
            }
            Self::GitHub => api.set_path("/api/v3/"),
            Self::GitLab => api.set_path("/api/v4/"),
            Self::Gitea => api.set_path("/api/v1/"),
        }
        api
    }

    pub(super) async fn repositories(self, client: &Client, organisation: &Organisation) -> Listed<Repository> {
        match self {
            Self::GitHub => github::repositories(client, organisation).await,
            Self::GitLab => gitlab::repositories(client, organisation).await,
            Self::Gitea => gitea::repositories(client, organisation).await,
        }
    }

    /// One repository, by its whole name, whether the list of the organisation shows it or not.
    pub(super) async fn repository(
        self,
        client: &Client,
        organisation: &Organisation,
        name: &str,
    ) -> Result<Repository, Trouble> {
        let path = self.about(name);
        let asked = match self {
            Self::GitHub => github::repository(client, organisation, &path).await,
            Self::GitLab => gitlab::repository(client, organisation, &path).await,
            Self::Gitea => gitea::repository(client, organisation, &path).await,
        }?;
        // One that went elsewhere is led on to.
        let above = format!("{}/", organisation.name.to_lowercase());
        if asked.name.starts_with(&above) { Ok(asked) } else { Err(Trouble::Missing) }
    }

    /// Where the API tells of one repository.
    pub(super) fn about(self, name: &str) -> String {
        match self {
            Self::GitHub | Self::Gitea => format!("repos/{}", encoded(name, "/")),
            Self::GitLab => format!("projects/{}", encoded(name, "")),
        }
    }

    pub(super) async fn people(self, client: &Client, organisation: &Organisation) -> People {
        match self {
            Self::GitHub => github::people(client, organisation).await,
            Self::GitLab => gitlab::people(client, organisation).await,
            Self::Gitea => gitea::people(client, organisation).await,
        }
    }

    /// Every file of a repository. What was heard of them within `fresh` is taken as it is.
    pub(super) async fn tree(
        self,
        client: &Client,
        repository: &Repository,
        fresh: TimeDelta,
    ) -> Result<Vec<Entry>, Trouble> {
        match self {
            Self::GitHub | Self::Gitea => github::tree(client, repository, fresh).await,
            Self::GitLab => gitlab::tree(client, repository, fresh).await,
        }
    }

    /// Where a file's content is, and as what it is asked for.
    pub(super) fn file(self, repository: &Repository, path: &str) -> (String, &'static str) {
        let Repository { api, branch, .. } = repository;
        let branch = encoded(branch, "");
        match self {
            Self::GitHub => {
                (format!("repos/{api}/contents/{}?ref={branch}", encoded(path, "/")), "application/vnd.github.raw+json")
            }
            Self::GitLab => {
                (format!("projects/{api}/repository/files/{}/raw?ref={branch}", encoded(path, "")), "text/plain, */*")
            }
            Self::Gitea => (format!("repos/{api}/raw/{}?ref={branch}", encoded(path, "/")), "text/plain, */*"),
        }
    }

    /// The address of a file (`blob`), of a folder (`tree`), or of the page that changes a file (`edit`).
    pub(super) fn address(self, repository: &Repository, what: &str, path: &str) -> String {
        let Repository { web, branch, .. } = repository;
        match (self, what) {
            (Self::GitHub, _) => format!("{web}/{what}/{branch}/{path}"),
            (Self::GitLab, _) => format!("{web}/-/{what}/{branch}/{path}"),
            (Self::Gitea, "edit") => format!("{web}/_edit/{branch}/{path}"),
            (Self::Gitea, _) => format!("{web}/src/branch/{branch}/{path}"),
        }
    }
}

/// A text as a part of an address; what is in `kept` stays.
pub(super) fn encoded(text: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// An address that a forge gives, if it is one of the web; else the one it should be.
fn web_or(given: Option<String>, organisation: &Organisation, below: &str) -> String {
    let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    given.filter(is_web).map_or_else(
        || format!("{}/{below}", organisation.web.as_str().trim_end_matches('/')),
        |url| url.trim_end_matches('/').to_owned(),
    )
}

/// When a mark that counts seconds tells of all that was pushed by then: two pushes may have the same, and a server that is one of
/// several may be a moment behind.
fn settles_at(mark: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(mark).ok().map(|at| at.to_utc() + TimeDelta::minutes(1))
}

/// A text that says something.
fn said(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forge_has_its_api_where_it_is_documented() {
        let api = |forge: Forge, web: &str| forge.api(&web.parse().unwrap()).to_string();
        assert_eq!(api(Forge::GitHub, "https://github.com/saltmarsh"), "https://api.github.com/");
        assert_eq!(api(Forge::GitHub, "https://saltmarsh.ghe.com/quay"), "https://api.saltmarsh.ghe.com/");
        assert_eq!(api(Forge::GitHub, "https://git.internal:8443/quay"), "https://git.internal:8443/api/v3/");
        assert_eq!(api(Forge::GitLab, "https://gitlab.com/saltmarsh/quays"), "https://gitlab.com/api/v4/");
        assert_eq!(api(Forge::Gitea, "https://codeberg.org/saltmarsh"), "https://codeberg.org/api/v1/");
    }

    #[test]
    fn paths_are_written_as_each_api_wants_them() {
        let repository = Repository {
            name: "saltmarsh/tides".into(),
            id: "tides".into(),
            api: "saltmarsh/tides".into(),
            web: "https://github.com/saltmarsh/tides".into(),
            branch: "feature/deep".into(),
            topics: Vec::new(),
            is_archived: false,
            is_fork: false,
            is_empty: false,
            mark: String::new(),
            settles_at: None,
        };
        let path = |forge: Forge| forge.file(&repository, "a b/ü#.yaml").0;
        assert_eq!(path(Forge::GitHub), "repos/saltmarsh/tides/contents/a%20b/%C3%BC%23.yaml?ref=feature%2Fdeep");
        assert_eq!(path(Forge::Gitea), "repos/saltmarsh/tides/raw/a%20b/%C3%BC%23.yaml?ref=feature%2Fdeep");
        let gitlab = "projects/saltmarsh/tides/repository/files/a%20b%2F%C3%BC%23.yaml/raw?ref=feature%2Fdeep";
        assert_eq!(path(Forge::GitLab), gitlab);
    }
}
