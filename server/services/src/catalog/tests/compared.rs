//! Whatever the policies are: who is said to be able to do a thing is who may do it when they ask themselves.

use std::collections::{BTreeMap, BTreeSet};

use domain::identity::{Permission, Standing, Subject, Target};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{
    hidden::{runtime, thing},
    *,
};
use crate::{
    Error,
    identity::{self, Person},
    permission::{self, WhoCan},
    runs,
};

/// Teams, each with the one above it.
const TEAMS: [(&str, &str); 7] = [
    ("railops", ""),
    ("signalling", "railops"),
    ("tracks", "railops"),
    ("finance", ""),
    ("billing", "finance"),
    ("payroll", "finance"),
    ("paved-road", ""),
];

/// People, each with their teams.
const PEOPLE: [(&str, &str); 12] = [
    ("ada", "signalling"),
    ("ben", "signalling, billing"),
    ("cleo", "tracks"),
    ("dan", "railops"),
    ("eve", "billing"),
    ("finn", "payroll, paved-road"),
    ("gus", "finance"),
    ("hana", "paved-road"),
    ("ivo", "paved-road, tracks"),
    ("jon", ""),
    ("kim", "railops, finance"),
    ("lea", "payroll"),
];

const ROLES: [&str; 6] = ["developer", "team-lead", "platform-engineer", "administrator", "auditor", "contractor"];

/// What is asked, about what, and the kind that policies call that.
type Asked = (Permission, &'static str, &'static str);

/// Roles by whom they were given to.
type Grants = BTreeMap<String, BTreeSet<String>>;

const ASKED: [Asked; 12] = [
    (Permission::StartRun, "template", "Template"),
    (Permission::ApproveRun, "run", "Run"),
    (Permission::SteerRun, "run", "Run"),
    (Permission::ReadRuns, "run", "Run"),
    (Permission::ManageSources, "entity", "Entity"),
    (Permission::ReadCatalog, "entity", "Entity"),
    (Permission::ManageSources, "source", "Source"),
    (Permission::ManageSources, "place", "Place"),
    (Permission::WriteRepository, "repository", "Repository"),
    (Permission::KeepTeamViews, "team", "Team"),
    (Permission::ReadAudit, "platform", "Platform"),
    (Permission::ManagePolicies, "platform", "Platform"),
];

fn catalog_info(tag: &str) -> String {
    let mut text = String::new();
    for (name, above) in TEAMS {
        let above = if above.is_empty() { String::new() } else { format!(", parent: {above}") };
        writeln!(text, "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{ name: {name} }}\nspec: {{ type: team, children: []{above} }}\n---").unwrap();
    }
    for (name, teams) in PEOPLE {
        writeln!(text, "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{ name: {name} }}\nspec: {{ memberOf: [{teams}] }}\n---").unwrap();
    }
    text += &thing("quay", "open", "signalling", "");
    writeln!(text, "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {{ name: paper, tags: [{tag}] }}\nspec: {{ type: docs, owner: signalling, approval: required, steps: [{{ id: log, action: 'debug:log', input: {{ message: x }} }}] }}\n---").unwrap();
    text
}

fn caller(name: &str, teams: BTreeSet<String>) -> Caller {
    let standing = Standing { teams, ..Standing::default() };
    let subject = Subject::Person(format!("user:default/{name}"));
    Caller { tenant: Tenant::default(), subject, standing: Arc::new(standing) }
}

fn any_of(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

fn team() -> impl Strategy<Value = &'static str> {
    prop::sample::select(TEAMS.map(|(name, _)| name).to_vec())
}

fn who() -> impl Strategy<Value = &'static str> {
    prop::sample::select(PEOPLE.map(|(name, _)| name).to_vec())
}

/// A condition about someone and a thing of this kind.
fn condition(kind: &'static str) -> BoxedStrategy<String> {
    let about: &[&str] = match kind {
        "Entity" | "Template" => &[
            "resource.tags.contains(\"open\")",
            "resource.tags.contains(\"other\")",
            "principal in resource.teams",
            "principal in resource.people",
        ],
        "Run" => &[
            "resource.template.tags.contains(\"then\")",
            "resource.template.tags.contains(\"now\")",
            "principal in resource.teams",
            "(resource has startedBy && resource.startedBy == principal)",
        ],
        "Source" => &["principal in resource.teams", "resource.kind == \"url\""],
        "Repository" => &["principal in resource.teams", "resource.owner == \"billing\""],
        "Team" => &["principal in resource"],
        "Place" => &["resource.address like \"https://*\""],
        _ => &["true"],
    };
    let about = any_of(Box::leak(about.to_vec().into_boxed_slice())).prop_map(str::to_owned);
    let leaf = prop_oneof![
        2 => about,
        2 => team().prop_map(|team| format!("principal in Team::\"group:default/{team}\"")),
        1 => who().prop_map(|who| format!("principal == User::\"user:default/{who}\"")),
        2 => prop::sample::select(ROLES.to_vec()).prop_map(|role| format!("principal in Role::\"{role}\"")),
    ];
    leaf.prop_recursive(2, 5, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} && {other})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} || {other})")),
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
        ]
    })
    .boxed()
}

