//! Who can do a thing on a target.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use domain::identity::{Caller, Permission, Reason, Standing, Subject, Target};

use super::{
    asked, narrowed,
    questions::{label, named, one, someone, standing},
    resource::Resource,
    rules::{Footing, Rules},
};
use crate::{Result, Services, catalog, identity, runs};

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

/// Who can do a thing on a target: by role, with the team that they must be in where it takes that.
pub async fn who_can(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<Vec<WhoCan>> {
    identity::may(services, caller, Permission::ReadPolicies, Target::Platform).await?;
    asked::is_known(services, caller, permission, target).await?;
    sees(services, caller, target).await?;
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let resource = Resource::of(services, caller, target).await?;
    resource.fits(permission)?;
    let mut known = identity::machines(services, &caller.tenant).await?;
    let machines: BTreeSet<String> = known.iter().map(|machine| machine.subject.to_string()).collect();
    // People are tried as they stand: those who are tied to the thing, and those whom policies name.
    let named = rules.named().into_iter().filter(|(kind, _)| kind == "User").map(|(_, name)| name);
    let people: BTreeSet<String> = resource.people().iter().cloned().chain(named).collect();
    let mut away = BTreeSet::new();
    for name in people.into_iter().take(NAMED) {
        let Some(standing) = standing(services, caller, &name).await? else {
            away.insert(name);
            continue;
        };
        let subject = Subject::Person(name);
        known.push(Caller { tenant: caller.tenant.clone(), subject, standing: Arc::new(standing) });
    }
    let above = teams_above(services, caller, &rules, &resource).await?;
    let mut found = those_who_can(&rules, caller, &known, &above, (permission, &resource));
    found.retain(|who| who.of.as_ref().is_none_or(|of| !away.contains(of)));
    // Teams of sources that are not trusted with people count for nothing.
    let is_team = |holder: &String| holder.starts_with("group:");
    let held: Vec<String> =
        found.iter().flat_map(|who| &who.holders).filter(|holder| is_team(holder)).cloned().collect();
    let counted = catalog::vouched(services, &caller.tenant, &held).await?;
    for who in &mut found {
        who.holders.retain(|holder| !is_team(holder) || counted.contains(holder));
    }
    // Nobody is sent to those who do not come in.
    for who in &mut found {
        let mut here = Vec::with_capacity(who.holders.len());
        for (at, holder) in std::mem::take(&mut who.holders).into_iter().enumerate() {
            let is_away = match holder.split_once(':') {
                Some(("machine", _)) => !machines.contains(&holder),
                Some(("user", _)) if at < NAMED => standing(services, caller, &holder).await?.is_none(),
                _ => false,
            };
            if !is_away {
                here.push(holder);
            }
        }
        who.holders = here;
    }
    // By another role, or by a team of theirs, it may be forbidden to those who hold one that permits it.
    if rules.forbids(permission) {
        for who in &mut found {
            let holders = std::mem::take(&mut who.holders);
            for (at, holder) in holders.into_iter().enumerate() {
                let row = (holder.as_str(), who.of.as_deref());
                if at >= NAMED || holds(services, caller, &rules, row, (permission, &resource)).await? {
                    who.holders.push(holder);
                }
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

/// The teams above each of those that a thing or a policy names: whoever is in one is in those above it too.
pub(super) async fn teams_above(
    services: &Services,
    caller: &Caller,
    rules: &Rules,
    resource: &Resource,
) -> Result<HashMap<String, Vec<String>>> {
    let named = rules.named().into_iter().filter(|(kind, _)| kind == "Team").map(|(_, name)| name);
    let teams: BTreeSet<String> = resource.teams().into_iter().chain(named).collect();
    catalog::vouched_above(services, caller, &teams.into_iter().take(NAMED).collect::<Vec<_>>()).await
}

/// Whether someone to whom a role was given may do a thing by it, or whoever is in a team and in the one that it takes besides: they may
/// be in a team above that a policy forbids it to.
async fn holds(
    services: &Services,
    caller: &Caller,
    rules: &Rules,
    (holder, of): (&str, Option<&str>),
    (permission, resource): (Permission, &Resource),
) -> Result<bool> {
    let (subject, standing) = if holder.starts_with("group:") {
        let besides = of.filter(|of| of.starts_with("group:")).map(str::to_owned);
        let own: Vec<String> = std::iter::once(holder.to_owned()).chain(besides).collect();
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

/// Whether the caller sees a thing, so that who can do something with it is theirs to know.
async fn sees(services: &Services, caller: &Caller, target: Target<'_>) -> Result<()> {
    let may = async |permission, target| identity::may(services, caller, permission, target).await;
    match target {
        Target::Entity(reference)
        | Target::Template(reference)
        | Target::RunsOf(reference)
        | Target::Team(reference) => may(Permission::ReadCatalog, Target::Entity(reference)).await,
        Target::Source(_) => may(Permission::ReadCatalog, target).await,
        Target::Run(_) => may(Permission::ReadRuns, target).await,
        Target::Repository(_) => may(Permission::ReadRepository, target).await,
        Target::Policy(_) => may(Permission::ReadPolicies, target).await,
        Target::Place(_) | Target::Own | Target::Platform | Target::Any => Ok(()),
    }
}

/// The same about something of which all is known that policies ask, with all machines that come in, and the people who are tied
/// to the thing; `above` has the teams above others.
pub(super) fn those_who_can(
    rules: &Rules,
    caller: &Caller,
    ones: &[Caller],
    above: &HashMap<String, Vec<String>>,
    (permission, resource): (Permission, &Resource),
) -> Vec<WhoCan> {
    let known: BTreeSet<String> = ones.iter().map(|one| one.subject.to_string()).collect();
    // Whom a policy names may be who it forbids it to, or leaves out, with whatever role; so may those be who have another role besides,
    // and those who are tied to the thing.
    let others = rules.role_names().into_iter().map(|role| ("Role".to_owned(), role));
    let teams = resource.teams().into_iter().map(|team| ("Team".to_owned(), team));
    let people = resource.people().iter().map(|person| ("User".to_owned(), person.clone()));
    let met: BTreeSet<(String, String)> =
        rules.named().into_iter().take(NAMED).chain(others).chain(teams).chain(people).collect();
    let trial = Trial { caller, ones, above };
    let mut found = Vec::new();
    let mut note = |footing: &Footing, role: &str, of: Option<String>, mut holders: Vec<String>| {
        let verdict = rules.decide(footing, permission, resource);
        if verdict.is_allowed {
            // Of a machine that comes in, more counts than the role that it was given.
            holders.retain(|holder| !known.contains(holder));
            let reasons = rules.reasons(footing, permission, Some(resource), &verdict);
            let may_not = |name: &&(String, String)| {
                let footing = trial.with_role(rules, role, of.as_deref(), name);
                footing.is_some_and(|footing| !rules.decide(&footing, permission, resource).is_allowed)
            };
            let except: Vec<String> = met.iter().filter(may_not).map(label).collect();
            holders.retain(|holder| !except.contains(holder));
            found.push(WhoCan { role: role.to_owned(), of, holders, reasons, except });
        }
        verdict.is_allowed
    };
    // The teams of the thing, and then those that a policy leaves it to.
    let mut teams = resource.teams();
    let own = teams.len();
    teams.extend(met.iter().filter(|(kind, _)| kind == "Team").map(|(_, team)| team.clone()));
    for role in rules.role_names() {
        let holders = rules.holders(&role);
        if note(&someone(caller, Some(&role), None), &role, None, holders.clone()) {
            continue;
        }
        let mut told: Vec<&String> = Vec::new();
        for (at, team) in teams.iter().enumerate() {
            // Whoever is in a team below one that was told of is in that one.
            let is_below = || above.get(team).is_some_and(|above| told.iter().any(|told| above.contains(told)));
            if at >= own && (told.contains(&team) || is_below()) {
                continue;
            }
            let footing = trial.in_teams([role.as_str()], [team.as_str()], SOMEONE);
            if note(&footing, &role, Some(team.clone()), holders.clone()) {
                told.push(team);
            }
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

/// A name that nobody has.
const SOMEONE: &str = "user:default/someone";

/// What those are made up from who are tried.
struct Trial<'a> {
    caller: &'a Caller,
    ones: &'a [Caller],
    above: &'a HashMap<String, Vec<String>>,
}

impl Trial<'_> {
    /// Someone with these roles in these teams, and so in those above.
    fn in_teams<'b>(
        &self,
        roles: impl IntoIterator<Item = &'b str>,
        teams: impl IntoIterator<Item = &'b str>,
        name: &str,
    ) -> Footing {
        let mut all = BTreeSet::new();
        for team in teams {
            all.extend(self.above.get(team).into_iter().flatten().cloned());
            all.insert(team.to_owned());
        }
        one(self.caller, roles, all, name)
    }

    /// Someone whom a policy names, with a role; none of a machine, which is told of by itself.
    fn with_role(
        &self,
        rules: &Rules,
        role: &str,
        team: Option<&str>,
        (kind, name): &(String, String),
    ) -> Option<Footing> {
        let role = Some(role).filter(|role| !role.is_empty())?;
        let team = team.filter(|team| team.starts_with("group:"));
        match kind.as_str() {
            // Who is known is tried as they stand, with what the row is about besides.
            "User" => {
                let known = self.ones.iter().find(|one| one.subject.to_string() == *name);
                let own = known.map(|one| one.standing.teams.iter().map(String::as_str)).into_iter().flatten();
                let held = known.map(|one| rules.footing_of(one).roles).unwrap_or_default();
                Some(self.in_teams(held.iter().map(String::as_str).chain([role]), own.chain(team), name))
            }
            "Team" => Some(self.in_teams([role], team.into_iter().chain([name.as_str()]), SOMEONE)),
            "Role" => Some(self.in_teams([role, name.as_str()], team, SOMEONE)),
            _ => None,
        }
    }
}
