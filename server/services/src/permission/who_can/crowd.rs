//! The people there are, tried one by one: what is said of roles and teams is put right by what holds for them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Standing, Subject, Target},
};

use super::{
    NAMED, WhoCan,
    rows::{Trial, has, is_excepted},
};
use crate::{
    Result, Services, catalog, identity,
    permission::{
        question::Question,
        questions::{everyone, known},
        rules::{Footing, Rules, Verdict},
    },
};

/// Of how many people it is found out whether the caller may know of them.
const LOOKED_AT: usize = 1_000;

/// Those who are tried as they stand.
pub(super) struct Crowd {
    /// Those who are tied to the thing, and those whom policies name.
    pub(super) tied: Vec<Caller>,
    /// All who are looked at: those, those to whom roles were given by name, and, where roles and teams do not tell, everyone.
    people: Vec<Caller>,
    /// Those who are named and do not come in, or of whom nobody has heard.
    away: HashSet<String>,
}

/// All whom policies cannot tell apart: their roles, and of the names that matter their own and those of their teams.
type Class<'a> = (BTreeSet<String>, Vec<&'a str>);

/// Someone who was tried.
struct Tried<'a> {
    label: String,
    one: &'a Caller,
    /// How they, and all whom policies cannot tell apart from them, are seen, and what holds for them.
    class: Arc<(Footing, Verdict)>,
}

impl Tried<'_> {
    fn is_allowed(&self) -> bool {
        self.class.1.is_allowed
    }

    fn has(&self, row: &WhoCan) -> bool {
        has(row, self.one, &self.class.0)
    }

    /// Whether a row says that they can.
    fn is_told(&self, row: &WhoCan) -> bool {
        self.has(row) && !is_excepted(row, self.one, &self.class.0)
    }
}

impl Crowd {
    pub(super) async fn gather(
        services: &Services,
        caller: &Caller,
        rules: &Rules,
        question: &Question,
    ) -> Result<Self> {
        let of = |name: &String, standing: Standing| Caller {
            tenant: caller.tenant.clone(),
            subject: Subject::Person(name.clone()),
            standing: Arc::new(standing),
        };
        let named = rules.named().into_iter().filter(|(kind, _)| kind == "User").map(|(_, name)| name);
        let tied: BTreeSet<String> = question.people().cloned().chain(named).take(NAMED).collect();
        let holders = rules.role_names().into_iter().flat_map(|role| rules.holders(&role));
        let holders: BTreeSet<String> = holders.filter(|holder| holder.starts_with("user:")).take(NAMED).collect();
        let mut crowd = Self { tied: Vec::new(), people: Vec::new(), away: HashSet::new() };
        for name in tied.union(&holders) {
            let Some(standing) = known(services, caller, name).await? else {
                crowd.away.insert(name.clone());
                continue;
            };
            let one = of(name, standing);
            if tied.contains(name) {
                crowd.tied.push(one.clone());
            }
            crowd.people.push(one);
        }
        if !question.is_plain(rules) {
            let everyone = everyone(services, &caller.tenant, &[rules]).await?;
            let is_other = |one: &Caller| !tied.contains(one.label()) && !holders.contains(one.label());
            crowd.people.extend(everyone.into_iter().filter(is_other));
        }
        Ok(crowd)
    }

    /// Whether someone who is named does not come in.
    pub(super) fn is_away(&self, name: &str) -> bool {
        self.away.contains(name)
    }

