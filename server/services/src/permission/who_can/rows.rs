//! What follows from roles, teams and names for whoever has them, found by trying those who are made up.

use std::collections::{BTreeSet, HashMap};

use domain::identity::Caller;

use super::{NAMED, WhoCan};
use crate::permission::{
    narrowed,
    question::Question,
    questions::{label, named, one},
    rules::{Footing, Rules},
};

/// A name that nobody has.
const SOMEONE: &str = "user:default/someone";

/// Who can do something of which all is known that policies ask, with all machines that come in, and the people who are tied to the
/// thing or named; `above` has the teams above others.
pub(in crate::permission) fn those_who_can(
    rules: &Rules,
    caller: &Caller,
    (machines, people): (&[Caller], &[Caller]),
    above: &HashMap<String, Vec<String>>,
    question: &Question,
) -> Vec<WhoCan> {
    let trial = Trial { caller, known: people, above };
    let met = met(rules, question);
    let mut found = Vec::new();
    let mut note = |footing: &Footing, role: &str, of: Option<String>, mut holders: Vec<String>| {
        let verdict = question.decide(rules, footing);
        if verdict.is_allowed {
            // Of a machine that comes in, more counts than the role that it was given.
            holders.retain(|holder| !machines.iter().any(|machine| machine.subject.to_string() == *holder));
            let reasons = rules.reasons(footing, question.permission, Some(&question.resource), &verdict);
            let may_not = |name: &&(String, String)| {
                let footing = trial.with_role(rules, role, of.as_deref(), name);
                footing.is_some_and(|footing| !question.decide(rules, &footing).is_allowed)
            };
            let except: Vec<String> = met.iter().filter(may_not).map(label).collect();
            found.push(WhoCan { role: role.to_owned(), of, holders, reasons, except, unnamed: 0 });
        }
        verdict.is_allowed
    };
    // The teams of the thing, and then those that a policy leaves it to.
    let mut teams = question.teams();
    let own = teams.len();
    teams.extend(met.iter().filter(|(kind, _)| kind == "Team").map(|(_, team)| team.clone()));
    for role in rules.role_names() {
        let holders = rules.holders(&role);
        if note(&trial.having(rules, question, &role, None), &role, None, holders.clone()) {
            continue;
        }
        let mut told: Vec<&String> = Vec::new();
        for (at, team) in teams.iter().enumerate() {
            // Whoever is in a team below one that was told of is in that one.
            let is_below = || above.get(team).is_some_and(|above| told.iter().any(|told| above.contains(told)));
            if at >= own && (told.contains(&team) || is_below()) {
                continue;
            }
            let footing = trial.having(rules, question, &role, Some(team));
            if note(&footing, &role, Some(team.clone()), holders.clone()) {
                told.push(team);
            }
        }
    }
    for name in rules.named() {
        let label = label(&name);
        let is_known = machines.iter().chain(people).any(|one| one.subject.to_string() == label);
        let footing =
            if name.0 == "Team" { trial.in_teams([], [label.as_str()], SOMEONE) } else { named(caller, &name) };
        if !is_known {
            note(&footing, "", Some(label), Vec::new());
        }
    }
    for machine in machines.iter().filter(|machine| narrowed(machine, question.permission).is_none()) {
        add_machine(&mut found, rules, machine, question);
    }
    for person in people {
        add_person(&mut found, rules, person, question);
    }
    found
}

/// Whom a policy names may be who it forbids a thing to, or leaves out, with whatever role; so may those be who have another role
/// besides, and those who are tied to the thing.
fn met(rules: &Rules, question: &Question) -> BTreeSet<(String, String)> {
    let others = rules.role_names().into_iter().map(|role| ("Role".to_owned(), role));
    let teams = question.teams().into_iter().map(|team| ("Team".to_owned(), team));
    let people = question.people().map(|person| ("User".to_owned(), person.clone()));
    rules.named().into_iter().take(NAMED).chain(others).chain(teams).chain(people).collect()
}

/// Names a machine beside the role through which it can do a thing, or by itself where it takes none.
fn add_machine(found: &mut Vec<WhoCan>, rules: &Rules, machine: &Caller, question: &Question) {
    let footing = rules.footing_of(machine);
    let verdict = question.decide(rules, &footing);
    if !verdict.is_allowed {
        return;
    }
    let label = machine.subject.to_string();
    let via = rules.used(&footing, question.permission, Some(&verdict));
    if via.iter().any(|(_, to)| to.is_empty()) {
        // What everyone may is told of everyone.
        return;
    }
    let row = |who: &WhoCan| who.of.is_none() && via.iter().any(|(role, _)| *role == who.role);
    match found.iter().position(row) {
        Some(at) if found[at].holders.contains(&label) => {}
        Some(at) => found[at].holders.push(label),
        None if found.iter().any(|who| who.of.as_ref() == Some(&label)) => {}
        None => found.push(alone(rules, question, &footing, label)),
    }
}

