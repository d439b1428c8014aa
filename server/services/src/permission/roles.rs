//! Who has which role.

use chrono::{DateTime, Utc};
use domain::{
    changes::ChangeKind,
    identity::{Caller, Grantee, Permission, RoleName, Subject, Target, Tenant},
};
use serde_json::json;

use super::{MOST_GRANTS, store};
use crate::{Error, Result, Services, changes::NewChange, identity};

/// A role that someone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: String,
    /// Who has it: a person, a group, a machine; empty for everyone who is signed in.
    pub grantee: String,
    /// Since when, and by whom; `None` where the settings say so.
    pub given: Option<(DateTime<Utc>, String)>,
}

/// Every role that was given, by role, and those that the settings give.
pub async fn grants(services: &Services, caller: &Caller) -> Result<Vec<Grant>> {
    identity::may(services, caller, Permission::ReadPolicies, Target::Platform).await?;
    all(services, &caller.tenant).await
}

/// The same, for those who asked who may.
pub(super) async fn all(services: &Services, tenant: &Tenant) -> Result<Vec<Grant>> {
    let rows = store::grants(&services.db, tenant, MOST_GRANTS).await?;
    let given = rows.into_iter().map(|row| Grant {
        role: row.role,
        grantee: row.grantee,
        given: Some((row.given_at, row.given_by)),
    });
    let settings = &services.settings.permission;
    let everyone =
        settings.everyone.iter().map(|role| Grant { role: role.to_string(), grantee: String::new(), given: None });
    let named = settings.roles.iter().flat_map(|(role, grantees)| {
        grantees.iter().map(|grantee| Grant { role: role.to_string(), grantee: grantee.to_string(), given: None })
    });
    let administrators = services.doors.settings.administrators.iter().map(|grantee| Grant {
        role: super::ADMINISTRATOR.to_owned(),
        grantee: grantee.clone(),
        given: None,
    });
    let pipelines = services.doors.settings.pipelines.iter().flat_map(|pipeline| {
        let grantee = Subject::Machine(pipeline.name.clone()).to_string();
        pipeline.roles.iter().map(move |role| Grant { role: role.clone(), grantee: grantee.clone(), given: None })
    });
    let mut all: Vec<Grant> = everyone.chain(named).chain(administrators).chain(pipelines).chain(given).collect();
    all.sort_by(|left, right| (&left.role, &left.grantee).cmp(&(&right.role, &right.grantee)));
    Ok(all)
}

/// Gives a role.
///
/// # Errors
/// [`Error::Conflict`] if they have it already.
pub async fn give_role(services: &Services, caller: &Caller, role: &RoleName, to: &Grantee) -> Result<()> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Platform).await?;
    let mut tx = services.begin(caller).await?;
    if store::grants(&*tx, &caller.tenant, MOST_GRANTS).await?.len() as u64 >= MOST_GRANTS {
        let why = format!("{MOST_GRANTS} roles were given, which is as many as can be; give them to groups instead");
        return Err(Error::Rejected(why));
    }
    if !store::give(&*tx, &caller.tenant, (role, to), (Utc::now(), caller.label())).await? {
        return Err(Error::Conflict(format!("`{to}` has the role `{role}` already")));
    }
    tx.record(NewChange {
        source: String::new(),
        subject: format!("role:{role}"),
        kind: ChangeKind::RoleGiven,
        before: None,
        after: Some(json!({ "role": role, "to": to })),
    });
    tx.commit().await?;
    services.permission.forget(&caller.tenant);
    Ok(())
}

/// Takes a role away.
///
/// # Errors
/// [`Error::NotFound`] if they do not have it, or the settings give it.
pub async fn take_role(services: &Services, caller: &Caller, role: &RoleName, from: &Grantee) -> Result<()> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Platform).await?;
    let mut tx = services.begin(caller).await?;
    if !store::take(&*tx, &caller.tenant, (role, from)).await? {
        let why = format!("`{from}` was not given the role `{role}` here; what causeway.toml gives is taken there");
        return Err(Error::NotFound(why));
    }
    tx.record(NewChange {
        source: String::new(),
        subject: format!("role:{role}"),
        kind: ChangeKind::RoleTaken,
        before: Some(json!({ "role": role, "to": from })),
        after: None,
    });
    tx.commit().await?;
    services.permission.forget(&caller.tenant);
    Ok(())
}
