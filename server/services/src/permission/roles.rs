//! Who has which role.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    changes::ChangeKind,
    identity::{Caller, Grantee, Permission, ROLES, RoleName, Subject, Target, Tenant},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::{MOST_GRANTS, store};
use crate::{
    Error, Result, Services, catalog,
    changes::{NewChange, Transaction},
    identity::{self, Person},
};

/// Of how many it is looked up whether they are known.
const MOST_ASKED: usize = 500;

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

/// Of each of these grants, why it may be of no effect: its role means nothing, or nobody of the name is known. A role may be
/// given ahead of the policies and people that it is for, so this is told and keeps nobody from giving it.
pub async fn doubts(services: &Services, caller: &Caller, grants: &[Grant]) -> Result<Vec<Option<String>>> {
    identity::may(services, caller, Permission::ReadPolicies, Target::Platform).await?;
    let spoken_of = spoken_of(services, &caller.tenant).await?;
    let machines = identity::machines(services, &caller.tenant).await?;
    let machines: BTreeSet<String> = machines.iter().map(|machine| machine.subject.to_string()).collect();
    let mut known: HashMap<&str, Option<&str>> = HashMap::new();
    let mut told = Vec::with_capacity(grants.len());
    for grant in grants {
        let who = grant.grantee.as_str();
        if !spoken_of.contains(&grant.role) {
            told.push(Some("no policy speaks of this role".to_owned()));
            continue;
        }
        if !known.contains_key(who) && known.len() < MOST_ASKED {
            known.insert(who, unknown(services, &caller.tenant, &machines, who).await?);
        }
        told.push(known.get(who).copied().flatten().map(str::to_owned));
    }
    Ok(told)
}

/// The roles that mean something: those that every installation has, and those that policies ask for.
pub(super) async fn spoken_of(services: &Services, tenant: &Tenant) -> Result<BTreeSet<String>> {
    let rules = services.permission.rules(services, tenant).await?;
    Ok(ROLES.iter().map(|role| (*role).to_owned()).chain(rules.wanted_roles()).collect())
}

/// Those of these roles that no policy speaks of.
pub(crate) async fn unspoken(services: &Services, tenant: &Tenant, roles: &[String]) -> Result<Vec<String>> {
    let spoken_of = spoken_of(services, tenant).await?;
    Ok(roles.iter().filter(|role| !spoken_of.contains(*role)).cloned().collect())
}

const UNVOUCHED: &str = "it counts for nothing: nothing declares it any more, or a source that is not trusted with people does; an \
                         administrator decides that on the page of the source";

/// Why nobody is meant by a reference, or by the name of a machine; `None` where someone is.
pub(super) async fn unknown(
    services: &Services,
    tenant: &Tenant,
    machines: &BTreeSet<String>,
    who: &str,
) -> Result<Option<&'static str>> {
    Ok(match who.split_once(':') {
        Some(("group", _)) if catalog::traits(services, tenant, who).await?.is_none() => {
            Some("no such group is in the catalog")
        }
        Some(("group", _)) if !catalog::vouched(services, tenant, &[who.to_owned()]).await?.contains(who) => {
            Some(UNVOUCHED)
        }
        Some(("machine", _)) if !machines.contains(who) => Some("no living token and no pipeline is called so"),
        Some(("user", _)) if identity::person(services, tenant, who).await? == Person::Unknown => {
            Some("nobody of this name is in the catalog, or came in yet")
        }
        Some(("user", _)) if !identity::has_come(services, tenant, who).await? => {
            let counts = catalog::vouched(services, tenant, &[who.to_owned()]).await?.contains(who);
            let is_there = catalog::traits(services, tenant, who).await?.is_some();
            (is_there && !counts).then_some(UNVOUCHED)
        }
        _ => None,
    })
}

