//! Which repository, branch and path an address means.

use std::path::PathBuf;

use services::catalog::{hosted::Hosted, organisation::FORGES};
use url::Url;

use super::wanted::{Behind, Wanted};

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
    pub(super) wanted: Wanted,
}

impl Target {
    /// The repository, as people know it: what is reached by SSH has no other address for certain.
    pub(super) fn shown(&self) -> &str {
        match &self.repository {
            Repository::Remote(url) if url.scheme() == "ssh" => url.as_str(),
            _ => &self.web,
        }
    }

    /// Reads an address. `is_git` says that it is one of Git for certain; otherwise only what looks like it is. The error says
    /// what is wrong with one that is.
    pub(super) fn parse(text: &str, is_git: bool, base_url: &str) -> Option<Result<Self, String>> {
        if text.starts_with("file:") || !text.contains("://") {
            // What of it is meant shows on the disk alone.
            let path = text.strip_prefix("file://").unwrap_or(text);
            return is_git.then(|| {
                Ok(Self {
                    repository: Repository::Local(PathBuf::from(path)),
                    web: format!("file://{path}"),
                    style: Style::GitHub,
                    wanted: Wanted::Whole,
                })
            });
        }
        let (address, mut behind) = Behind::split(text);
        // What is below it is never asked for over the network.
        let is_ours = address.strip_prefix(base_url).is_some_and(|below| below.starts_with("/git/"));
        let target = if is_ours {
            Self::hosted(Hosted::parse(base_url, address)?, base_url)?
        } else {
            Self::remote(&Url::parse(address).ok()?, is_git, &mut behind)?
        };
        let wanted = behind.wanted(target.wanted.clone()).map_err(|why| format!("`{text}`: {why}"));
        Some(wanted.map(|wanted| Self { wanted, ..target }))
    }

    fn remote(url: &Url, is_git: bool, behind: &mut Behind) -> Option<Self> {
        let host = url.host_str()?.to_lowercase();
        if let Some(target) = Self::in_query(url, behind) {
            return Some(target);
        }
        let path = url.path().trim_matches('/').to_owned();
        let segments: Vec<&str> = path.split('/').collect();
        let (repo, style, rest) = split(&segments, &host, is_git)?;
        let wanted = if rest.is_empty() { Wanted::Whole } else { Wanted::Joined(decode(&rest.join("/"))) };
        let repo = repo.join("/");
        let mut web = url.clone();
        web.set_path(repo.trim_end_matches(".git"));
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
        Some(Self { repository: Repository::Remote(clone), web, style, wanted })
    }

    /// The forges that write the branch, and one of them the path too, behind the `?`.
    fn in_query(url: &Url, behind: &mut Behind) -> Option<Self> {
        let segments: Vec<&str> = url.path().trim_matches('/').split('/').collect();
        let mut web = url.clone();
        // It may stand below a path of its own.
        let (before, below) =
            segments.split_at(segments.iter().position(|part| *part == "projects").unwrap_or(segments.len()));
        let (clone, style, branch, path) = match (before, below) {
            ([.., "_git", _repo], []) => {
                // A branch, a tag, a commit.
                let kinds = ["GB", "GT", "GC"];
                let name = |version: String| {
                    kinds.iter().find_map(|kind| version.strip_prefix(kind)).unwrap_or(&version).to_owned()
                };
                let branch = behind.take("version").map(name).or_else(|| behind.take("ref"));
                (web.clone(), Style::Azure, branch, behind.take("path").unwrap_or_default())
            }
            (before, ["projects", project, "repos", repo, "browse" | "raw", path @ ..]) => {
                let root = before.join("/");
                web.set_path(&format!("{root}/projects/{project}/repos/{repo}"));
                let mut clone = web.clone();
                clone.set_path(&format!("{root}/scm/{project}/{repo}.git"));
                let branch = behind.take("at").map(|at| at.trim_start_matches("refs/heads/").to_owned());
                (clone, Style::BitbucketServer, branch, decode(&path.join("/")))
            }
            _ => return None,
        };
        let web = web.to_string().trim_end_matches('/').to_owned();
        Some(Self { repository: Repository::Remote(clone), web, style, wanted: Wanted::apart(branch, &path) })
    }

