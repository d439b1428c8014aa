//! Questions about policies: why something is so, who can do a thing, and what a draft would change.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, ROLES, Reason, Standing, Subject, Target},
};

use super::{
    difference::{self, Moves, World},
    narrowed,
    resource::Resource,
    rules::{Footing, Rules},
};
use crate::{
    Error, Result, Services, catalog,
    identity::{self, Person},
    runs,
};

/// How many people and machines, of those whom policies may mean, a draft is tried on.
const KNOWN: usize = 50;

/// How many of those whom policies name are looked at for each group that can do a thing.
const NAMED: usize = 200;

/// A group of people who can do a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoCan {
    /// The role that they have; empty for those whom a policy names.
    pub role: String,
    /// The team that they must be in besides, or the one whom a policy names.
    pub of: Option<String>,
    /// To whom the role was given by name.
    pub holders: Vec<String>,
    /// Which policies permit it.
    pub reasons: Vec<Reason>,
    /// The people and teams who may not all the same, since a policy names them.
    pub except: Vec<String>,
}

/// Whether a caller may do a thing, and why, or why not. Anyone may ask about themselves.
pub async fn why(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<(bool, String, Vec<Reason>)> {
    if let Target::Run(id) = target
        && !runs::is_there(services, caller, id).await?
    {
        return Err(Error::NotFound(format!("there is no run `{id}`")));
    }
    if let (Permission::ApproveRun, Target::Run(id)) = (permission, target)
        && let Some(why) = runs::own(services, caller, id).await?
    {
        return Ok((false, why, Vec::new()));
    }
    match domain::identity::foregone(caller) {
        Some(true) => {
            let why = format!("`{}` may do everything, whatever the policies say", caller.label());
            return Ok((true, why, Vec::new()));
        }
        Some(false) => return Ok((false, "nobody is signed in".to_owned(), Vec::new())),
        None => {}
    }
    match super::would(services, caller, permission, target).await {
        Ok(()) => {}
        Err(Error::Denied(denied)) => return Ok((false, denied.why, denied.reasons)),
        Err(error) => return Err(error),
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let footing = rules.footing(caller);
    let resource = Resource::of(services, caller, target).await?;
    let verdict = rules.decide(&footing, permission, &resource);
    let has: Vec<&str> = footing.roles.iter().map(String::as_str).collect();
    let why = format!("your roles are {}", has.join(", "));
    Ok((true, why, rules.reasons(&footing, permission, Some(&resource), &verdict)))
}

/// Of which of these templates the caller may do a thing.
pub async fn may_each(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    templates: &[EntityRef],
) -> Result<Vec<bool>> {
    let all = |is_allowed| Ok(vec![is_allowed; templates.len()]);
    if let Some(is_allowed) = domain::identity::foregone(caller) {
        return all(is_allowed);
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let footing = rules.footing(caller);
    if super::narrowed(caller, permission).is_some() || !rules.could(&footing, permission) {
        return all(false);
    }
    if rules.always(&footing, permission) {
        return all(true);
    }
    let mut may = Vec::with_capacity(templates.len());
    for template in templates {
        let resource = Resource::of(services, caller, Target::Template(template)).await?;
        may.push(rules.decide(&footing, permission, &resource).is_allowed);
    }
    Ok(may)
}

/// Someone made up who has these roles and is in these teams.
pub(super) fn someone(caller: &Caller, role: Option<&str>, team: Option<&str>) -> Footing {
    person(caller, role, team, "user:default/someone")
}

/// The same, of this name.
pub(super) fn person(caller: &Caller, role: Option<&str>, team: Option<&str>, name: &str) -> Footing {
    one(caller, role, team, name)
}

fn one<'a>(caller: &Caller, roles: impl IntoIterator<Item = &'a str>, team: Option<&str>, name: &str) -> Footing {
    let set = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<BTreeSet<String>>();
    let standing =
        Standing { roles: set(&mut roles.into_iter()), teams: set(&mut team.into_iter()), ..Standing::default() };
    let subject = Subject::Person(name.to_owned());
    Rules::example(&Caller { tenant: caller.tenant.clone(), subject, standing: Arc::new(standing) })
}

/// Someone whom a policy names: a person, a machine, or someone in a team.
pub(super) fn named(caller: &Caller, (kind, name): &(String, String)) -> Footing {
    if kind == "Team" {
        return someone(caller, None, Some(name));
    }
    let subject = if kind == "Machine" { Subject::Machine(name.clone()) } else { Subject::Person(name.clone()) };
    Rules::example(&Caller::new(caller.tenant.clone(), subject))
}

/// Someone whom a policy names, with a role; none of a machine, which is told of by itself.
fn with_role(caller: &Caller, role: &str, team: Option<&str>, (kind, name): &(String, String)) -> Option<Footing> {
    let role = Some(role).filter(|role| !role.is_empty())?;
    match kind.as_str() {
        "User" => Some(person(caller, Some(role), team, name)),
        "Team" if team.is_none() => Some(someone(caller, Some(role), Some(name))),
        "Role" => Some(one(caller, [role, name.as_str()], team, "user:default/someone")),
        _ => None,
    }
}

/// How someone whom a policy names is told of.
pub(super) fn label((kind, name): &(String, String)) -> String {
    match kind.as_str() {
        "Machine" => Subject::Machine(name.clone()).to_string(),
        "Role" => format!("role {name}"),
        _ => name.clone(),
    }
}

/// Who can do a thing on a target: by role, with the team that they must be in where it takes that.
pub async fn who_can(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<Vec<WhoCan>> {
    identity::may(services, caller, Permission::ReadPolicies, Target::Platform).await?;
    sees(services, caller, target).await?;
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let resource = Resource::of(services, caller, target).await?;
    resource.fits(permission)?;
    let mut known = identity::machines(services, &caller.tenant).await?;
    for name in resource.people() {
        if let Some(standing) = standing(services, caller, name).await? {
            let subject = Subject::Person(name.clone());
            known.push(Caller { tenant: caller.tenant.clone(), subject, standing: Arc::new(standing) });
        }
    }
    let mut found = those_who_can(&rules, caller, &known, permission, &resource);
    for who in found.iter_mut().filter(|who| !who.except.is_empty()) {
        let mut holders = std::mem::take(&mut who.holders);
        for (at, holder) in std::mem::take(&mut holders).into_iter().enumerate() {
            if at >= NAMED || holds(services, caller, &rules, &holder, (permission, &resource)).await? {
                who.holders.push(holder);
            }
        }
    }
    if let (Permission::ApproveRun, Target::Run(id)) = (permission, target)
        && let Some((_, starter)) = runs::origin(services, &caller.tenant, id).await?
    {
        // Whatever the policies say: it takes someone else to agree.
        found.retain(|who| who.of.as_ref() != Some(&starter));
        for who in &mut found {
            who.holders.retain(|holder| *holder != starter);
            if !who.except.contains(&starter) {
                who.except.push(starter.clone());
            }
        }
    }
    Ok(found)
}

/// Whether someone to whom a role was given may do a thing by it, or whoever is in a team: they may be in a team above that a
/// policy forbids it to.
async fn holds(
    services: &Services,
    caller: &Caller,
    rules: &Rules,
    holder: &str,
    (permission, resource): (Permission, &Resource),
) -> Result<bool> {
    let (subject, standing) = if holder.starts_with("group:") {
        let own = [holder.to_owned()];
        let above = catalog::vouched_above(services, caller, &own).await?.into_values().flatten();
        let teams: BTreeSet<String> = own.iter().cloned().chain(above).collect();
        (Subject::Person("user:default/someone".to_owned()), Standing { teams, ..Standing::default() })
    } else if holder.starts_with("user:") {
        let Some(standing) = standing(services, caller, holder).await? else { return Ok(false) };
        (Subject::Person(holder.to_owned()), standing)
    } else {
        return Ok(true);
    };
    let one = Caller { tenant: caller.tenant.clone(), subject, standing: Arc::new(standing) };
    Ok(rules.decide(&rules.footing_of(&one), permission, resource).is_allowed)
}

/// How someone stands who need not be here; nothing for one who does not come in.
async fn standing(services: &Services, caller: &Caller, name: &str) -> Result<Option<Standing>> {
    Ok(match identity::person(services, &caller.tenant, name).await? {
        Person::In(teams) => Some(Standing { teams, ..Standing::default() }),
        Person::Unknown => Some(Standing::default()),
        Person::Away => None,
    })
}

/// Whether the caller sees a thing, so that who can do something with it is theirs to know.
async fn sees(services: &Services, caller: &Caller, target: Target<'_>) -> Result<()> {
    let may = async |permission, target| identity::may(services, caller, permission, target).await;
    match target {
        Target::Entity(reference)
        | Target::Template(reference)
        | Target::RunsOf(reference)
        | Target::Team(reference) => may(Permission::ReadCatalog, Target::Entity(reference)).await,
        Target::Source(id) => {
            if catalog::source_traits(services, &caller.tenant, id).await?.is_none() {
                return Err(Error::NotFound(format!("there is no source `{id}`")));
            }
            may(Permission::ReadCatalog, target).await
        }
        Target::Run(id) => {
            if !runs::is_there(services, caller, id).await? {
                return Err(Error::NotFound(format!("there is no run `{id}`")));
            }
            may(Permission::ReadRuns, target).await
        }
        Target::Repository(_) => may(Permission::ReadRepository, target).await,
        Target::Policy(_) => may(Permission::ReadPolicies, target).await,
        Target::Place(_) | Target::Own | Target::Platform | Target::Any => Ok(()),
    }
}

/// The same about something of which all is known that policies ask, with all machines that come in, and the people who are tied
/// to the thing.
pub(super) fn those_who_can(
    rules: &Rules,
    caller: &Caller,
    ones: &[Caller],
    permission: Permission,
    resource: &Resource,
) -> Vec<WhoCan> {
    let known: BTreeSet<String> = ones.iter().map(|one| one.subject.to_string()).collect();
    // Whom a policy names may be who it forbids it to, with whatever role.
    let own_roles = rules.role_names().into_iter().filter(|role| !ROLES.contains(&role.as_str()));
    let own_roles = own_roles.map(|role| ("Role".to_owned(), role));
    let forbidden: Vec<(String, String)> = rules.named().into_iter().take(NAMED).chain(own_roles).collect();
    let mut found = Vec::new();
    let mut note = |footing: &Footing, role: &str, of: Option<String>, mut holders: Vec<String>| {
        let verdict = rules.decide(footing, permission, resource);
        if verdict.is_allowed {
            // Of a machine that comes in, more counts than the role that it was given.
            holders.retain(|holder| !known.contains(holder));
            let reasons = rules.reasons(footing, permission, Some(resource), &verdict);
            let may_not = |name: &&(String, String)| {
                let footing = with_role(caller, role, of.as_deref(), name);
                footing.is_some_and(|footing| !rules.decide(&footing, permission, resource).is_allowed)
            };
            let except: Vec<String> = forbidden.iter().filter(may_not).map(label).collect();
            holders.retain(|holder| !except.contains(holder));
            found.push(WhoCan { role: role.to_owned(), of, holders, reasons, except });
        }
        verdict.is_allowed
    };
    for role in rules.role_names() {
        let holders = rules.holders(&role);
        if note(&someone(caller, Some(&role), None), &role, None, holders.clone()) {
            continue;
        }
        for team in resource.teams() {
            note(&someone(caller, Some(&role), Some(&team)), &role, Some(team.clone()), holders.clone());
        }
    }
    for name in rules.named() {
        let label = label(&name);
        if !known.contains(&label) {
            note(&named(caller, &name), "", Some(label), Vec::new());
        }
    }
    for one in ones.iter().filter(|one| narrowed(one, permission).is_none()) {
        add_one(&mut found, rules, one, permission, resource);
    }
    found
}

/// Names one who is known beside the role through which they can do a thing, or by themselves where it takes none.
fn add_one(found: &mut Vec<WhoCan>, rules: &Rules, one: &Caller, permission: Permission, resource: &Resource) {
    let footing = rules.footing_of(one);
    let verdict = rules.decide(&footing, permission, resource);
    if !verdict.is_allowed {
        return;
    }
    let label = one.subject.to_string();
    let via = rules.used(&footing, permission, Some(&verdict));
    if via.iter().any(|(_, to)| to.is_empty()) {
        // What everyone may is told of everyone.
        return;
    }
    let row = |who: &WhoCan| who.of.is_none() && via.iter().any(|(role, _)| *role == who.role);
    match found.iter().position(row) {
        Some(at) if found[at].holders.contains(&label) => {}
        Some(at) => found[at].holders.push(label),
        None if found.iter().any(|who| who.of.as_ref() == Some(&label)) => {}
        None => {
            let reasons = rules.reasons(&footing, permission, Some(resource), &verdict);
            let (role, except) = (String::new(), Vec::new());
            found.push(WhoCan { role, of: Some(label), holders: Vec::new(), reasons, except });
        }
    }
}

/// Who would gain and lose what if `draft` held: those who have a role, and those whom policies may mean.
pub(super) async fn difference(
    services: &Services,
    caller: &Caller,
    current: Arc<Rules>,
    draft: Rules,
) -> Result<(Moves, Moves)> {
    let mut known = identity::machines(services, &caller.tenant).await?;
    known.truncate(KNOWN);
    for name in difference::named_people(&current, &draft).into_iter().take(KNOWN) {
        // Who is away does nothing either way.
        let Some(standing) = standing(services, caller, &name).await? else { continue };
        let standing = Arc::new(standing);
        known.push(Caller { tenant: caller.tenant.clone(), subject: Subject::Person(name), standing });
    }
    let world = World::read(services, &caller.tenant, [&current, &draft]).await?;
    let caller = caller.clone();
    let compared = tokio::task::spawn_blocking(move || difference::compare(&current, &draft, &caller, &known, &world));
    compared.await.map_err(|error| Error::Internal(format!("policies could not be compared: {error}")))
}

impl Rules {
    /// Someone made up who is signed in: with the roles of everyone, and another one.
    pub(super) fn signed_in(&self, caller: &Caller, role: &str, team: Option<&str>, name: Option<&str>) -> Footing {
        let roles = self.of_everyone().iter().map(String::as_str).chain([role]);
        one(caller, roles, team, name.unwrap_or("user:default/someone"))
    }

    /// Someone made up who is in a team, with what that brings.
    pub(super) fn holder(&self, caller: &Caller, team: &str) -> Footing {
        let standing = Standing { teams: [team.to_owned()].into(), ..Standing::default() };
        let subject = Subject::Person("user:default/someone".to_owned());
        self.footing_of(&Caller { tenant: caller.tenant.clone(), subject, standing: Arc::new(standing) })
    }

    /// Every role that policies or grants speak of, weakest first.
    pub(super) fn role_names(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = self.granted_roles();
        names.extend(self.wanted_roles());
        let shipped = ROLES.iter().map(|role| (*role).to_owned());
        let own = names.into_iter().filter(|role| !ROLES.contains(&role.as_str()));
        shipped.chain(own).collect()
    }
}
