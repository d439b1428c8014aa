//! What is told of drafts, without a database.

use std::{collections::BTreeMap, fmt::Write as _};

use domain::identity::{Caller, Subject, Tenant};

use super::{MOST, TOLD, World, compare, named_people};
use crate::permission::{
    language,
    resource::Traits,
    rules::{Document, Rules},
    shipped::SHIPPED,
};

fn rules(more: &[(&str, &str)]) -> Rules {
    let texts = SHIPPED.iter().map(|(name, text, _)| (*name, *text)).chain(more.iter().copied());
    let documents =
        texts.map(|(name, text)| Document { name: name.to_owned(), policies: language::read(name, text).unwrap() });
    let everyone = ["viewer".to_owned()].into();
    Rules::new(documents.collect(), BTreeMap::new(), everyone).unwrap()
}

fn entity(reference: &str, tag: &str, owner: &str) -> Traits {
    let tags = if tag.is_empty() { Vec::new() } else { vec![tag.to_owned()] };
    Traits { reference: reference.to_owned(), tags, owners: vec![owner.to_owned()], ..Traits::default() }
}

/// What a draft comes to: gains with a plus, losses with a minus.
fn told(before: &[(&str, &str)], after: &[(&str, &str)], sample: &[Traits]) -> Vec<String> {
    told_of(before, after, sample, &[])
}

/// The same where teams have others above them.
fn told_of(before: &[(&str, &str)], after: &[(&str, &str)], sample: &[Traits], above: &[(&str, &str)]) -> Vec<String> {
    let (current, draft) = (rules(before), rules(after));
    let sources = [(
        "1".to_owned(),
        "git".to_owned(),
        "https://git.example/berths".to_owned(),
        vec!["group:default/berths".to_owned()],
    )];
    let above = above.iter().map(|(team, above)| ((*team).to_owned(), vec![(*above).to_owned()])).collect();
    let world = World::of(sample, &sources, [&current, &draft]).below(above);
    let caller = Caller::system(Tenant::default(), "tests");
    let people = named_people(&current, &draft).into_iter().map(Subject::Person);
    let known: Vec<Caller> = people.map(|person| Caller::new(Tenant::default(), person)).collect();
    let (gains, losses) = compare(&current, &draft, &caller, (&known, &[]), &world);
    let line = |sign: char| move |(who, what): (String, String)| format!("{sign} {who}: {what}");
    gains.into_iter().map(line('+')).chain(losses.into_iter().map(line('-'))).collect()
}

#[test]
fn each_permission_is_tried_on_each_kind_of_thing() {
    let sample = [
        entity("component:default/quay", "docs", "group:default/berths"),
        entity("template:default/paper", "", "user:default/grace"),
        entity("group:default/berths", "", ""),
    ];
    for (text, line) in [
        (
            "forbid (principal in Role::\"developer\", action == Action::\"steerRun\", resource) when { resource has startedBy && resource.startedBy == principal };",
            "- role developer, having started it: cancel or retry runs: the runs of 1 of 1 templates looked at, such as `template:default/paper`",
        ),
        (
            "permit (principal in Role::\"viewer\", action == Action::\"manageSources\", resource is Source) when { resource.kind == \"git\" };",
            "+ role viewer: manage sources: 1 of 1 sources looked at, such as `source:1`",
        ),
        (
            "permit (principal, action == Action::\"steerRun\", resource is Run) when { resource has startedBy && resource.startedBy == User::\"user:default/ada\" };",
            "+ role viewer: cancel or retry runs: the runs of 1 of 1 pairs looked at of a template and who starts it, such as `template:default/paper` and `user:default/ada`",
        ),
        (
            "forbid (principal, action == Action::\"readRuns\", resource is Run) when { resource has startedByMachine && resource.startedByMachine == Machine::\"ci\" };",
            "- role viewer: see templates and runs: the runs of 1 of 1 pairs looked at of a template and who starts it, such as `template:default/paper` and `machine:ci`",
        ),
        (
            "forbid (principal == User::\"user:default/adam\", action, resource);",
            "- user:default/adam: read the catalog: on everything before, on nothing after",
        ),
        (
            "forbid (principal, action == Action::\"manageSources\", resource is Place) when { resource.address like \"https://elsewhere.example/*\" };",
            "- role developer: manage sources: 1 of 3 places looked at, such as `https://elsewhere.example/x`",
        ),
        (
            "permit (principal in Role::\"viewer\", action == Action::\"keepTeamViews\", resource) when { principal in resource };",
            "+ role viewer, in the owning team: change the views of a team: 1 of 1 teams looked at, such as `group:default/berths`",
        ),
        (
            "forbid (principal in Role::\"platform-engineer\", action == Action::\"readAudit\", resource);",
            "- role platform-engineer: read the audit log: on everything before, on nothing after",
        ),
        (
            "forbid (principal, action == Action::\"readPolicies\", resource == Policy::\"viewer\");",
            "- role viewer: see policies and roles: 1 of 7 policy documents looked at, such as `viewer`",
        ),
        (
            "forbid (principal, action == Action::\"startRun\", resource is Template) when { principal in resource.people };",
            "- role developer, owning it themselves: start runs: 1 of 1 templates looked at, such as `template:default/paper`",
        ),
        (
            "forbid (principal in Team::\"group:default/quays\", action == Action::\"keepOwn\", resource);",
            "- role viewer, in group:default/quays: keep stars and views of their own: on everything before, on nothing after",
        ),
        (
            "forbid (principal == User::\"user:default/grace\", action == Action::\"readCatalog\", resource is Entity) when { resource.kind == \"component\" };",
            "- user:default/grace: read the catalog: 1 of 3 entities looked at, such as `component:default/quay`",
        ),
    ] {
        let told = told(&[], &[("draft", text)], &sample);
        assert!(told.iter().any(|told| told == line), "{line}\n{told:#?}");
    }
    assert!(told(&[], &[("draft", "// nothing")], &sample).is_empty());
    // Whoever has a role of an organisation's own has what everyone has besides.
    let own = "forbid (principal in Role::\"contractor\", action == Action::\"readCatalog\", resource is Entity);";
    let told = told(&[], &[("draft", own)], &sample);
    assert!(told.iter().any(|told| told.starts_with("- role contractor: read the catalog")), "{told:#?}");
}

