//! A start answers from the index's snapshot, and from the database where that cannot be believed.

use sea_orm::ConnectionTrait;
use tokio_util::sync::CancellationToken;

use super::*;

/// Large enough for a snapshot.
const MANY: usize = 1_100;

impl World {
    /// The process stops in good order, and another one starts.
    async fn restart(&mut self) {
        let stop = CancellationToken::new();
        stop.cancel();
        catalog::follow(self.services.clone(), stop).await;
        self.services = Services { catalog: Arc::default(), ..self.services.clone() };
    }

    /// Takes one entity out of the database behind everyone's back: who still knows of it has not read the database.
    async fn lose(&self, name: &str) {
        let sql = format!("DELETE FROM entities WHERE ref = 'component:default/{name}'");
        self.services.db.execute_unprepared(&sql).await.unwrap();
    }

    async fn total(&self) -> u32 {
        catalog::total(&self.services, &self.caller).await.unwrap()
    }
}

fn components() -> String {
    (0..MANY).map(|number| component(&format!("c{number}"), "")).collect()
}

async fn large() -> (World, Source) {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &components());
    let source = world.register(HERE).await;
    (world, source)
}

#[tokio::test]
async fn a_start_reads_the_snapshot_and_what_came_after_it() {
    let (mut world, source) = large().await;
    let all = world.total().await;
    world.restart().await;
    // The process ends at once, after something was recorded.
    world.write(HERE, "catalog-info.yaml", &(components() + &component("late", "  system: quay\n")));
    world.sync(&source).await;
    world.services = Services { catalog: Arc::default(), ..world.services.clone() };
    world.lose("c8").await;
    assert_eq!(world.found("relations.partof=system:default/quay").await, "component:default/late");
    assert_eq!(world.total().await, all + 1, "it is the snapshot, and what came after it");
}

#[tokio::test]
async fn a_snapshot_of_another_history_is_not_believed() {
    let (mut world, _) = large().await;
    let all = world.total().await;
    world.restart().await;
    world.lose("c7").await;
    let sql = "UPDATE changes SET actor = 'someone' WHERE seq = (SELECT max(seq) FROM changes)";
    world.services.db.execute_unprepared(sql).await.unwrap();
    assert_eq!(world.total().await, all - 1, "it comes from the database");
}
