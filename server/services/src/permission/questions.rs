//! Questions about policies: why something is so, and what a draft would change; and those made up whom they are put to.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, ROLES, Reason, Standing, Subject, Target, Tenant},
};

use super::{
    difference::{self, Moves, World},
    resource::Resource,
    rules::{Footing, Rules},
};
use crate::{
    Error, Result, Services,
    identity::{self, Person},
    runs,
};

/// How many people and machines, of those whom policies may mean, a draft is tried on.
const KNOWN: usize = 50;

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
    one(caller, role, team.map(str::to_owned), "user:default/someone")
}

/// The same, of this name, with several roles, in several teams.
pub(super) fn one<'a>(
    caller: &Caller,
    roles: impl IntoIterator<Item = &'a str>,
    teams: impl IntoIterator<Item = String>,
    name: &str,
) -> Footing {
    let roles = roles.into_iter().map(str::to_owned).collect();
    let standing = Standing { roles, teams: teams.into_iter().collect(), ..Standing::default() };
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

/// How someone whom a policy names is told of.
pub(super) fn label((kind, name): &(String, String)) -> String {
    match kind.as_str() {
        "Machine" => Subject::Machine(name.clone()).to_string(),
        "Role" => format!("role {name}"),
        _ => name.clone(),
    }
}

/// How someone stands who need not be here; nothing for one who does not come in, or of whom nobody has heard.
pub(super) async fn known(services: &Services, caller: &Caller, name: &str) -> Result<Option<Standing>> {
    Ok(match identity::person(services, &caller.tenant, name).await? {
        Person::In(teams) => {
            let identity = identity::bearer(services, &caller.tenant, name, None).await?;
            Some(Standing { teams, identity, ..Standing::default() })
        }
        Person::Unknown | Person::Away => None,
    })
}

/// The same, where one of whom nobody has heard may come.
pub(super) async fn standing(services: &Services, caller: &Caller, name: &str) -> Result<Option<Standing>> {
    let is_unknown = identity::person(services, &caller.tenant, name).await? == Person::Unknown;
    if is_unknown { Ok(Some(Standing::default())) } else { known(services, caller, name).await }
}

/// Everyone who comes in or could, as they stand.
pub(super) async fn everyone(services: &Services, tenant: &Tenant, rules: &[&Rules]) -> Result<Vec<Caller>> {
    let people = identity::everyone(services, tenant).await?;
    let bound: BTreeSet<String> = rules.iter().flat_map(|rules| rules.bound_names()).collect();
    let bound: Vec<String> = bound.into_iter().collect();
    let bearers = identity::bearers(services, tenant, &bound).await?;
    let caller = |(name, teams): (String, BTreeSet<String>)| {
        let standing = Standing { teams, identity: bearers.get(&name).copied(), ..Standing::default() };
        Caller { tenant: tenant.clone(), subject: Subject::Person(name), standing: Arc::new(standing) }
    };
    Ok(people.into_iter().map(caller).collect())
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
    let holders = draft.with_own_roles("user:").into_iter().take(difference::HOLDERS);
    let named = difference::named_people(&current, &draft).into_iter().take(KNOWN);
    for name in named.chain(holders).collect::<BTreeSet<String>>() {
        // Who is away does nothing either way.
        let Some(standing) = standing(services, caller, &name).await? else { continue };
        let standing = Arc::new(standing);
        known.push(Caller { tenant: caller.tenant.clone(), subject: Subject::Person(name), standing });
    }
    let world = World::read(services, &caller.tenant, [&current, &draft]).await?;
    let mut people = Vec::new();
    if difference::needs_people(&current, &draft) {
        people = everyone(services, &caller.tenant, &[&current, &draft]).await?;
    }
    let caller = caller.clone();
    let compared =
        tokio::task::spawn_blocking(move || difference::compare(&current, &draft, &caller, (&known, &people), &world));
    compared.await.map_err(|error| Error::Internal(format!("policies could not be compared: {error}")))
}

impl Rules {
    /// Someone made up who is signed in: with the roles of everyone, and another one, in these teams.
    pub(super) fn signed_in(
        &self,
        caller: &Caller,
        role: &str,
        teams: impl IntoIterator<Item = String>,
        name: Option<&str>,
    ) -> Footing {
        let roles = self.of_everyone().iter().map(String::as_str).chain([role]);
        one(caller, roles, teams, name.unwrap_or("user:default/someone"))
    }

    /// Someone made up who is in these teams, with what that brings.
    pub(super) fn holder(&self, caller: &Caller, teams: impl IntoIterator<Item = String>) -> Footing {
        let standing = Standing { teams: teams.into_iter().collect(), ..Standing::default() };
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
