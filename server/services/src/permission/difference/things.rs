//! What a draft is tried on: things that there are, one for all that policies cannot tell apart, and those that it names.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::identity::{Caller, Permission, Tenant};

use super::super::{
    language,
    resource::{Resource, Traits},
    rules::{Changed, Rules},
    seen::Mentions,
};
use crate::{Result, Services, catalog};

/// How many entities and sources are looked at.
pub(super) const ENTITIES: usize = 5_000;
const SOURCES: usize = 200;
/// How many made-up things stand for those that policies speak of.
const MADE_UP: usize = 200;
/// On the runs of how many of those whom policies name a draft is tried.
const STARTERS: usize = 20;

/// How someone is tied to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bond {
    /// Not at all.
    None,
    /// They are in a team that owns it, or are that team.
    Team,
    /// They own it themselves.
    Owner,
    /// They started it.
    Starter,
}

impl Bond {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Team, Self::Owner, Self::Starter];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Team => ", in the owning team",
            Self::Owner => ", owning it themselves",
            Self::Starter => ", having started it",
        }
    }
}

/// One thing, or several that policies cannot tell apart.
pub(super) struct Thing {
    pub(super) name: String,
    pub(super) count: usize,
    /// Whether a policy that changed names it, so that it is looked at in any case.
    pub(super) is_named: bool,
    resource: Resource,
    /// The same, started by someone made up.
    started: Option<Resource>,
    team: Option<String>,
    person: Option<String>,
}

/// Who starts runs that are made up.
const SOMEONE: &str = "user:default/someone";

impl Thing {
    fn new(name: &str, resource: Resource) -> Self {
        let team = resource.teams().into_iter().next();
        Self { name: name.to_owned(), count: 1, is_named: false, resource, started: None, team, person: None }
    }

    /// In which team someone must be, and who, for this bond; `None` where there is none of the kind.
    pub(super) fn tied(&self, bond: Bond) -> Option<(Option<&str>, Option<&str>)> {
        match bond {
            Bond::None => Some((None, None)),
            Bond::Team => self.team.as_deref().map(|team| (Some(team), None)),
            Bond::Owner => self.person.as_deref().map(|person| (None, Some(person))),
            Bond::Starter => self.started.is_some().then_some((None, Some(SOMEONE))),
        }
    }

    pub(super) fn resource(&self, bond: Bond) -> &Resource {
        match (bond, &self.started) {
            (Bond::Starter, Some(started)) => started,
            _ => &self.resource,
        }
    }
}

/// How what was found is told about a kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Words {
    Entities,
    Templates,
    Sources,
    Places,
    Runs,
    StartedRuns,
    Repositories,
    Teams,
    Policies,
    Own,
    Platform,
}

impl Words {
    /// The word of the schema.
    fn kind(self) -> &'static str {
        match self {
            Self::Entities => "Entity",
            Self::Templates => "Template",
            Self::Sources => "Source",
            Self::Places => "Place",
            Self::Runs | Self::StartedRuns => "Run",
            Self::Repositories => "Repository",
            Self::Teams => "Team",
            Self::Policies => "Policy",
            Self::Own => "Own",
            Self::Platform => "Platform",
        }
    }

    pub(super) fn told(self, count: usize, looked: usize, example: &str) -> String {
        let many = match self {
            Self::Own => return "what is their own".to_owned(),
            Self::Platform => return "the platform".to_owned(),
            Self::Runs => return format!("the runs of {count} of {looked} templates looked at, such as `{example}`"),
            Self::StartedRuns => {
                return format!(
                    "the runs of {count} of {looked} pairs looked at of a template and who starts it, such as {example}"
                );
            }
            Self::Entities => "entities",
            Self::Templates => "templates",
            Self::Sources => "sources",
            Self::Places => "places",
            Self::Repositories => "repositories",
            Self::Teams => "teams",
            Self::Policies => "policy documents",
        };
        format!("{count} of {looked} {many} looked at, such as `{example}`")
    }
}

