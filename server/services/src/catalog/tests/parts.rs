//! What is recorded a part at a time, so that nobody else has to wait for all of it.

use std::fmt::Write as _;

use domain::{
    catalog::{NewSource, SourceKind},
    changes::ChangeKind,
};
use sea_orm::ConnectionTrait;

use super::{GROUP, HERE, component, world::World};
use crate::{Error, catalog, changes::NewChange};

/// More than is recorded at once.
const MANY: usize = 5_400;

fn change(subject: &str) -> NewChange {
    let (source, subject) = (String::new(), subject.to_owned());
    NewChange { source, subject, kind: ChangeKind::EntityKept, before: None, after: None }
}

#[tokio::test]
async fn who_gives_way_lets_others_write_and_goes_on() {
    let world = World::new().await;
    let mut long = world.services.begin(&world.caller).await.unwrap();
    long.record(change("one"));
    let (services, caller) = (world.services.clone(), world.caller.clone());
    let other = tokio::spawn(async move {
        let mut tx = services.begin(&caller).await.unwrap();
        tx.record(change("two"));
        tx.commit().await.unwrap();
    });
    while !other.is_finished() {
        long.give_way().await.unwrap();
    }
    other.await.unwrap();
    long.record(change("three"));
    long.commit().await.unwrap();
    assert_eq!(world.told(0).await, "entity-kept one\nentity-kept two\nentity-kept three");
}

#[tokio::test]
async fn what_goes_wrong_after_giving_way_takes_only_the_rest_back() {
    let world = World::new().await;
    let mut long = world.services.begin(&world.caller).await.unwrap();
    long.record(change("one"));
    long.give_way().await.unwrap();
    long.record(change("two"));
    drop(long);
    assert_eq!(world.told(0).await, "entity-kept one");
}

/// Each depends on the one after it, so that every part has relations to others.
fn chain() -> String {
    let mut text = GROUP.to_owned();
    for number in 0..MANY {
        let next = (number + 1) % MANY;
        let _ = write!(text, "{}", component(&format!("c{number}"), &format!("  dependsOn: [component:c{next}]\n")));
    }
    text
}

async fn is_recorded_whole(world: World) {
    world.write(HERE, "catalog-info.yaml", &chain());
    let source = world.register(HERE).await;
    assert_eq!(source.entities as usize, MANY + 1);
    let told = world.told(0).await;
    assert!(told.lines().all(|line| line.starts_with("entity-created")), "each is written once");
    let recorded = world.entity("component:c0").await.document;
    let related = serde_json::to_string(&recorded["relations"]).unwrap();
    assert!(related.contains("component:default/c1\"") && related.contains(&format!("/c{}\"", MANY - 1)), "{related}");

    // As an end between two parts leaves it: some documents stand, and what they declare does not.
    for sql in [
        "UPDATE sources SET is_partial = TRUE",
        "DELETE FROM relations",
        "DELETE FROM entities WHERE ref = 'component:default/c7'",
    ] {
        world.services.db.execute_unprepared(sql).await.unwrap();
    }
    let before = world.last().await;
    world.sync(&source).await;
    assert_eq!(world.told(before).await, "entity-created component:default/c7");
    world.write(HERE, "catalog-info.yaml", &chain().replace("  dependsOn: [component:c2]\n", ""));
    let before = world.last().await;
    world.sync(&source).await;
    assert_eq!(
        world.told(before).await,
        "entity-updated component:default/c1\nentity-updated component:default/c2",
        "whom it no longer depends on knows it"
    );
}

#[tokio::test]
async fn what_was_recorded_in_part_is_made_whole_on_sqlite() {
    is_recorded_whole(World::new().await).await;
}

#[tokio::test]
async fn what_was_recorded_in_part_is_made_whole_on_postgres() {
    is_recorded_whole(World::on_postgres().await).await;
}

async fn is_not_waited_for(world: World) {
    world.write(HERE, "catalog-info.yaml", &chain());
    let new = NewSource::new(SourceKind::Url, HERE);
    let source = catalog::register(&world.services, &world.caller, new).await.unwrap();
    let before = world.last().await;
    let (services, caller) = (world.services.clone(), world.caller.clone());
    let syncing = tokio::spawn(async move { catalog::sync(&services, &caller, source.id).await });
    while !syncing.is_finished() {
        world.services.catalog.interrupt(source.id);
        tokio::task::yield_now().await;
    }
    let ended = syncing.await.unwrap();
    assert!(matches!(ended, Err(Error::Unavailable { .. })), "{ended:?}");
    assert_eq!(world.told(before).await, "");
    assert_eq!(world.sync(&source).await.entities as usize, MANY + 1);
    // Who is not in the way is not ended.
    world.services.catalog.interrupt(source.id);
    assert_eq!(world.sync(&source).await.problem, None);
}

#[tokio::test]
async fn who_takes_a_source_away_does_not_wait_for_what_is_recorded_of_it_on_sqlite() {
    is_not_waited_for(World::new().await).await;
}

#[tokio::test]
async fn who_takes_a_source_away_does_not_wait_for_what_is_recorded_of_it_on_postgres() {
    is_not_waited_for(World::on_postgres().await).await;
}
