//! Who may do what. Every use case asks here before it acts.

pub use domain::identity::{
    Caller, Denied, Entry, Permission, Scopes, Standing, Subject, Target, Tenant, Verb, foregone,
};

use crate::{Result, Services};

/// Asks whether `caller` may do `permission` on `target`.
///
/// # Errors
/// [`crate::Error::Denied`] says who was refused what.
pub async fn may(_services: &Services, caller: &Caller, permission: Permission, target: Target<'_>) -> Result<()> {
    // Most requests: decided without looking at anything.
    if foregone(caller) == Some(true) {
        return Ok(());
    }
    let denied = Denied::new(caller, permission);
    tracing::warn!(who = denied.who, ?permission, %target, "refused");
    Err(denied.into())
}

/// Whether `caller` may, without it being a refusal: for what is shown only to those who may.
pub(crate) async fn is_allowed(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<bool> {
    match may(services, caller, permission, target).await {
        Ok(()) => Ok(true),
        Err(crate::Error::Denied(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
