//! Policies that come with Causeway, and what the rules make of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use domain::identity::{Caller, Permission, Standing, Subject, Tenant};

use super::{
    Held, Keeper,
    difference::Moves,
    question::Question,
    resource::{Resource, Traits},
    rules::{Document, Extent, Rules},
    shipped::SHIPPED,
    trial::try_policies,
    who_can::those_who_can,
};
use crate::Services;

fn rules(more: &[(&str, &str)]) -> Rules {
    let texts = SHIPPED.iter().map(|(name, text, _)| (*name, *text)).chain(more.iter().copied());
    let documents = texts
        .map(|(name, text)| Document { name: name.to_owned(), policies: super::language::read(name, text).unwrap() });
    Rules::new(documents.collect(), BTreeMap::new(), BTreeSet::new()).unwrap()
}

/// What holds by these policies besides those that come with Causeway, and these roles, whatever examples they break.
fn rules_with(text: &str, grants: BTreeMap<String, BTreeSet<String>>) -> Rules {
    let texts = SHIPPED.iter().map(|(name, text, _)| (*name, *text)).chain([("tried", text)]);
    let documents = texts.map(|(name, text)| Document {
        name: name.to_owned(),
        policies: super::language::read(name, text).unwrap_or_else(|problems| panic!("{text}: {problems:?}")),
    });
    Rules::new(documents.collect(), grants, BTreeSet::from(["viewer".to_owned()])).unwrap()
}

impl Keeper {
    /// Has them hold.
    pub(crate) fn hold_rules(&self, tenant: &Tenant, text: &str, grants: BTreeMap<String, BTreeSet<String>>) {
        let rules = Some(Arc::new(rules_with(text, grants)));
        let generation = self.tenants.lock().unwrap().entry(tenant.clone()).or_default().generation + 1;
        self.tenants.lock().unwrap().insert(tenant.clone(), Held { generation, rules });
    }
}

/// Who gains and who loses what where other policies come to hold.
pub(crate) async fn moves(
    services: &Services,
    caller: &Caller,
    (before, after): (&str, &str),
    grants: BTreeMap<String, BTreeSet<String>>,
) -> (Moves, Moves) {
    let (current, draft) = (Arc::new(rules_with(before, grants.clone())), rules_with(after, grants));
    super::questions::difference(services, caller, current, draft).await.unwrap()
}

fn someone(roles: &[&str], teams: &[&str]) -> Caller {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let standing = Standing { roles: set(roles), teams: set(teams), ..Standing::default() };
    Caller {
        tenant: Tenant::default(),
        subject: Subject::Person("user:default/ada".to_owned()),
        standing: Arc::new(standing),
    }
}

#[test]
fn every_example_of_the_policies_that_come_with_causeway_holds() {
    let trial = try_policies(&[]);
    assert_eq!(trial.faults, []);
    assert!(trial.cases > 10, "{trial:?}");
}

#[test]
fn an_example_that_does_not_hold_is_told() {
    let cases = "- it: lets a viewer manage\n  roles: [viewer]\n  may: manageSources\n  on: { source: git }\n";
    let document = ("viewer".to_owned(), SHIPPED[0].1.to_owned(), cases.to_owned());
    let faults = try_policies(&[document]).faults;
    assert!(faults[0].in_cases && !faults[0].is_shipped, "{faults:?}");
    insta::assert_snapshot!(faults[0].problem, @"the case `lets a viewer manage` does not hold: they may manageSources, but it is refused: no policy permits it");
}

#[test]
fn who_reads_everything_is_known_without_looking_at_anything() {
    let rules = rules(&[]);
    let viewer = rules.footing(&someone(&["viewer"], &[]));
    assert!(rules.always(&viewer, Permission::ReadCatalog));
    assert!(!rules.could(&viewer, Permission::StartRun));
    let developer = rules.footing(&someone(&["developer"], &[]));
    assert_eq!(rules.extent(&developer, Permission::ManageSources), Extent::Some);
    let nobody = rules.footing(&someone(&[], &[]));
    assert!(!rules.could(&nobody, Permission::ReadCatalog));
}

