//! Teams above and below each other, and who is in them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Subject, Target},
};

use super::{store, trust};
use crate::{Result, Services, identity};

/// How many teams one walk meets at most.
const MOST: usize = 2_000;
/// How many teams are followed upwards at a time.
const AT_ONCE: usize = 500;
/// How many levels of teams there are at most.
const DEEP: usize = 30;

/// What each of these is tied to by relations of this kind, by name.
async fn tied(
    services: &Services,
    caller: &Caller,
    references: &[String],
    kind: &str,
) -> Result<Vec<(String, Vec<String>)>> {
    let relations = services.catalog.relations(services, caller, references).await?;
    let tied = references.iter().zip(relations).map(|(reference, relations)| {
        let relations = relations.unwrap_or_default().into_iter();
        let targets = relations.filter(|(of, _)| of.eq_ignore_ascii_case(kind)).map(|(_, target)| target);
        (reference.clone(), targets.collect())
    });
    Ok(tied.collect())
}

fn parse_all(references: Vec<String>) -> Result<Vec<EntityRef>> {
    references.iter().map(|reference| store::parse(reference)).collect()
}

/// The teams that a person is a member of. Whoever asks about themselves need not be in the catalog, nor be seen there.
pub async fn teams_of(services: &Services, caller: &Caller, person: &EntityRef) -> Result<Vec<EntityRef>> {
    let is_own = matches!(&caller.subject, Subject::Person(who) if *who == person.to_string());
    let target = if is_own { Target::Any } else { Target::Entity(person) };
    identity::may(services, caller, Permission::ReadCatalog, target).await?;
    let tied = tied(services, caller, &[person.to_string()], "memberOf").await?;
    let mut teams: Vec<String> = tied.into_iter().flat_map(|(_, teams)| teams).take(MOST).collect();
    teams.sort();
    teams.dedup();
    parse_all(teams)
}

/// These teams and every team below them, each once; what is not in the catalog has none.
pub async fn teams_below(services: &Services, caller: &Caller, teams: &[EntityRef]) -> Result<Vec<EntityRef>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let mut met: HashSet<String> = HashSet::new();
    let mut all: Vec<String> = Vec::new();
    let mut ring: Vec<String> = teams.iter().map(ToString::to_string).filter(|team| met.insert(team.clone())).collect();
    // Teams that are below each other in a circle are met once.
    while !ring.is_empty() {
        let below = tied(services, caller, &ring, "parentOf").await?.into_iter().flat_map(|(_, below)| below);
        let below: Vec<String> =
            below.filter(|team| met.insert(team.clone())).take(MOST - all.len().min(MOST)).collect();
        all.append(&mut ring);
        if all.len() >= MOST {
            break;
        }
        ring = below;
    }
    parse_all(all)
}

/// For each of these, by name, every team that it is below.
pub(crate) async fn teams_above(
    services: &Services,
    caller: &Caller,
    references: &[String],
) -> Result<HashMap<String, Vec<String>>> {
    above(services, caller, references, false).await
}

/// The same, as far as it counts for permission: both ends of each tie are of a source that is trusted with teams.
pub(crate) async fn vouched_above(
    services: &Services,
    caller: &Caller,
    references: &[String],
) -> Result<HashMap<String, Vec<String>>> {
    above(services, caller, references, true).await
}

/// The teams that a person is a member of, as far as it counts for permission.
pub(crate) async fn vouched_teams(services: &Services, caller: &Caller, person: &str) -> Result<Vec<String>> {
    let found = tied(services, caller, &[person.to_owned()], "memberOf").await?;
    let teams = vouched_ties(services, caller, found).await?.into_iter().flat_map(|(_, teams)| teams).take(MOST);
    Ok(teams.collect())
}

/// Everyone of the catalog who counts for sign-in and permission, with the teams that they are in and those above.
pub(crate) async fn vouched_everyone(
    services: &Services,
    caller: &Caller,
) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let people = trust::vouched_people(services, &caller.tenant).await?;
    let found = tied(services, caller, &people, "memberOf").await?;
    let found = vouched_ties(services, caller, found).await?;
    let teams: BTreeSet<&String> = found.iter().flat_map(|(_, teams)| teams).collect();
    let teams: Vec<String> = teams.into_iter().cloned().collect();
    let mut above: HashMap<String, Vec<String>> = HashMap::new();
    for some in teams.chunks(AT_ONCE) {
        above.extend(vouched_above(services, caller, some).await?);
    }
    let whole = |teams: Vec<String>| {
        let all = teams.iter().filter_map(|team| above.get(team)).flatten().cloned();
        all.chain(teams.iter().cloned()).collect()
    };
    Ok(found.into_iter().map(|(person, teams)| (person, whole(teams))).collect())
}

/// Takes out what is tied to something that does not count, at either end: who declared a tie is one of the two.
async fn vouched_ties(
    services: &Services,
    caller: &Caller,
    mut ties: Vec<(String, Vec<String>)>,
) -> Result<Vec<(String, Vec<String>)>> {
    let ends: HashSet<&String> = ties
        .iter()
        .filter(|(_, others)| !others.is_empty())
        .flat_map(|(one, others)| others.iter().chain([one]))
        .collect();
    let ends: Vec<String> = ends.into_iter().cloned().collect();
    let counts = trust::vouched(services, &caller.tenant, &ends).await?;
    for (one, others) in &mut ties {
        if counts.contains(one) {
            others.retain(|other| counts.contains(other));
        } else {
            others.clear();
        }
    }
    Ok(ties)
}

async fn above(
    services: &Services,
    caller: &Caller,
    references: &[String],
    is_vouched: bool,
) -> Result<HashMap<String, Vec<String>>> {
    let mut parents: HashMap<String, Vec<String>> = HashMap::new();
    let mut ring: Vec<String> = references.to_vec();
    ring.sort();
    ring.dedup();
    for _ in 0..DEEP {
        if ring.is_empty() || parents.len() >= MOST {
            break;
        }
        let mut found = tied(services, caller, &ring, "childOf").await?;
        if is_vouched {
            found = vouched_ties(services, caller, found).await?;
        }
        parents.extend(found);
        let next: HashSet<&String> = parents.values().flatten().filter(|team| !parents.contains_key(*team)).collect();
        ring = next.into_iter().cloned().collect();
    }
    let above = references.iter().map(|reference| {
        let mut met: Vec<String> = Vec::new();
        let mut open: Vec<&String> = vec![reference];
        while let Some(team) = open.pop() {
            for parent in parents.get(team).into_iter().flatten() {
                if parent != reference && !met.contains(parent) {
                    met.push(parent.clone());
                    open.push(parent);
                }
            }
        }
        (reference.clone(), met)
    });
    Ok(above.collect())
}