/// A policy about this permission on this kind of thing.
fn policy((permission, _, kind): Asked) -> BoxedStrategy<String> {
    let scope = prop_oneof![
        3 => Just("principal".to_owned()),
        1 => team().prop_map(|team| format!("principal in Team::\"group:default/{team}\"")),
        1 => who().prop_map(|who| format!("principal == User::\"user:default/{who}\"")),
        2 => prop::sample::select(ROLES.to_vec()).prop_map(|role| format!("principal in Role::\"{role}\"")),
    ];
    let clauses = prop::collection::vec((any_of(&["when", "unless"]), condition(kind)), 0..3);
    (any_of(&["permit", "forbid"]), scope, clauses)
        .prop_map(move |(effect, scope, clauses)| {
            let clauses = clauses
                .iter()
                .fold(String::new(), |said, (word, condition)| format!("{said}\n{word} {{ {condition} }}"));
            format!("{effect} ({scope}, action == Action::\"{}\", resource is {kind}){clauses};", permission.name())
        })
        .boxed()
}

/// Policies and roles, and what is asked.
fn situation() -> impl Strategy<Value = (Asked, Vec<String>, Grants)> {
    let holder = prop_oneof![
        team().prop_map(|team| format!("group:default/{team}")),
        who().prop_map(|who| format!("user:default/{who}")),
    ];
    let role = prop::sample::select(ROLES.to_vec()).prop_map(str::to_owned);
    let grants = prop::collection::btree_map(holder, prop::collection::btree_set(role, 1..3), 1..6);
    prop::sample::select(ASKED.to_vec()).prop_flat_map(move |asked| {
        let also = ASKED.iter().copied().find(|(permission, ..)| *permission == Permission::ReadCatalog).unwrap();
        let hiding = policy(also).prop_map(|policy| vec![policy]);
        let hiding = prop_oneof![4 => Just(Vec::new()), 1 => hiding];
        let policies = (prop::collection::vec(policy(asked), 1..4), hiding).prop_map(|(mut policies, hiding)| {
            policies.extend(hiding);
            policies
        });
        (Just(asked), policies, grants.clone())
    })
}

/// The same situations each time: a contradiction is found by whoever makes it. More of them are tried with a larger number, and others
/// with `TestRunner::new`.
fn runner() -> TestRunner {
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::default()))
}

/// Whether an answer says that someone can.
fn says(rows: &[WhoCan], who: &Caller, roles: &BTreeSet<String>) -> bool {
    let label = who.subject.to_string();
    let is_in = |name: &String| who.standing.teams.contains(name);
    rows.iter().any(|row| {
        let is_meant = match (&row.of, row.role.is_empty()) {
            (None, true) => row.holders.contains(&label),
            (Some(of), true) => *of == label || is_in(of),
            (of, false) => roles.contains(&row.role) && of.as_ref().is_none_or(is_in),
        };
        let is_out = row.except.iter().any(|name| {
            *name == label || is_in(name) || name.strip_prefix("role ").is_some_and(|role| roles.contains(role))
        });
        is_meant && !is_out
    })
}

struct Stage {
    world: World,
    run: uuid::Uuid,
    source: uuid::Uuid,
    people: Vec<Caller>,
}

impl Stage {
    /// A catalog, with a run that waits, of a template that was altered since.
    async fn new() -> Self {
        let mut world = World::new().await;
        world.write(HERE, "catalog-info.yaml", &catalog_info("then"));
        let source = world.register(HERE).await;
        world.caller = Caller::new(Tenant::default(), Subject::Administrator);
        let mut people = Vec::new();
        for (name, _) in PEOPLE {
            let who = format!("user:default/{name}");
            match identity::person(&world.services, &Tenant::default(), &who).await.unwrap() {
                Person::In(teams) => people.push(caller(name, teams)),
                other => panic!("{name} is {other:?}"),
            }
        }
        let developers = BTreeMap::from([("user:default/ben".to_owned(), BTreeSet::from(["developer".to_owned()]))]);
        world.services.permission.hold_rules(&Tenant::default(), "", developers);
        let template = "template:default/paper".parse().unwrap();
        let new = runs::NewRun { template, values: serde_json::Map::new(), secrets: serde_json::Map::new() };
        let run = runs::start(&world.services, &people[1], new).await.map_err(|why| format!("{why:?}")).unwrap();
        world.write(HERE, "catalog-info.yaml", &catalog_info("now"));
        world.sync(&source).await;
        Self { run: run.summary.id, source: source.id, people, world }
    }

