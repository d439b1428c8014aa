//! Whose rows they are.

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
