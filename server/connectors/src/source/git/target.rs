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
    /// `…/src/BRANCH/PATH`
    Bitbucket,
    /// `…/projects/KEY/repos/REPO/browse/PATH?at=BRANCH`
    BitbucketServer,
    /// `…/_git/REPO?path=/PATH&version=GBBRANCH`
    Azure,
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
        if let Some(target) = Self::in_query(&url) {
            return Some(target);
        }
        let path = url.path().trim_matches('/').to_owned();
        let segments: Vec<&str> = path.split('/').collect();
        let mark = segments.iter().position(|segment| *segment == "-");
        let (repo, style, rest) = match (&segments[..], mark) {
            (all, Some(at)) if at >= 2 && matches!(all.get(at + 1), Some(&("blob" | "tree" | "raw" | "edit"))) => {
                (all[..at].join("/"), Style::GitLab, Some(all[at + 2..].join("/")))
            }
            ([owner, repo, "blob" | "tree" | "edit" | "raw", rest @ ..], _)
                if !rest.is_empty() && (rest[0] != "branch" || segments[2] != "raw") =>
            {
                (format!("{owner}/{repo}"), Style::GitHub, Some(rest.join("/")))
            }
            ([owner, repo, "src" | "raw", "branch" | "tag" | "commit", rest @ ..], _)
                if !rest.is_empty() && host != "bitbucket.org" =>
            {
                (format!("{owner}/{repo}"), Style::Gitea, Some(rest.join("/")))
            }
            ([owner, repo, "src" | "raw", rest @ ..], _) if !rest.is_empty() && host == "bitbucket.org" => {
                (format!("{owner}/{repo}"), Style::Bitbucket, Some(rest.join("/")))
            }
            _ => {
                let is_forge = ["github.com", "gitlab.com", "codeberg.org", "bitbucket.org"].contains(&host.as_str());
                let is_repository = path.strip_suffix(".git").is_some() || (is_forge && segments.len() == 2);
                if !is_git && !is_repository {
                    return None;
                }
                let style = match host.as_str() {
                    "codeberg.org" => Style::Gitea,
                    "bitbucket.org" => Style::Bitbucket,
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
        if url.scheme() == "ssh" {
            // Any path of a server may be one, so it is taken as it is; people open what forges show at the same place.
            if !is_git {
                return None;
            }
            clone.set_path(&repo);
            web = Url::parse(&format!("https://{host}/{}", repo.trim_end_matches(".git"))).ok()?;
        } else {
            clone.set_path(&format!("{}.git", repo.trim_end_matches(".git")));
        }
        let web = web.to_string().trim_end_matches('/').to_owned();
        Some(Self { repository: Repository::Remote(clone), web, style, rest: rest.map(|rest| decode(&rest)) })
    }

    /// The forges that write the branch, and one of them the path too, behind the `?`.
    fn in_query(url: &Url) -> Option<Self> {
        let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let segments: Vec<&str> = url.path().trim_matches('/').split('/').collect();
        let mut web = url.clone();
        web.set_query(None);
        web.set_fragment(None);
        // It may stand below a path of its own.
        let (before, below) =
            segments.split_at(segments.iter().position(|part| *part == "projects").unwrap_or(segments.len()));
        let (clone, style, branch, path) = match (before, below) {
            ([.., "_git", _repo], []) => {
                let branch = query("version").and_then(|version| Some(version.strip_prefix("GB")?.to_owned()));
                (web.clone(), Style::Azure, branch, query("path").unwrap_or_default())
            }
            (before, ["projects", project, "repos", repo, "browse" | "raw", path @ ..]) => {
                let root = before.join("/");
                web.set_path(&format!("{root}/projects/{project}/repos/{repo}"));
                let mut clone = web.clone();
                clone.set_path(&format!("{root}/scm/{project}/{repo}.git"));
                let branch = query("at").map(|at| at.trim_start_matches("refs/heads/").to_owned());
                (clone, Style::BitbucketServer, branch, decode(&path.join("/")))
            }
            _ => return None,
        };
        let rest = format!("{}/{}", branch.as_deref().unwrap_or("HEAD"), path.trim_matches('/'));
        let web = web.to_string().trim_end_matches('/').to_owned();
        Some(Self {
            repository: Repository::Remote(clone),
            web,
            style,
            rest: Some(rest.trim_end_matches('/').to_owned()),
        })
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
            (Style::Bitbucket, "edit") => format!("{web}/src/{branch}/{path}?mode=edit"),
            (Style::Bitbucket, _) => format!("{web}/src/{branch}/{path}"),
            (Style::BitbucketServer, _) => format!("{web}/browse/{path}?at={}", in_query(branch)),
            (Style::Azure, _) => format!("{web}?path=/{}&version=GB{}", in_query(path), in_query(branch)),
        }
    }
}

/// A text behind the `?` of an address; slashes may stand there as they are.
fn in_query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace("%2F", "/").replace('+', "%20")
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
            ("https://github.com/o/r/raw/main/x.yaml", Some("https://github.com/o/r.git main/x.yaml")),
            ("https://codeberg.org/o/r/raw/branch/main/x.yaml", Some("https://codeberg.org/o/r.git main/x.yaml")),
            ("https://gitlab.com/g/r/-/raw/main/x.yaml", Some("https://gitlab.com/g/r.git main/x.yaml")),
            ("https://bitbucket.org/w/r/src/main/a/x.yaml", Some("https://bitbucket.org/w/r.git main/a/x.yaml")),
            ("https://bitbucket.org/w/r", Some("https://bitbucket.org/w/r.git ")),
            (
                "https://bitbucket.example/ctx/projects/P/repos/r/browse/a/x.yaml?at=refs%2Fheads%2Fmain",
                Some("https://bitbucket.example/ctx/scm/P/r.git main/a/x.yaml"),
            ),
            (
                "https://dev.azure.com/org/project/_git/repo?path=%2Fa%2Fx.yaml&version=GBmain",
                Some("https://dev.azure.com/org/project/_git/repo main/a/x.yaml"),
            ),
            (
                "https://org.visualstudio.com/project/_git/repo?path=/x.yaml",
                Some("https://org.visualstudio.com/project/_git/repo HEAD/x.yaml"),
            ),
            ("https://dev.azure.com/org/project/_git/repo", Some("https://dev.azure.com/org/project/_git/repo HEAD")),
            ("https://raw.githubusercontent.com/o/r/main/x.yaml", None),
            ("ssh://git@git.example/o/r.git", None),
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
        assert_eq!(address("https://bitbucket.org/w/r"), "https://bitbucket.org/w/r/src/main/a.yaml");
        assert_eq!(
            address("https://bitbucket.example/projects/P/repos/r/browse"),
            "https://bitbucket.example/projects/P/repos/r/browse/a.yaml?at=main"
        );
        assert_eq!(
            address("https://dev.azure.com/o/p/_git/r"),
            "https://dev.azure.com/o/p/_git/r?path=/a.yaml&version=GBmain"
        );
        assert_eq!(address("http://127.0.0.1:3000/git/o/r.git"), "http://127.0.0.1:3000/git/o/r/blob/main/a.yaml");
        assert_eq!(address("ssh://git@gitlab.com:22/g/r.git"), "https://gitlab.com/g/r/-/blob/main/a.yaml");
        let ssh = Target::parse("ssh://git@git.example:2222/srv/git/fares", true, BASE).unwrap();
        assert_eq!(ssh.repository, Repository::Remote("ssh://git@git.example:2222/srv/git/fares".parse().unwrap()));
    }
}
