//! The audit log: who did what, from where, in a chain that shows if anything was altered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happened, besides changes, which are told by their own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// Someone signed in.
    SignedIn,
    /// A sign-in failed.
    SignInFailed,
    /// Someone signed out, or a session was ended.
    SignedOut,
    /// A token was used, told once in a while.
    TokenUsed,
    /// A token was shown that lets nobody in, told once in a while.
    TokenRefused,
    /// Someone was refused something, told once in a while.
    Refused,
    /// The audit log was taken away as a table.
    AuditExported,
    /// A push moved branches or tags of the embedded Git hosting.
    Pushed,
}

impl Happening {
    /// The name as it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::SignInFailed => "sign-in-failed",
            Self::SignedOut => "signed-out",
            Self::TokenUsed => "token-used",
            Self::TokenRefused => "token-refused",
            Self::Refused => "refused",
            Self::AuditExported => "audit-exported",
            Self::Pushed => "pushed",
        }
    }
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its place in the chain, without gaps.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a reference of a User, `machine:NAME`, `system:PART`, `guest`, `administrator`, `nobody`.
    pub actor: String,
    /// How they came in: `session`, `token`, `pipeline`, `guest`, `administrator`, or nothing.
    pub entry: String,
    /// From where.
    pub address: Option<String>,
    /// The id of the request, as it stands in the log.
    pub request: Option<String>,
    /// What: the kind of a change, `changes` for many at once, or another happening.
    pub kind: String,
    /// About what.
    pub subject: String,
    /// The first and the last change that it tells of.
    pub changes: Option<(i64, i64)>,
    /// What else there is to say.
    pub detail: Value,
    /// The entry's hash, which contains that of the entry before it.
    pub hash: String,
}

/// Which entries are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// By whom; by anyone if empty.
    pub actor: String,
    /// Of this kind; of any if empty.
    pub kind: String,
    /// About this; about anything if empty.
    pub subject: String,
    /// With this, or what begins so: a token, a session, the job of a pipeline; with anything if empty.
    pub through: String,
    /// From this moment on.
    pub since: Option<DateTime<Utc>>,
    /// Until this moment.
    pub until: Option<DateTime<Utc>>,
}
