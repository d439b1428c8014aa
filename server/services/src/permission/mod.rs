//! What callers may do: policies, roles, decisions, and why they were so.
//!
//! Cedar decides. A tenant's policies are the documents that come with Causeway (`shipped`), those of a folder that the
//! settings name, and those edited in the portal, each replacing one of the same name that stands before it. They are kept
//! parsed in memory ([`Keeper`]) and read anew when `changes` tell of policies or roles.

mod approvers;
mod asked;
mod bounds;
mod cases;
mod could;
mod difference;
mod doubts;
mod folder;
mod language;
mod policies;
mod question;
mod questions;
mod resource;
mod roles;
mod rules;
mod seen;
mod shipped;
mod sight;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod trial;
mod uses;
mod who_can;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::Utc;
use domain::{
    catalog::EntityRef,
    identity::{Caller, Denied, Entry, Grantee, Permission, RoleName, Target, Tenant},
};
use sea_orm::prelude::Uuid;

pub(crate) use self::approvers::{Waiting, approvers, may_approve};
pub use self::{
    asked::{asked_why, is_about_things},
    could::{Could, MayRow, roles_of, what_could},
    folder::{PolicyFolder, folder, preview_folder, refuse_folder, take_folder},
    language::SCHEMA,
    policies::{
        PolicyDocument, PolicyOrigin, Saved, begin_policy, policies, policy, policy_history, preview, preview_reset,
        reset_policy, save_policy,
    },
    questions::{may_each, why},
    roles::{Grant, adopt, doubts, give_role, grants, take_role},
    rules::Extent,
    trial::{Fault, Trial, try_policies},
    uses::{GrantUse, GrantedBy, UseReport, keep_uses, use_report},
    who_can::{WhoCan, who_can},
};
use self::{
    resource::Resource,
    rules::{Document, Footing, PeopleGrants, Rules, Verdict},
};
pub(crate) use self::{
    resource::Traits,
    roles::{Coming, leave, renamed, settle, unspoken},
    seen::Mentions,
    sight::{RunsSeen, Sight, everyone_reads, run_sight, sight, source_sight},
};
use crate::{Error, Result, Services, catalog, changes, identity, runs};

/// The role that `[sign_in] administrators` gives.
const ADMINISTRATOR: &str = "administrator";

/// How many documents and grants one tenant has at most.
const MOST_DOCUMENTS: u64 = 200;
const MOST_GRANTS: u64 = 20_000;

/// What an installation decided about permission.
#[derive(Debug, Clone)]
pub struct PermissionSettings {
    /// Roles of everyone who is signed in.
    pub everyone: BTreeSet<RoleName>,
    /// Roles that are given by the settings.
    pub roles: BTreeMap<RoleName, Vec<Grantee>>,
}

impl Default for PermissionSettings {
    fn default() -> Self {
        let viewer = "viewer".parse().expect("it is the name of a role");
        Self { everyone: BTreeSet::from([viewer]), roles: BTreeMap::new() }
    }
}

/// The rules of all tenants, as far as they were asked for.
#[derive(Default)]
pub struct Keeper {
    tenants: Mutex<HashMap<Tenant, Held>>,
    /// The files of the settings' folder, for all tenants.
    folder: Mutex<Arc<PolicyFolder>>,
    /// What use roles were lately.
    uses: uses::Uses,
}

#[derive(Default)]
struct Held {
    /// Raised whenever something changed, so that rules read before are not kept after it.
    generation: u64,
    rules: Option<Arc<Rules>>,
}

impl Keeper {
    /// With the policies of a folder.
    pub fn new(folder: PolicyFolder) -> Self {
        Self { folder: Mutex::new(Arc::new(folder)), ..Self::default() }
    }

    fn folder(&self) -> Arc<PolicyFolder> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has other files hold, for every tenant.
    fn hold(&self, folder: PolicyFolder) {
        *self.folder.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(folder);
        self.forget_all();
    }

    /// Reads the policies and roles of every tenant anew when they are next asked for.
    pub(crate) fn forget_all(&self) {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        for held in tenants.values_mut() {
            held.generation += 1;
            held.rules = None;
        }
    }

    /// Reads a tenant's policies and roles anew when they are next asked for.
    pub(crate) fn forget(&self, tenant: &Tenant) {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let held = tenants.entry(tenant.clone()).or_default();
        held.generation += 1;
        held.rules = None;
    }