    fn hosted(Hosted { owner, name, rest }: Hosted<'_>, base_url: &str) -> Option<Self> {
        let wanted = match rest.split_once('/') {
            Some(("blob" | "tree", rest)) => Wanted::Joined(decode(rest)),
            None if rest.is_empty() => Wanted::Whole,
            _ => return None,
        };
        let web = format!("{base_url}/git/{owner}/{name}");
        let repository = Repository::Hosted { owner: owner.to_owned(), repo: name.to_owned() };
        Some(Self { repository, web, style: Style::GitHub, wanted })
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

/// The parts of a path that are the repository, the way its forge writes addresses, and branch and path.
fn split<'a>(all: &'a [&'a str], host: &str, is_git: bool) -> Option<(&'a [&'a str], Style, &'a [&'a str])> {
    let mark = all.iter().position(|segment| *segment == "-");
    // Where the repository ends for certain.
    let end = all.iter().position(|segment| segment.strip_suffix(".git").is_some_and(|name| !name.is_empty()));
    match (all, mark, end) {
        (all, Some(at), _) if at >= 2 && matches!(all.get(at + 1), Some(&("blob" | "tree" | "raw" | "edit"))) => {
            Some((&all[..at], Style::GitLab, &all[at + 2..]))
        }
        ([_, _, "blob" | "tree" | "edit" | "raw", rest @ ..], ..)
            if !rest.is_empty() && (rest[0] != "branch" || all[2] != "raw") =>
        {
            Some((&all[..2], Style::GitHub, rest))
        }
        ([_, _, "src" | "raw", "branch" | "tag" | "commit", rest @ ..], ..)
            if !rest.is_empty() && host != "bitbucket.org" =>
        {
            Some((&all[..2], Style::Gitea, rest))
        }
        ([_, _, "src" | "raw", rest @ ..], ..) if !rest.is_empty() && host == "bitbucket.org" => {
            Some((&all[..2], Style::Bitbucket, rest))
        }
        (all, _, Some(end)) if matches!(all[end + 1..], ["tree" | "blob", _, ..]) => {
            Some((&all[..=end], style_at(host), &all[end + 2..]))
        }
        _ => {
            // Without `.git`, only a person can have meant it so.
            let tree = all.iter().position(|segment| matches!(*segment, "tree" | "blob"));
            if let Some(at) = tree.filter(|&at| is_git && end.is_none() && at > 0 && at + 1 < all.len()) {
                return Some((&all[..at], style_at(host), &all[at + 1..]));
            }
            let is_repository =
                all.last()?.strip_suffix(".git").is_some() || (FORGES.contains(&host) && all.len() == 2);
            (is_git || is_repository).then_some((all, style_at(host), &[]))
        }
    }
}

/// How a server most likely writes its addresses.
fn style_at(host: &str) -> Style {
    match host {
        "codeberg.org" => Style::Gitea,
        "bitbucket.org" => Style::Bitbucket,
        host if host.contains("gitlab") => Style::GitLab,
        host if host.contains("gitea") || host.contains("forgejo") => Style::Gitea,
        _ => Style::GitHub,
    }
}

/// A text behind the `?` of an address; slashes may stand there as they are.
fn in_query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace("%2F", "/").replace('+', "%20")
}

/// Takes `%20` and the like back, where that gives text.
pub(super) fn decode(text: &str) -> String {
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

    fn parse(text: &str, is_git: bool) -> Option<Target> {
        Target::parse(text, is_git, BASE).map(Result::unwrap)
    }

    fn read(text: &str) -> Option<String> {
        parse(text, false).map(|target| shown(&target))
    }

    fn shown(target: &Target) -> String {
        let repository = match &target.repository {
            Repository::Remote(url) => url.to_string(),
            Repository::Local(path) => path.display().to_string(),
            Repository::Hosted { owner, repo } => format!("hosted {owner}/{repo}"),
        };
        match &target.wanted {
            Wanted::Whole => format!("{repository} "),
            Wanted::Joined(rest) => format!("{repository} {rest}"),
            Wanted::Apart { branch, path } => {
                format!("{repository} {} then {path}", branch.as_deref().unwrap_or("HEAD"))
            }
        }
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
                Some("https://bitbucket.example/ctx/scm/P/r.git main then a/x.yaml"),
            ),
            (
                "https://dev.azure.com/org/project/_git/repo?path=%2Fa%2Fx.yaml&version=GBmain",
                Some("https://dev.azure.com/org/project/_git/repo main then a/x.yaml"),
            ),
            (
                "https://org.visualstudio.com/project/_git/repo?path=/x.yaml",
                Some("https://org.visualstudio.com/project/_git/repo HEAD then x.yaml"),
            ),
            ("https://dev.azure.com/org/project/_git/repo", Some("https://dev.azure.com/org/project/_git/repo ")),
            ("https://raw.githubusercontent.com/o/r/main/x.yaml", None),
            ("ssh://git@git.example/o/r.git", None),
            ("https://git.example/scm/a/b/c.git/tree/dev/x", Some("https://git.example/scm/a/b/c.git dev/x")),
            ("https://git.example/scm/a/b/c/tree/dev/x", None),
            ("https://git.example/a/b/c.git?ref=dev&path=x", Some("https://git.example/a/b/c.git dev then x")),
            ("https://git.example/one.git#dev", Some("https://git.example/one.git dev then ")),
            ("https://github.com/o/r?ref=dev", Some("https://github.com/o/r.git dev then ")),
            ("https://github.com/o/r/blob/main/x.yaml?plain=1#L3", Some("https://github.com/o/r.git main/x.yaml")),
            (
                "https://dev.azure.com/org/project/_git/repo?version=GTv1",
                Some("https://dev.azure.com/org/project/_git/repo v1 then "),
            ),
            ("http://127.0.0.1:3000/git/o/r.git?ref=dev", Some("hosted o/r dev then ")),
            ("https://example.com/catalog-info.yaml", None),
            ("http://127.0.0.1:3000/git/../secret/x", None),
            ("http://127.0.0.1:3000/git/o/..%2f..", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn files_have_the_addresses_that_their_forge_gives_them() {
        let address = |text: &str| parse(text, true).unwrap().address("blob", "main", "a.yaml");
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
        let ssh = parse("ssh://git@git.example:2222/srv/git/fares", true).unwrap();
        assert_eq!(ssh.repository, Repository::Remote("ssh://git@git.example:2222/srv/git/fares".parse().unwrap()));
    }

    #[test]
    fn what_a_person_calls_a_repository_may_be_at_any_depth() {
        for (text, expected) in [
            ("https://git.example/scm/a/b/c/tree/dev/x", "https://git.example/scm/a/b/c.git dev/x"),
            ("https://git.example/tree/one.git", "https://git.example/tree/one.git "),
            ("https://git.example/one.git?path=a%20b", "https://git.example/one.git HEAD then a b"),
            ("ssh://git@git.example/srv/git/x/tree/dev", "ssh://git@git.example/srv/git/x dev"),
            ("ssh://git@git.example/srv/git/x?ref=a/b&path=c", "ssh://git@git.example/srv/git/x a/b then c"),
            ("ssh://git@git.example/srv/git/x.git#dev:c", "ssh://git@git.example/srv/git/x.git dev then c"),
            ("file:///srv/git/x.git/tree/dev", "/srv/git/x.git/tree/dev "),
        ] {
            assert_eq!(shown(&parse(text, true).unwrap()), expected, "{text}");
        }
        let wrong = Target::parse("https://git.example/one.git?branch=dev", true, BASE).unwrap().unwrap_err();
        assert!(wrong.starts_with("`https://git.example/one.git?branch=dev`: `?branch=` means nothing"), "{wrong}");
    }
}
