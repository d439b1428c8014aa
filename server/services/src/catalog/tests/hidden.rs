//! Where a policy hides things, nothing that a caller may ask tells of them.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    catalog::{
        Condition, EntityRef, Filter, ListQuery, Order, PageKey, Predicate, Query, Start, TextFilter, TroubleFilter,
    },
    identity::{RoleName, Standing, Subject},
};
use proptest::prelude::*;

use super::*;
use crate::{Error, audit, home, permission, scorecards};

/// Hides what is tagged `secret` from all who are not in the team that owns it.
const HIDING: &str = r#"@id("hide-secrets")
@says("what is tagged secret is seen by its owners")
forbid (principal, action == Action::"readCatalog", resource is Entity)
when { resource.tags.contains("secret") }
unless { principal in resource.teams };"#;

pub(super) fn thing(name: &str, tags: &str, owner: &str, spec: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  tags: [{tags}]\nspec:\n  type: service\n  lifecycle: production\n  owner: {owner}\n{spec}---\n"
    )
}

pub(super) fn group(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\nspec:\n  type: team\n  children: []\n---\n"
    )
}

pub(super) fn person(name: &str, roles: &[&str], teams: &[&str]) -> Caller {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let standing = Standing { roles: set(roles), teams: set(teams), ..Standing::default() };
    let subject = Subject::Person(format!("user:default/{name}"));
    Caller { tenant: Tenant::default(), subject, standing: Arc::new(standing) }
}

