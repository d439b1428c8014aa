//! People who gain or lose what nothing else tells of: by several teams, roles or ties at once.

use std::collections::{BTreeMap, BTreeSet};

use domain::identity::{Caller, Permission};
use indexmap::IndexMap;

use super::{
    super::rules::{Changed, Footing, Rules},
    MOST, Move, Tally, Whom, World, sampled,
    things::{Bond, Thing, Words},
};

/// How many groups of people are tried whom nothing tells apart.
const GROUPS: usize = 1_000;

/// People whom neither policies nor things tell apart.
struct Alike {
    footing: Footing,
    teams: BTreeSet<String>,
    names: Vec<String>,
}

/// What these people gain and lose beside what is `told`.
pub(super) fn untold(
    (current, draft): (&Rules, &Rules),
    changed: &Changed,
    world: &World,
    people: &[Caller],
    told: &[Move],
) -> Vec<Move> {
    let alike = alike((current, draft), world, people);
    let asked: Vec<Permission> =
        Permission::ALL.into_iter().filter(|permission| changed.concerns(*permission)).collect();
    let apart = world.len().saturating_mul(alike.len() * asked.len().max(1) * 2).div_ceil(MOST).max(1);
    let mut found: IndexMap<(bool, Permission, Words, String), Vec<String>> = IndexMap::new();
    for some in &alike {
        for permission in &asked {
            for (words, things) in world.kinds(*permission) {
                let mut tally = Tally::default();
                for thing in sampled(things, apart) {
                    tally.looked += thing.count;
                    let resource = thing.resource(Bond::None);
                    if !changed.could_matter(&some.footing, *permission, resource) {
                        continue;
                    }
                    let before = current.decide(&some.footing, *permission, resource).is_allowed;
                    let after = draft.decide(&some.footing, *permission, resource).is_allowed;
                    let is_told = |moved: &Move| {
                        moved.is_gain == after
                            && moved.permission == *permission
                            && moved.kind.is_none_or(|kind| kind == words)
                            && some.is_meant(&moved.whom, thing)
                    };
                    if before != after && !told.iter().any(is_told) {
                        *if after { &mut tally.gained } else { &mut tally.lost } += thing.count;
                        tally.examples[usize::from(after)].get_or_insert_with(|| thing.name.clone());
                    }
                }
                for moved in tally.moves(*permission, words, &Whom::Named(Vec::new())) {
                    let key = (moved.is_gain, *permission, words, moved.what);
                    found.entry(key).or_default().extend(some.names.iter().cloned());
                }
            }
        }
    }
    let moves = found.into_iter().map(|((is_gain, permission, kind, what), mut names)| {
        names.sort();
        Move { is_gain, permission, kind: Some(kind), whom: Whom::Named(names), what }
    });
    moves.collect()
}

/// The people, in groups of those who are alike.
fn alike((current, draft): (&Rules, &Rules), world: &World, people: &[Caller]) -> Vec<Alike> {
    let mut matters = current.tells_apart();
    matters.extend(draft.tells_apart());
    matters.extend(world.owners());
    let mut alike: BTreeMap<(BTreeSet<String>, Vec<&str>), Alike> = BTreeMap::new();
    for one in people {
        let footing = draft.footing_of(one);
        let label = one.subject.to_string();
        let names = one.standing.teams.iter().chain([&label]);
        let names: Vec<&str> = names.filter_map(|name| matters.get(name).map(String::as_str)).collect();
        let key = (footing.roles.clone(), names);
        if alike.len() >= GROUPS && !alike.contains_key(&key) {
            continue;
        }
        let teams = one.standing.teams.clone();
        alike.entry(key).or_insert_with(|| Alike { footing, teams, names: Vec::new() }).names.push(label);
    }
    alike.into_values().collect()
}

impl Alike {
    /// Whether what is told of somebody about a thing is told of them.
    fn is_meant(&self, whom: &Whom, thing: &Thing) -> bool {
        match whom {
            Whom::Role(role, team, bond) => {
                let is_tied = match bond {
                    Bond::None | Bond::Starter => true,
                    Bond::Team => thing.resource(Bond::None).teams().iter().any(|team| self.teams.contains(team)),
                    Bond::Owner => thing.tied(Bond::Owner).is_some_and(|(_, person)| {
                        person.is_some_and(|person| self.names.iter().any(|name| name == person))
                    }),
                };
                is_tied
                    && self.footing.roles.contains(role)
                    && team.as_ref().is_none_or(|team| self.teams.contains(team))
            }
            Whom::Team(team) => self.teams.contains(team),
            Whom::Named(names) => self.names.iter().all(|name| names.contains(name)),
        }
    }
}