/// All that a draft is tried on.
#[derive(Default)]
pub(in crate::permission) struct World {
    things: BTreeMap<Words, Vec<Thing>>,
    met: HashSet<(Words, String)>,
    /// The teams above others: whoever is in a team is in those above it too.
    above: HashMap<String, Vec<String>>,
}

impl World {
    pub(super) fn len(&self) -> usize {
        self.things.values().map(Vec::len).sum()
    }

    /// The teams and people who own anything.
    pub(super) fn owners(&self) -> HashSet<String> {
        let things = self.things.values().flatten();
        things
            .flat_map(|thing| thing.resource.teams().into_iter().chain(thing.resource.people().iter().cloned()))
            .collect()
    }

    /// A team, and those above it.
    pub(super) fn with_above<'a>(&'a self, team: &'a str) -> impl Iterator<Item = String> + 'a {
        std::iter::once(team.to_owned()).chain(self.above.get(team).into_iter().flatten().cloned())
    }

    /// The same world with these teams above others.
    #[cfg(test)]
    pub(super) fn below(self, above: HashMap<String, Vec<String>>) -> Self {
        Self { above, ..self }
    }

    /// The kinds of things on which a permission is used.
    pub(super) fn kinds(&self, permission: Permission) -> impl Iterator<Item = (Words, &Vec<Thing>)> {
        let kinds = language::kinds_of(permission);
        self.things
            .iter()
            .filter(move |(words, _)| kinds.contains(words.kind()))
            .map(|(words, things)| (*words, things))
    }

    fn add(&mut self, words: Words, thing: Thing) {
        if self.met.insert((words, thing.name.clone())) {
            self.things.entry(words).or_default().push(thing);
        }
    }

    /// Reads what there is.
    pub(in crate::permission) async fn read(services: &Services, tenant: &Tenant, rules: [&Rules; 2]) -> Result<Self> {
        let mut sample = catalog::sample_traits(services, tenant, ENTITIES).await?;
        let met: HashSet<String> = sample.iter().map(|traits| traits.reference.clone()).collect();
        for (_, name) in Changed::between(rules[0], rules[1]).things().into_iter().take(MADE_UP) {
            if !met.contains(&name) {
                sample.extend(catalog::traits(services, tenant, &name).await?);
            }
        }
        let sources = catalog::sample_sources(services, tenant, SOURCES).await?;
        let is_team = |name: &String| name.starts_with("group:");
        let owners = sample.iter().flat_map(|traits| traits.owners.iter().chain([&traits.reference]));
        let mut teams: BTreeSet<String> =
            owners.chain(sources.iter().flat_map(|(.., owners)| owners)).cloned().collect();
        teams.extend(rules.iter().flat_map(|rules| rules.named()).map(|(_, name)| name));
        teams.extend(rules.iter().flat_map(|rules| rules.with_own_roles("group:")));
        let teams: Vec<String> = teams.into_iter().filter(is_team).take(ENTITIES).collect();
        let system = Caller::system(tenant.clone(), "permission");
        let above = catalog::vouched_above(services, &system, &teams).await?;
        Ok(Self { above, ..Self::of(&sample, &sources, rules) })
    }

