//! The one who acts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The one who acts: a person, a machine, or a part of Causeway that works on its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// A person, by the reference of their User: `user:default/ada`.
    Person(String),
    /// A program of others: the name of a service token, or of a pipeline that is trusted.
    Machine(String),
}

impl Subject {
    /// The person or part, in words for a list or a log.
    pub fn label(&self) -> &str {
        match self {
            Self::Stranger => "nobody",
            Self::Guest => "guest",
            Self::Administrator => "administrator",
            Self::System(name) | Self::Person(name) | Self::Machine(name) => name,
        }
    }
}

/// One line that names exactly one subject: what the audit log and role assignments keep.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(part) => write!(f, "system:{part}"),
            Self::Machine(name) => write!(f, "machine:{name}"),
            Self::Stranger | Self::Guest | Self::Administrator | Self::Person(_) => f.write_str(self.label()),
        }
    }
}

/// A text names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nobody who can act: write `user:default/NAME` for a person or `machine:NAME` for a token or pipeline"
)]
pub struct NotASubject(String);

/// The longest name of a subject.
const LONGEST: usize = 300;

impl FromStr for Subject {
    type Err = NotASubject;

    fn from_str(text: &str) -> Result<Self, NotASubject> {
        let fits = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        let subject = match text {
            _ if !fits => None,
            "nobody" => Some(Self::Stranger),
            "guest" => Some(Self::Guest),
            "administrator" => Some(Self::Administrator),
            _ => {
                let system = text.strip_prefix("system:").and_then(named).map(Self::System);
                let machine = || text.strip_prefix("machine:").and_then(named).map(Self::Machine);
                let person = || text.starts_with("user:").then(|| Self::Person(text.to_owned()));
                system.or_else(machine).or_else(person)
            }
        };
        subject.ok_or_else(|| NotASubject(text.chars().take(LONGEST).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_back_from_its_line() {
        let all = [
            Subject::Stranger,
            Subject::Guest,
            Subject::Administrator,
            Subject::System("sync".to_owned()),
            Subject::Person("user:default/ada".to_owned()),
            Subject::Machine("deployer".to_owned()),
        ];
        for subject in all {
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
        for text in ["", "ada", "machine:", "group:default/a", "user:a\n"] {
            assert!(text.parse::<Subject>().is_err(), "{text:?}");
        }
    }
}
