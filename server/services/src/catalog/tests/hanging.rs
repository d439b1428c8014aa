//! Servers that take connections and do not answer.

use tokio_util::sync::CancellationToken;

use super::*;
use crate::queue;

/// Many sources of one server that hangs, and one of another.
async fn hold_up_nobody(world: World) {
    let shutdown = CancellationToken::new();
    let work = tokio::spawn(queue::work(world.services.clone(), shutdown.clone()));
    for number in 0..50 {
        let new = NewSource::new(SourceKind::Url, format!("https://hangs.example/{number}"));
        catalog::register(&world.services, &world.caller, new).await.unwrap();
    }
    world.write(HERE, "catalog-info.yaml", GROUP);
    let mut news = world.services.bus.subscribe();
    let source =
        catalog::register(&world.services, &world.caller, NewSource::new(SourceKind::Url, HERE)).await.unwrap();
    let synced = async {
        while catalog::source(&world.services, &world.caller, source.id).await.unwrap().source.synced_at.is_none() {
            let _ = news.recv().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), synced).await.expect("the other one is read");
    shutdown.cancel();
    work.abort();
}

#[tokio::test]
async fn sources_of_a_server_that_hangs_hold_up_no_other_on_sqlite() {
    hold_up_nobody(World::new().await).await;
}

#[tokio::test]
async fn sources_of_a_server_that_hangs_hold_up_no_other_on_postgres() {
    hold_up_nobody(World::on_postgres().await).await;
}
