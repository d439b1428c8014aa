//! Who has which role.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    changes::ChangeKind,
    identity::{Caller, Grantee, Identity, Permission, ROLES, RoleName, Subject, Target, Tenant},
};
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

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
    /// Who it was given to of all who have borne the name, where somebody had come in under it.
    pub person: Option<Uuid>,
}

/// Every role that was given, by role, and those that the settings give.
pub async fn grants(services: &Services, caller: &Caller) -> Result<Vec<Grant>> {
    identity::may(services, caller, Permission::ReadPolicies, Target::Platform).await?;
    all(services, &caller.tenant).await
}

/// The same, for those who asked who may.
pub(super) async fn all(services: &Services, tenant: &Tenant) -> Result<Vec<Grant>> {
    let rows = store::grants(&services.db, tenant, MOST_GRANTS).await?;
    let accounts: Vec<Uuid> = rows.iter().filter_map(|row| row.account).collect();
    let persons = identity::persons(&services.db, tenant, &accounts).await?;
    let given = rows.into_iter().map(|row| Grant {
        role: row.role,
        person: row.account.map(|account| persons.get(&account).copied().unwrap_or(account)),
        grantee: row.grantee,
        given: Some((row.given_at, row.given_by)),
    });
    let settings = &services.settings.permission;
    let everyone = settings.everyone.iter().map(|role| Grant {
        role: role.to_string(),
        grantee: String::new(),
        given: None,
        person: None,
    });
    let named = settings.roles.iter().flat_map(|(role, grantees)| {
        grantees.iter().map(|grantee| Grant {
            role: role.to_string(),
            grantee: grantee.to_string(),
            given: None,
            person: None,
        })
    });
    let administrators = services.doors.settings.administrators.iter().map(|grantee| Grant {
        role: super::ADMINISTRATOR.to_owned(),
        grantee: grantee.clone(),
        given: None,
        person: None,
    });
    let pipelines = services.doors.settings.pipelines.iter().flat_map(|pipeline| {
        let grantee = Subject::Machine(pipeline.name.clone()).to_string();
        pipeline.roles.iter().map(move |role| Grant {
            role: role.clone(),
            grantee: grantee.clone(),
            given: None,
            person: None,
        })
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
    let bound = grants.iter().map(|grant| grant.grantee.clone()).filter(|who| who.starts_with("user:"));
    let bound: Vec<String> = bound.take(MOST_ASKED).collect();
    let bearers = identity::bearers(services, &caller.tenant, &bound).await?;
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
        let is_away = |now: &Identity| grant.given.is_some() && grant.person != Some(now.person);
        let is_away = bearers.get(who).is_some_and(is_away);
        let doubt = if is_away { Some(IS_AWAY) } else { known.get(who).copied().flatten() };
        told.push(doubt.map(str::to_owned));
    }
    Ok(told)
}

const IS_AWAY: &str = "it rests: it was given to somebody else who was called so; to take it from them and give it to whoever \
                       bears the name now, give it once more";

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
    let name = to.to_string();
    let whose = identity::whose(services, &caller.tenant, &name).await?;
    let account = whose.account;
    let mut tx = services.begin(caller).await?;
    let before = store::grants_of(&*tx, &caller.tenant, std::slice::from_ref(&name)).await?;
    let before = before.into_iter().find(|grant| grant.role == role.to_string());
    let of: Vec<Uuid> = account.into_iter().chain(before.as_ref().and_then(|grant| grant.account)).collect();
    let persons = identity::persons(&*tx, &caller.tenant, &of).await?;
    let person = |account: Option<Uuid>| account.map(|account| persons.get(&account).copied().unwrap_or(account));
    // One that rests, since it is somebody else's who bore the name, is given anew.
    let former = before.filter(|grant| person(grant.account) != person(account));
    let is_anew = former.is_some();
    if store::grants(&*tx, &caller.tenant, MOST_GRANTS).await?.len() as u64 >= MOST_GRANTS {
        let why = format!("{MOST_GRANTS} roles were given, which is as many as can be; give them to groups instead");
        return Err(Error::Rejected(why));
    }
    if !store::give(&*tx, &caller.tenant, (role, to), (whose, is_anew), (Utc::now(), &caller.author())).await? {
        return Err(Error::Conflict(format!("`{to}` has the role `{role}` already")));
    }
    if let Some(former) = former {
        tell(
            &mut tx,
            &former,
            ChangeKind::RoleTaken,
            &name,
            "it was somebody else's who was called so, and is given anew",
        );
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
    // Whoever it is taken from does not keep it under another name.
    let name = from.to_string();
    let own = store::grants_of(&*tx, &caller.tenant, std::slice::from_ref(&name)).await?;
    let own: Vec<Uuid> =
        own.iter().filter(|grant| grant.role == role.to_string()).filter_map(|grant| grant.account).collect();
    for grant in
        store::grants_through(&*tx, &caller.tenant, &identity::siblings(&*tx, &caller.tenant, &own).await?).await?
    {
        if grant.role == role.to_string() && grant.grantee != name {
            store::remove(&*tx, &grant).await?;
            tell(
                &mut tx,
                &grant,
                ChangeKind::RoleTaken,
                &grant.grantee,
                &format!("it was taken from `{name}`, who is the same person"),
            );
        }
    }
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

/// Somebody who comes in.
#[derive(Debug)]
pub(crate) struct Coming<'a> {
    pub(crate) who: &'a str,
    /// Which User of the catalog that is; nil where it is none.
    pub(crate) uid: Uuid,
    /// What address that one has.
    pub(crate) address: Option<String>,
    /// What it says in the annotations by which providers find people.
    pub(crate) annotations: BTreeMap<String, String>,
    /// Who they were themselves under that name when they came in last.
    pub(crate) before: Option<Uuid>,
    /// The account by which they come.
    pub(crate) account: Uuid,
    /// When somebody else last came in under that name.
    pub(crate) former: Option<DateTime<Utc>>,
}

impl Coming<'_> {
    /// Whether it was to them that a role was given, before anybody had come in under the name, or nobody was found under it.
    fn is_meant(&self, grant: &store::grant::Model) -> bool {
        let is_entry = grant.user_uid.is_none_or(|to| to.is_nil() || to == self.uid) || grant.user_uid == self.before;
        self.tells(grant).unwrap_or(is_entry) && self.former.is_none_or(|seen| grant.given_at > seen)
    }
}

