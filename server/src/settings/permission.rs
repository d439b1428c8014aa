//! `[permission]`: the first roles, and a folder of policies.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use services::{
    identity::{Grantee, RoleName},
    permission::{PermissionSettings, PolicyFolder},
};

use crate::{cli::Problem, policy_files::PolicyFiles};

/// `[permission]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Permission {
    /// Roles of everyone who is signed in; `viewer` where it is missing.
    pub(crate) everyone: Option<Vec<RoleName>>,
    /// `[permission.roles]`: who has a role, besides those to whom it is given in the portal.
    pub(crate) roles: BTreeMap<RoleName, Vec<Grantee>>,
    /// A folder with policies, `NAME.cedar`, and example cases beside them, `NAME.cases.yaml`.
    pub(crate) policies: Option<std::path::PathBuf>,
}

/// What the settings decide.
pub(crate) fn permission(settings: &Permission) -> PermissionSettings {
    let mut decided = PermissionSettings { roles: settings.roles.clone(), ..PermissionSettings::default() };
    if let Some(everyone) = &settings.everyone {
        decided.everyone = everyone.iter().cloned().collect();
    }
    decided
}

/// The policies of the settings' folder, if they name one.
///
/// # Errors
/// When the folder cannot be read, or a file of it is no policy, with the place.
pub(crate) fn policies(settings: &Permission) -> Result<PolicyFolder, Problem> {
    let Some(folder) = &settings.policies else { return Ok(PolicyFolder::default()) };
    Ok(read(folder)?.held(folder))
}

/// Policies of a folder, by what they come to.
///
/// # Errors
/// When the folder cannot be read, or a file of it is not what it means to be, with the place.
pub(crate) fn read(folder: &Path) -> Result<PolicyFiles, Problem> {
    let found = PolicyFiles::read(folder).map_err(|error| -> Problem {
        format!("`[permission] policies`: `{}` cannot be read: {error}", folder.display()).into()
    })?;
    let problems = found.problems();
    if problems.is_empty() { Ok(found) } else { Err(problems.join("\n").into()) }
}