/// Everything that reading use cases say about the catalog to `caller`, as one text.
async fn all_that_is_said(world: &World, caller: &Caller, hidden: &[EntityRef]) -> String {
    let services = &world.services;
    let everything = Filter::everything();
    let mut said = String::new();
    let mut say = |what: &dyn std::fmt::Debug| writeln!(said, "{what:?}").unwrap();
    say(&catalog::query(services, caller, &Query::default()).await.unwrap());
    // Page by page, forwards, as exports read.
    let mut start = Start::Offset(0);
    loop {
        let question = catalog::Question {
            filter: &everything,
            text: None,
            predicate: None,
            order: &[],
            start: &start,
            limit: Some(2),
        };
        let page = catalog::document_page(services, caller, question).await.unwrap();
        say(&page);
        let (_, after): (_, Option<PageKey>) = catalog::entity_page(services, caller, question).await.unwrap();
        match after {
            Some(key) => start = Start::After(key),
            None => break,
        }
    }
    let facets = ["kind", "metadata.name", "metadata.tags", "relations.dependson", "relations.ownedby", "spec.owner"];
    let facets = facets.map(str::to_owned);
    say(&catalog::facets(services, caller, &everything, None, &facets).await.unwrap());
    let open = Predicate::Not(Box::new(Predicate::Is(Condition::equals("metadata.name", "nothing"))));
    say(&catalog::facets(services, caller, &everything, Some(&open), &facets).await.unwrap());
    for text in ["hid", "hiden-0", "secret", "open"] {
        say(&catalog::search(services, caller, text, &everything, 100).await.unwrap());
        let text = TextFilter { term: text.to_owned(), paths: Vec::new() };
        say(&catalog::query(services, caller, &Query { text: Some(text), ..Query::default() }).await.unwrap());
    }
    let sorted = Query { order: vec![Order::by("metadata.name", Direction::Desc)], ..Query::default() };
    say(&catalog::query(services, caller, &sorted).await.unwrap());
    let list = ListQuery {
        picks: Vec::new(),
        text: String::new(),
        order: Order::by("metadata.name", Direction::Asc),
        limit: 100,
        offset: 0,
        facets: facets.to_vec(),
    };
    say(&catalog::list(services, caller, &list).await.unwrap());
    say(&catalog::total(services, caller).await.unwrap());
    for name in ["component:open-0", "component:open-1", "group:berths"] {
        let name: EntityRef = name.parse().unwrap();
        say(&catalog::entity(services, caller, &name).await.map_err(|error| error.to_string()));
        say(&catalog::document(services, caller, &name).await.map_err(|error| error.to_string()));
        say(&catalog::neighbourhood(services, caller, &name, 4).await.map_err(|error| error.to_string()));
        say(&catalog::ancestry(services, caller, &name).await.map_err(|error| error.to_string()));
    }
    // By name, nothing is said that is not said of what is not there.
    for name in hidden {
        let not_there: EntityRef = "component:default/not-there".parse().unwrap();
        let by_name = async |name: &EntityRef| {
            let told = [
                catalog::entity(services, caller, name).await.map(|_| ()),
                catalog::document(services, caller, name).await.map(|_| ()),
                catalog::neighbourhood(services, caller, name, 2).await.map(|_| ()),
                catalog::history(services, caller, name, 10).await.map(|_| ()),
                catalog::renamed_to(services, caller, name).await.map(|_| ()),
                catalog::ancestry(services, caller, name).await.map(|_| ()),
                catalog::farewell(services, caller, name).await.map(|_| ()),
                scorecards::for_entity(services, caller, name).await.map(|_| ()),
                home::visit(services, caller, name).await,
                home::star(services, caller, name, true).await,
            ];
            told.map(|told| told.unwrap_err().to_string().replace(&name.to_string(), "NAME"))
        };
        assert_eq!(by_name(name).await, by_name(&not_there).await);
        let uid = world.entity(&name.to_string()).await.uid;
        assert!(matches!(catalog::entity_by_uid(services, caller, uid).await, Err(Error::NotFound(_))));
        assert!(matches!(catalog::document_by_uid(services, caller, uid).await, Err(Error::NotFound(_))));
        let asked = std::slice::from_ref(name);
        assert_eq!(catalog::entities(services, caller, asked).await.unwrap(), [None]);
        let asked = [Some(name.to_string().into())];
        assert_eq!(catalog::documents(services, caller, &asked, &everything, None).await.unwrap(), [None]);
    }
    say(&catalog::orphans(services, caller, None, (0, 100)).await.unwrap());
    say(&catalog::disputes(services, caller, (0, 100)).await.unwrap());
    say(&catalog::troubles(services, caller, &TroubleFilter { limit: 100, ..TroubleFilter::default() }).await.unwrap());
    say(&catalog::inbox_sizes(services, caller).await.unwrap());
    for source in catalog::sources(services, caller).await.unwrap() {
        say(&catalog::entities_of(services, caller, source.id).await.unwrap());
        say(&catalog::source(services, caller, source.id).await.unwrap());
        say(&catalog::kept_texts(services, caller, &[source.id]).await.unwrap());
    }
    // What policies say is for everyone to read.
    let mut told = changes::read(services, caller, 0, 1_000).await.unwrap();
    told.retain(|change| !change.subject.starts_with("policy:"));
    say(&told);
    let group: EntityRef = "group:berths".parse().unwrap();
    say(&catalog::history(services, caller, &group, 100).await.unwrap());
    say(&catalog::changes_around(services, caller, &group, catalog::Span::default(), 100).await.unwrap());
    say(&catalog::as_of(services, caller, &group, chrono::Utc::now()).await.unwrap().entity);
    say(&scorecards::list(services, caller).await.unwrap());
    say(&home::stars(services, caller).await.unwrap());
    said
}

