//! Roles: names that policies give something to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The roles that come with policies, each containing those before it.
pub const ROLES: [&str; 5] = ["viewer", "developer", "team-lead", "platform-engineer", "administrator"];

/// A role and those that it contains, itself first.
pub fn contained(role: &str) -> impl Iterator<Item = &str> {
    let below = ROLES.iter().position(|known| *known == role).unwrap_or(0);
    std::iter::once(role).chain(ROLES[..below].iter().copied())
}

/// The name of a role: one that comes with policies, or one that an organisation made up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleName(String);

/// A text is no name of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role: use 1 to 40 lower-case letters, digits and inner hyphens, like `platform-engineer`")]
pub struct NotARole(String);

impl RoleName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        let fits = (1..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fits { Ok(Self(text.to_owned())) } else { Err(NotARole(text.chars().take(60).collect())) }
    }
}

impl TryFrom<String> for RoleName {
    type Error = NotARole;

    fn try_from(text: String) -> Result<Self, NotARole> {
        text.parse()
    }
}

impl From<RoleName> for String {
    fn from(role: RoleName) -> Self {
        role.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// To whom a role is given: a person, a machine, or everyone in a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Grantee(String);

/// A text names nobody to whom a role can be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be given a role: write `user:default/NAME`, `group:default/NAME` or `machine:NAME`")]
pub struct NotAGrantee(String);

impl Grantee {
    /// The reference, or `machine:NAME`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Grantee {
    type Err = NotAGrantee;

    fn from_str(text: &str) -> Result<Self, NotAGrantee> {
        let text = text.trim();
        let not = || NotAGrantee(text.chars().take(80).collect());
        if text.len() > 300 || text.chars().any(char::is_control) {
            return Err(not());
        }
        if let Some(name) = text.strip_prefix("machine:") {
            return if name.is_empty() { Err(not()) } else { Ok(Self(text.to_owned())) };
        }
        let reference: crate::catalog::EntityRef = text.parse().map_err(|_| not())?;
        match reference.kind() {
            "user" | "group" => Ok(Self(reference.to_string())),
            _ => Err(not()),
        }
    }
}

impl TryFrom<String> for Grantee {
    type Error = NotAGrantee;

    fn try_from(text: String) -> Result<Self, NotAGrantee> {
        text.parse()
    }
}

impl From<Grantee> for String {
    fn from(grantee: Grantee) -> Self {
        grantee.0
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_contains_those_before_it_and_a_made_up_one_nothing() {
        assert_eq!(contained("team-lead").collect::<Vec<_>>(), ["team-lead", "viewer", "developer"]);
        assert_eq!(contained("viewer").collect::<Vec<_>>(), ["viewer"]);
        assert_eq!(contained("release-manager").collect::<Vec<_>>(), ["release-manager"]);
    }

    #[test]
    fn a_role_is_given_to_people_groups_and_machines() {
        for (text, read) in [
            ("user:default/ada", "user:default/ada"),
            ("Group:Harbour", "group:default/harbour"),
            ("machine:deployer", "machine:deployer"),
        ] {
            assert_eq!(text.parse::<Grantee>().unwrap().as_str(), read);
        }
        for text in ["", "ada", "component:default/quay", "machine:", "user:"] {
            assert!(text.parse::<Grantee>().is_err(), "{text}");
        }
    }
}
