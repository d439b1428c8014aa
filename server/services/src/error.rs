//! What can go wrong in a use case, by what the caller can do about it.

use sea_orm::DbErr;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a use case did not do what was asked. Messages are for people: what happened, where, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the caller may not know of it.
    #[error("{0}")]
    NotFound(String),
    /// Someone else was faster, or the name is taken.
    #[error("{0}")]
    Conflict(String),
    /// What was sent breaks a rule.
    #[error("{0}")]
    Rejected(String),
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] domain::identity::Denied),
    /// Another system did not answer, or answered badly.
    #[error("{system}: {why}")]
    Unavailable {
        /// The system, in the user's words.
        system: String,
        /// What it said, or did not.
        why: String,
    },
    /// A fault of ours. The text goes to the log, never to the caller.
    #[error("{0}")]
    Internal(String),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Internal(format!("database: {error}"))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("JSON in the database: {error}"))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Internal(format!("file system: {error}"))
    }
}