/// A world with things that are open and things that are tied to them and hidden.
pub(super) async fn world_with(hidden: &[bool]) -> World {
    let world = World::new().await;
    let mut text = group("berths") + &group("harbour");
    for (number, is_hidden) in hidden.iter().enumerate() {
        let next = (number + 1) % hidden.len();
        let name = |at: usize| if hidden[at] { format!("hidden-{at}") } else { format!("open-{at}") };
        // In the relation of an open thing to a hidden one, only the relation is hidden: its own text says what it says.
        let depends = if *is_hidden { format!("  dependsOn: ['component:{}']\n", name(next)) } else { String::new() };
        let tags = if *is_hidden { "secret" } else { "plain" };
        text += &thing(&name(number), tags, "berths", &depends);
    }
    world.write(HERE, "catalog-info.yaml", &text);
    world.register(HERE).await;
    let name: RoleName = "hiding".parse().unwrap();
    let saved = permission::save_policy(&world.services, &world.caller, &name, (HIDING, ""), None).await.unwrap();
    assert_eq!(saved.problems, []);
    world
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn nothing_is_said_of_what_a_policy_hides(hidden in prop::collection::vec(any::<bool>(), 2..7)) {
        runtime().block_on(async {
            let world = world_with(&hidden).await;
            let names: Vec<EntityRef> = hidden
                .iter()
                .enumerate()
                .filter(|(_, is_hidden)| **is_hidden)
                .map(|(number, _)| format!("component:default/hidden-{number}").parse().unwrap())
                .collect();
            let stranger_to_it = person("grace", &["viewer"], &["group:default/harbour"]);
            let said = all_that_is_said(&world, &stranger_to_it, &names).await;
            for word in ["hidden-", "secret"] {
                let line = said.lines().find(|line| line.contains(word));
                assert_eq!(line, None);
            }
            let open = u32::try_from(hidden.iter().filter(|is_hidden| !**is_hidden).count()).unwrap() + 2;
            assert_eq!(catalog::total(&world.services, &stranger_to_it).await.unwrap(), open);
            // Who owns it sees all of it, and so does who is no matter of policies.
            for owner in [person("ada", &["viewer"], &["group:default/berths"]), world.caller.clone()] {
                let total = catalog::total(&world.services, &owner).await.unwrap();
                assert_eq!(total as usize, hidden.len() + 2);
            }
        });
    }
}

#[tokio::test]
async fn what_is_hidden_follows_the_catalog_and_the_policies() {
    let world = world_with(&[false, true]).await;
    let grace = person("grace", &["viewer"], &["group:default/harbour"]);
    let count = async || catalog::total(&world.services, &grace).await.unwrap();
    assert_eq!(count().await, 3);
    // A thing loses its tag, another gains one.
    let text = group("berths")
        + &group("harbour")
        + &thing("open-0", "secret", "berths", "")
        + &thing("hidden-1", "plain", "berths", "")
        + &thing("more", "plain", "berths", "");
    world.write(HERE, "catalog-info.yaml", &text);
    let source = catalog::sources(&world.services, &world.caller).await.unwrap().remove(0);
    world.sync(&source).await;
    assert_eq!(count().await, 4);
    let found = catalog::query(&world.services, &grace, &Query::default()).await.unwrap();
    let names: Vec<String> = found.items.iter().map(|entity| entity.reference.name().to_owned()).collect();
    assert_eq!(names, ["hidden-1", "more", "berths", "harbour"]);
    // The policy goes: everything is seen again.
    let name: RoleName = "hiding".parse().unwrap();
    permission::reset_policy(&world.services, &world.caller, &name).await.unwrap();
    assert_eq!(count().await, 5);
    // Without a role nothing is seen, and it is said why. (Everyone is a viewer here, so that is taken first.)
    let scoped =
        Standing { scopes: Some(BTreeSet::from([domain::identity::Verb::Run])), ..Standing::clone(&grace.standing) };
    let narrowed = Caller { standing: Arc::new(scoped), ..grace.clone() };
    let refused = catalog::query(&world.services, &narrowed, &Query::default()).await.unwrap_err();
    insta::assert_snapshot!(refused, @"`user:default/grace` may not read the catalog: the token is narrowed to run, and this is read");
}

