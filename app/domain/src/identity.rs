//! Who asks, and what they may ask for.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The organisation that a row belongs to; every table and every query carries it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant(String);

/// A tenant's name broke its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a tenant: use 1 to 32 lower-case letters, digits and hyphens")]
pub struct NotATenant(String);

impl Tenant {
    /// The name as it stands in the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    /// The one tenant of an installation that did not ask for more.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl FromStr for Tenant {
    type Err = NotATenant;

    fn from_str(text: &str) -> Result<Self, NotATenant> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(NotATenant(text.to_owned())) }
    }
}

impl TryFrom<String> for Tenant {
    type Error = NotATenant;

    fn try_from(text: String) -> Result<Self, NotATenant> {
        text.parse()
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The one who acts: a person, or a part of Causeway that works on its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "name")]
pub enum Subject {
    /// Nobody who is known: refused everywhere.
    Stranger,
    /// The person at this machine, while the server listens on loopback only and no sign-in is configured.
    Guest,
    /// Whoever signed in with the administrator's token.
    Administrator,
    /// A part of Causeway, such as `sync` or `worker`.
    System(String),
}

impl Subject {
    /// The person or part, in words for a list or a log.
    pub fn label(&self) -> &str {
        match self {
            Self::Stranger => "nobody",
            Self::Guest => "guest",
            Self::Administrator => "administrator",
            Self::System(part) => part,
        }
    }
}

/// One request's or one job's author, in one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Whose rows the caller works on.
    pub tenant: Tenant,
    /// Who it is.
    pub subject: Subject,
}

impl Caller {
    /// Causeway itself, in the part named `part`.
    pub fn system(tenant: Tenant, part: &str) -> Self {
        Self { tenant, subject: Subject::System(part.to_owned()) }
    }

    /// Under which name things of one's own are kept; none for those who have none.
    pub fn own_key(&self) -> Option<&str> {
        match &self.subject {
            Subject::Guest | Subject::Administrator => Some(self.label()),
            Subject::Stranger | Subject::System(_) => None,
        }
    }

    /// Who is recorded as the author of a change.
    pub fn label(&self) -> &str {
        self.subject.label()
    }
}

/// What a use case is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See entities, sources, scorecards and their history.
    ReadCatalog,
    /// Add, remove or sync a source.
    ManageSources,
    /// Read files of the server's own disk into the catalog.
    ReadServerFiles,
    /// See templates and runs.
    ReadRuns,
    /// Start a run from a template.
    StartRun,
    /// Cancel or retry a run.
    SteerRun,
    /// Read a repository of the embedded Git hosting.
    ReadRepository,
    /// Write to a repository of the embedded Git hosting.
    WriteRepository,
    /// Keep stars, visits and views of one's own.
    KeepOwn,
    /// Save, name anew and remove views of a team.
    KeepTeamViews,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadCatalog => "read the catalog",
            Self::ManageSources => "manage sources",
            Self::ReadServerFiles => "read files of the server into the catalog",
            Self::ReadRuns => "see templates and runs",
            Self::StartRun => "start runs",
            Self::SteerRun => "cancel or retry runs",
            Self::ReadRepository => "read repositories",
            Self::WriteRepository => "write to repositories",
            Self::KeepOwn => "keep stars and views of their own",
            Self::KeepTeamViews => "change the views of a team",
        })
    }
}

/// A refusal, in words for the one refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{who}` may not {permission}; sign in, or ask an administrator for it")]
pub struct Denied {
    /// Who asked.
    pub who: String,
    /// What was asked for.
    pub permission: Permission,
}

/// Decides whether `caller` may do `permission` on `target` (an entity reference, a source, a run), `None` for all of them.
///
/// # Errors
/// [`Denied`] says who was refused what.
pub fn may(caller: &Caller, permission: Permission, _target: Option<&str>) -> Result<(), Denied> {
    match caller.subject {
        Subject::Guest | Subject::Administrator | Subject::System(_) => Ok(()),
        Subject::Stranger => Err(Denied { who: caller.label().to_owned(), permission }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_refused_and_told_what() {
        let stranger = Caller { tenant: Tenant::default(), subject: Subject::Stranger };
        let refusal = may(&stranger, Permission::StartRun, None).unwrap_err();
        insta::assert_snapshot!(refusal, @"`nobody` may not start runs; sign in, or ask an administrator for it");
    }
}