    /// Puts together what there is, and what policies that changed speak of.
    pub(in crate::permission) fn of(
        sample: &[Traits],
        sources: &[(String, String, String, Vec<String>)],
        [current, draft]: [&Rules; 2],
    ) -> Self {
        let changed = Changed::between(current, draft);
        let mut mentions = current.mentions_of(&["Entity", "Template", "Run"], &changed);
        mentions.extend(draft.mentions_of(&["Entity", "Template", "Run"], &changed));
        let mut world = Self::default();
        for traits in sample.iter().filter(|traits| traits.reference.starts_with("group:")) {
            world.add(Words::Teams, team(&traits.reference));
            if let Some((_, name)) = traits.reference.rsplit_once('/') {
                world.add(Words::Repositories, repository(&format!("{name}/*")));
            }
        }
        let starters: Vec<String> = current
            .named()
            .into_iter()
            .chain(draft.named())
            .filter_map(starter)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .take(STARTERS)
            .collect();
        let named: HashSet<String> = changed.things().into_iter().map(|(_, name)| name).collect();
        for (traits, count) in apart(sample, &mentions) {
            world.has_entity(&traits, count, named.contains(&traits.reference), &starters);
        }
        for (id, kind, target, owners) in sources {
            let resource = Resource::of_source(id, kind, target, owners);
            let person = owners.iter().find(|owner| owner.starts_with("user:")).cloned();
            world.add(Words::Sources, Thing { person, ..Thing::new(&format!("source:{id}"), resource) });
            world.add(Words::Places, Thing::new(target, Resource::place(target)));
        }
        world.add(Words::Places, Thing::new("anywhere else", Resource::place("https://git.example/anywhere/else")));
        for name in current.document_names().into_iter().chain(draft.document_names()) {
            world.add(Words::Policies, Thing::new(&name, Resource::plain("Policy", &name)));
        }
        world.add(Words::Own, Thing::new("own", Resource::plain("Own", "someone")));
        world.add(Words::Platform, Thing::new("platform", Resource::plain("Platform", "platform")));
        for (kind, name) in changed.things() {
            world.has_named(&kind, &name);
        }
        for text in changed.texts().into_iter().take(MADE_UP) {
            let whole = if text.contains('/') { text.clone() } else { format!("{text}/*") };
            world.add(Words::Repositories, repository(&whole));
            if text.contains("://") || text.starts_with('/') {
                world.add(Words::Places, Thing::new(&text, Resource::place(&text)));
            }
        }
        world
    }

    fn has_entity(&mut self, traits: &Traits, count: usize, is_named: bool, starters: &[String]) {
        let name = &traits.reference;
        let person = traits.owners.iter().find(|owner| owner.starts_with("user:")).cloned();
        let of = |word: &str| Thing {
            count,
            is_named,
            person: person.clone(),
            ..Thing::new(name, Resource::of_traits(word, traits))
        };
        // Each is another thing already.
        self.things.entry(Words::Entities).or_default().push(of("Entity"));
        if name.starts_with("template:") {
            self.things.entry(Words::Templates).or_default().push(of("Template"));
            let run = |starter: &str| Resource::run("any", traits, starter);
            let run = Thing { count, is_named, started: Some(run(SOMEONE)), ..Thing::new(name, run("")) };
            self.things.entry(Words::Runs).or_default().push(run);
            let of = |starter: &String| Thing {
                is_named,
                ..Thing::new(&format!("`{name}` and `{starter}`"), Resource::run("any", traits, starter))
            };
            self.things.entry(Words::StartedRuns).or_default().extend(starters.iter().map(of));
        }
    }

    /// What a policy's scope names.
    fn has_named(&mut self, kind: &str, name: &str) {
        let plain = |kind: &str| Thing::new(name, Resource::plain(kind, name));
        match kind {
            "Repository" => self.add(Words::Repositories, repository(name)),
            "Place" => self.add(Words::Places, Thing::new(name, Resource::place(name))),
            "Team" => self.add(Words::Teams, team(name)),
            "Policy" => self.add(Words::Policies, plain("Policy")),
            _ => {}
        }
    }
}

/// Someone whom a policy names, as one who starts runs.
fn starter((kind, name): (String, String)) -> Option<String> {
    match kind.as_str() {
        "User" => Some(name),
        "Machine" => Some(format!("machine:{name}")),
        _ => None,
    }
}

fn team(reference: &str) -> Thing {
    Thing::new(reference, Resource::team(reference))
}

fn repository(name: &str) -> Thing {
    Thing::new(name, Resource::repository(name))
}

/// One entity for all that policies cannot tell apart, with how many those are.
fn apart(sample: &[Traits], mentions: &Mentions) -> Vec<(Traits, usize)> {
    let mut at: HashMap<Traits, usize> = HashMap::new();
    let mut all: Vec<(Traits, usize)> = Vec::new();
    for traits in sample {
        let place = *at.entry(mentions.blurred(traits)).or_insert_with(|| {
            all.push((traits.clone(), 0));
            all.len() - 1
        });
        all[place].1 += 1;
    }
    all
}