/// Names a person by themselves who can do a thing by no role and no team.
fn add_person(found: &mut Vec<WhoCan>, rules: &Rules, person: &Caller, question: &Question) {
    let footing = rules.footing_of(person);
    let is_told = found.iter().any(|row| has(row, person, &footing) && !is_excepted(row, person, &footing));
    if !is_told && question.decide(rules, &footing).is_allowed {
        found.push(alone(rules, question, &footing, person.subject.to_string()));
    }
}

fn alone(rules: &Rules, question: &Question, footing: &Footing, label: String) -> WhoCan {
    let verdict = question.decide(rules, footing);
    let reasons = rules.reasons(footing, question.permission, Some(&question.resource), &verdict);
    let (role, holders, except) = (String::new(), Vec::new(), Vec::new());
    WhoCan { role, of: Some(label), holders, reasons, except, unnamed: 0 }
}

/// Whether someone has what a row is about.
pub(super) fn has(row: &WhoCan, one: &Caller, footing: &Footing) -> bool {
    let is_in = |team: &String| one.standing.teams.contains(team);
    if !row.role.is_empty() {
        return footing.roles.contains(&row.role) && row.of.as_ref().is_none_or(is_in);
    }
    let label = one.subject.to_string();
    row.of.as_ref().map_or_else(|| row.holders.contains(&label), |of| *of == label || is_in(of))
}

/// Whether someone is an exception of a row.
pub(super) fn is_excepted(row: &WhoCan, one: &Caller, footing: &Footing) -> bool {
    let label = one.subject.to_string();
    row.except.iter().any(|name| match name.strip_prefix("role ") {
        Some(role) => footing.roles.contains(role),
        None => *name == label || one.standing.teams.contains(name),
    })
}

/// What those are made up from who are tried.
pub(super) struct Trial<'a> {
    pub(super) caller: &'a Caller,
    /// People who are tried as they stand.
    pub(super) known: &'a [Caller],
    /// The teams above others.
    pub(super) above: &'a HashMap<String, Vec<String>>,
}

impl Trial<'_> {
    /// These teams, and those above.
    fn whole<'b>(&self, teams: impl IntoIterator<Item = &'b str>) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for team in teams {
            all.extend(self.above.get(team).into_iter().flatten().cloned());
            all.insert(team.to_owned());
        }
        all
    }

    /// Someone with these roles in these teams, and so in those above.
    fn in_teams<'b>(
        &self,
        roles: impl IntoIterator<Item = &'b str>,
        teams: impl IntoIterator<Item = &'b str>,
        name: &str,
    ) -> Footing {
        one(self.caller, roles, self.whole(teams), name)
    }

    /// Someone with a role, in a team or in none; with the roles of everyone besides, where these alone do not let them and the role
    /// alone does not.
    fn having(&self, rules: &Rules, question: &Question, role: &str, team: Option<&str>) -> Footing {
        let alone = self.in_teams([role], team, SOMEONE);
        let everyone = || rules.of_everyone().iter().map(String::as_str);
        let lets = |footing: &Footing| question.decide(rules, footing).is_allowed;
        if lets(&alone) || lets(&self.in_teams(everyone(), team, SOMEONE)) {
            return alone;
        }
        self.in_teams(everyone().chain([role]), team, SOMEONE)
    }

    /// Someone in these teams, with what that brings.
    pub(super) fn holder<'b>(&self, rules: &Rules, teams: impl IntoIterator<Item = &'b str>) -> Footing {
        rules.holder(self.caller, self.whole(teams))
    }

    /// Someone whom a policy names, with what a row is about; none of a machine, which is told of by itself.
    fn with_role(
        &self,
        rules: &Rules,
        role: &str,
        team: Option<&str>,
        (kind, name): &(String, String),
    ) -> Option<Footing> {
        let role = Some(role).filter(|role| !role.is_empty());
        if role.is_none() && !team.is_some_and(|team| team.starts_with("group:")) {
            return None;
        }
        let team = team.filter(|team| team.starts_with("group:"));
        match kind.as_str() {
            // Who is known is tried as they stand, with what the row is about besides.
            "User" => {
                let known = self.known.iter().find(|one| one.subject.to_string() == *name);
                let own = known.map(|one| one.standing.teams.iter().map(String::as_str)).into_iter().flatten();
                let held = known.map(|one| rules.footing_of(one).roles).unwrap_or_default();
                Some(self.in_teams(held.iter().map(String::as_str).chain(role), own.chain(team), name))
            }
            "Team" => Some(self.in_teams(role, team.into_iter().chain([name.as_str()]), SOMEONE)),
            "Role" => Some(self.in_teams(role.into_iter().chain([name.as_str()]), team, SOMEONE)),
            _ => None,
        }
    }
}
