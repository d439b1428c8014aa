//! Who a source makes members of a team, and who it may not.

use domain::catalog::{NewSource, SourceKind, Trust};
use proptest::prelude::*;

use super::{hidden::person, *};
use crate::{
    Error,
    identity::{self, Person},
};

const PEOPLE: &str = "https://corp.example/people.git";
const ELSEWHERE: &str = "https://anywhere.example/evil";

fn group(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\nspec:\n  type: team\n  children: []\n{spec}---\n"
    )
}

fn user(name: &str, member_of: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: {name}\nspec:\n  memberOf: [{member_of}]\n---\n"
    )
}

/// The teams that count for someone, without their kind and namespace.
async fn teams(world: &World, name: &str) -> String {
    identity::forget_all(&world.services).await.unwrap();
    let who = format!("user:default/{name}");
    match identity::person(&world.services, &world.caller.tenant, &who).await.unwrap() {
        Person::In(teams) => teams.iter().map(|team| team.rsplit('/').next().unwrap()).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    }
}

/// A source of people that counts, and one that a developer added.
async fn world() -> (World, Source) {
    let world = World::new().await;
    let people =
        group("platform", "") + &group("berths", "  parent: platform\n") + &user("ada", "quays") + &user("eve", "");
    world.write(PEOPLE, "catalog-info.yaml", &(people + &group("quays", "")));
    world.register(PEOPLE).await;
    // Up into a team that has more, by every field that can say it.
    let evil = group("evil", "  parent: platform\n  members: [eve]\n")
        + &group("wicked", "  children: [berths]\n  members: [eve]\n").replacen("  children: []\n", "", 1)
        + &user("mallory", "platform");
    world.write(ELSEWHERE, "catalog-info.yaml", &evil);
    let developer = person("eve", &["developer"], &[]);
    let new = NewSource::new(SourceKind::Url, ELSEWHERE);
    let source = catalog::register(&world.services, &developer, new).await.unwrap();
    let source = world.sync(&source).await;
    (world, source)
}

#[tokio::test]
async fn whoever_may_add_a_source_makes_nobody_a_member_of_a_team() {
    let (world, source) = world().await;
    assert_eq!(source.trust, Trust::None);
    assert_eq!(teams(&world, "ada").await, "quays");
    assert_eq!((teams(&world, "eve").await, teams(&world, "mallory").await), (String::new(), String::new()));
    // It is in the catalog all the same, for whoever looks.
    let eve = "user:default/eve".parse().unwrap();
    let shown = catalog::teams_of(&world.services, &world.caller, &eve).await.unwrap();
    assert_eq!(shown.iter().map(EntityRef::name).collect::<Vec<_>>(), ["evil", "wicked"]);
    // Who may, decides otherwise; who added it may not.
    let developer = person("eve", &["developer"], &[]);
    let refused = catalog::set_trust(&world.services, &developer, source.id, Trust::All).await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    catalog::set_trust(&world.services, &world.caller, source.id, Trust::All).await.unwrap();
    assert_eq!(teams(&world, "eve").await, "evil platform wicked");
    assert_eq!(teams(&world, "mallory").await, "platform");
    // Only a forge tells of people itself.
    let own = catalog::set_trust(&world.services, &world.caller, source.id, Trust::Own).await;
    assert!(matches!(own, Err(Error::Rejected(_))), "{own:?}");
}

#[tokio::test]
async fn trust_is_asked_for_by_those_who_may_decide_and_stays_with_the_place() {
    let (world, _) = world().await;
    let developer = person("eve", &["developer"], &[]);
    let wish = |target: &str, trust| NewSource { trust: Some(trust), ..NewSource::new(SourceKind::Url, target) };
    let asked = catalog::register(&world.services, &developer, wish("https://a.example/x", Trust::All)).await;
    assert!(matches!(asked, Err(Error::Denied(_))), "{asked:?}");
    let left =
        catalog::register(&world.services, &world.caller, wish("https://b.example/x", Trust::None)).await.unwrap();
    assert_eq!(left.trust, Trust::None);
    let own = catalog::register(&world.services, &world.caller, wish("https://c.example/x", Trust::Own)).await;
    assert!(matches!(own, Err(Error::Rejected(_))), "{own:?}");
    let forge = NewSource::new(SourceKind::GitHub, "https://github.com/saltmarsh");
    let forge = catalog::register(&world.services, &world.caller, forge).await.unwrap();
    assert_eq!(forge.trust, Trust::Own, "files of any repository would count");
    // What an organisation says of itself is not what a repository says that it is led to.
    let repository = NewSource::new(SourceKind::Git, "https://github.com/saltmarsh/people");
    let moved = catalog::retarget(&world.services, &world.caller, forge.id, repository).await.unwrap();
    assert_eq!(moved.trust, Trust::None);
    // Nobody points a trusted source at a place of their own who may not manage it; who may, without deciding about people, takes
    // the trust away with it.
    let people = catalog::sources(&world.services, &world.caller).await.unwrap();
    let people = people.into_iter().find(|source| source.target == PEOPLE).unwrap();
    let there = NewSource::new(SourceKind::Url, "https://mine.example/x");
    let moved = catalog::retarget(&world.services, &developer, people.id, there.clone()).await;
    assert!(matches!(moved, Err(Error::Denied(_))), "{moved:?}");
    let engineer = person("grace", &["platform-engineer"], &[]);
    let moved = catalog::retarget(&world.services, &engineer, people.id, there).await.unwrap();
    assert_eq!(moved.trust, Trust::None);
    assert_eq!(teams(&world, "ada").await, "");
}

