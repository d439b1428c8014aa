//! What a use case is about to do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

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
    /// Agree to a run that waits for it, or refuse it.
    ApproveRun,
    /// Read a repository of the embedded Git hosting.
    ReadRepository,
    /// Write to a repository of the embedded Git hosting.
    WriteRepository,
    /// Keep stars, visits and views of one's own.
    KeepOwn,
    /// Save, name anew and remove views of a team.
    KeepTeamViews,
    /// Keep people and their groups current, as a directory does.
    ProvisionPeople,
    /// Invite people, end their sessions, and make or end tokens of others.
    ManagePeople,
    /// Make and end tokens of one's own.
    KeepOwnTokens,
    /// See policies, roles, and who may do what.
    ReadPolicies,
    /// Change policies, and give or take roles.
    ManagePolicies,
    /// Read the audit log.
    ReadAudit,
    /// Read the figures of the server, as monitoring does.
    ReadMetrics,
}

/// What kind of thing a permission is: what policies and the scopes of tokens are usually written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// See.
    Read,
    /// Change.
    Write,
    /// Have something done.
    Run,
    /// Agree to what someone else asked for.
    Approve,
    /// Decide how the installation works, and who may do what.
    Administer,
    /// Keep people and their groups current, and nothing else.
    Provision,
}

impl Verb {
    /// All of them, weakest first; what directories do comes last.
    pub const ALL: [Self; 6] = [Self::Read, Self::Write, Self::Run, Self::Approve, Self::Administer, Self::Provision];

    /// The word for it in policies and scopes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Run => "run",
            Self::Approve => "approve",
            Self::Administer => "administer",
            Self::Provision => "provision",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word is no [`Verb`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of read, write, run, approve, administer, provision")]
pub struct NotAVerb(String);

impl FromStr for Verb {
    type Err = NotAVerb;

    fn from_str(text: &str) -> Result<Self, NotAVerb> {
        let found = Self::ALL.into_iter().find(|verb| verb.as_str() == text);
        found.ok_or_else(|| NotAVerb(text.chars().take(40).collect()))
    }
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::ReadCatalog,
        Self::ManageSources,
        Self::ReadServerFiles,
        Self::ReadRuns,
        Self::StartRun,
        Self::SteerRun,
        Self::ApproveRun,
        Self::ReadRepository,
        Self::WriteRepository,
        Self::KeepOwn,
        Self::KeepTeamViews,
        Self::ProvisionPeople,
        Self::ManagePeople,
        Self::KeepOwnTokens,
        Self::ReadPolicies,
        Self::ManagePolicies,
        Self::ReadAudit,
        Self::ReadMetrics,
    ];

    /// What kind of thing it is.
    pub fn verb(self) -> Verb {
        match self {
            Self::ReadCatalog | Self::ReadRuns | Self::ReadRepository | Self::ReadPolicies | Self::ReadMetrics => {
                Verb::Read
            }
            Self::ManageSources | Self::WriteRepository | Self::KeepOwn | Self::KeepTeamViews | Self::KeepOwnTokens => {
                Verb::Write
            }
            Self::StartRun | Self::SteerRun => Verb::Run,
            Self::ApproveRun => Verb::Approve,
            Self::ReadServerFiles | Self::ManagePeople | Self::ManagePolicies | Self::ReadAudit => Verb::Administer,
            Self::ProvisionPeople => Verb::Provision,
        }
    }

    /// Its name in policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadCatalog => "readCatalog",
            Self::ManageSources => "manageSources",
            Self::ReadServerFiles => "readServerFiles",
            Self::ReadRuns => "readRuns",
            Self::StartRun => "startRun",
            Self::SteerRun => "steerRun",
            Self::ApproveRun => "approveRun",
            Self::ReadRepository => "readRepository",
            Self::WriteRepository => "writeRepository",
            Self::KeepOwn => "keepOwn",
            Self::KeepTeamViews => "keepTeamViews",
            Self::ProvisionPeople => "provisionPeople",
            Self::ManagePeople => "managePeople",
            Self::KeepOwnTokens => "keepOwnTokens",
            Self::ReadPolicies => "readPolicies",
            Self::ManagePolicies => "managePolicies",
            Self::ReadAudit => "readAudit",
            Self::ReadMetrics => "readMetrics",
        }
    }

    /// The permission that policies call so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }
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
            Self::ApproveRun => "approve or refuse runs",
            Self::ReadRepository => "read repositories",
            Self::WriteRepository => "write to repositories",
            Self::KeepOwn => "keep stars and views of their own",
            Self::KeepTeamViews => "change the views of a team",
            Self::ProvisionPeople => "keep people and groups current",
            Self::ManagePeople => "manage people and their tokens",
            Self::KeepOwnTokens => "make tokens of their own",
            Self::ReadPolicies => "see policies and roles",
            Self::ManagePolicies => "change policies and roles",
            Self::ReadAudit => "read the audit log",
            Self::ReadMetrics => "read the server's figures",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_and_a_verb_are_found_by_their_names() {
        for permission in Permission::ALL {
            assert_eq!(Permission::named(permission.name()), Some(permission));
        }
        for verb in Verb::ALL {
            assert_eq!(verb.as_str().parse(), Ok(verb));
        }
        assert!("admin".parse::<Verb>().is_err());
    }
}