#[tokio::test]
async fn files_and_traces_tell_nothing_of_what_is_hidden() {
    let world = world_with(&[false, true]).await;
    let grace = person("grace", &["viewer"], &["group:default/harbour"]);
    let ada = person("ada", &["viewer"], &["group:default/berths"]);
    let services = &world.services;
    let source = catalog::sources(services, &world.caller).await.unwrap().remove(0);
    // A mistake beside it opens the text of a file, and only to those who see all that it declares.
    let good = group("berths") + &group("harbour") + &thing("open-0", "plain", "berths", "");
    let bad = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: 'a b', tags: [secret] }\nspec: { owner: berths }\n";
    for (text, is_open) in [
        (good.clone() + &thing("hidden-1", "secret", "berths", "") + "kind: Component\n", false),
        (good.clone() + bad, false),
        (good.clone() + "kind: [\n", false),
        (good.clone() + "kind: Component\nmetadata: { name: 'a b' }\n", true),
    ] {
        if is_open {
            // What a file declared stands while it is rejected.
            world.write(HERE, "catalog-info.yaml", &good);
            world.sync(&source).await;
        }
        world.write(HERE, "catalog-info.yaml", &text);
        world.sync(&source).await;
        let kept = async |caller: &Caller| catalog::kept_text(services, caller, source.id, "catalog-info.yaml").await;
        assert_eq!(kept(&grace).await.is_ok(), is_open, "{text}");
        assert_eq!(kept(&ada).await.is_ok(), !text.contains("kind: ["), "{text}");
        let trace = format!("{:?}", catalog::source(services, &grace, source.id).await.unwrap());
        assert_eq!(trace.contains("is not for you to see"), !is_open, "{trace}");
        assert!(!trace.contains("hidden-1"), "{trace}");
        assert_eq!(catalog::kept_texts(services, &grace, &[source.id]).await.unwrap().len(), usize::from(is_open));
    }
    // Whoever takes its name learns that it is taken, and no more.
    world.write(HERE, "catalog-info.yaml", &(good + &thing("hidden-1", "secret", "berths", "")));
    world.sync(&source).await;
    world.write("https://a.example/two", "catalog-info.yaml", &thing("hidden-1", "plain", "harbour", ""));
    let rival = world.register("https://a.example/two").await;
    let trace = catalog::source(services, &grace, rival.id).await.unwrap();
    assert_eq!(trace.conflicts, []);
    let said = &trace.files[0].problems[0].message;
    assert_eq!(said, "this name is taken by something that is not for you to see; choose another name");
    assert_eq!(catalog::source(services, &ada, rival.id).await.unwrap().conflicts.len(), 1);
    // What is counted is what is seen.
    let count = async |caller: &Caller| catalog::sources(services, caller).await.unwrap()[0].entities;
    assert_eq!((count(&grace).await, count(&ada).await), (3, 4));
    let trace = catalog::source(services, &grace, source.id).await.unwrap();
    assert_eq!((trace.source.entities, trace.files[0].entities), (3, 3));
}

#[tokio::test]
async fn what_has_left_is_told_of_to_those_who_saw_it() {
    let world = world_with(&[false, true]).await;
    let grace = person("grace", &["viewer"], &["group:default/harbour"]);
    let ada = person("ada", &["viewer"], &["group:default/berths"]);
    let services = &world.services;
    let source = catalog::sources(services, &world.caller).await.unwrap().remove(0);
    catalog::remove_source(services, &world.caller, source.id, catalog::Entities::Remove).await.unwrap();
    let (open, hidden): (EntityRef, EntityRef) =
        ("component:open-0".parse().unwrap(), "component:hidden-1".parse().unwrap());
    for caller in [&grace, &ada, &world.caller] {
        let history = catalog::history(services, caller, &open, 10).await.unwrap();
        assert_eq!(history[0].kind, "entity-removed");
        assert!(catalog::farewell(services, caller, &open).await.unwrap().is_some());
        let told = changes::read(services, caller, 0, 1_000).await.unwrap();
        assert!(told.iter().any(|change| change.kind == "entity-removed" && change.subject == open.to_string()));
        assert!(told.iter().any(|change| change.kind == "source-removed"), "{told:?}");
    }
    assert!(catalog::history(services, &ada, &hidden, 10).await.is_ok());
    assert!(matches!(catalog::history(services, &grace, &hidden, 10).await, Err(Error::NotFound(_))));
    let told = changes::read(services, &grace, 0, 1_000).await.unwrap();
    assert!(!format!("{told:?}").contains("hidden-1"), "{told:?}");
    assert!(told.iter().any(|change| change.kind == changes::HIDDEN));
}

#[tokio::test]
async fn whom_the_catalog_does_not_know_is_at_home_too() {
    let world = world_with(&[false, true]).await;
    let stranger = person("nobody-here", &["viewer"], &["group:default/harbour"]);
    let me = home::me(&world.services, &stranger).await.unwrap();
    assert_eq!(
        (me.user.map(|user| user.to_string()).as_deref(), me.teams.len()),
        (Some("user:default/nobody-here"), 0)
    );
}