#[tokio::test]
async fn who_is_declared_no_longer_counts_no_longer() {
    let (world, _) = world().await;
    let sources = catalog::sources(&world.services, &world.caller).await.unwrap();
    let people = sources.into_iter().find(|source| source.target == PEOPLE).unwrap();
    let rest = group("platform", "") + &group("quays", "");
    world.write(PEOPLE, "catalog-info.yaml", &rest);
    world.sync(&people).await;
    assert_eq!(teams(&world, "ada").await, "", "an orphan in its days of grace");
}

#[tokio::test]
async fn what_a_forge_says_comes_before_what_files_of_its_repositories_declare() {
    const ORGANISATION: &str = "https://x.gitea.example/guessed";
    let world = World::new().await;
    let typed = |kind: &str| group("berths", "").replace("type: team", &format!("type: {kind}"));
    world.write(ORGANISATION, "0.yaml", &typed("squatted"));
    world.write(ORGANISATION, "1.yaml", &component("tides", ""));
    let new = NewSource::new(SourceKind::Gitea, ORGANISATION);
    let source = catalog::register(&world.services, &world.caller, new).await.unwrap();
    assert_eq!(source.trust, Trust::Own);
    world.sync(&source).await;
    let stands = async || {
        let berths = world.entity("group:berths").await;
        (berths.text("/spec/type").unwrap_or_default().to_owned(), berths.orphaned_at.is_some())
    };
    world.write(ORGANISATION, "@teams/berths", &typed("team"));
    let (uid, before) = (world.entity("group:berths").await.uid, world.last().await);
    world.sync(&source).await;
    assert_eq!(stands().await, ("team".to_owned(), false));
    assert!(world.told(before).await.starts_with("entity-handed-over group:default/berths"));
    for _ in 0..2 {
        world.sync(&source).await;
        assert_eq!((stands().await, world.entity("group:berths").await.uid), (("team".to_owned(), false), uid));
    }
    let trace = world.trace(&source).await;
    assert!(trace.contains("`@teams/berths`; that one stands, since it is trusted with people"), "{trace}");
    world.remove(ORGANISATION, "@teams/berths");
    for _ in 0..2 {
        world.sync(&source).await;
        assert_eq!(stands().await, ("team".to_owned(), true), "an orphan goes to nobody who is not believed");
    }
}

#[tokio::test]
async fn whoever_waits_for_a_name_is_asked_again_when_trust_is_taken_away() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &user("ada", ""));
    world.write(THERE, "catalog-info.yaml", &user("ada", "quays"));
    let (first, second) = (world.register(HERE).await, world.register(THERE).await);
    let holder = async || world.entity("user:ada").await.source;
    assert_eq!(holder().await, Some(first.id), "of two who are believed the first stands");
    let engineer = person("grace", &["platform-engineer"], &[]);
    let elsewhere = NewSource::new(SourceKind::Url, "https://mine.example/x");
    catalog::retarget(&world.services, &engineer, first.id, elsewhere).await.unwrap();
    assert!(world.asked_to_sync().await.contains(&second.id));
    world.sync(&second).await;
    assert_eq!(holder().await, Some(second.id));
}

