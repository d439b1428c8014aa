//! Who a source makes members of a team, and who it may not.

use domain::catalog::{NewSource, SourceKind, Trust};

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
    // Of an organisation's source, files of its repositories can be left out.
    catalog::set_trust(&world.services, &world.caller, source.id, Trust::Own).await.unwrap();
    assert_eq!(teams(&world, "mallory").await, "");
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
    let forge = NewSource::new(SourceKind::GitHub, "https://github.com/saltmarsh");
    let forge = catalog::register(&world.services, &world.caller, forge).await.unwrap();
    assert_eq!(forge.trust, Trust::Own, "files of any repository would count");
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
