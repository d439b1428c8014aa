//! Questions about policies: why something is so, who can do a thing, what someone could do, and what a draft would change.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Effect, Permission, ROLES, Reason, Standing, Subject, Target},
};

use super::{
    difference::{self, Moves, World},
    narrowed,
    resource::Resource,
    rules::{Extent, Footing, Rules},
};
use crate::{
    Error, Result, Services,
    identity::{self, Person},
    runs,
};

/// How many people and machines, of those whom policies may mean, a draft is tried on.
const KNOWN: usize = 50;

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
}

/// How far someone may do one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MayRow {
    /// The thing.
    pub permission: Permission,
    /// On everything, on some things, on nothing.
    pub extent: Extent,
    /// The policies that matter.
    pub reasons: Vec<Reason>,
    /// Why they may not, whatever the policies say: their tokens are narrowed to other things.
    pub narrowed: Option<String>,
}

/// What someone could do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Could {
    /// Their roles, with those that these contain.
    pub roles: BTreeSet<String>,
    /// Their teams, with those above.
    pub teams: BTreeSet<String>,
    /// Permission by permission.
    pub rows: Vec<MayRow>,
    /// What else is to be known, in a sentence.
    pub aside: Option<String>,
}

/// Whether a caller may do a thing, and why, or why not. Anyone may ask about themselves.
pub async fn why(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<(bool, String, Vec<Reason>)> {
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
    let set = |name: Option<&str>| name.map(str::to_owned).into_iter().collect::<BTreeSet<String>>();
    let standing = Standing { roles: set(role), teams: set(team), ..Standing::default() };
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
    if kind == "Machine" { Subject::Machine(name.clone()).to_string() } else { name.clone() }
}

/// Who can do a thing on a target: by role, with the team that they must be in where it takes that.
pub async fn who_can(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<Vec<WhoCan>> {
    identity::may(services, caller, Permission::ReadPolicies, Target::Platform).await?;
    if let Target::Entity(reference) | Target::Template(reference) | Target::RunsOf(reference) = target {
        identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let resource = Resource::of(services, caller, target).await?;
    let machines = identity::machines(services, &caller.tenant).await?;
    Ok(those_who_can(&rules, caller, &machines, permission, &resource))
}

/// The same about something of which all is known that policies ask, and with all machines that come in.
pub(super) fn those_who_can(
    rules: &Rules,
    caller: &Caller,
    machines: &[Caller],
    permission: Permission,
    resource: &Resource,
) -> Vec<WhoCan> {
    let known: BTreeSet<String> = machines.iter().map(|machine| machine.subject.to_string()).collect();
    let mut found = Vec::new();
    let mut note = |footing: &Footing, role: &str, of: Option<String>, mut holders: Vec<String>| {
        let verdict = rules.decide(footing, permission, resource);
        if verdict.is_allowed {
            // Of a machine that comes in, more counts than the role that it was given.
            holders.retain(|holder| !known.contains(holder));
            let reasons = rules.reasons(footing, permission, Some(resource), &verdict);
            found.push(WhoCan { role: role.to_owned(), of, holders, reasons });
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
    for machine in machines.iter().filter(|machine| narrowed(machine, permission).is_none()) {
        add_machine(&mut found, rules, machine, permission, resource);
    }
    found
}

/// Names a machine beside the role through which it can do a thing, or by itself where it takes none.
fn add_machine(found: &mut Vec<WhoCan>, rules: &Rules, machine: &Caller, permission: Permission, resource: &Resource) {
    let footing = rules.footing_of(machine);
    let verdict = rules.decide(&footing, permission, resource);
    if !verdict.is_allowed {
        return;
    }
    let label = machine.subject.to_string();
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
            found.push(WhoCan { role: String::new(), of: Some(label), holders: Vec::new(), reasons });
        }
    }
}

/// What someone could do, permission by permission. For administrators, and for everyone about themselves.
///
/// # Errors
/// [`Error::NotFound`] if nobody of this name is known.
pub async fn what_could(services: &Services, caller: &Caller, who: &Subject) -> Result<Could> {
    if *who != caller.subject {
        identity::may(services, caller, Permission::ManagePolicies, Target::Platform).await?;
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let (ways, aside) =
        if *who == caller.subject { (vec![caller.clone()], None) } else { ways(services, caller, &rules, who).await? };
    let mut could = Could { aside, ..Could::default() };
    for way in &ways {
        could.teams.extend(way.standing.teams.iter().cloned());
        let rows = if let Some(is_allowed) = domain::identity::foregone(way) {
            let extent = if is_allowed { Extent::Everything } else { Extent::Nothing };
            let row = |permission| MayRow { permission, extent, reasons: Vec::new(), narrowed: None };
            Permission::ALL.into_iter().map(row).collect()
        } else {
            let footing = rules.footing(way);
            could.roles.extend(footing.roles.iter().cloned());
            rules.rows(way, &footing)
        };
        could.take_in(rows);
    }
    Ok(could)
}

impl Could {
    /// Of several tokens, the one counts that may more.
    fn take_in(&mut self, rows: Vec<MayRow>) {
        if self.rows.is_empty() {
            self.rows = rows;
            return;
        }
        for (known, row) in self.rows.iter_mut().zip(rows) {
            if row.extent > known.extent {
                *known = row;
            }
        }
    }
}

/// Someone who is not here, as they would come in: with each of their tokens, where it is a machine.
async fn ways(
    services: &Services,
    caller: &Caller,
    rules: &Rules,
    who: &Subject,
) -> Result<(Vec<Caller>, Option<String>)> {
    let one = |standing| Caller { tenant: caller.tenant.clone(), subject: who.clone(), standing: Arc::new(standing) };
    let unknown = |why: &str| Err(Error::NotFound(format!("nobody is known as `{who}`: {why}")));
    let has_role = rules.was_given(&who.to_string());
    match who {
        Subject::Machine(_) => {
            let mut all = identity::machines(services, &caller.tenant).await?;
            all.retain(|machine| machine.subject == *who);
            match all.len() {
                0 if has_role => {
                    let aside =
                        "it has no living token and is no pipeline: this is what a token with every scope could do";
                    Ok((vec![one(Standing::default())], Some(aside.to_owned())))
                }
                0 => unknown("no living service token and no pipeline of the settings is called so"),
                _ => Ok((all, None)),
            }
        }
        Subject::Person(name) => match identity::person(services, &caller.tenant, name).await? {
            Person::In(teams) => Ok((vec![one(Standing { teams, ..Standing::default() })], None)),
            Person::Away => {
                let aside = "they may not come in: their account is blocked, or their directory sent them away";
                let nobody = Caller::new(caller.tenant.clone(), Subject::Stranger);
                Ok((vec![nobody], Some(aside.to_owned())))
            }
            Person::Unknown if has_role => Ok((vec![one(Standing::default())], None)),
            Person::Unknown => unknown(
                "no User of the catalog is called so, nobody came in under this name, and no role was given to it",
            ),
        },
        _ => Ok((vec![one(Standing::default())], None)),
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
        let teams = match identity::person(services, &caller.tenant, &name).await? {
            Person::In(teams) => teams,
            Person::Unknown => BTreeSet::new(),
            // They do nothing either way.
            Person::Away => continue,
        };
        let standing = Arc::new(Standing { teams, ..Standing::default() });
        known.push(Caller { tenant: caller.tenant.clone(), subject: Subject::Person(name), standing });
    }
    let world = World::read(services, &caller.tenant, [&current, &draft]).await?;
    let caller = caller.clone();
    let compared = tokio::task::spawn_blocking(move || difference::compare(&current, &draft, &caller, &known, &world));
    compared.await.map_err(|error| Error::Internal(format!("policies could not be compared: {error}")))
}

impl Rules {
    /// Every role that policies or grants speak of, weakest first.
    pub(super) fn role_names(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = self.granted_roles();
        names.extend(self.wanted_roles());
        let shipped = ROLES.iter().map(|role| (*role).to_owned());
        let own = names.into_iter().filter(|role| !ROLES.contains(&role.as_str()));
        shipped.chain(own).collect()
    }

    /// How far someone may do each thing, as they came in.
    fn rows(&self, way: &Caller, footing: &Footing) -> Vec<MayRow> {
        let row = |permission| {
            let narrowed = narrowed(way, permission).map(|denied| denied.why);
            let extent = if narrowed.is_some() { Extent::Nothing } else { self.extent(footing, permission) };
            MayRow { permission, extent, reasons: self.concerned(footing, permission), narrowed }
        };
        Permission::ALL.into_iter().map(row).collect()
    }

    /// The policies that have to do with a permission, and whether they mean this caller.
    fn concerned(&self, footing: &Footing, permission: Permission) -> Vec<Reason> {
        let none = super::rules::Verdict { is_allowed: false, by: Vec::new() };
        let mut reasons = self.reasons(footing, permission, None, &none);
        reasons.retain(|reason| !matches!(reason.effect, Effect::NeedsRole(_)));
        for reason in &mut reasons {
            if reason.effect == Effect::NotSo {
                reason.effect = Effect::Permits;
            }
        }
        reasons.extend(self.forbidding(footing, permission));
        reasons
    }
}
