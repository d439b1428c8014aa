//! Repositories that Causeway hosts itself, read as sources: whoever may not read one does not read it through a source either.

use domain::identity::{Caller, Permission, Subject, Target};

use super::ports::ReadProblem;
use crate::{Services, identity, permission};

/// The repository of our own that an address leads into, `owner/name`.
pub(super) fn repository(base_url: &str, target: &str) -> Option<String> {
    let below = target.strip_prefix(base_url)?.strip_prefix("/git/")?;
    let mut parts = below.split(['/', '?', '#']);
    let (owner, name) = (parts.next()?, parts.next()?);
    let name = name.strip_suffix(".git").unwrap_or(name);
    (!owner.is_empty() && !name.is_empty()).then(|| format!("{owner}/{name}"))
}

/// In whose name something is read.
pub(crate) struct Reads {
    pub(super) services: Services,
    pub(super) caller: Caller,
}

impl Reads {
    /// Asks whether a place may be read. A sync reads what was registered by someone who might; what a document names, it reads as
    /// far as everybody may, since everybody is shown what comes of it.
    pub(super) async fn may(&self, target: &str, is_named: bool) -> Result<(), ReadProblem> {
        let Self { services, caller } = self;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_repositories_are_known_by_their_address() {
        let of = |target: &str| repository("https://portal.example", target);
        for target in ["quays/q1", "quays/q1.git", "quays/q1/blob/main/README.md", "quays/q1?path=a", "quays/q1#main"] {
            assert_eq!(of(&format!("https://portal.example/git/{target}")).as_deref(), Some("quays/q1"), "{target}");
        }
        for target in
            ["https://portal.example/git/", "https://portal.example/git/quays", "https://other.example/git/a/b"]
        {
            assert_eq!(of(target), None, "{target}");
        }
    }
}
