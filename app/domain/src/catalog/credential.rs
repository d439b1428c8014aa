//! Credentials: what is shown to a server that asks who reads.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How a secret is shown to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CredentialKind {
    /// A token: as bearer to documents and APIs, as password to Git.
    Token,
    /// A user's password.
    Password,
    /// A private key, for Git over SSH.
    Ssh,
}

/// A text is not the kind of a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of credential; use `token`, `password` or `ssh`")]
pub struct NotACredentialKind(String);

impl CredentialKind {
    /// The name as it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Password => "password",
            Self::Ssh => "ssh",
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CredentialKind {
    type Err = NotACredentialKind;

    fn from_str(text: &str) -> Result<Self, NotACredentialKind> {
        match text {
            "token" => Ok(Self::Token),
            "password" => Ok(Self::Password),
            "ssh" => Ok(Self::Ssh),
            other => Err(NotACredentialKind(other.to_owned())),
        }
    }
}

/// A credential as people see it: never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credential {
    /// What it is called.
    pub name: String,
    /// The servers, and paths there, that it is bound to.
    pub at: Vec<String>,
    /// How it is shown.
    pub kind: CredentialKind,
    /// The user it is shown with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where its secret is, in words: `the environment variable QUAY_TOKEN`.
    pub from: String,
    /// What is wrong with it, such as a variable that is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// When it was sealed in the portal, and by whom; `None` for one of the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<(DateTime<Utc>, String)>,
}

/// A credential that someone seals in the portal. It holds its secret, so it does not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewCredential {
    /// What it is called: lower-case letters, digits, hyphens, underscores.
    pub name: String,
    /// The servers, and paths there, that it is bound to, with spaces or commas between them.
    pub at: String,
    /// How it is shown.
    pub kind: CredentialKind,
    /// The user, where the server wants one.
    #[serde(default)]
    pub user: String,
    /// The token, the password, or the private key.
    pub secret: String,
    /// For SSH: lines of a `known_hosts` file that say which key each server has.
    #[serde(default)]
    pub known_hosts: String,
}

/// Whether a text can name a credential.
pub fn is_credential_name(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
}
