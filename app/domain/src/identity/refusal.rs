//! A decision, and a refusal that can be understood.

use super::{Caller, Permission, Subject};

/// A refusal, in words for the one refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{who}` may not {permission}; sign in, or ask an administrator for it")]
pub struct Denied {
    /// Who asked.
    pub who: String,
    /// What was asked for.
    pub permission: Permission,
}

impl Denied {
    /// `caller` was refused `permission`.
    pub fn new(caller: &Caller, permission: Permission) -> Self {
        Self { who: caller.label().to_owned(), permission }
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
}
