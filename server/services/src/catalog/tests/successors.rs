//! Which team has what was given to another name of it, and which one has nothing of it.

use domain::catalog::Trust;

use super::*;
use crate::{
    audit::{self, AuditFilter},
    permission,
};

/// A team of a type with a title, below another one where that is said.
fn team(name: &str, title: &str, parent: &str) -> String {
    let below = if parent.is_empty() { String::new() } else { format!("parent: {parent}, ") };
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: {name}, title: {title}}}\nspec: {{type: team, {below}children: []}}\n---\n"
    )
}

fn user(name: &str, teams: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec: {{memberOf: [{teams}], profile: {{email: {name}@corp.example}}}}\n---\n"
    )
}

/// Who has the role that was given to the first team, after each of these states of one file.
async fn holders(world: &World, states: &[String]) -> Vec<String> {
    world.write(HERE, "catalog-info.yaml", &states[0]);
    let source = world.register(HERE).await;
    let (services, caller) = (&world.services, &world.caller);
    let (role, to) = ("developer".parse().unwrap(), "group:default/grid".parse().unwrap());
    permission::give_role(services, caller, &role, &to).await.unwrap();
    let mut told = Vec::new();
    for state in &states[1..] {
        world.write(HERE, "catalog-info.yaml", state);
        world.sync(&source).await;
        let given = permission::grants(services, caller).await.unwrap();
        let mut given = given.into_iter().filter(|grant| grant.given.is_some());
        told.push(given.next().unwrap().grantee.rsplit('/').next().unwrap().to_owned());
        assert_eq!(given.next(), None);
    }
    told
}

/// People, each with the team that they say to be in.
fn people(all: &[(&str, &str)]) -> String {
    all.iter().map(|(name, team)| user(name, team)).collect()
}

async fn another_team(world: World) {
    let states = [
        team("grid", "Grid", "") + &people(&[("olaf", "grid"), ("trine", "")]),
        team("interns", "Interns", "") + &people(&[("olaf", ""), ("trine", "interns")]),
    ];
    assert_eq!(holders(&world, &states).await, ["grid"]);
}

async fn the_same_team(world: World) {
    let states = [
        team("grid", "Grid", "") + &people(&[("olaf", "grid"), ("pia", "grid"), ("quinn", "grid"), ("trine", "")]),
        // With all who were in it, and somebody new.
        team("power", "Operations", "")
            + &people(&[("olaf", "power"), ("pia", "power"), ("quinn", "power"), ("trine", "power")]),
        // Most of those who are left were in it.
        team("light", "Light", "") + &people(&[("olaf", "light"), ("pia", ""), ("quinn", ""), ("trine", "light")]),
        // Half of them were.
        team("dark", "Dark", "") + &people(&[("olaf", "dark"), ("pia", "dark"), ("quinn", ""), ("trine", "")]),
    ];
    assert_eq!(holders(&world, &states).await, ["power", "light", "light"]);
}

async fn whoever_has_other_names(world: World) {
    let states = [
        team("grid", "Grid", "") + &user("olaf", "grid") + &team("shift", "Shift", "grid"),
        // The place of a person in a file is that of whoever stands there; a team is known by who is in it.
        team("power", "Power", "")
            + &user("olaf", "power").replace("name: olaf", "name: olaf-vik")
            + &team("shift", "Shift", "power"),
        team("interns", "Interns", "") + &user("olaf-vik", "") + &team("shift", "Shift", ""),
    ];
    assert_eq!(holders(&world, &states).await, ["power", "power"]);
}

async fn nobody_is_in_it(world: World) {
    let states = [
        team("grid", "Grid", "") + &user("trine", ""),
        team("grid-operations", "Grid", "") + &user("trine", ""),
        // Its people come with it.
        team("power", "Grid", "") + &user("trine", "power"),
        // They are told of elsewhere, and later.
        team("current", "Grid", "") + &user("trine", "power"),
        team("interns", "Interns", "") + &user("trine", ""),
    ];
    assert_eq!(holders(&world, &states).await, ["grid-operations", "power", "current", "current"]);
}

async fn nobody_is_in_it_below_another(world: World) {
    let states = [team("grid", "Grid", "north"), team("interns", "Grid", "south")];
    let above = |teams: &String| teams.clone() + &team("north", "North", "") + &team("south", "South", "");
    assert_eq!(holders(&world, &states.each_ref().map(above)).await, ["grid"]);
}