    fn target<'a>(&self, thing: &str, names: &'a [EntityRef; 3]) -> Target<'a> {
        match thing {
            "template" => Target::Template(&names[0]),
            "entity" => Target::Entity(&names[1]),
            "team" => Target::Team(&names[2]),
            "run" => Target::Run(self.run),
            "source" => Target::Source(self.source),
            "place" => Target::Place("https://git.example/new"),
            "repository" => Target::Repository("billing/books"),
            _ => Target::Platform,
        }
    }

    async fn may(&self, who: &Caller, permission: Permission, target: Target<'_>) -> bool {
        match permission::why(&self.world.services, who, permission, target).await {
            Ok((is_allowed, ..)) => is_allowed,
            Err(Error::NotFound(_)) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn who_is_said_to_be_able_to_do_a_thing_is_who_may() {
    let runtime = runtime();
    let stage = runtime.block_on(Stage::new());
    let names = ["template:default/paper", "component:default/quay", "group:default/signalling"];
    let names = names.map(|name| name.parse::<EntityRef>().unwrap());
    let tenant = Tenant::default();
    let mut runner = runner();
    let compared = runner.run(&situation(), |((permission, thing, _), policies, grants)| {
        let text = policies.join("\n");
        runtime.block_on(async {
            let services = &stage.world.services;
            services.permission.hold_rules(&tenant, &text, grants.clone());
            let target = stage.target(thing, &names);
            let rows = permission::who_can(services, &stage.world.caller, permission, target).await.unwrap();
            for who in &stage.people {
                let roles = permission::roles_of(services, who).await.unwrap();
                let (may, said) = (stage.may(who, permission, target).await, says(&rows, who, &roles));
                let label = who.label();
                prop_assert_eq!(said, may, "{} {} {}: said, may\n{}\n{:#?}", label, permission, thing, text, rows);
                // Whoever is named as a holder of a role can by it.
                let held = rows.iter().filter(|row| row.holders.contains(&label.to_owned()));
                for row in held {
                    prop_assert!(may, "{} holds {} in vain\n{}\n{:#?}", label, row.role, text, rows);
                }
            }
            Ok(())
        })
    });
    if let Err(failed) = compared {
        panic!("{failed}");
    }
}

/// Whether a line of a preview tells of someone, about a thing of these teams.
fn tells_of(line: &str, who: &Caller, roles: &BTreeSet<String>, own: &[&str]) -> bool {
    let label = who.subject.to_string();
    let is_in = |team: &str| who.standing.teams.contains(team);
    if let Some(team) = line.strip_prefix("whoever is in ") {
        return is_in(team);
    }
    let Some(rest) = line.strip_prefix("role ") else {
        return line.split(", ").any(|name| name == label) || line.contains(" and ");
    };
    let (role, tie) = rest.split_once(", ").unwrap_or((rest, ""));
    let is_tied = match tie.split_once(' ') {
        Some(("in", "the owning team")) => own.iter().any(|team| is_in(team)),
        Some(("in", team)) => is_in(team),
        Some(("owning", _)) => false,
        None | Some(_) => true,
    };
    is_tied && roles.contains(role)
}

#[test]
fn whoever_gains_or_loses_by_a_draft_is_told_of_in_its_preview() {
    let runtime = runtime();
    let stage = runtime.block_on(Stage::new());
    let names = ["template:default/paper", "component:default/quay", "group:default/signalling"];
    let names = names.map(|name| name.parse::<EntityRef>().unwrap());
    let tenant = Tenant::default();
    let mut runner = runner();
    let compared = runner.run(&situation(), |((permission, thing, _), mut policies, grants)| {
        let after = policies.join("\n");
        policies.pop();
        let before = policies.join("\n");
        runtime.block_on(async {
            let services = &stage.world.services;
            // Runs that come to be: what was started stays as it was.
            let target = if thing == "run" { Target::RunsOf(&names[0]) } else { stage.target(thing, &names) };
            let own = match thing {
                "repository" => ["group:default/billing"],
                _ => ["group:default/signalling"],
            };
            for (before, after) in [(&before, &after), (&after, &before)] {
                let texts = (before.as_str(), after.as_str());
                let (gains, losses) =
                    permission::tests::moves(services, &stage.world.caller, texts, grants.clone()).await;
                let mut moved = Vec::new();
                for text in [before, after] {
                    services.permission.hold_rules(&tenant, text, grants.clone());
                    let mut may = Vec::new();
                    for who in &stage.people {
                        may.push(stage.may(who, permission, target).await);
                    }
                    moved.push(may);
                }
                for (at, who) in stage.people.iter().enumerate() {
                    let lines = match (moved[0][at], moved[1][at]) {
                        (false, true) => &gains,
                        (true, false) => &losses,
                        _ => continue,
                    };
                    let roles = permission::roles_of(services, who).await.unwrap();
                    // What is hidden is lost with all that could be done with it, and is told of as no longer read.
                    let starts = [permission, Permission::ReadCatalog].map(|permission| format!("{permission}: "));
                    let is_told = lines.iter().any(|(line, what)| {
                        starts.iter().any(|start| what.starts_with(start)) && tells_of(line, who, &roles, &own)
                    });
                    prop_assert!(
                        is_told,
                        "{} {} {}\nbefore:\n{}\nafter:\n{}\n{:?}\n+ {:#?}\n- {:#?}",
                        who.label(),
                        permission,
                        thing,
                        before,
                        after,
                        grants,
                        gains,
                        losses
                    );
                }
            }
            Ok(())
        })
    });
    if let Err(failed) = compared {
        panic!("{failed}");
    }
}