#[tokio::test]
async fn people_of_a_source_that_was_believed_wait_for_one_that_is() {
    let (world, untrusted) = world().await;
    world.write(ELSEWHERE, "catalog-info.yaml", &user("ada", "platform"));
    world.sync(&untrusted).await;
    let uid = world.entity("user:ada").await.uid;
    let sources = catalog::sources(&world.services, &world.caller).await.unwrap();
    let people = sources.into_iter().find(|source| source.target == PEOPLE).unwrap();
    catalog::remove_source(&world.services, &world.caller, people.id, catalog::Entities::Orphan).await.unwrap();
    world.sync(&untrusted).await;
    let ada = world.entity("user:ada").await;
    assert!(ada.orphaned_at.is_some() && ada.source == Some(people.id), "{ada:?}");
    let again = world.register(PEOPLE).await;
    let ada = world.entity("user:ada").await;
    assert_eq!((ada.uid, ada.source, ada.orphaned_at), (uid, Some(again.id), None));
}

#[tokio::test]
async fn a_source_that_counts_since_before_that_was_asked_is_told_of_until_somebody_decides() {
    use sea_orm::ConnectionTrait as _;
    let (world, source) = world().await;
    catalog::set_trust(&world.services, &world.caller, source.id, Trust::All).await.unwrap();
    let told = async || {
        let all = catalog::unasked(&world.services, &world.caller).await.unwrap();
        all.into_iter().map(|it| (it.target, it.by, it.people)).collect::<Vec<_>>()
    };
    assert!(told().await.is_empty());
    // As a release left it that knew nothing of trust.
    for change in [
        "DELETE FROM changes WHERE kind = 'source-trusted'",
        "UPDATE changes SET \"after\" = json_remove(\"after\", '$.trust') WHERE kind = 'source-registered'",
        "UPDATE changes SET actor = 'guest' WHERE kind = 'source-registered' AND actor <> 'user:default/eve'",
    ] {
        world.services.db.execute_unprepared(change).await.unwrap();
    }
    assert_eq!(told().await, [(ELSEWHERE.to_owned(), Some("user:default/eve".to_owned()), 3)]);
    let developer = person("eve", &["developer"], &[]);
    assert!(catalog::unasked(&world.services, &developer).await.unwrap().is_empty());
    // That it is to stay so is a decision too.
    catalog::set_trust(&world.services, &world.caller, source.id, Trust::All).await.unwrap();
    assert!(told().await.is_empty());
}

/// What is done to sources, by their numbers, and to people, by theirs.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Declare(usize, usize),
    Drop(usize, usize),
    Trust(usize, bool),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => (0..3_usize, 0..2_usize).prop_map(|(source, name)| Deed::Declare(source, name)),
        2 => (0..3_usize, 0..2_usize).prop_map(|(source, name)| Deed::Drop(source, name)),
        2 => (0..3_usize, prop::bool::ANY).prop_map(|(source, all)| Deed::Trust(source, all)),
    ];
    prop::collection::vec(deed, 1..10)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn a_person_is_whom_a_source_that_is_believed_declares(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let target = |source: usize| format!("https://{source}.example/all.git");
            let (mut declared, mut trusted) = ([[false; 2]; 3], [true; 3]);
            let mut sources = Vec::new();
            let write = |source: usize, names: [bool; 2]| {
                let people: String = (0..2).filter(|name| names[*name]).map(|name| user(&format!("n{name}"), "")).collect();
                world.write(&target(source), "catalog-info.yaml", &(people + &component(&format!("c{source}"), "")));
            };
            for (source, names) in declared.into_iter().enumerate() {
                write(source, names);
                sources.push(world.register(&target(source)).await);
            }
            for deed in deeds {
                match deed {
                    Deed::Declare(source, name) => declared[source][name] = true,
                    Deed::Drop(source, name) => declared[source][name] = false,
                    Deed::Trust(source, all) => {
                        trusted[source] = all;
                        let trust = if all { Trust::All } else { Trust::None };
                        catalog::set_trust(&world.services, &world.caller, sources[source].id, trust).await.unwrap();
                    }
                }
                for (number, source) in sources.iter().enumerate() {
                    write(number, declared[number]);
                    world.sync(source).await;
                }
                // Whoever lost or waits is asked again.
                for source in &sources {
                    world.sync(source).await;
                }
                for name in [0, 1] {
                    let counts = |source: &usize| declared[*source][name] && trusted[*source];
                    let believed: Vec<usize> = (0..sources.len()).filter(counts).collect();
                    if believed.is_empty() {
                        continue;
                    }
                    let entity = world.entity(&format!("user:n{name}")).await;
                    let holder = sources.iter().position(|source| Some(source.id) == entity.source).unwrap();
                    prop_assert!(entity.orphaned_at.is_none() && believed.contains(&holder), "{:?}: {} of {:?}", deed, holder, believed);
                }
            }
            Ok(())
        })?;
    }
}
