//! Which repository, branch and path an address means.

use std::path::PathBuf;

use url::Url;

/// How a forge writes the addresses of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `…/blob/BRANCH/PATH`
    GitHub,
    /// `…/-/blob/BRANCH/PATH`
    GitLab,
    /// `…/src/branch/BRANCH/PATH`
    Gitea,
}

/// Where a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Repository {
    /// It is fetched from there.
    Remote(Url),
    /// It lies on this disk: a path, or `OWNER/REPO` of the embedded hosting.
    Local(PathBuf),
    Hosted {
        owner: String,
        repo: String,
    },
}

/// What an address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) repository: Repository,
    /// The address that people open, without `.git`.
    pub(super) web: String,
    pub(super) style: Style,
    /// Branch and path, not told apart yet: a branch may hold slashes.
    pub(super) rest: Option<String>,
}

impl Target {
    /// Reads an address. `is_git` says that it is one of Git for certain; otherwise only what looks like it is.
    pub(super) fn parse(text: &str, is_git: bool, base_url: &str) -> Option<Self> {
        if let Some(below) = text.strip_prefix(base_url).and_then(|below| below.strip_prefix("/git/")) {
            return Self::hosted(below, base_url);
        }
        let Ok(url) = Url::parse(text) else {
            let repository = Repository::Local(PathBuf::from(text));
            return is_git.then(|| Self {
                repository,
                web: format!("file://{text}"),
                style: Style::GitHub,
                rest: None,
            });
        };
        let host = url.host_str()?.to_lowercase();
        let path = url.path().trim_matches('/').to_owned();
        let segments: Vec<&str> = path.split('/').collect();
        let mark = segments.iter().position(|segment| *segment == "-");
        let (repo, style, rest) = match (&segments[..], mark) {
            (all, Some(at)) if at >= 2 && matches!(all.get(at + 1), Some(&("blob" | "tree"))) => {
                (all[..at].join("/"), Style::GitLab, Some(all[at + 2..].join("/")))
            }
            ([owner, repo, "blob" | "tree" | "edit", rest @ ..], _) if !rest.is_empty() => {
                (format!("{owner}/{repo}"), Style::GitHub, Some(rest.join("/")))
            }
            ([owner, repo, "src", "branch" | "tag" | "commit", rest @ ..], _) if !rest.is_empty() => {
                (format!("{owner}/{repo}"), Style::Gitea, Some(rest.join("/")))
            }
            _ => {
                let is_forge = ["github.com", "gitlab.com", "codeberg.org", "bitbucket.org"].contains(&host.as_str());
                let is_repository = path.strip_suffix(".git").is_some() || (is_forge && segments.len() == 2);
                if !is_git && !is_repository {
                    return None;
                }
                let style = match host.as_str() {
                    "codeberg.org" => Style::Gitea,
                    host if host.contains("gitlab") => Style::GitLab,
                    host if host.contains("gitea") || host.contains("forgejo") => Style::Gitea,
                    _ => Style::GitHub,
                };
                (path.clone(), style, None)
            }
        };
        let mut web = url.clone();
        web.set_path(repo.trim_end_matches(".git"));
        web.set_query(None);
        web.set_fragment(None);
        let mut clone = web.clone();
        clone.set_path(&format!("{}.git", repo.trim_end_matches(".git")));
        let web = web.to_string().trim_end_matches('/').to_owned();
        Some(Self { repository: Repository::Remote(clone), web, style, rest: rest.map(|rest| decode(&rest)) })
    }

    fn hosted(below: &str, base_url: &str) -> Option<Self> {
        let below = below.split(['?', '#']).next()?.trim_matches('/');
        let mut parts = below.splitn(4, '/');
        let (owner, repo) = (parts.next()?, parts.next()?.trim_end_matches(".git"));
        // The names become a path on disk.
        let is_name = |name: &str| {
            !name.is_empty()
                && !name.starts_with('.')
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if !is_name(owner) || !is_name(repo) {
            return None;
        }
        let rest = match (parts.next(), parts.next()) {
            (Some("blob" | "tree"), Some(rest)) => Some(decode(rest)),
            (None, _) => None,
            _ => return None,
        };
        let web = format!("{base_url}/git/{owner}/{repo}");
        let repository = Repository::Hosted { owner: owner.to_owned(), repo: repo.to_owned() };
        Some(Self { repository, web, style: Style::GitHub, rest })
    }

    /// The address of a file (`blob`), of a folder (`tree`), or of the page that changes a file (`edit`).
    pub(super) fn address(&self, what: &str, branch: &str, path: &str) -> String {
        let web = &self.web;
        match (self.style, what) {
            (Style::GitHub, _) => format!("{web}/{what}/{branch}/{path}"),
            (Style::GitLab, _) => format!("{web}/-/{what}/{branch}/{path}"),
            (Style::Gitea, "edit") => format!("{web}/_edit/{branch}/{path}"),
            (Style::Gitea, _) => format!("{web}/src/branch/{branch}/{path}"),
        }
    }
}

/// Takes `%20` and the like back, where that gives text.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        if let (b'%', Some(byte)) = (first, code) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "http://127.0.0.1:3000";

    fn read(text: &str) -> Option<String> {
        let target = Target::parse(text, false, BASE)?;
        let repository = match &target.repository {
            Repository::Remote(url) => url.to_string(),
            Repository::Local(path) => path.display().to_string(),
            Repository::Hosted { owner, repo } => format!("hosted {owner}/{repo}"),
        };
        Some(format!("{repository} {}", target.rest.unwrap_or_default()))
    }

    #[test]
    fn addresses_of_forges_are_told_from_those_of_documents() {
        for (text, expected) in [
            ("https://github.com/o/r", Some("https://github.com/o/r.git ")),
            (
                "https://github.com/o/r/blob/main/a/catalog-info.yaml",
                Some("https://github.com/o/r.git main/a/catalog-info.yaml"),
            ),
            ("https://github.example/o/r/tree/main", Some("https://github.example/o/r.git main")),
            (
                "https://gitlab.example/g/s/r/-/blob/main/x%20y.yaml",
                Some("https://gitlab.example/g/s/r.git main/x y.yaml"),
            ),
            ("https://codeberg.org/o/r/src/branch/main/x.yaml", Some("https://codeberg.org/o/r.git main/x.yaml")),
            ("https://git.example/any/where.git", Some("https://git.example/any/where.git ")),
            ("http://127.0.0.1:3000/git/o/r.git", Some("hosted o/r ")),
            ("http://127.0.0.1:3000/git/o/r/blob/main/catalog-info.yaml", Some("hosted o/r main/catalog-info.yaml")),
            ("https://raw.githubusercontent.com/o/r/main/x.yaml", None),
            ("https://example.com/catalog-info.yaml", None),
            ("http://127.0.0.1:3000/git/../secret/x", None),
            ("http://127.0.0.1:3000/git/o/..%2f..", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn files_have_the_addresses_that_their_forge_gives_them() {
        let address = |text: &str| Target::parse(text, true, BASE).unwrap().address("blob", "main", "a.yaml");
        assert_eq!(address("https://github.com/o/r"), "https://github.com/o/r/blob/main/a.yaml");
        assert_eq!(address("https://gitlab.com/o/r.git"), "https://gitlab.com/o/r/-/blob/main/a.yaml");
        assert_eq!(address("https://codeberg.org/o/r"), "https://codeberg.org/o/r/src/branch/main/a.yaml");
        assert_eq!(address("http://127.0.0.1:3000/git/o/r.git"), "http://127.0.0.1:3000/git/o/r/blob/main/a.yaml");
    }
}