    async fn rules(&self, services: &Services, tenant: &Tenant) -> Result<Arc<Rules>> {
        let generation = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            let held = tenants.entry(tenant.clone()).or_default();
            if let Some(rules) = &held.rules {
                return Ok(rules.clone());
            }
            held.generation
        };
        let texts = policies::texts(services, tenant).await?;
        let rules = Arc::new(rules_of(services, tenant, texts).await?);
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let held = tenants.entry(tenant.clone()).or_default();
        if held.generation == generation {
            held.rules = Some(rules.clone());
        }
        Ok(rules)
    }
}

/// What holds in a tenant by documents of these names, with the roles that are given there.
async fn rules_of(services: &Services, tenant: &Tenant, texts: BTreeMap<String, String>) -> Result<Rules> {
    let mut documents = Vec::with_capacity(texts.len());
    for (name, text) in texts {
        let policies = language::read(&name, &text).map_err(|problems| {
            let said = problems.first().map(ToString::to_string).unwrap_or_default();
            // Left out, a document that forbids would permit: so nothing holds until it is mended.
            Error::Internal(format!("the policies `{name}` cannot be read: {said}"))
        })?;
        documents.push(Document { name, policies });
    }
    let (mut grants, people) = given(services, tenant).await?;
    let settings = &services.settings.permission;
    for (role, grantees) in &settings.roles {
        for grantee in grantees {
            grants.entry(grantee.to_string()).or_default().insert(role.to_string());
        }
    }
    for grantee in &services.doors.settings.administrators {
        grants.entry(grantee.clone()).or_default().insert(ADMINISTRATOR.to_owned());
    }
    let everyone = settings.everyone.iter().map(ToString::to_string).collect();
    Ok(Rules::new(documents, grants, everyone)?.with_people(people))
}

/// What was given to teams and machines, by name, and to people.
async fn given(services: &Services, tenant: &Tenant) -> Result<(BTreeMap<String, BTreeSet<String>>, PeopleGrants)> {
    let rows = store::grants(&services.db, tenant, MOST_GRANTS).await?;
    let accounts: Vec<Uuid> = rows.iter().filter_map(|row| row.account).collect();
    let persons = identity::persons(&services.db, tenant, &accounts).await?;
    let (mut named, mut people) = (BTreeMap::<String, BTreeSet<String>>::new(), PeopleGrants::default());
    for row in rows {
        if row.grantee.starts_with("user:") {
            let is_of_user = roles::is_of_user(&row);
            // An account that is gone is nobody else's.
            let person = row.account.map(|account| persons.get(&account).copied().unwrap_or(account));
            people.add((row.role, row.grantee), (person, is_of_user));
        } else {
            named.entry(row.grantee).or_default().insert(row.role);
        }
    }
    Ok((named, people))
}

