//! Questions about policies: why something is so, who can do a thing, what someone could do, and what a draft would change.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Effect, Permission, ROLES, Reason, Standing, Subject, Target},
};

use super::{
    resource::{Resource, Traits},
    rules::{Extent, Footing, Rules},
};
use crate::{Error, Result, Services, catalog, identity, runs};

/// How many entities a draft is tried on.
const SAMPLE: usize = 500;
/// How many differences are told.
const TOLD: usize = 200;

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
fn someone(caller: &Caller, role: Option<&str>, team: Option<&str>) -> Footing {
    let set = |name: Option<&str>| name.map(str::to_owned).into_iter().collect::<BTreeSet<String>>();
    let standing = Standing { roles: set(role), teams: set(team), ..Standing::default() };
    let subject = Subject::Person("user:default/someone".to_owned());
    Rules::example(&Caller { tenant: caller.tenant.clone(), subject, standing: Arc::new(standing) })
}

/// Someone whom a policy names: a person, a machine, or someone in a team.
fn named(caller: &Caller, (kind, name): &(String, String)) -> Footing {
    if kind == "Team" {
        return someone(caller, None, Some(name));
    }
    let subject = if kind == "Machine" { Subject::Machine(name.clone()) } else { Subject::Person(name.clone()) };
    Rules::example(&Caller::new(caller.tenant.clone(), subject))
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
    Ok(those_who_can(&rules, caller, permission, &resource))
}

/// The same about something of which all is known that policies ask.
pub(super) fn those_who_can(
    rules: &Rules,
    caller: &Caller,
    permission: Permission,
    resource: &Resource,
) -> Vec<WhoCan> {
    let mut found = Vec::new();
    let mut note = |footing: &Footing, role: &str, of: Option<String>, holders: Vec<String>| {
        let verdict = rules.decide(footing, permission, resource);
        if verdict.is_allowed {
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
        note(&named(caller, &name), "", Some(name.1.clone()), Vec::new());
    }
    found
}

/// What someone could do, permission by permission. For administrators, and for everyone about themselves.
pub async fn what_could(
    services: &Services,
    caller: &Caller,
    who: &Subject,
) -> Result<(BTreeSet<String>, Vec<MayRow>)> {
    if *who != caller.subject {
        identity::may(services, caller, Permission::ManagePolicies, Target::Platform).await?;
    }
    let asked = if *who == caller.subject { caller.clone() } else { standing_of(services, caller, who).await? };
    if let Some(is_allowed) = domain::identity::foregone(&asked) {
        let extent = if is_allowed { Extent::Everything } else { Extent::Nothing };
        let rows = Permission::ALL.into_iter().map(|permission| MayRow { permission, extent, reasons: Vec::new() });
        return Ok((BTreeSet::new(), rows.collect()));
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let footing = rules.footing(&asked);
    let rows = Permission::ALL.into_iter().map(|permission| MayRow {
        permission,
        extent: rules.extent(&footing, permission),
        reasons: rules.concerned(&footing, permission),
    });
    Ok((footing.roles.clone(), rows.collect()))
}

/// Someone who is not here, as the catalog knows them.
async fn standing_of(services: &Services, caller: &Caller, who: &Subject) -> Result<Caller> {
    let mut teams = BTreeSet::new();
    if let Subject::Person(reference) = who
        && let Ok(person) = reference.parse::<EntityRef>()
    {
        let system = Caller::system(caller.tenant.clone(), "permission");
        let own: Vec<String> =
            catalog::teams_of(services, &system, &person).await?.iter().map(ToString::to_string).collect();
        let above = catalog::teams_above(services, &system, &own).await?;
        teams.extend(above.into_values().flatten());
        teams.extend(own);
    }
    let standing = Standing { teams, ..Standing::default() };
    Ok(Caller { tenant: caller.tenant.clone(), subject: who.clone(), standing: Arc::new(standing) })
}

/// Who would gain and lose what if `draft` held.
pub(super) async fn difference(
    services: &Services,
    caller: &Caller,
    current: &Rules,
    draft: &Rules,
) -> Result<(Vec<(String, String)>, Vec<(String, String)>)> {
    let mut sample: BTreeMap<String, Traits> = BTreeMap::new();
    for traits in catalog::sample_traits(services, &caller.tenant, SAMPLE).await? {
        sample.insert(traits.reference.clone(), traits);
    }
    let (mut gains, mut losses) = (Vec::new(), Vec::new());
    let roles: BTreeSet<String> = current.role_names().into_iter().chain(draft.role_names()).collect();
    let people = roles.iter().map(|role| (format!("role {role}"), someone(caller, Some(role), None)));
    let names: BTreeSet<(String, String)> = current.named().into_iter().chain(draft.named()).collect();
    let people = people.chain(names.iter().map(|name| (name.1.clone(), named(caller, name))));
    for (who, footing) in people {
        for permission in Permission::ALL {
            let (before, after) = (current.extent(&footing, permission), draft.extent(&footing, permission));
            if before != after {
                let told = format!("{permission}: {} before, {} after", before.words(), after.words());
                if after > before { &mut gains } else { &mut losses }.push((who.clone(), told));
            }
        }
    }
    // Conditions move within what is permitted on some things: that shows on things that there are.
    for role in &roles {
        for permission in [Permission::ReadCatalog, Permission::ManageSources] {
            let (mut more, mut fewer) = (0_usize, 0_usize);
            let mut examples: [Option<&str>; 2] = [None, None];
            for traits in sample.values() {
                let resource = Resource::of_traits("Entity", traits);
                let team = traits.owners.first().map(String::as_str);
                let footing = someone(caller, Some(role), team);
                let before = current.decide(&footing, permission, &resource).is_allowed;
                let after = draft.decide(&footing, permission, &resource).is_allowed;
                more += usize::from(after && !before);
                fewer += usize::from(before && !after);
                if after != before {
                    examples[usize::from(after)].get_or_insert(&traits.reference);
                }
            }
            let told = |count: usize, example: Option<&str>| {
                let example = example.unwrap_or_default();
                format!("{permission}: {count} of {} entities looked at, such as `{example}`", sample.len())
            };
            if more > 0 {
                gains.push((format!("role {role}, in the owning team"), told(more, examples[1])));
            }
            if fewer > 0 {
                losses.push((format!("role {role}, in the owning team"), told(fewer, examples[0])));
            }
        }
    }
    gains.truncate(TOLD);
    losses.truncate(TOLD);
    Ok((gains, losses))
}

impl Rules {
    /// Every role that policies or grants speak of, weakest first.
    fn role_names(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = self.granted_roles();
        names.extend(self.wanted_roles());
        let shipped = ROLES.iter().map(|role| (*role).to_owned());
        let own = names.into_iter().filter(|role| !ROLES.contains(&role.as_str()));
        shipped.chain(own).collect()
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
