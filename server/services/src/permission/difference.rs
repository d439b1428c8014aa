//! Who would gain and who would lose what, if a draft held: each permission, on all kinds of things that there are, for every
//! role and for all whom policies name.

mod people;
#[cfg(test)]
mod tests;
mod things;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::identity::{Caller, Permission};

pub(super) use self::things::World;
use self::things::{Bond, Thing, Words};
use super::{
    narrowed,
    questions::named,
    resource::Resource,
    rules::{Changed, Extent, Footing, Rules},
};

/// How many questions are put to both at most. Beyond that, every so many things are looked at.
const MOST: usize = 40_000;
/// How many differences are told.
const TOLD: usize = 200;
/// On how many teams that hold roles of an organisation's own it is tried, and on how many people.
pub(super) const HOLDERS: usize = 20;

/// What someone gains or loses: who, and what.
pub(super) type Moves = Vec<(String, String)>;

/// One of them, with what it is about.
#[derive(Debug, Clone)]
struct Move {
    is_gain: bool,
    permission: Permission,
    /// On which kind of thing; on everything where it says none.
    kind: Option<Words>,
    whom: Whom,
    what: String,
}

/// Who gains or loses.
#[derive(Debug, Clone)]
enum Whom {
    /// Whoever has a role, in a team where it says one, and is tied so to the thing.
    Role(String, Option<String>, Bond),
    /// Whoever is in a team.
    Team(String),
    /// Those who are named.
    Named(Vec<String>),
}

/// How many people one line names.
const NAMES: usize = 5;

impl Whom {
    fn words(&self) -> String {
        match self {
            Self::Role(role, None, bond) => format!("role {role}{}", bond.words()),
            Self::Role(role, Some(team), bond) => format!("role {role}, in {team}{}", bond.words()),
            Self::Team(team) => format!("whoever is in {team}"),
            Self::Named(names) if names.len() > NAMES => {
                format!("{} and {} more", names[..NAMES].join(", "), names.len() - NAMES)
            }
            Self::Named(names) => names.join(", "),
        }
    }
}

/// Someone whom a draft is tried on.
enum Actor {
    /// Whoever has a role, and is in no team, or in the one that is named.
    Role(String, Option<String>),
    /// Whoever is in a team that holds roles of an organisation's own.
    Team(String, Box<Footing>),
    /// Someone who is known, or whom a policy names.
    One(String, Box<Footing>, Option<Box<Caller>>),
}

/// What was found about one actor, one permission and one kind of thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tally {
    gained: usize,
    lost: usize,
    looked: usize,
    /// One that was lost, and one that was gained.
    examples: [Option<String>; 2],
}

/// Compares what holds with a draft, for those who have roles and for `known`: those of the people and machines whom policies
/// may mean that stand as they are given; and for `people`, of whom those are named whom nothing else tells of.
pub(super) fn compare(
    current: &Rules,
    draft: &Rules,
    caller: &Caller,
    (known, people): (&[Caller], &[Caller]),
    world: &World,
) -> (Moves, Moves) {
    let changed = Changed::between(current, draft);
    if changed.is_empty() {
        return (Moves::new(), Moves::new());
    }
    let actors = actors(current, draft, caller, known, world);
    let (mut moves, wholly) = extents(current, draft, (caller, world), &actors);
    let apart = world.len().saturating_mul(actors.len() * Bond::ALL.len() * 2).div_ceil(MOST).max(1);
    let mut footings = Footings { caller, rules: draft, world, known: HashMap::new() };
    for (at, actor) in actors.iter().enumerate() {
        for permission in Permission::ALL {
            // Of what they may do on everything now, or no longer, each kind of thing says no more.
            if wholly.contains(&(at, permission)) {
                continue;
            }
            if !changed.concerns(permission) || actor.is_narrowed(permission) {
                continue;
            }
            for (words, things) in world.kinds(permission) {
                let things = sampled(things, apart);
                let mut plain = None;
                for bond in actor.bonds() {
                    let tally = tally((current, draft), &changed, &mut footings, (actor, *bond), permission, &things);
                    // What anyone of the role gains or loses as well is told once.
                    if plain.as_ref() == Some(&tally) {
                        continue;
                    }
                    moves.extend(tally.moves(permission, words, &actor.whom(*bond)));
                    plain.get_or_insert(tally);
                }
            }
        }
    }
    moves.extend(people::untold((current, draft), &changed, world, people, &moves));
    let (gains, losses) = moves.into_iter().partition(|moved: &Move| moved.is_gain);
    (listed(gains), listed(losses))
}

