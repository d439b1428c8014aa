//! Which sources are believed about people.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::SourceKind;

/// Which people and teams of a source count for sign-in and permission. Whoever writes to a source of which all count can make
/// themselves anybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// None: they are in the catalog, and that is all.
    #[default]
    None,
    /// Those that an organisation's forge itself tells of, and none that a file of a repository declares.
    Own,
    /// All that it declares.
    All,
}

/// A text says not which people count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` says not which people count; use `none`, `own` or `all`")]
pub struct NotTrust(String);

impl Trust {
    /// The name as it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Own => "own",
            Self::All => "all",
        }
    }

    /// Whether a source of that kind can be trusted so: only a forge tells of people itself, and a folder of any name is a folder.
    pub fn fits(self, kind: SourceKind) -> bool {
        self != Self::Own || kind.is_organisation()
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Trust {
    type Err = NotTrust;

    fn from_str(text: &str) -> Result<Self, NotTrust> {
        match text {
            "none" => Ok(Self::None),
            "own" => Ok(Self::Own),
            "all" => Ok(Self::All),
            other => Err(NotTrust(other.chars().take(80).collect())),
        }
    }
}