async fn only_who_counts_is_in_it(world: World) {
    let untrusted = NewSource { trust: Some(Trust::None), ..NewSource::new(SourceKind::Url, THERE) };
    world.write(
        THERE,
        "catalog-info.yaml",
        &["mallory", "malva", "malte"].map(|name| user(name, "grid, interns")).concat(),
    );
    let source = catalog::register(&world.services, &world.caller, untrusted).await.unwrap();
    world.sync(&source).await;
    let states = [
        team("grid", "Grid", "") + &user("olaf", "grid") + &user("trine", ""),
        team("interns", "Interns", "") + &user("olaf", "") + &user("trine", "interns"),
    ];
    assert_eq!(holders(&world, &states).await, ["grid"]);
}

async fn among_many_changes(world: World) {
    let many = |owner: &str| {
        (0..25)
            .map(|number| component(&format!("quay-{number}"), &format!("  subcomponentOf: {owner}\n")))
            .collect::<String>()
    };
    let states = [team("grid", "Grid", "") + &many("one"), team("power", "Grid", "") + &many("two")];
    assert_eq!(holders(&world, &states).await, ["power"]);
    for who in ["group:default/power", "group:default/grid"] {
        let filter = AuditFilter { subject: who.to_owned(), ..AuditFilter::default() };
        let found = audit::entries(&world.services, &world.caller, &filter, None, 10).await.unwrap();
        assert!(found.iter().any(|entry| entry.kind == "changes"), "{who}: {found:?}");
    }
    let filter = AuditFilter { subject: "group:default/light".to_owned(), ..AuditFilter::default() };
    assert!(audit::entries(&world.services, &world.caller, &filter, None, 10).await.unwrap().is_empty());
}

async fn somebody_else(world: World) {
    let entry = |name: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}, annotations: {{corp.example/site: bergen}}}}\nspec: {{memberOf: []}}\n"
        )
    };
    world.write(HERE, "catalog-info.yaml", &entry("leaver"));
    let source = world.register(HERE).await;
    let (services, caller) = (&world.services, &world.caller);
    let (role, to) = ("administrator".parse().unwrap(), "user:default/leaver".parse().unwrap());
    permission::give_role(services, caller, &role, &to).await.unwrap();
    world.write(HERE, "catalog-info.yaml", &entry("joiner"));
    world.sync(&source).await;
    let given = permission::grants(services, caller).await.unwrap();
    let given: Vec<String> = given.into_iter().filter(|one| one.given.is_some()).map(|one| one.grantee).collect();
    assert_eq!(given, ["user:default/leaver"]);
}

async fn of_a_forge(world: World) {
    let list = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: salt}\nspec: {targets: [./@members/7, ./@teams/9]}\n";
    let member = |name: &str| user(name, "").replace("email: ", "displayName: ");
    world.write(HERE, "catalog-info.yaml", list);
    world.write(HERE, "@members/7", &member("olaf"));
    world.write(HERE, "@teams/9", &team("grid", "Grid", ""));
    let source = world.register(HERE).await;
    let (services, caller) = (&world.services, &world.caller);
    for (role, to) in [("developer", "user:default/olaf"), ("team-lead", "group:default/grid")] {
        permission::give_role(services, caller, &role.parse().unwrap(), &to.parse().unwrap()).await.unwrap();
    }
    world.write(HERE, "@members/7", &member("olaf-vik"));
    world.write(HERE, "@teams/9", &team("power", "Power", ""));
    world.sync(&source).await;
    let given = permission::grants(services, caller).await.unwrap();
    let given: Vec<String> = given.into_iter().filter(|one| one.given.is_some()).map(|one| one.grantee).collect();
    assert_eq!(given, ["user:default/olaf-vik", "group:default/power"]);
}

macro_rules! both {
    ($($name:ident: $promise:ident;)*) => {$(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn on_sqlite() {
                $promise(World::new().await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                $promise(World::on_postgres().await).await;
            }
        }
    )*};
}

both! {
    a_team_in_the_place_of_another_has_nothing_of_it: another_team;
    a_team_is_the_same_while_most_who_were_in_it_are: the_same_team;
    a_team_is_the_same_when_those_in_it_have_other_names_as_well: whoever_has_other_names;
    a_team_with_nobody_in_it_is_what_it_says_of_itself: nobody_is_in_it;
    a_team_with_nobody_in_it_below_another_one_is_another: nobody_is_in_it_below_another;
    nobody_who_does_not_count_makes_a_team_the_same: only_who_counts_is_in_it;
    whose_role_went_along_is_found_among_many_changes: among_many_changes;
    nobody_is_somebody_by_what_is_true_of_many: somebody_else;
    a_forge_says_who_has_another_name_there: of_a_forge;
}