/// Whether what changes may depend on more than roles, and on teams and ties one by one, so that people are tried as they stand.
pub(super) fn needs_people(current: &Rules, draft: &Rules) -> bool {
    let changed = Changed::between(current, draft);
    let is_plain = |permission| current.is_plain(permission) && draft.is_plain(permission);
    Permission::ALL.into_iter().any(|permission| changed.concerns(permission) && !is_plain(permission))
}

/// Every so many things, and those that a policy names.
fn sampled(things: &[Thing], apart: usize) -> Vec<&Thing> {
    let is_taken = |(at, thing): &(usize, &Thing)| at.is_multiple_of(apart) || thing.is_named;
    things.iter().enumerate().filter(is_taken).map(|(_, thing)| thing).collect()
}

impl Tally {
    /// What is told of it.
    fn moves(&self, permission: Permission, words: Words, whom: &Whom) -> impl Iterator<Item = Move> {
        let told = |count: usize, example: &Option<String>, is_gain| {
            let example = example.as_deref().unwrap_or_default();
            let what = format!("{permission}: {}", words.told(count, self.looked, example));
            (count > 0).then(|| Move { is_gain, permission, kind: Some(words), whom: whom.clone(), what })
        };
        let (gained, lost) = (told(self.gained, &self.examples[1], true), told(self.lost, &self.examples[0], false));
        gained.into_iter().chain(lost)
    }
}

/// The moves that are told: those by which one could get hold of all others first, and how many are left.
fn listed(mut moves: Vec<Move>) -> Moves {
    let weighs = |permission| {
        matches!(permission, Permission::ManagePolicies | Permission::ManagePeople | Permission::ReadAudit)
    };
    moves.sort_by_key(|moved| !weighs(moved.permission));
    let more = moves.len().saturating_sub(TOLD);
    moves.truncate(TOLD);
    let mut told: Moves = moves.into_iter().map(|moved| (moved.whom.words(), moved.what)).collect();
    if more > 0 {
        told.push((
            format!("{more} more"),
            "differences like these are not listed; change less at once to see them".to_owned(),
        ));
    }
    told
}

/// All whom it is tried on.
fn actors(current: &Rules, draft: &Rules, caller: &Caller, known: &[Caller], world: &World) -> Vec<Actor> {
    let roles: Vec<String> = {
        let mut met = BTreeSet::new();
        let all = current.role_names().into_iter().chain(draft.role_names());
        all.filter(|role| met.insert(role.clone())).collect()
    };
    let names: BTreeSet<(String, String)> = current.named().into_iter().chain(draft.named()).collect();
    let mut actors: Vec<Actor> = roles.iter().map(|role| Actor::Role(role.clone(), None)).collect();
    for (_, team) in names.iter().filter(|(kind, _)| kind == "Team") {
        actors.extend(roles.iter().map(|role| Actor::Role(role.clone(), Some(team.clone()))));
    }
    // Those who hold a role of their own have others besides, and lose what these gave them.
    for team in draft.with_own_roles("group:").into_iter().take(HOLDERS) {
        let one = draft.holder(caller, world.with_above(&team));
        actors.push(Actor::Team(team, Box::new(one)));
    }
    let mut met: BTreeSet<String> = BTreeSet::new();
    for one in known {
        let label = one.subject.to_string();
        met.insert(label.clone());
        actors.push(Actor::One(label, Box::new(current.footing_of(one)), Some(Box::new(one.clone()))));
    }
    for name in names.iter().filter(|(kind, _)| kind != "Team") {
        let label = super::questions::label(name);
        if met.insert(label.clone()) {
            actors.push(Actor::One(label, Box::new(named(caller, name)), None));
        }
    }
    actors
}

