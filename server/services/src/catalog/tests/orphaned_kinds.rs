//! What is of an own kind whose declaration goes.

use domain::catalog::OrphanDeed;

use super::*;

#[tokio::test]
async fn a_kind_that_is_an_orphan_rules_until_it_leaves() {
    let world = World::with_grace(14).await;
    let vessel = |name: &str, spec: &str| {
        format!("apiVersion: fleet.example/v1\nkind: Vessel\nmetadata: {{name: {name}}}\nspec: {spec}\n---\n")
    };
    let kind = |name: &str, field: &str| {
        format!(
            "apiVersion: causeway.dev/v1alpha1\nkind: EntityKind\nmetadata: {{name: {name}}}\nspec:\n  names: {{kind: Vessel}}\n  schema: {{type: object, required: [{field}]}}\n  relations: [{{field: homePort, relation: homedAt, reverse: homeOf, defaultKind: Component}}]\n---\n"
        )
    };
    world.write(HERE, "catalog-info.yaml", &kind("vessel", "homePort"));
    let here = world.register(HERE).await;
    let vessels = vessel("heron", "{homePort: quay}") + &vessel("gull", "{}") + &component("quay", "");
    world.write(THERE, "catalog-info.yaml", &vessels);
    let there = world.register(THERE).await;
    let is_homed = async || world.entity("vessel:heron").await.related("homedAt").is_some();
    assert!(is_homed().await && !world.is_there("vessel:gull").await);

    catalog::remove_source(&world.services, &world.caller, here.id, catalog::Entities::Orphan).await.unwrap();
    let before = world.last().await;
    world.sync(&there).await;
    assert_eq!(world.told(before).await, "", "{}", world.trace(&there).await);
    assert!(is_homed().await && !world.is_there("vessel:gull").await);
    world.settle("entitykind:vessel", OrphanDeed::Keep).await.unwrap();
    world.age("entitykind:default/vessel", 15).await;
    assert_eq!(catalog::remove_lapsed(&world.services, &world.caller).await.unwrap(), 0);
    world.sync(&there).await;
    assert!(is_homed().await);

    // Who declares a kind comes before an orphan that did.
    world.write(HERE, "catalog-info.yaml", &kind("ship", "class"));
    let here = world.register(HERE).await;
    assert_eq!(world.trace(&here).await, "catalog-info.yaml found (1)\n");
    world.sync(&there).await;
    assert!(world.trace(&there).await.contains("spec.class: is missing"), "{}", world.trace(&there).await);
    world.write(HERE, "catalog-info.yaml", "");
    world.sync(&here).await;
    world.settle("entitykind:ship", OrphanDeed::Remove).await.unwrap();
    world.sync(&there).await;
    assert!(!world.trace(&there).await.contains("spec.class"), "{}", world.trace(&there).await);

    // Once none is left, what was of the kind is judged again.
    world.asked_to_sync().await;
    world.settle("entitykind:vessel", OrphanDeed::Remove).await.unwrap();
    assert!(world.asked_to_sync().await.contains(&there.id));
    world.sync(&there).await;
    assert!(!is_homed().await && world.is_there("vessel:gull").await);
}
