//! `[permission]`: the first roles, and a folder of policies.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;
use services::{
    identity::{Grantee, RoleName},
    permission::{PermissionSettings, checked},
};

use crate::cli::Problem;

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

/// What the settings decide, with the policies of their folder.
///
/// # Errors
/// When the folder cannot be read, or a file of it is no policy, with the place.
pub(crate) fn permission(settings: &Permission) -> Result<PermissionSettings, Problem> {
    let mut decided = PermissionSettings { roles: settings.roles.clone(), ..PermissionSettings::default() };
    if let Some(everyone) = &settings.everyone {
        decided.everyone = everyone.iter().cloned().collect();
    }
    if let Some(folder) = &settings.policies {
        decided.policies = read(folder)?;
    }
    Ok(decided)
}

fn read(folder: &Path) -> Result<Vec<(String, String, String)>, Problem> {
    let unreadable = |path: &Path, error: &std::io::Error| -> Problem {
        format!("`[permission] policies`: `{}` cannot be read: {error}", path.display()).into()
    };
    let mut documents = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.extension().is_none_or(|extension| extension != "cedar") {
            continue;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let name: RoleName = stem.parse().map_err(|_| -> Problem {
            format!("`{}`: name policies with lower-case letters, digits and hyphens", path.display()).into()
        })?;
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        let beside = path.with_extension("cases.yaml");
        let cases = match fs::read_to_string(&beside) {
            Ok(cases) => cases,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unreadable(&beside, &error)),
        };
        documents.push((name.to_string(), text, cases));
    }
    documents.sort();
    let problems = checked(&documents);
    if problems.is_empty() {
        return Ok(documents);
    }
    let told: Vec<String> =
        problems.iter().map(|(name, problem)| format!("{}/{name}.cedar: {problem}", folder.display())).collect();
    Err(told.join("\n").into())
}