#[test]
fn a_policy_that_forbids_is_looked_at_for_each_thing() {
    let hiding = "@id(\"hide\") forbid (principal, action == Action::\"readCatalog\", resource is Entity)\n\
                  when { resource.tags.contains(\"secret\") && !(principal in resource.teams) };";
    let rules = rules(&[("hiding", hiding)]);
    assert_eq!(rules.mentions.paths, BTreeSet::from(["metadata.tags", "relations.ownedby"]));
    assert!(!rules.mentions.names);
    let caller = someone(&["viewer"], &["group:default/a"]);
    let footing = rules.footing(&caller);
    assert!(!rules.always(&footing, Permission::ReadCatalog));
    let see = |tags: &[&str], owner: &str| {
        let traits = Traits {
            reference: "component:default/x".to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            owners: vec![owner.to_owned()],
            ..Traits::default()
        };
        rules.decide(&footing, Permission::ReadCatalog, &Resource::of_traits("Entity", &traits)).is_allowed
    };
    assert!(see(&[], "group:default/b"));
    assert!(see(&["secret"], "group:default/a"));
    assert!(!see(&["secret"], "group:default/b"));
}

#[test]
fn a_policy_that_names_one_thing_is_asked_about_each() {
    let one = "forbid (principal, action in Action::\"read\", resource == Entity::\"component:default/x\");";
    assert!(rules(&[("one", one)]).mentions.names);
    let by_name = "forbid (principal, action in Action::\"read\", resource) when { resource has name && resource.name like \"x*\" };";
    assert!(super::language::read("by-name", by_name).is_err() || rules(&[("by-name", by_name)]).mentions.names);
}

