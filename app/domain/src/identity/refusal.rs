//! A decision, and a refusal that can be understood.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Caller, Permission, Subject};

/// What a policy had to do with a decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how", content = "role")]
pub enum Effect {
    /// It permits.
    Permits,
    /// It forbids, whatever others permit.
    Forbids,
    /// It would permit someone with this role.
    NeedsRole(String),
    /// It would permit this caller, if what it asks for were so.
    NotSo,
}

/// A policy that had to do with a decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reason {
    /// What the policy did.
    pub effect: Effect,
    /// The policy's name.
    pub policy: String,
    /// The document that it stands in.
    pub document: String,
    /// What it says, in words.
    pub says: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { effect, policy, says, .. } = self;
        match effect {
            Effect::Permits => write!(f, "`{policy}` permits it: {says}"),
            Effect::Forbids => write!(f, "`{policy}` forbids it: {says}"),
            Effect::NeedsRole(role) => write!(f, "`{policy}` would permit it with the role `{role}`: {says}"),
            Effect::NotSo => write!(f, "`{policy}` does not fit here: {says}"),
        }
    }
}

/// A refusal, in words for the one refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Who asked.
    pub who: String,
    /// What was asked for.
    pub permission: Permission,
    /// On what, as a question about permission names it: `source:ID`; empty where that is not said.
    pub on: String,
    /// Why, in a sentence; empty where only signing in would help.
    pub why: String,
    /// What the policies had to do with it, the nearest first.
    pub reasons: Vec<Reason>,
}

impl std::error::Error for Denied {}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { who, permission, on, why, reasons } = self;
        write!(f, "`{who}` may not {permission}")?;
        if !matches!(on.as_str(), "" | "anything" | "own" | "platform") {
            let on = ["place:", "repository:"].iter().find_map(|word| on.strip_prefix(word)).unwrap_or(on);
            write!(f, " (here: `{on}`)")?;
        }
        if why.is_empty() {
            return f.write_str("; sign in, or ask an administrator for it");
        }
        write!(f, ": {why}")?;
        for reason in reasons.iter().take(3) {
            write!(f, "; {reason}")?;
        }
        Ok(())
    }
}

impl Denied {
    /// `caller` was refused `permission`, and nothing more can be said.
    pub fn new(caller: &Caller, permission: Permission) -> Self {
        Self::named(caller.label().to_owned(), permission)
    }

    /// `who`, who is no caller, was refused `permission`.
    pub fn named(who: String, permission: Permission) -> Self {
        Self { who, permission, on: String::new(), why: String::new(), reasons: Vec::new() }
    }
}

/// Whether `caller` may do anything at all, or nothing, whatever the policies say; `None` for those on whom they decide.
pub fn foregone(caller: &Caller) -> Option<bool> {
    match caller.subject {
        Subject::Guest | Subject::Administrator | Subject::System(_) => Some(true),
        Subject::Stranger => Some(false),
        Subject::Person(_) | Subject::Machine(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Tenant;

    #[test]
    fn a_stranger_is_refused_and_told_what() {
        let stranger = Caller::new(Tenant::default(), Subject::Stranger);
        assert_eq!(foregone(&stranger), Some(false));
        let refusal = Denied::new(&stranger, Permission::StartRun);
        insta::assert_snapshot!(refusal, @"`nobody` may not start runs; sign in, or ask an administrator for it");
    }

    #[test]
    fn a_refusal_names_the_policies_that_are_near() {
        let ada = Caller::new(Tenant::default(), Subject::Person("user:default/ada".to_owned()));
        let refusal = Denied {
            on: "source:1".to_owned(),
            why: "no policy permits it to the roles viewer".to_owned(),
            reasons: vec![Reason {
                effect: Effect::NeedsRole("developer".to_owned()),
                policy: "developer-registers".to_owned(),
                document: "developer".to_owned(),
                says: "a developer registers sources".to_owned(),
            }],
            ..Denied::new(&ada, Permission::ManageSources)
        };
        insta::assert_snapshot!(refusal, @"`user:default/ada` may not manage sources (here: `source:1`): no policy permits it to the roles viewer; `developer-registers` would permit it with the role `developer`: a developer registers sources");
    }
}
