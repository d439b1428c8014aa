//! Where a repository is to stand, as the `RepoUrlPicker` writes it: `host?owner=o&repo=r`.

use serde_json::{Map, Value};

/// The parts of a repository's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoUrl {
    /// The Git host, with its port if it has one.
    pub host: String,
    /// The user, group or organisation that owns the repository.
    pub owner: Option<String>,
    /// The repository's name.
    pub repo: String,
    /// Azure's organisation.
    pub organization: Option<String>,
    /// Bitbucket's workspace.
    pub workspace: Option<String>,
    /// Azure's or Bitbucket's project.
    pub project: Option<String>,
}

/// Why a text is not a repository's place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a repository's place; write `HOST?owner=OWNER&repo=NAME`")]
pub struct NotARepoUrl(String);

impl RepoUrl {
    /// Reads `host?owner=o&repo=r`.
    pub fn parse(text: &str) -> Result<Self, NotARepoUrl> {
        let wrong = || NotARepoUrl(text.to_owned());
        let url = url::Url::parse(&format!("https://{text}")).map_err(|_| wrong())?;
        let find = |name: &str| {
            url.query_pairs().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.into_owned())
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self {
            host,
            owner: find("owner"),
            repo: find("repo").ok_or_else(wrong)?,
            organization: find("organization"),
            workspace: find("workspace"),
            project: find("project"),
        })
    }

    /// The parts as a template sees them; those that are missing are not there.
    pub fn to_json(&self) -> Value {
        let parts = [
            ("host", Some(&self.host)),
            ("owner", self.owner.as_ref()),
            ("organization", self.organization.as_ref()),
            ("workspace", self.workspace.as_ref()),
            ("project", self.project.as_ref()),
            ("repo", Some(&self.repo)),
        ];
        let parts = parts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::from(value?.as_str()))));
        Value::Object(parts.collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pickers_text_is_taken_apart() {
        let url = RepoUrl::parse("github.com?owner=saltmarsh&repo=quay-signs").unwrap();
        insta::assert_snapshot!(url.to_json(), @r#"{"host":"github.com","owner":"saltmarsh","repo":"quay-signs"}"#);
        assert_eq!(RepoUrl::parse("localhost:3000?owner=a&repo=b").unwrap().host, "localhost:3000");
        for wrong in ["", "github.com", "github.com?owner=a", "?owner=a&repo=b", "not a host?repo=b"] {
            assert!(RepoUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