    /// Tries everyone; all whom policies cannot tell apart once.
    fn tried(&self, rules: &Rules, question: &Question) -> Vec<Tried<'_>> {
        let mut apart = rules.tells_apart();
        apart.extend(question.teams());
        apart.extend(question.people().cloned());
        let mut classes: HashMap<Class<'_>, Arc<(Footing, Verdict)>> = HashMap::new();
        let try_one = |one| {
            let label = Caller::label(one).to_owned();
            let footing = rules.footing_of(one);
            let mut names: Vec<&str> =
                one.standing.teams.iter().map(String::as_str).filter(|team| apart.contains(*team)).collect();
            names.extend(apart.get(&label).map(String::as_str));
            let class = classes.entry((footing.roles.clone(), names)).or_insert_with(|| {
                let verdict = question.decide(rules, &footing);
                Arc::new((footing, verdict))
            });
            Tried { label, one, class: class.clone() }
        };
        self.people.iter().map(try_one).collect()
    }

    /// Puts rows right: who is told of and cannot becomes an exception, who can and is not told of is told of by name, and nobody stays
    /// among those to whom a role was given who cannot do it by that.
    pub(super) async fn settle(
        &self,
        services: &Services,
        caller: &Caller,
        (rules, question): (&Rules, &Question),
        above: &HashMap<String, Vec<String>>,
        rows: &mut Vec<WhoCan>,
    ) -> Result<()> {
        let tried = self.tried(rules, question);
        let known: HashSet<&str> = tried.iter().map(|one| one.label.as_str()).collect();
        let trial = Trial { caller, known: &[], above };
        for row in rows.iter_mut() {
            let own: Vec<&Tried<'_>> = tried.iter().filter(|one| one.has(row)).collect();
            // A policy may name someone who has nothing to do with the row.
            let is_own = |name: &str| own.iter().any(|one| one.label == name);
            row.except.retain(|name| !known.contains(name.as_str()) || is_own(name));
            let wrongly = own.iter().filter(|one| !one.is_allowed() && one.is_told(row));
            let wrongly = wrongly.map(|one| one.label.clone()).collect();
            name_people(services, caller, wrongly, (&mut row.except, &mut row.unnamed)).await?;
            let able: HashSet<&str> = own
                .iter()
                .filter(|one| one.is_allowed())
                .flat_map(|one| one.one.standing.teams.iter().chain([&one.label]).map(String::as_str))
                .collect();
            let keeps = |holder: &String| {
                if holder.starts_with("group:") {
                    let teams = std::iter::once(holder).chain(row.of.as_ref()).map(String::as_str);
                    let someone = trial.holder(rules, teams.filter(|team| team.starts_with("group:")));
                    return able.contains(holder.as_str()) || question.decide(rules, &someone).is_allowed;
                }
                !self.is_away(holder) && (!known.contains(holder.as_str()) || able.contains(holder.as_str()))
            };
            row.holders.retain(keeps);
        }
        let mut left: BTreeMap<Vec<String>, Vec<&Tried<'_>>> = BTreeMap::new();
        for one in tried.iter().filter(|one| one.is_allowed() && !rows.iter().any(|row| one.is_told(row))) {
            left.entry(one.class.1.by.iter().map(ToString::to_string).collect()).or_default().push(one);
        }
        for people in left.into_values() {
            let (footing, verdict) = &*people[0].class;
            let reasons = rules.reasons(footing, question.permission, Some(&question.resource), verdict);
            let (role, holders, except) = (String::new(), Vec::new(), Vec::new());
            let mut row = WhoCan { role, of: None, holders, reasons, except, unnamed: 0 };
            let people = people.iter().map(|one| one.label.clone()).collect();
            name_people(services, caller, people, (&mut row.holders, &mut row.unnamed)).await?;
            if !row.holders.is_empty() {
                rows.push(row);
            }
        }
        Ok(())
    }
}

/// Names the first of the people whom the caller may know of, and counts the others of those: who is hidden from them is not there.
async fn name_people(
    services: &Services,
    caller: &Caller,
    people: BTreeSet<String>,
    (names, unnamed): (&mut Vec<String>, &mut usize),
) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let mut people: Vec<String> = people.into_iter().collect();
    if !identity::is_allowed(services, caller, Permission::ManagePeople, Target::Platform).await? {
        people.truncate(LOOKED_AT);
        let references: Vec<EntityRef> = people.iter().filter_map(|name| name.parse().ok()).collect();
        let mut seen = Vec::new();
        if identity::is_allowed(services, caller, Permission::ReadCatalog, Target::Any).await? {
            seen = catalog::entities(services, caller, &references).await?;
        }
        people = seen.into_iter().flatten().map(|entity| entity.reference.to_string()).collect();
    }
    *unnamed += people.len().saturating_sub(NAMED);
    names.extend(people.into_iter().take(NAMED));
    Ok(())
}
