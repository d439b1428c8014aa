//! What someone was found by: a rule and what it looked for, kept as the words in which people are told of it.

use std::{convert::Infallible, fmt, str::FromStr};

use domain::catalog::flatten;
use serde_json::Value;

const FORMERLY: &str = "formerly ";
const DIRECTORY: &str = "what its directory said: ";

/// What someone was found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::identity) enum FoundBy {
    /// This address, of their User.
    Address(String),
    /// This name, of their User.
    Name(String),
    /// An annotation of their User: its key, and what it says.
    Annotation(String, String),
    /// What a directory said of whom the provider let in.
    Directory(Box<Self>),
    /// What a directory said of them before, and says no longer.
    Former(Box<Self>),
    /// Nothing that stands in the catalog.
    Other(String),
}

impl FoundBy {
    /// Whether it stands in the catalog.
    pub(in crate::identity) fn is_of_catalog(&self) -> bool {
        match self {
            Self::Directory(said) => said.is_of_catalog(),
            found => !matches!(found, Self::Other(_)),
        }
    }

    /// Whether a directory said it, and no rule found anybody.
    pub(in crate::identity) fn is_by_directory(&self) -> bool {
        matches!(self, Self::Directory(_)) || *self == Self::Other(DIRECTORY.trim_end_matches(": ").to_owned())
    }

    /// Whether a directory still says it.
    pub(in crate::identity) fn is_said(&self) -> bool {
        !matches!(self, Self::Former(_))
    }

    /// The same, where a directory says it no longer.
    pub(in crate::identity) fn before(self) -> Self {
        match self {
            Self::Former(_) => self,
            found => Self::Former(Box::new(found)),
        }
    }

    /// Whether a User is still found by it, as the catalog describes them now.
    pub(in crate::identity) fn finds(&self, user: &Value) -> bool {
        let (path, wanted) = match self {
            Self::Address(address) => ("spec.profile.email".to_owned(), address),
            Self::Name(name) => ("metadata.name".to_owned(), name),
            Self::Annotation(key, value) => (format!("metadata.annotations.{}", key.to_lowercase()), value),
            Self::Directory(said) | Self::Former(said) => return said.finds(user),
            Self::Other(_) => return true,
        };
        let wanted = wanted.to_lowercase();
        let says = |value: Option<String>| value.is_some_and(|value| value.to_lowercase() == wanted);
        flatten(user).into_iter().any(|entry| entry.path == path && says(entry.value))
    }
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "the address {address}"),
            Self::Name(name) => write!(f, "the name {name}"),
            Self::Annotation(key, value) => write!(f, "the annotation {key} {value}"),
            Self::Directory(said) => write!(f, "{DIRECTORY}{said}"),
            Self::Former(before) => write!(f, "{FORMERLY}{before}"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl FromStr for FoundBy {
    type Err = Infallible;

    fn from_str(words: &str) -> Result<Self, Infallible> {
        if let Some(before) = words.strip_prefix(FORMERLY) {
            return before.parse().map(|before| Self::Former(Box::new(before)));
        }
        if let Some(said) = words.strip_prefix(DIRECTORY) {
            return said.parse().map(|said| Self::Directory(Box::new(said)));
        }
        let read = || {
            let (what, rest) = words.strip_prefix("the ")?.split_once(' ')?;
            match what {
                "address" => Some(Self::Address(rest.to_owned())),
                "name" => Some(Self::Name(rest.to_owned())),
                // A key has no spaces.
                "annotation" => {
                    rest.split_once(' ').map(|(key, value)| Self::Annotation(key.to_owned(), value.to_owned()))
                }
                _ => None,
            }
        };
        Ok(read().unwrap_or_else(|| Self::Other(words.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(words: &str) -> FoundBy {
        let Ok(found) = words.parse();
        found
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        for found in [
            FoundBy::Address("ada@saltmarsh.example".to_owned()),
            FoundBy::Name("ada".to_owned()),
            FoundBy::Annotation("github.com/user-login".to_owned(), "Ada B".to_owned()),
            FoundBy::Address("ada@saltmarsh.example".to_owned()).before(),
            FoundBy::Directory(Box::new(FoundBy::Name("ada".to_owned()))).before(),
            FoundBy::Other("what the provider says".to_owned()),
        ] {
            assert_eq!(read(&found.to_string()), found);
        }
        assert_eq!(read("the annotation"), FoundBy::Other("the annotation".to_owned()));
    }

    #[test]
    fn who_was_found_by_what_no_longer_stands_there_is_not_found() {
        let user = json!({
            "kind": "User",
            "metadata": { "name": "ada", "annotations": { "Example.org/Login": "ada-b" } },
            "spec": { "profile": { "email": "Ada@saltmarsh.example" } },
        });
        for (words, is_found) in [
            ("the address ada@Saltmarsh.example", true),
            ("the address bob@saltmarsh.example", false),
            ("the name ada", true),
            ("the name adam", false),
            ("the annotation example.org/login ADA-B", true),
            ("the annotation example.org/login ada", false),
            ("the annotation example.org/other ada-b", false),
            ("what its directory said", true),
            ("what its directory said: the address ada@saltmarsh.example", true),
            ("what its directory said: the address bob@saltmarsh.example", false),
        ] {
            assert_eq!(read(words).finds(&user), is_found, "{words}");
        }
    }
}