#[tokio::test]
async fn roles_are_given_taken_and_told_of() {
    let world = world_with(&[false]).await;
    let grace = person("grace", &[], &["group:default/harbour"]);
    let (services, admin) = (&world.services, &world.caller);
    let source = catalog::sources(services, admin).await.unwrap().remove(0);
    let refused = catalog::refresh(services, &grace, source.id).await.unwrap_err();
    assert!(refused.to_string().contains("`platform-engineer-runs-the-platform` would permit it"), "{refused}");
    let (role, team) = ("platform-engineer".parse().unwrap(), "group:harbour".parse().unwrap());
    permission::give_role(services, admin, &role, &team).await.unwrap();
    catalog::refresh(services, &grace, source.id).await.unwrap();
    let twice = permission::give_role(services, admin, &role, &team).await.unwrap_err();
    assert!(matches!(twice, Error::Conflict(_)), "{twice}");
    // What one may give is what one may do: not everyone gives roles.
    let nobody = permission::give_role(services, &grace, &role, &team).await.unwrap_err();
    assert!(matches!(nobody, Error::Denied(_)), "{nobody}");
    permission::take_role(services, admin, &role, &team).await.unwrap();
    assert!(catalog::refresh(services, &grace, source.id).await.is_err());
    // All of it is in the audit log, and the log is as it was written.
    let filter = audit::AuditFilter { subject: "role:platform-engineer".to_owned(), ..audit::AuditFilter::default() };
    let entries = audit::entries(services, admin, &filter, None, 10).await.unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["role-taken", "role-given"]);
    assert_eq!(entries[0].actor, "system:test");
    let verified = audit::verify(&services.db).await.unwrap();
    assert!(verified.is_ok(), "{verified:?}");
}

#[tokio::test]
async fn a_policy_that_is_wrong_or_breaks_an_example_is_not_saved() {
    let world = world_with(&[false]).await;
    let (services, admin) = (&world.services, &world.caller);
    let name: RoleName = "freeze".parse().unwrap();
    let save = async |text: &str, cases: &str| {
        permission::save_policy(services, admin, &name, (text, cases), None).await.unwrap()
    };
    let wrong = save("forbid (principal, action == Action::\"startRuns\", resource);", "").await;
    assert_eq!(wrong.problems[0].place.map(|(line, _)| line), Some(1), "{wrong:?}");
    // It breaks what the policies of developers promise.
    let broken = save("forbid (principal, action == Action::\"startRun\", resource);", "").await;
    assert!(broken.problems[0].message.contains("in `developer`: the case `starts a run`"), "{broken:?}");
    let text = "@says(\"nobody but platform engineers starts runs of what is frozen\")\nforbid (principal, action == Action::\"startRun\", resource is Template)\nwhen { resource.tags.contains(\"frozen\") } unless { principal in Role::\"platform-engineer\" };";
    let cases = "- it: is frozen\n  roles: [developer]\n  mayNot: startRun\n  on: { template: template:default/x, tags: [frozen] }\n";
    let tried = permission::preview(services, admin, &name, text, cases).await.unwrap();
    assert!(tried.problems.is_empty() && tried.cases > 10, "{tried:?}");
    assert!(
        tried
            .losses
            .iter()
            .any(|(who, what)| who == "role developer" && what.contains("on everything before, on some things after")),
        "{tried:?}"
    );
    assert_eq!(tried.gains, []);
    let saved = save(text, cases).await;
    assert_eq!(saved.problems, []);
    // Whoever looked at it before that is told.
    let late = permission::save_policy(services, admin, &name, (text, cases), Some(0)).await.unwrap_err();
    assert!(matches!(late, Error::Conflict(_)), "{late}");
    let history = permission::policy_history(services, admin, "freeze", 10).await.unwrap();
    assert_eq!(history.len(), 1);
    let who = permission::who_can(
        services,
        admin,
        domain::identity::Permission::StartRun,
        domain::identity::Target::Platform,
    )
    .await
    .unwrap();
    let roles: Vec<&str> = who.iter().map(|who| who.role.as_str()).collect();
    assert_eq!(roles, ["developer", "team-lead", "platform-engineer", "administrator"]);
}
