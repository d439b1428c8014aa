//! Where a credential may be shown: a server, and there perhaps only what is below a path.

use std::{fmt, str::FromStr};

use url::Url;

/// A server and a path: `github.com/saltmarsh`, `git.internal:8443`, `http://127.0.0.1:3000/quay`.
///
/// Without a scheme it means encrypted connections: https and SSH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    is_plain: bool,
    host: String,
    port: Option<u16>,
    path: Vec<String>,
}

/// A text is no place for a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no server that a credential can be bound to; write a host, with a port where it is not the usual one, and a path \
     if it is only for what is below: `git.example.com/quay`"
)]
pub struct NotAScope(String);

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let wrong = || NotAScope(text.to_owned());
        let (is_plain, rest) = match text.trim().split_once("://") {
            Some(("http", rest)) => (true, rest),
            Some(("https" | "ssh", rest)) => (false, rest),
            Some(_) => return Err(wrong()),
            None => (false, text.trim()),
        };
        // As an address of no known scheme, so that no port is taken for granted.
        let url = Url::parse(&format!("x://{rest}")).map_err(|_| wrong())?;
        let host = url.host_str().unwrap_or_default().to_lowercase();
        let fits = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        let is_bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && !url.path().contains(['%', '*']);
        if host.is_empty() || !fits || !is_bare {
            return Err(wrong());
        }
        Ok(Self { is_plain, host, port: url.port(), path: segments(&url) })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain {
            f.write_str("http://")?;
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.path.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

impl Scope {
    /// Whether `url` is at this server, below this path, and over a connection that the scope allows.
    pub fn covers(&self, url: &Url) -> bool {
        let usual = match (url.scheme(), self.is_plain) {
            ("http", true) => 80,
            ("https", false) => 443,
            ("ssh", false) => 22,
            _ => return false,
        };
        let host = url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&self.host));
        if !host || url.port().unwrap_or(usual) != self.port.unwrap_or(usual) {
            return false;
        }
        if self.path.is_empty() {
            return true;
        }
        // What a server may decode into a way out of the path is not below it.
        let path = url.path().to_ascii_lowercase();
        if ["%2f", "%5c", "%2e"].iter().any(|code| path.contains(code)) {
            return false;
        }
        let there = segments(url);
        there.len() >= self.path.len() && self.path.iter().zip(&there).all(|(ours, theirs)| bare(ours) == bare(theirs))
    }

    /// How narrow it is: of two that cover an address, the narrower one is meant.
    pub fn depth(&self) -> usize {
        self.path.len()
    }
}

fn segments(url: &Url) -> Vec<String> {
    url.path().split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

fn bare(segment: &str) -> &str {
    segment.strip_suffix(".git").unwrap_or(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_shown_to_its_server_and_below_its_path_alone() {
        let covers = |scope: &str, url: &str| scope.parse::<Scope>().unwrap().covers(&url.parse().unwrap());
        for (scope, url, expected) in [
            ("github.com", "https://github.com/o/r.git", true),
            ("github.com", "https://GITHUB.com/o/r.git", true),
            ("github.com", "http://github.com/o/r.git", false),
            ("github.com", "https://github.com:8443/o/r.git", false),
            ("github.com", "https://github.com.evil.example/o", false),
            ("github.com", "https://evil.example/github.com", false),
            ("github.com", "ssh://git@github.com/o/r.git", true),
            ("github.com/o", "https://github.com/o/r.git", true),
            ("github.com/o", "https://github.com/o", true),
            ("github.com/o/r", "https://github.com/o/r.git", true),
            ("github.com/o", "https://github.com/other/r.git", false),
            ("github.com/o", "https://github.com/o/../other/r", false),
            ("github.com/o", "https://github.com/o/%2e%2e/other/r", false),
            ("github.com/o", "https://github.com/o/..%2fother/r", false),
            ("github.com/o", "https://github.com/", false),
            ("git.internal:8443/q", "https://git.internal:8443/q/x", true),
            ("git.internal:8443/q", "https://git.internal/q/x", false),
            ("git.internal:443", "https://git.internal/q/x", true),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000/x", true),
            ("http://127.0.0.1:3000", "https://127.0.0.1:3000/x", false),
            ("[::1]:3000", "https://[::1]:3000/x", true),
        ] {
            assert_eq!(covers(scope, url), expected, "{scope} {url}");
        }
    }

    #[test]
    fn a_scope_is_one_server() {
        for wrong in
            ["", "*", "*.github.com", "ftp://x", "user@github.com", "github.com/*", "github.com?x", "a b", "/path"]
        {
            assert!(wrong.parse::<Scope>().is_err(), "{wrong}");
        }
        for scope in ["github.com/o", "http://127.0.0.1:3000/x", "git.internal:8443"] {
            assert_eq!(scope.parse::<Scope>().unwrap().to_string(), scope);
        }
        assert_eq!("https://GitHub.com/o/".parse::<Scope>().unwrap().to_string(), "github.com/o");
    }
}
