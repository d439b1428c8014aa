//! Questions that somebody asks by name: of what is not there, or of what a permission is not about, they are told so.

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Reason, Target},
};

use super::{language, questions::why, resource::Resource, would};
use crate::{Error, Result, Services, catalog, changes, runs};

/// Whether a caller may do a thing, and why, or why not; of what is there, or hidden from nobody as what is not. Where nothing is
/// named and the permission is about things, it is told whether there may be any.
///
/// # Errors
/// [`Error::NotFound`] for what is not there, [`Error::Rejected`] for what the permission is not about, with what it is about.
pub async fn asked_why(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<(bool, String, Vec<Reason>)> {
    if target == Target::Platform && is_about_things(permission) {
        let (is_allowed, why, reasons) = why(services, caller, permission, Target::Any).await?;
        let which = if is_allowed { "it depends on which: name one to be told of it; " } else { "" };
        return Ok((is_allowed, format!("{which}{why}"), reasons));
    }
    is_known(services, caller, permission, target).await?;
    Resource::of(services, caller, target).await?.fits(permission)?;
    why(services, caller, permission, target).await
}

/// Whether a permission is about things, and never about the installation as a whole.
pub fn is_about_things(permission: Permission) -> bool {
    let kinds = language::kinds_of(permission);
    !kinds.is_empty() && !kinds.contains("Platform")
}

/// Whether a thing is there; what is hidden from the caller is answered as what is not.
pub(super) async fn is_known(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<()> {
    match target {
        Target::Entity(reference)
        | Target::Template(reference)
        | Target::RunsOf(reference)
        | Target::Team(reference) => is_in_catalog(services, caller, permission, reference).await,
        Target::Source(id) => match catalog::source_traits(services, &caller.tenant, id).await? {
            Some(_) => Ok(()),
            None => Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed"))),
        },
        Target::Run(id) => {
            if runs::is_there(services, caller, id).await? {
                return Ok(());
            }
            Err(Error::NotFound(format!("there is no run `{id}`")))
        }
        // What comes to be by the deed may be asked about before.
        Target::Repository(_) | Target::Place(_) | Target::Policy(_) | Target::Own | Target::Platform | Target::Any => {
            Ok(())
        }
    }
}

async fn is_in_catalog(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    reference: &EntityRef,
) -> Result<()> {
    if domain::identity::foregone(caller).is_none()
        && let Err(error @ Error::NotFound(_)) =
            would(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await
    {
        return Err(error);
    }
    // What has left has its history still, and its runs.
    let outlives = [Permission::ReadCatalog, Permission::ReadRuns, Permission::SteerRun, Permission::ApproveRun];
    if catalog::traits(services, &caller.tenant, &reference.to_string()).await?.is_some()
        || (outlives.contains(&permission) && changes::last_traits(services, caller, reference).await?.is_some())
    {
        return Ok(());
    }
    Err(Error::NotFound(format!("no entity `{reference}` is in the catalog")))
}
