//! Repositories that Causeway hosts itself, read as sources: whoever may not read one does not read it through a source either.

use domain::{
    catalog::SourceKind,
    identity::{Caller, Permission, Subject, Target},
};
use url::Url;

use super::ports::ReadProblem;
use crate::{Services, identity, permission, queue::servers::Pace};

/// What an address of the embedded Git hosting means. Whoever reads it and whoever decides about it ask this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hosted<'a> {
    /// The team that the repository is of.
    pub owner: &'a str,
    /// What it is called, without `.git`.
    pub name: &'a str,
    /// What stands behind that, without slashes around it: `blob/main/README.md`.
    pub rest: &'a str,
}

impl<'a> Hosted<'a> {
    /// Reads an address; what stands behind its `?` or `#` does not matter.
    pub fn parse(base_url: &str, address: &'a str) -> Option<Self> {
        let below = address.strip_prefix(base_url)?.strip_prefix("/git/")?;
        let below = below.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
        let (owner, below) = below.split_once('/')?;
        let (name, rest) = below.split_once('/').unwrap_or((below, ""));
        let name = name.trim_end_matches(".git");
        // The names become a path on disk.
        let is_name = |name: &str| {
            !name.is_empty()
                && !name.starts_with('.')
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        (is_name(owner) && is_name(name)).then_some(Self { owner, name, rest })
    }
}

/// The repository of our own that an address leads into, `owner/name`.
pub(super) fn repository(base_url: &str, target: &str) -> Option<String> {
    Hosted::parse(base_url, target).map(|Hosted { owner, name, .. }| format!("{owner}/{name}"))
}

/// In whose name something is read.
pub(crate) struct Reads {
    pub(super) services: Services,
    pub(super) caller: Caller,
    /// Whether anybody waits for what a sync reads.
    pub(super) pace: Pace,
}

impl Reads {
    /// Asks whether a place may be read. A sync reads what was registered by someone who might; what a document names, it reads as
    /// far as everybody may, since everybody is shown what comes of it.
    pub(super) async fn may(&self, target: &str, is_named: bool) -> Result<(), ReadProblem> {
        let Self { services, caller, .. } = self;
        let Some(name) = repository(&services.settings.base_url, target) else { return Ok(()) };
        let is_system = matches!(caller.subject, Subject::System(_));
        let decided = if !is_system {
            identity::is_allowed(services, caller, Permission::ReadRepository, Target::Repository(&name)).await
        } else if is_named {
            permission::everyone_reads(services, caller, &name).await
        } else {
            Ok(true)
        };
        match decided {
            Ok(true) => Ok(()),
            Ok(false) if is_system => Err(ReadProblem::Refused(format!(
                "`{target}` is of the repository `{name}`, which not everybody may read; register it as a source of its own"
            ))),
            Ok(false) => {
                Err(ReadProblem::Refused(format!("`{}` may not read the repository `{name}`", caller.label())))
            }
            Err(error) => {
                Err(ReadProblem::Unreachable(format!("whether `{name}` may be read cannot be looked up: {error}")))
            }
        }
    }
}

impl Reads {
    /// Has a sync wait for its turn at a server that is asked. Whoever asks by hand is answered at once.
    pub(super) async fn in_turn<T>(
        &self,
        kind: SourceKind,
        target: &str,
        work: impl Future<Output = Result<T, ReadProblem>>,
    ) -> Result<T, ReadProblem> {
        let server = match kind {
            SourceKind::File => None,
            SourceKind::Kubernetes => target.split('?').next().map(str::to_owned),
            _ => Url::parse(target).ok().and_then(|url| {
                let host = url.host_str()?;
                Some(url.port_or_known_default().map_or(host.to_owned(), |port| format!("{host}:{port}")))
            }),
        };
        match server {
            Some(server) if matches!(self.caller.subject, Subject::System(_)) => {
                self.services.queue.servers.ask(&server, &self.pace, work).await
            }
            _ => work.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_repositories_are_known_by_their_address() {
        let of = |target: &str| repository("https://portal.example", target);
        for target in [
            "quays/q1",
            "quays/q1.git",
            "quays/q1/blob/main/README.md",
            "quays/q1?path=a",
            "quays/q1#main",
            "/quays/q1",
            "//quays/q1.git/",
        ] {
            assert_eq!(of(&format!("https://portal.example/git/{target}")).as_deref(), Some("quays/q1"), "{target}");
        }
        for target in [
            "https://portal.example/git/",
            "https://portal.example/git/quays",
            "https://portal.example/git/quays//q1",
            "https://portal.example/git/../quays/q1",
            "https://other.example/git/a/b",
        ] {
            assert_eq!(of(target), None, "{target}");
        }
    }
}
