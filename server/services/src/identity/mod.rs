//! Who may do what. Every use case asks here before it acts.

pub use domain::identity::{Caller, Denied, Permission, Subject, Tenant};

/// Asks whether `caller` may do `permission` on `target`; `None` means on anything.
pub fn may(caller: &Caller, permission: Permission, target: Option<&str>) -> crate::Result<()> {
    domain::identity::may(caller, permission, target).inspect_err(|denied| {
        tracing::warn!(who = denied.who, permission = ?denied.permission, target, "refused");
    })?;
    Ok(())
}
