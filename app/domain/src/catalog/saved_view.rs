//! A list that someone put together and named.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::EntityRef;

/// A named list: what narrows it, how it is sorted, which columns it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// Given by the server.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The query of the list's address.
    pub query: String,
    /// The team it belongs to; none where it belongs to the person.
    pub team: Option<EntityRef>,
}

impl SavedView {
    /// Where it leads, whatever becomes of it.
    pub fn path(&self) -> String {
        format!("/catalog/views/{}", self.id)
    }
}

/// The name of a view: 1 to 60 letters in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ViewName(String);

/// A text is no name of a view.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name for a view; write 1 to 60 letters in one line")]
pub struct NotAViewName(String);

impl FromStr for ViewName {
    type Err = NotAViewName;

    fn from_str(text: &str) -> Result<Self, NotAViewName> {
        let name = text.trim();
        if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            // What is far too long is not repeated.
            return Err(NotAViewName(name.chars().filter(|letter| !letter.is_control()).take(80).collect()));
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for ViewName {
    type Error = NotAViewName;

    fn try_from(text: String) -> Result<Self, NotAViewName> {
        text.parse()
    }
}

impl From<ViewName> for String {
    fn from(name: ViewName) -> Self {
        name.0
    }
}

impl fmt::Display for ViewName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_in_one_line() {
        assert_eq!(" On call ".parse(), Ok(ViewName("On call".into())));
        for wrong in ["", "  ", "a\nb", &"a".repeat(61)] {
            assert!(wrong.parse::<ViewName>().is_err(), "{wrong}");
        }
    }
}