/// Asks the policies whether `caller` may do `permission` on `target`, which they are about to do: the role that lets them is of
/// use. For those about whom there is nothing foregone.
pub(crate) async fn ask(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<(), Error> {
    decide(services, caller, permission, target, true).await
}

/// The same, only to tell of it: a page that offers a deed to those who may does none, so no role is of use by it.
pub(crate) async fn would(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<(), Error> {
    decide(services, caller, permission, target, false).await
}

async fn decide(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
    is_deed: bool,
) -> Result<(), Error> {
    let refused = |denied: Denied| Error::from(Denied { on: target.to_string(), ..denied });
    if let Some(denied) = narrowed(caller, permission) {
        return Err(refused(denied));
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let footing = rules.footing(caller);
    let note = |verdict: Option<&Verdict>| {
        if is_deed {
            note_use(services, caller, &rules, &footing, permission, verdict);
        }
    };
    if target == Target::Any {
        if rules.could(&footing, permission) {
            note(None);
            return Ok(());
        }
        let verdict = Verdict { is_allowed: false, by: Vec::new() };
        return Err(refused(rules.denied(caller, &footing, permission, None, &verdict)));
    }
    is_there(services, caller, (&rules, &footing), permission, target).await?;
    if rules.always(&footing, permission) {
        note(None);
        return Ok(());
    }
    let resource = Resource::of(services, caller, target).await?;
    let verdict = rules.decide(&footing, permission, &resource);
    // What is hidden is not there, for those who see anything at all: a refusal would tell that it is. So what is not there
    // must not be answered otherwise, be it with an empty history.
    if let (Permission::ReadCatalog, Target::Entity(reference)) = (permission, target)
        && rules.could(&footing, permission)
    {
        if !is_shown(services, caller, &rules, &footing, reference, &verdict).await? {
            return Err(Error::NotFound(format!("no entity `{reference}` is in the catalog")));
        }
        note(Some(&verdict));
        return Ok(());
    }
    if let (Permission::ReadCatalog, Target::Source(id)) = (permission, target)
        && !verdict.is_allowed
        && rules.could(&footing, permission)
    {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    }
    // So is what is made of it, for those from whom anything is hidden.
    if let Target::Template(reference) | Target::RunsOf(reference) = target
        && !verdict.is_allowed
        && !rules.always(&footing, Permission::ReadCatalog)
        && rules.could(&footing, Permission::ReadCatalog)
    {
        let entity = Resource::of(services, caller, Target::Entity(reference)).await?;
        let verdict = rules.decide(&footing, Permission::ReadCatalog, &entity);
        if !is_shown(services, caller, &rules, &footing, reference, &verdict).await? {
            return Err(Error::NotFound(format!("no template `{reference}` is in the catalog")));
        }
    }
    if verdict.is_allowed {
        if let (Permission::ApproveRun | Permission::SteerRun, Target::Run(id)) = (permission, target)
            && let Some(run) = runs::as_started(services, &caller.tenant, id).await?
        {
            // A template that is altered since opens nothing: what goes on is what was started.
            let resource = Resource::run(&id.to_string(), &run.then, &run.starter);
            let verdict = rules.decide(&footing, permission, &resource);
            if !verdict.is_allowed {
                return Err(refused(rules.denied(caller, &footing, permission, Some(&resource), &verdict)));
            }
        }
        note(Some(&verdict));
        return Ok(());
    }
    Err(refused(rules.denied(caller, &footing, permission, Some(&resource), &verdict)))
}

/// What is hidden from someone is not theirs to do anything with, whatever else they may: it is answered as what is not there.
async fn is_there(
    services: &Services,
    caller: &Caller,
    (rules, footing): (&Rules, &Footing),
    permission: Permission,
    target: Target<'_>,
) -> Result<()> {
    let read = Permission::ReadCatalog;
    if permission == read || rules.always(footing, read) || !rules.could(footing, read) {
        return Ok(());
    }
    if !matches!(target, Target::Entity(_) | Target::Source(_)) {
        return Ok(());
    }
    let verdict = rules.decide(footing, read, &Resource::of(services, caller, target).await?);
    let why = match target {
        Target::Entity(reference) if !is_shown(services, caller, rules, footing, reference, &verdict).await? => {
            format!("no entity `{reference}` is in the catalog")
        }
        Target::Source(id) if !verdict.is_allowed => {
            format!("there is no source `{id}`; it may have been removed")
        }
        _ => return Ok(()),
    };
    Err(Error::NotFound(why))
}

/// Whether an entity is shown about which policies gave this verdict; one that has left is shown to those who would have seen
/// it then.
async fn is_shown(
    services: &Services,
    caller: &Caller,
    rules: &Rules,
    footing: &Footing,
    reference: &EntityRef,
    verdict: &Verdict,
) -> Result<bool> {
    if catalog::traits(services, &caller.tenant, &reference.to_string()).await?.is_some() {
        return Ok(verdict.is_allowed);
    }
    let Some(traits) = changes::last_traits(services, caller, reference).await? else { return Ok(false) };
    let resource = Resource::of_traits("Entity", &traits);
    Ok(rules.decide(footing, Permission::ReadCatalog, &resource).is_allowed)
}

/// Notes which role was of use for what was permitted, by a verdict or by what is so on everything.
fn note_use(
    services: &Services,
    caller: &Caller,
    rules: &Rules,
    footing: &Footing,
    permission: Permission,
    verdict: Option<&Verdict>,
) {
    let now = Utc::now();
    if verdict.is_none() && footing.is_noted(permission, uses::hour(now)) {
        return;
    }
    for (role, grantee) in rules.used(footing, permission, verdict) {
        let (role, grantee, subject) = (role.clone(), grantee.clone(), uses::own(&caller.subject));
        services.permission.uses.add(uses::Use { tenant: caller.tenant.clone(), role, grantee, subject }, now);
    }
}

/// What a token may not do whatever its owner may.
fn narrowed(caller: &Caller, permission: Permission) -> Option<Denied> {
    let standing = &caller.standing;
    let verb = permission.verb();
    let why = match (&standing.scopes, &standing.source) {
        (Some(scopes), _) if !scopes.contains(&verb) => {
            let scopes: Vec<&str> = scopes.iter().map(|verb| verb.as_str()).collect();
            let what = if matches!(standing.source, Entry::Pipeline(_)) { "pipeline" } else { "token" };
            format!("the {what} is narrowed to {}, and this is {verb}", scopes.join(", "))
        }
        // A token that could make tokens could make one that is narrowed less, or lasts longer.
        (_, Entry::Token(_) | Entry::Pipeline(_)) if permission == Permission::KeepOwnTokens => {
            "a token makes no tokens; sign in to make one".to_owned()
        }
        _ => return None,
    };
    Some(Denied { why, ..Denied::new(caller, permission) })
}
