//! Sources: where entities come from, and what became of every file.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EntityRef, Trust};

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A file, a folder or a glob on the server's own disk.
    File,
    /// A Git repository, or a folder or file in one.
    Git,
    /// A web address: of a YAML document, or of a place in a known Git forge.
    Url,
    /// An organisation at GitHub: its repositories, and perhaps its teams and members.
    GitHub,
    /// A group at GitLab, with the groups below it.
    GitLab,
    /// An organisation at Gitea or Forgejo.
    Gitea,
    /// What runs in a Kubernetes cluster.
    Kubernetes,
}

/// A text is not the kind of a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of source; use `file`, `git`, `url`, `github`, `gitlab`, `gitea` or `kubernetes`")]
pub struct NotASourceKind(String);

impl SourceKind {
    /// The name as it stands in the database and in annotations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Git => "git",
            Self::Url => "url",
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Gitea => "gitea",
            Self::Kubernetes => "kubernetes",
        }
    }

    /// Whether it is an organisation of a forge, with many repositories.
    pub fn is_organisation(self) -> bool {
        matches!(self, Self::GitHub | Self::GitLab | Self::Gitea)
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SourceKind {
    type Err = NotASourceKind;

    fn from_str(text: &str) -> Result<Self, NotASourceKind> {
        match text {
            "file" => Ok(Self::File),
            "git" => Ok(Self::Git),
            "url" => Ok(Self::Url),
            "github" => Ok(Self::GitHub),
            "gitlab" => Ok(Self::GitLab),
            "gitea" => Ok(Self::Gitea),
            "kubernetes" => Ok(Self::Kubernetes),
            other => Err(NotASourceKind(other.to_owned())),
        }
    }
}

/// A source that someone wants to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSource {
    /// What it is.
    pub kind: SourceKind,
    /// Where it is.
    pub target: String,
    /// Which people and teams of it count; where nothing is said, whoever adds it decides by what they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
}

impl NewSource {
    /// A source at a place.
    pub fn new(kind: SourceKind, target: impl Into<String>) -> Self {
        Self { kind, target: target.into(), trust: None }
    }
}

/// Where entities come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Source {
    /// Names it.
    pub id: Uuid,
    /// What it is.
    pub kind: SourceKind,
    /// Where it is.
    pub target: String,
    /// Which people and teams of it count for sign-in and permission.
    #[serde(default)]
    pub trust: Trust,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When the catalog was last in line with it.
    pub synced_at: Option<DateTime<Utc>>,
    /// When that was last tried.
    pub tried_at: Option<DateTime<Utc>>,
    /// What it was at, such as a commit.
    pub revision: Option<String>,
    /// Why it could not be read the last time. Its last good state stays in the catalog, stale.
    pub problem: Option<String>,
    /// How many entities it declares.
    pub entities: u32,
    /// How many files were looked at.
    pub files: u32,
    /// How many of them were rejected, wholly or in part.
    pub rejected: u32,
    /// How many of them gave a warning.
    pub warned: u32,
    /// Since when a sync is asked for or under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<DateTime<Utc>>,
    /// Since when it is being removed: until it is gone it is not synced, and what it declares stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaving_at: Option<DateTime<Utc>>,
    /// Minutes between two syncs, where they are not those of the installation; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_minutes: Option<u32>,
    /// The branch that was read last, and whether only because the repository opens with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<(String, bool)>,
    /// How many requests the server there still allows, as it said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance: Option<Allowance>,
}

/// How many requests a server allows, as it says itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Allowance {
    /// How many in all, until they are counted anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How many are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u32>,
    /// When they are counted anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<DateTime<Utc>>,
    /// Until when nothing is asked, because the server said so, or few are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<DateTime<Utc>>,
    /// How many requests the last sync made.
    pub asked: u32,
    /// How many of them were answered with "not modified".
    pub unchanged: u32,
}

impl Source {
    /// Whether what the catalog shows of it may be out of date.
    pub fn is_stale(&self) -> bool {
        self.problem.is_some()
    }

    /// The subject of its changes.
    pub fn subject(&self) -> String {
        format!("source:{}", self.id)
    }

    /// The page of the source in the portal.
    pub fn path(&self) -> String {
        format!("/sources/{}", self.id)
    }
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FileOutcome))]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All of it is in the catalog.
    Found,
    /// It was left out, for the reason that its problems tell.
    Skipped,
    /// All of it is in the catalog, and something about it should be mended.
    Warned,
    /// Some or all of it is not in the catalog.
    Rejected,
}

impl Outcome {
    /// The name as it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Skipped => "skipped",
            Self::Warned => "warned",
            Self::Rejected => "rejected",
        }
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Should be mended.
    Warning,
    /// Keeps a document out of the catalog.
    Error,
}

/// Something about a file: what, where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileProblem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and how to mend it.
    pub message: String,
    /// The field, such as `metadata.tags[0]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            f.write_str(": ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// A file of a source, and what became of it in the last sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceFile {
    /// Within the source, or a whole address for a file elsewhere.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// How many entities it declares.
    pub entities: u32,
    /// What is wrong with it.
    pub problems: Vec<FileProblem>,
    /// The file whose Location led here.
    pub parent: Option<String>,
}

/// Two declarations of one entity; the first stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conflict {
    /// The entity that is declared twice.
    pub reference: EntityRef,
    /// The source whose declaration does not stand.
    pub source: Uuid,
    /// The file whose declaration does not stand.
    pub path: String,
    /// The source whose declaration stands.
    pub owner: Uuid,
    /// The file whose declaration stands.
    pub owner_path: String,
    /// Since when; unknown for those of an older release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}

/// All that is known of a source's last sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceTrace {
    /// The source.
    pub source: Source,
    /// Every file.
    pub files: Vec<SourceFile>,
    /// Every entity that another source, or another file, also declares.
    pub conflicts: Vec<Conflict>,
}
