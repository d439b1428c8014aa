//! Teams and members of a forge, who are known by their numbers.

use super::*;

fn user(name: &str, title: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec: {{memberOf: [], profile: {{displayName: {title}}}}}\n"
    )
}

/// Writes who is at the forge: number, name and title.
fn members(world: &World, members: &[(u32, &str, &str)]) {
    world.memory.0.lock().unwrap().remove(HERE);
    let targets: Vec<String> = members.iter().map(|(number, ..)| format!("./@members/{number}")).collect();
    let list = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: salt}}\nspec: {{targets: {targets:?}}}\n"
    );
    world.write(HERE, "catalog-info.yaml", &list);
    for (number, name, title) in members {
        world.write(HERE, &format!("@members/{number}"), &user(name, title));
    }
}

async fn names_are_traded(world: World) {
    members(&world, &[(1, "ann", "Ann"), (2, "bob", "Bob"), (3, "cy", "Cy"), (4, "dee", "Dee")]);
    let source = world.register(HERE).await;
    let uid = async |name: &str| {
        let entity = world.entity(&format!("user:{name}")).await;
        let title = entity.document["spec"]["profile"]["displayName"].as_str().unwrap().to_owned();
        (title, entity.uid)
    };
    let (ann, bob, cy) = (uid("ann").await, uid("bob").await, uid("cy").await);

    // One takes the name that another gave up.
    members(&world, &[(1, "bob", "Ann"), (2, "robert", "Bob"), (3, "cy", "Cy"), (4, "dee", "Dee")]);
    world.sync(&source).await;
    assert_eq!((uid("bob").await, uid("robert").await), (ann.clone(), bob.clone()));
    assert_eq!(world.found("kind=user").await, "user:default/bob user:default/cy user:default/dee user:default/robert");
    // Two trade theirs.
    members(&world, &[(1, "robert", "Ann"), (2, "bob", "Bob"), (3, "cy", "Cy"), (4, "dee", "Dee")]);
    world.sync(&source).await;
    assert_eq!((uid("robert").await, uid("bob").await), (ann, bob));
    // One has left, and another has the name now.
    let before = world.last().await;
    members(&world, &[(1, "robert", "Ann"), (2, "bob", "Bob"), (3, "dee", "Cy")]);
    world.sync(&source).await;
    assert_eq!(uid("dee").await, cy);
    let told = world.told(before).await;
    assert!(
        told.starts_with("entity-removed user:default/dee") && told.ends_with("entity-renamed user:default/dee"),
        "{told}"
    );
    assert_eq!(world.found("kind=user").await, "user:default/bob user:default/dee user:default/robert");
}

#[tokio::test]
async fn who_takes_the_name_of_another_is_who_they_were_on_sqlite() {
    names_are_traded(World::new().await).await;
}

#[tokio::test]
async fn who_takes_the_name_of_another_is_who_they_were_on_postgres() {
    names_are_traded(World::on_postgres().await).await;
}
