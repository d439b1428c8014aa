//! Who can do a thing on a target: by role, with the team that it takes besides, and by name where nothing else tells of someone.

mod crowd;
mod rows;

use std::collections::{BTreeSet, HashMap};

use domain::identity::{Caller, Permission, Reason, Target};

use self::crowd::Crowd;
pub(super) use self::rows::those_who_can;
use super::{asked, question::Question, rules::Rules};
use crate::{Result, Services, catalog, identity};

/// How many of those whom policies name, or to whom a role was given, are looked at one by one.
const NAMED: usize = 200;

/// A group of people who can do a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoCan {
    /// The role that they have; empty for those who are named by themselves.
    pub role: String,
    /// The team that they must be in besides, or the one whom a policy names.
    pub of: Option<String>,
    /// To whom the role was given by name; where there is none, those who can as they stand.
    pub holders: Vec<String>,
    /// Which policies permit it.
    pub reasons: Vec<Reason>,
    /// The people, teams and roles who may not all the same.
    pub except: Vec<String>,
    /// How many more people there are that are not named: among the exceptions, or, where there is no role, among those who can.
    pub unnamed: usize,
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
    let question = Question::of(services, caller, permission, target).await?;
    question.resource.fits(permission)?;
    all_who_can(services, caller, &question).await
}

/// The same, of what is known to be there for the caller to see.
pub(super) async fn all_who_can(services: &Services, caller: &Caller, question: &Question) -> Result<Vec<WhoCan>> {
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let machines = identity::machines(services, &caller.tenant).await?;
    let crowd = Crowd::gather(services, caller, &rules, question).await?;
    let above = teams_above(services, caller, &rules, question).await?;
    let mut found = those_who_can(&rules, caller, (&machines, &crowd.tied), &above, question);
    // Whoever is named and does not come in.
    found.retain(|who| !(who.role.is_empty() && who.of.as_ref().is_some_and(|of| crowd.is_away(of))));
    crowd.settle(services, caller, (&rules, question), &above, &mut found).await?;
    let machines: BTreeSet<String> = machines.iter().map(|machine| machine.subject.to_string()).collect();
    // Teams of sources that are not trusted with people count for nothing.
    let is_team = |holder: &String| holder.starts_with("group:");
    let held: Vec<String> =
        found.iter().flat_map(|who| &who.holders).filter(|holder| is_team(holder)).cloned().collect();
    let counted = catalog::vouched(services, &caller.tenant, &held).await?;
    for who in &mut found {
        who.holders.retain(|holder| match holder.split_once(':') {
            Some(("machine", _)) => machines.contains(holder),
            Some(("group", _)) => counted.contains(holder),
            _ => true,
        });
    }
    Ok(found)
}

/// The teams above each of those that a thing or a policy names, or that hold a role: whoever is in one is in those above it too.
async fn teams_above(
    services: &Services,
    caller: &Caller,
    rules: &Rules,
    question: &Question,
) -> Result<HashMap<String, Vec<String>>> {
    let named = rules.named().into_iter().filter(|(kind, _)| kind == "Team").map(|(_, name)| name);
    let holders = rules.role_names().into_iter().flat_map(|role| rules.holders(&role));
    let holders = holders.filter(|holder| holder.starts_with("group:")).take(NAMED);
    let mut teams: BTreeSet<String> = question.teams().into_iter().chain(named).take(NAMED).collect();
    teams.extend(holders);
    catalog::vouched_above(services, caller, &teams.into_iter().collect::<Vec<_>>()).await
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
