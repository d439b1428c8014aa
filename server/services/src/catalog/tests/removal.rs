//! A source that is being removed says so until it is gone.

use domain::changes::ChangeKind;

use super::*;
use crate::{
    Error,
    catalog::{Entities, Progress},
};

async fn leaving(world: &World) -> bool {
    let sources = catalog::sources(&world.services, &world.caller).await.unwrap();
    sources.iter().any(|source| source.leaving_at.is_some())
}

/// The changes of sources since `before`.
async fn told_of_sources(world: &World, before: i64) -> Vec<String> {
    let changes = changes::read(&world.services, &world.caller, before, 1_000).await.unwrap();
    changes.into_iter().map(|change| change.kind).filter(|kind| kind.starts_with("source-")).collect()
}

async fn is_told_until_it_is_gone(world: World) {
    world.write(HERE, "catalog-info.yaml", &(component("ticket-api", "") + GROUP));
    let source = world.register(HERE).await;
    let before = world.last().await;
    // Somebody else has the catalog to themselves.
    let turn = world.services.catalog.writer(&world.caller.tenant).lock_owned().await;
    let (services, caller) = (world.services.clone(), world.caller.clone());
    let removal =
        tokio::spawn(async move { catalog::remove_source(&services, &caller, source.id, Entities::Remove).await });
    while !leaving(&world).await {
        tokio::task::yield_now().await;
    }
    let same = NewSource::new(SourceKind::Url, HERE);
    for refused in [
        catalog::refresh(&world.services, &world.caller, source.id).await,
        catalog::register(&world.services, &world.caller, same).await.map(drop),
    ] {
        assert!(matches!(&refused, Err(Error::Conflict(why)) if why.contains("is being removed")), "{refused:?}");
    }
    let stands = catalog::sources(&world.services, &world.caller).await.unwrap().remove(0);
    let tried = world.sync(&source).await;
    assert_eq!(tried, stands, "it is not synced any more");
    assert!(tried.next_sync(10, chrono::Utc::now()).is_none());
    drop(turn);
    assert_eq!(removal.await.unwrap().unwrap(), Progress::Done(()));
    assert!(catalog::sources(&world.services, &world.caller).await.unwrap().is_empty());
    let kinds = [ChangeKind::SourceLeaving, ChangeKind::SourceRemoved].map(ChangeKind::as_str);
    assert_eq!(told_of_sources(&world, before).await, kinds);
    // The job that would have gone on finds nothing to do.
    catalog::finish_removal(&world.services, &world.caller, source.id).await.unwrap();
}

#[tokio::test]
async fn a_source_that_is_being_removed_says_so_until_it_is_gone_on_sqlite() {
    is_told_until_it_is_gone(World::new().await).await;
}

#[tokio::test]
async fn a_source_that_is_being_removed_says_so_until_it_is_gone_on_postgres() {
    is_told_until_it_is_gone(World::on_postgres().await).await;
}

async fn goes_on(world: World) {
    for (entities, stays) in [(Entities::Orphan, true), (Entities::Remove, false)] {
        world.write(HERE, "catalog-info.yaml", &component("ticket-api", ""));
        let source = world.register(HERE).await;
        // As the end of a process leaves it that came before the end of the removal.
        catalog::removal::announce(&world.services, &world.caller, source.id, entities).await.unwrap();
        assert!(leaving(&world).await, "it is told of after a restart, too");
        catalog::finish_removal(&world.services, &Caller::system(Tenant::default(), "worker"), source.id)
            .await
            .unwrap();
        assert!(catalog::sources(&world.services, &world.caller).await.unwrap().is_empty());
        let reference = "component:ticket-api".parse().unwrap();
        let found = catalog::entity(&world.services, &world.caller, &reference).await;
        assert_eq!(found.is_ok(), stays, "{entities:?}: {found:?}");
    }
}

#[tokio::test]
async fn a_removal_that_broke_off_is_ended_by_a_worker_on_sqlite() {
    goes_on(World::new().await).await;
}

#[tokio::test]
async fn a_removal_that_broke_off_is_ended_by_a_worker_on_postgres() {
    goes_on(World::on_postgres().await).await;
}

#[tokio::test]
async fn a_source_that_cannot_be_removed_stays_and_can_be_asked_for_again() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", GROUP);
    let source = world.register(HERE).await;
    let before = world.last().await;
    catalog::removal::announce(&world.services, &world.caller, source.id, Entities::Remove).await.unwrap();
    catalog::give_up_removal(&world.services, &world.caller, source.id, "the disk is full").await.unwrap();
    assert!(!leaving(&world).await);
    let kinds = [ChangeKind::SourceLeaving, ChangeKind::SourceStays].map(ChangeKind::as_str);
    assert_eq!(told_of_sources(&world, before).await, kinds);
    catalog::refresh(&world.services, &world.caller, source.id).await.unwrap();
    let removed = catalog::remove_source(&world.services, &world.caller, source.id, Entities::Remove).await.unwrap();
    assert_eq!(removed, Progress::Done(()));
}