#[test]
fn what_weighs_most_is_told_first_and_how_much_is_left_out() {
    let mut text = String::new();
    for number in 0..60 {
        let actions = "[Action::\"startRun\", Action::\"steerRun\", Action::\"approveRun\", Action::\"manageSources\"]";
        let _ =
            writeln!(text, "permit (principal == User::\"user:default/u{number}\", action in {actions}, resource);");
    }
    text += "permit (principal == User::\"user:default/vera\", action == Action::\"managePolicies\", resource);";
    let told = told(&[], &[("draft", &text)], &[]);
    assert!(told[0].starts_with("+ user:default/vera: change policies"), "{told:#?}");
    assert_eq!(told.len(), TOLD + 1);
    assert!(
        told[TOLD].starts_with("+ ") && told[TOLD].contains(" more: differences like these are not listed"),
        "{}",
        told[TOLD]
    );
}

#[test]
fn a_large_catalog_is_looked_at_in_part_and_what_a_policy_names_in_any_case() {
    let all: Vec<Traits> = (0..4_000)
        .map(|number| entity(&format!("component:default/c{number}"), "", &format!("group:default/t{}", number % 7)))
        .collect();
    // Those that policies cannot tell apart are one question, and all of them count.
    let text = "forbid (principal, action == Action::\"readCatalog\", resource is Entity) when { resource.kind == \"component\" };";
    let told_of_all = told(&[], &[("draft", text)], &all);
    assert!(
        told_of_all.iter().any(|line| line.starts_with("- role viewer: read the catalog: 4000 of 4000 entities")),
        "{told_of_all:#?}"
    );
    let one = "forbid (principal, action == Action::\"readCatalog\", resource == Entity::\"component:default/c3999\");";
    let rules = [rules(&[]), rules(&[("draft", one)])];
    assert!(World::of(&all, &[], [&rules[0], &rules[1]]).len() * 5 * 4 * 2 > MOST);
    let told_of_one = told(&[], &[("draft", one)], &all);
    assert!(
        told_of_one.iter().any(|line| line.starts_with("- role viewer: read the catalog: 1 of ")
            && line.ends_with("such as `component:default/c3999`")),
        "{told_of_one:#?}"
    );
}

#[test]
fn what_a_department_loses_its_teams_lose() {
    let sample = [
        entity("template:default/paper", "", "group:default/signalling"),
        entity("group:default/signalling", "", ""),
        entity("group:default/railops", "", ""),
    ];
    let text =
        "forbid (principal in Team::\"group:default/railops\", action == Action::\"approveRun\", resource is Run);";
    let above = [("group:default/signalling", "group:default/railops")];
    let told = told_of(&[], &[("draft", text)], &sample, &above);
    assert!(told.iter().any(|line| line.starts_with("- role team-lead, in the owning team: ")), "{told:#?}");
}