/// Who may do what with the policies that come with Causeway: nobody in particular, a viewer, a developer of another team, one
/// of the team that owns it, the lead of that team, a platform engineer, an administrator, and their token that only reads.
#[test]
fn each_role_may_what_the_documentation_says_and_nothing_else() {
    use std::fmt::Write as _;

    use domain::identity::Verb;

    let rules = rules(&[]);
    let team = "group:default/berths";
    let callers = [
        someone(&[], &[]),
        someone(&["viewer"], &[team]),
        someone(&["developer"], &["group:default/harbour"]),
        someone(&["developer"], &[team]),
        someone(&["team-lead"], &[team]),
        someone(&["platform-engineer"], &[]),
        someone(&["administrator"], &[]),
        {
            let caller = someone(&["administrator"], &[]);
            let scopes = Some(BTreeSet::from([Verb::Read]));
            Caller { standing: Arc::new(Standing { scopes, ..Standing::clone(&caller.standing) }), ..caller }
        },
    ];
    let owned = |reference: &str| Traits {
        reference: reference.to_owned(),
        owners: vec![team.to_owned()],
        ..Traits::default()
    };
    let own = [team.to_owned()];
    let things = [
        ("entity", Resource::of_traits("Entity", &owned("component:default/quay"))),
        ("template", Resource::of_traits("Template", &owned("template:default/quay"))),
        ("source", Resource::of_source("1", "git", "https://git.example/berths", &own)),
        ("place", Resource::place("https://git.example/new")),
        ("run", Resource::run("1", &owned("template:default/quay"), "user:default/someone-else")),
        ("repository", Resource::repository("berths/quay")),
        ("team", Resource::plain("Team", team)),
        ("policy", Resource::plain("Policy", "viewer")),
        ("own", Resource::plain("Own", "ada")),
        ("platform", Resource::plain("Platform", "platform")),
    ];
    let applies = |permission: Permission, resource: &Resource| {
        let action = super::language::uid("Action", permission.name());
        let kinds = super::language::schema().resources_for_action(&action).unwrap();
        kinds.into_iter().any(|kind| kind == resource.uid.type_name())
    };
    let mut told = String::new();
    for permission in Permission::ALL {
        for (name, resource) in things.iter().filter(|(_, resource)| applies(permission, resource)) {
            let may = callers.iter().map(|caller| {
                let is_allowed = super::narrowed(caller, permission).is_none()
                    && rules.decide(&rules.footing(caller), permission, resource).is_allowed;
                if is_allowed { 'y' } else { '.' }
            });
            writeln!(told, "{} {permission:?} {name}", may.collect::<String>()).unwrap();
        }
    }
    insta::assert_snapshot!(told, @r"
    .yyyyyyy ReadCatalog entity
    .yyyyyyy ReadCatalog source
    ....yyy. ManageSources entity
    ...yyyy. ManageSources source
    ..yyyyy. ManageSources place
    .....yy. ManageSources platform
    ......y. ReadServerFiles place
    .yyyyyyy ReadRuns template
    .yyyyyyy ReadRuns run
    ..yyyyy. StartRun template
    ..yyyyy. StartRun platform
    ....yyy. SteerRun run
    ....yyy. ApproveRun run
    .yyyyyyy ReadRepository repository
    ...yyyy. WriteRepository repository
    .yyyyyy. KeepOwn own
    ...yyyy. KeepTeamViews team
    ......y. ProvisionPeople platform
    ......y. ManagePeople platform
    .yyyyyy. KeepOwnTokens own
    .yyyyyyy ReadPolicies policy
    .yyyyyyy ReadPolicies platform
    ......y. ManagePolicies policy
    ......y. ManagePolicies platform
    .....yy. ReadAudit platform
    .yyyyyyy ReadMetrics platform
    ");
}

#[test]
fn what_is_forbidden_to_anybody_is_not_everybodys() {
    let quays = Resource::repository("quays/q1");
    for (closed, is_forbidden) in [
        (
            "forbid (principal is Machine, action == Action::\"readRepository\", resource is Repository) when { resource.owner == \"quays\" };",
            true,
        ),
        (
            "forbid (principal == User::\"user:default/ada\", action, resource is Repository) when { resource.owner == \"quays\" && principal in Role::\"developer\" };",
            true,
        ),
        (
            "forbid (principal, action == Action::\"readRepository\", resource is Repository) when { resource.owner == \"berths\" };",
            false,
        ),
        ("forbid (principal, action == Action::\"writeRepository\", resource is Repository);", false),
    ] {
        let rules = rules(&[("closed", closed)]);
        assert_eq!(rules.may_be_forbidden(Permission::ReadRepository, &quays), is_forbidden, "{closed}");
    }
}

#[test]
fn a_token_makes_no_tokens_whatever_its_scopes() {
    use domain::identity::{Entry, Verb};
    let caller = someone(&["administrator"], &[]);
    let standing = Standing {
        scopes: Some(BTreeSet::from(Verb::ALL)),
        source: Entry::Token("1".to_owned()),
        ..Standing::clone(&caller.standing)
    };
    let token = Caller { standing: Arc::new(standing), ..caller };
    assert!(super::narrowed(&token, Permission::KeepOwnTokens).is_some());
    assert!(super::narrowed(&token, Permission::KeepOwn).is_none());
}

#[test]
fn what_is_used_on_one_thing_alone_is_tried_and_not_told_as_perhaps() {
    let rules = rules(&[
        (
            "one",
            "permit (principal, action == Action::\"readAudit\", resource) when { principal == User::\"user:default/ada\" };",
        ),
        (
            "runs",
            "permit (principal, action == Action::\"steerRun\", resource) when { principal == User::\"user:default/ada\" && resource.template.kind == \"template\" };",
        ),
        ("things", "permit (principal, action, resource is Entity) when { resource.kind == \"component\" };"),
    ]);
    let extent = |caller: &Caller, permission| rules.extent(&rules.footing(caller), permission);
    let ada = someone(&["viewer"], &[]);
    let grace = Caller { subject: Subject::Person("user:default/grace".to_owned()), ..ada.clone() };
    assert_eq!(extent(&ada, Permission::ReadAudit), Extent::Everything);
    assert_eq!(extent(&grace, Permission::ReadAudit), Extent::Nothing);
    // Who is known, so a condition on who is decided, whatever it is about.
    assert_eq!(extent(&ada, Permission::SteerRun), Extent::Some);
    assert_eq!(extent(&grace, Permission::SteerRun), Extent::Nothing);
    // A policy about entities permits nothing on the platform.
    for permission in [Permission::ManagePeople, Permission::ManagePolicies] {
        assert_eq!(extent(&grace, permission), Extent::Nothing, "{permission}");
    }
}

#[test]
fn a_condition_on_who_is_decided_wherever_it_stands() {
    let rules = rules(&[(
        "late",
        "permit (principal, action == Action::\"readServerFiles\", resource is Place) when { resource.address like \"/srv/*\" && principal == User::\"user:default/ada\" };\n\
         permit (principal, action == Action::\"manageSources\", resource is Place) when { if resource.address like \"https://*\" then principal in Team::\"group:default/quays\" else principal == User::\"user:default/ada\" };\n\
         permit (principal, action == Action::\"approveRun\", resource is Run) when { resource.template.kind == \"x\" || principal == User::\"user:default/ada\" };\n\
         forbid (principal, action == Action::\"readRepository\", resource) when { resource.owner == \"quays\" && principal == User::\"user:default/ada\" };",
    )]);
    let extent = |caller: &Caller, permission| rules.extent(&rules.footing(caller), permission);
    let ada = someone(&["viewer"], &[]);
    let grace = Caller { subject: Subject::Person("user:default/grace".to_owned()), ..ada.clone() };
    assert_eq!(extent(&ada, Permission::ReadServerFiles), Extent::Some);
    assert_eq!(extent(&grace, Permission::ReadServerFiles), Extent::Nothing);
    assert_eq!(extent(&ada, Permission::ManageSources), Extent::Some);
    assert_eq!(extent(&grace, Permission::ManageSources), Extent::Nothing);
    assert_eq!(extent(&ada, Permission::ApproveRun), Extent::Everything);
    assert_eq!(extent(&grace, Permission::ApproveRun), Extent::Some);
    assert_eq!(extent(&ada, Permission::ReadRepository), Extent::Some);
    assert_eq!(extent(&grace, Permission::ReadRepository), Extent::Everything);
}

#[test]
fn those_who_are_tied_to_a_thing_are_told_by_name() {
    let rules = rules(&[]);
    let ada = Caller {
        subject: Subject::Person("user:default/ada".to_owned()),
        ..someone(&["developer"], &["group:default/berths"])
    };
    let told = |permission, resource: &Resource| {
        let question = Question::about(permission, resource.clone());
        let people = std::slice::from_ref(&ada);
        let found = those_who_can(&rules, &someone(&[], &[]), (&[], people), &HashMap::new(), &question);
        found.into_iter().map(|who| format!("{} {}", who.role, who.of.unwrap_or_default())).collect::<Vec<_>>()
    };
    let template = Traits { reference: "template:default/paper".to_owned(), ..Traits::default() };
    let hers = Resource::run("1", &template, "user:default/ada");
    assert!(told(Permission::SteerRun, &hers).contains(&" user:default/ada".to_owned()), "she started it");
    let other = Resource::run("1", &template, "user:default/grace");
    assert!(!told(Permission::SteerRun, &other).contains(&" user:default/ada".to_owned()));
    let source = Resource::of_source("1", "url", "https://a.example/x", &["user:default/ada".to_owned()]);
    assert!(told(Permission::ManageSources, &source).contains(&" user:default/ada".to_owned()), "it is hers");
    let team = Resource::team("group:default/berths");
    assert!(told(Permission::KeepTeamViews, &team).contains(&"developer group:default/berths".to_owned()));
}

#[test]
fn whom_a_policy_forbids_a_thing_by_name_is_told_as_an_exception() {
    let rules = rules(&[(
        "not-they",
        "forbid (principal == User::\"user:default/adam\", action == Action::\"readAudit\", resource);\n\
         forbid (principal in Team::\"group:default/berths\", action == Action::\"readAudit\", resource);",
    )]);
    let platform = Resource::plain("Platform", "platform");
    let question = Question::about(Permission::ReadAudit, platform);
    let found = those_who_can(&rules, &someone(&[], &[]), (&[], &[]), &HashMap::new(), &question);
    let engineers = found.iter().find(|who| who.role == "platform-engineer").unwrap();
    assert_eq!(engineers.except, ["group:default/berths", "user:default/adam"]);
}

/// Who can do a thing, as `role in team except …`, where policies say more than those that are shipped.
fn told(more: &str, above: &[(&str, &str)], (permission, resource): (Permission, &Resource)) -> Vec<String> {
    let rules = rules(&[("more", more)]);
    let above = above.iter().map(|(team, above)| ((*team).to_owned(), vec![(*above).to_owned()])).collect();
    let question = Question::about(permission, resource.clone());
    let found = those_who_can(&rules, &someone(&[], &[]), (&[], &[]), &above, &question);
    let row = |who: super::who_can::WhoCan| {
        format!("{} in {} except {}", who.role, who.of.unwrap_or_default(), who.except.join(" "))
    };
    found.into_iter().map(row).collect()
}

#[test]
fn those_to_whom_a_policy_leaves_a_thing_are_told() {
    let run = Traits { reference: "template:default/paper".to_owned(), ..Traits::default() };
    let run = Resource::run("1", &run, "user:default/grace");
    let only = "forbid (principal, action == Action::\"approveRun\", resource) \
                unless { principal in Team::\"group:default/paved-road\" };";
    let rows = told(only, &[], (Permission::ApproveRun, &run));
    assert!(rows.iter().any(|row| row.starts_with("platform-engineer in group:default/paved-road ")), "{rows:?}");
    // What a permit leaves out is an exception like what is forbidden.
    let platform = Resource::plain("Platform", "platform");
    let without = "permit (principal in Role::\"auditor\", action == Action::\"readAudit\", resource) \
                   unless { principal == User::\"user:default/adam\" };";
    let rows = told(without, &[], (Permission::ReadAudit, &platform));
    let auditors = rows.iter().find(|row| row.starts_with("auditor ")).unwrap();
    assert!(auditors.contains("user:default/adam"), "{rows:?}");
}

#[test]
fn what_is_said_of_a_department_holds_for_its_teams() {
    let above =
        [("group:default/signalling", "group:default/railops"), ("group:default/tracks", "group:default/railops")];
    let team = Resource::team("group:default/signalling");
    let closed =
        "forbid (principal in Team::\"group:default/railops\", action == Action::\"keepTeamViews\", resource);";
    let rows = told(closed, &above, (Permission::KeepTeamViews, &team));
    assert!(!rows.iter().any(|row| row.starts_with("developer in group:default/signalling")), "{rows:?}");
    // And what is said of a team below is an exception of its department.
    let team = Resource::team("group:default/railops");
    let closed = "forbid (principal in Team::\"group:default/tracks\", action == Action::\"keepTeamViews\", resource);";
    let rows = told(closed, &above, (Permission::KeepTeamViews, &team));
    let developers = rows.iter().find(|row| row.starts_with("developer in group:default/railops")).unwrap();
    assert!(developers.contains("group:default/tracks"), "{rows:?}");
}