/// Gives a role.
///
/// # Errors
/// [`Error::Conflict`] if they have it already.
pub async fn give_role(services: &Services, caller: &Caller, role: &RoleName, to: &Grantee) -> Result<()> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Platform).await?;
    let bound_to = identity::bound_to(services, &caller.tenant, &to.to_string()).await?;
    let mut tx = services.begin(caller).await?;
    if store::grants(&*tx, &caller.tenant, MOST_GRANTS).await?.len() as u64 >= MOST_GRANTS {
        let why = format!("{MOST_GRANTS} roles were given, which is as many as can be; give them to groups instead");
        return Err(Error::Rejected(why));
    }
    if !store::give(&*tx, &caller.tenant, (role, to), bound_to, (Utc::now(), &caller.author())).await? {
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

/// Tells that roles are those of the same people and teams, by other names: each of `names` is the former one and the later one.
pub(crate) async fn renamed(tx: &mut Transaction, tenant: &Tenant, names: &[(String, String)]) -> Result<()> {
    let formers: Vec<String> = names.iter().map(|(former, _)| former.clone()).collect();
    let later: HashMap<&str, &str> = names.iter().map(|(former, later)| (former.as_str(), later.as_str())).collect();
    for grant in store::grants_of(&**tx, tenant, &formers).await? {
        let Some(later) = later.get(grant.grantee.as_str()) else { continue };
        let why = format!("`{}` is called `{later}` now", grant.grantee);
        tell(tx, &grant, ChangeKind::RoleTaken, &grant.grantee, &why);
        tell(tx, &grant, ChangeKind::RoleGiven, later, &why);
    }
    Ok(())
}

/// Somebody who comes in as a User of the catalog.
#[derive(Debug)]
pub(crate) struct Coming<'a> {
    pub(crate) who: &'a str,
    /// Which User that is; nil where it is none.
    pub(crate) uid: Uuid,
    /// Who they were themselves under that name when they came in last.
    pub(crate) before: Option<Uuid>,
    /// The account by which they come, and all that are theirs.
    pub(crate) account: Uuid,
    pub(crate) accounts: HashSet<Uuid>,
    /// When somebody else last came in under that name, whom the entry no longer means.
    pub(crate) former: Option<DateTime<Utc>>,
}

impl Coming<'_> {
    /// Whether it was to them that a role was given.
    fn is_meant(&self, grant: &store::grant::Model) -> bool {
        if let Some(account) = grant.account {
            return self.accounts.contains(&account);
        }
        // Given ahead of the User, or to the same person, whose entry went and came back.
        let is_same = grant.user_uid.is_none_or(|to| to.is_nil() || to == self.uid) || grant.user_uid == self.before;
        is_same && self.former.is_none_or(|seen| grant.given_at > seen)
    }
}

/// Sees to it that whoever comes in has no role that was given to somebody else who was called so. Says whether one was taken away.
pub(crate) async fn settle(tx: &mut Transaction, tenant: &Tenant, coming: &Coming<'_>) -> Result<bool> {
    let mut is_taken = false;
    if coming.uid.is_nil() {
        return Ok(false);
    }
    for grant in store::grants_of(&**tx, tenant, &[coming.who.to_owned()]).await? {
        let is_meant = coming.is_meant(&grant);
        let to = (coming.uid, coming.account);
        if !is_meant || (grant.user_uid, grant.account) != (Some(to.0), Some(to.1)) {
            store::bind(&**tx, &grant, Some(to).filter(|_| is_meant)).await?;
        }
        if !is_meant {
            let why = "it was given to somebody else, who was called so before";
            tell(tx, &grant, ChangeKind::RoleTaken, coming.who, why);
            is_taken = true;
        }
    }
    Ok(is_taken)
}

fn tell(tx: &mut Transaction, grant: &store::grant::Model, kind: ChangeKind, who: &str, why: &str) {
    let state = Some(json!({ "role": grant.role, "to": who, "why": why }));
    let (before, after) = if kind == ChangeKind::RoleTaken { (state, None) } else { (None, state) };
    tx.record(NewChange { source: String::new(), subject: format!("role:{}", grant.role), kind, before, after });
}