/// Tells what someone may do on everything after and not before, or before and not after, and says of whom and what. Whether what
/// is permitted on some things comes to anything is seen by trying.
fn extents(
    current: &Rules,
    draft: &Rules,
    (caller, world): (&Caller, &World),
    actors: &[Actor],
) -> (Vec<Move>, HashSet<(usize, Permission)>) {
    let (mut moves, mut wholly) = (Vec::new(), HashSet::new());
    for (at, actor) in actors.iter().enumerate() {
        let made;
        let footing: &Footing = match actor {
            Actor::Role(role, team) => {
                let teams = team.iter().flat_map(|team| world.with_above(team));
                made = draft.signed_in(caller, role, teams, None);
                &made
            }
            Actor::Team(_, footing) | Actor::One(_, footing, _) => footing,
        };
        for permission in Permission::ALL {
            let (before, after) = (current.extent(footing, permission), draft.extent(footing, permission));
            let is_whole = [before, after].contains(&Extent::Everything);
            if before != after && is_whole && !actor.is_narrowed(permission) {
                if [before, after].contains(&Extent::Nothing) {
                    wholly.insert((at, permission));
                }
                let what = format!("{permission}: {} before, {} after", before.words(), after.words());
                let whom = actor.whom(Bond::None);
                moves.push(Move { is_gain: after > before, permission, kind: None, whom, what });
            }
        }
    }
    (moves, wholly)
}

impl Actor {
    fn whom(&self, bond: Bond) -> Whom {
        match self {
            Self::Role(role, team) => Whom::Role(role.clone(), team.clone(), bond),
            Self::Team(team, _) => Whom::Team(team.clone()),
            Self::One(label, ..) => Whom::Named(vec![label.clone()]),
        }
    }

    /// Whether the token of a machine is narrowed so that policies do not matter.
    fn is_narrowed(&self, permission: Permission) -> bool {
        matches!(self, Self::One(_, _, Some(one)) if narrowed(one, permission).is_some())
    }

    /// How they may be tied to a thing: those who are known are as they are.
    fn bonds(&self) -> &'static [Bond] {
        match self {
            Self::Role(_, None) => &Bond::ALL,
            // Of this team they are already.
            Self::Role(_, Some(_)) => &[Bond::None, Bond::Owner, Bond::Starter],
            Self::Team(..) | Self::One(..) => &[Bond::None],
        }
    }
}

/// Those who are made up, as policies see them.
struct Footings<'a> {
    caller: &'a Caller,
    rules: &'a Rules,
    world: &'a World,
    known: HashMap<(String, Option<String>, Option<String>), Footing>,
}

impl Footings<'_> {
    fn of(&mut self, role: &str, team: Option<&str>, person: Option<&str>) -> &Footing {
        let key = (role.to_owned(), team.map(str::to_owned), person.map(str::to_owned));
        let teams = team.into_iter().flat_map(|team| self.world.with_above(team));
        self.known.entry(key).or_insert_with(|| self.rules.signed_in(self.caller, role, teams, person))
    }
}

/// Tries one permission on things of one kind.
fn tally(
    (current, draft): (&Rules, &Rules),
    changed: &Changed,
    footings: &mut Footings<'_>,
    (actor, bond): (&Actor, Bond),
    permission: Permission,
    things: &[&Thing],
) -> Tally {
    let mut tally = Tally::default();
    for thing in things {
        let Some((team, person)) = thing.tied(bond) else { continue };
        let footing = match actor {
            Actor::Role(role, given) => footings.of(role, team.or(given.as_deref()), person),
            Actor::Team(_, footing) | Actor::One(_, footing, _) => footing,
        };
        tally.looked += thing.count;
        let resource: &Resource = thing.resource(bond);
        if !changed.could_matter(footing, permission, resource) {
            continue;
        }
        let before = current.decide(footing, permission, resource).is_allowed;
        let after = draft.decide(footing, permission, resource).is_allowed;
        if before != after {
            *if after { &mut tally.gained } else { &mut tally.lost } += thing.count;
            tally.examples[usize::from(after)].get_or_insert_with(|| thing.name.clone());
        }
    }
    tally
}

/// The callers of whom more is known than policies say, of those whom policies name: people by their references.
pub(super) fn named_people(current: &Rules, draft: &Rules) -> BTreeSet<String> {
    let names: BTreeMap<String, String> =
        current.named().into_iter().chain(draft.named()).map(|(kind, name)| (name, kind)).collect();
    names.into_iter().filter(|(_, kind)| kind == "User").map(|(name, _)| name).collect()
}