impl Coming<'_> {
    /// Whether it is the same one whom the entry meant when a role was given to it, if anything tells: an address, or, where one of the
    /// two has none, what providers find people by. The entry may have gone and come back, and may have been given to somebody else.
    fn tells(&self, grant: &store::grant::Model) -> Option<bool> {
        if let Some((then, now)) = grant.address.as_ref().zip(self.address.as_ref()) {
            return Some(then == now);
        }
        let then = grant.annotations.as_ref().and_then(Value::as_object).into_iter().flatten();
        let both = then.filter_map(|(key, then)| Some((then.as_str()?, self.annotations.get(key)?)));
        both.map(|(then, now)| then == now).reduce(|all, same| all && same)
    }
}

/// Has the roles that were given to whoever comes in be theirs, of all who have borne the name, and has them stand under the name that
/// they have now. `accounts` are all of theirs. Says whether anything changed.
pub(crate) async fn settle(
    tx: &mut Transaction,
    tenant: &Tenant,
    coming: &Coming<'_>,
    accounts: &[Uuid],
) -> Result<bool> {
    let mut is_changed = false;
    for grant in store::grants_of(&**tx, tenant, &[coming.who.to_owned()]).await? {
        if grant.account.is_none() && coming.is_meant(&grant) {
            store::bind(&**tx, &grant, (coming.uid, coming.account)).await?;
            is_changed = true;
        }
    }
    for grant in store::grants_through(&**tx, tenant, accounts).await? {
        // What was given to a User is not that of whoever a name was made up for.
        if grant.grantee == coming.who || (coming.uid.is_nil() && is_of_user(&grant)) {
            continue;
        }
        let there = store::grants_of(&**tx, tenant, &[coming.who.to_owned()]).await?;
        let is_there = |other: &store::grant::Model| {
            other.role == grant.role && other.account.is_some_and(|account| accounts.contains(&account))
        };
        if there.iter().any(is_there) {
            // They have it under the name that they have now.
            store::remove(&**tx, &grant).await?;
            is_changed = true;
        } else if store::call(&**tx, &grant, coming.who).await? {
            let why = format!("`{}` comes in as `{}` now", grant.grantee, coming.who);
            tell(tx, &grant, ChangeKind::RoleTaken, &grant.grantee, &why);
            tell(tx, &grant, ChangeKind::RoleGiven, coming.who, &why);
            is_changed = true;
        }
    }
    Ok(is_changed)
}

/// Finds out whose those roles are of which a release of before did not say it, where several came in under the name: whoever bears it.
///
/// # Errors
/// Of the database.
pub async fn adopt(services: &Services) -> Result<()> {
    for grant in store::grants_of_no_account(&services.db).await? {
        let tenant: Tenant = grant.tenant.parse().map_err(|error| Error::Internal(format!("{error}")))?;
        let whose = identity::whose(services, &tenant, &grant.grantee).await?;
        store::rebind(&services.db, &grant, whose.account).await?;
    }
    Ok(())
}

/// Has the roles that were given to a User be those of another account, where one that came in as that User is somebody else's.
pub(crate) async fn leave(
    tx: &Transaction,
    tenant: &Tenant,
    (account, uid): (Uuid, Option<Uuid>),
    stays: Uuid,
) -> Result<()> {
    for grant in store::grants_through(&**tx, tenant, &[account]).await? {
        if grant.user_uid == uid {
            store::bind(&**tx, &grant, (uid.unwrap_or_default(), stays)).await?;
        }
    }
    Ok(())
}

/// Whether a role was given to a User of the catalog.
pub(super) fn is_of_user(grant: &store::grant::Model) -> bool {
    grant.user_uid.is_some_and(|uid| !uid.is_nil())
}

fn tell(tx: &mut Transaction, grant: &store::grant::Model, kind: ChangeKind, who: &str, why: &str) {
    let state = Some(json!({ "role": grant.role, "to": who, "why": why }));
    let (before, after) = if kind == ChangeKind::RoleTaken { (state, None) } else { (None, state) };
    tx.record(NewChange { source: String::new(), subject: format!("role:{}", grant.role), kind, before, after });
}
