//! A push is read by itself: what was not asked for stands as it is recorded, whatever others know of it.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::*;

/// Four repositories, of which one has something to mend and two claim one name.
async fn organisation(world: &World) -> Source {
    let broken = component("gull", "") + &component("wren", "").replace("  owner: berths\n", "");
    world.write(FOLDER, "gulls/x.yaml", &broken);
    world.write(FOLDER, "herons/x.yaml", &(component("heron", "") + &component("egret", "")));
    world.write(FOLDER, "herons-too/x.yaml", &(component("heron", "") + &component("bittern", "")));
    world.write(FOLDER, "terns/x.yaml", &component("tern", ""));
    world.register(FOLDER).await
}

#[tokio::test]
async fn what_was_not_asked_for_stands_as_it_was() {
    let world = World::new().await;
    let source = organisation(&world).await;
    let (before, last) = (world.picture(std::slice::from_ref(&source)).await, world.last().await);
    // Who reads the push knows less than what is recorded.
    for other in ["gulls/x.yaml", "herons/x.yaml", "herons-too/x.yaml"] {
        world.remove(FOLDER, other);
    }
    world.write(FOLDER, "@part", "terns/");
    world.sync_pushed(&source).await;
    assert_eq!(world.picture(std::slice::from_ref(&source)).await, before);
    assert_eq!(world.told(last).await, "");
    // What was pushed is taken in, and what left with it is no longer declared.
    world.write(FOLDER, "terns/y.yaml", &component("puffin", ""));
    world.write(FOLDER, "terns/x.yaml", &component("gull", ""));
    world.sync_pushed(&source).await;
    let told = world.told(last).await;
    assert!(told.contains("entity-created component:default/puffin"), "{told}");
    assert!(told.ends_with("entity-orphaned component:default/tern") && told.lines().count() == 3, "{told}");
    let trace = world.trace(&source).await;
    assert!(trace.contains("`component:default/gull` is declared already, in `gulls/x.yaml`"), "{trace}");
    let paths: Vec<&str> = trace.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        paths,
        [
            "gulls/x.yaml rejected (1)",
            "herons-too/x.yaml found (2)",
            "herons/x.yaml warned (2)",
            "terns/x.yaml warned (1)",
            "terns/y.yaml found (1)"
        ]
    );
}

#[tokio::test]
async fn a_part_is_recorded_alike_on_every_database() {
    for world in [World::new().await, World::on_postgres().await] {
        let source = organisation(&world).await;
        world.write(FOLDER, "@part", "terns/");
        for text in [component("tern", "  system: sea\n"), component("puffin", "")] {
            world.write(FOLDER, "terns/x.yaml", &text);
            let told = world.sync_pushed(&source).await;
            assert_eq!((told.entities, told.files, told.rejected, told.warned), (5, 4, 1, 1));
        }
        let standing = ["bittern", "egret", "gull", "heron", "puffin"].map(|name| format!("component:default/{name}"));
        assert_eq!(world.found("kind=component,relations.ownedby=group:default/berths").await, standing.join(" "));
    }
}

#[tokio::test]
async fn what_others_waited_for_is_asked_for_at_once() {
    let world = World::new().await;
    let source = organisation(&world).await;
    let holder = world.entity("component:heron").await.document["metadata"]["annotations"].to_string();
    assert!(holder.contains("herons-too/x.yaml"), "{holder}");
    // The name that its first claim lets go of is the other's as soon as that is looked at.
    world.write(FOLDER, "@part", "herons-too/");
    world.write(FOLDER, "herons-too/x.yaml", &component("bittern", ""));
    world.sync_pushed(&source).await;
    let heron = world.entity("component:heron").await;
    let holder = heron.document["metadata"]["annotations"].to_string();
    assert!(heron.orphaned_at.is_none() && holder.contains("/herons/x.yaml"), "{holder}");
    // So is what is of a kind that is new.
    world.write(
        FOLDER,
        "gulls/x.yaml",
        "apiVersion: fleet.example/v1\nkind: Vessel\nmetadata: {name: skua}\nspec: {}\n",
    );
    world.sync(&source).await;
    world.write(FOLDER, "@part", "terns/");
    world.write(
        FOLDER,
        "terns/x.yaml",
        "apiVersion: causeway.dev/v1alpha1\nkind: EntityKind\nmetadata: {name: vessel}\nspec:\n  names: {kind: Vessel}\n  versions: [fleet.example/v1]\n  schema: {type: object}\n",
    );
    world.sync_pushed(&source).await;
    assert_eq!(world.found("kind=vessel").await, "vessel:default/skua");
}

#[tokio::test]
async fn a_push_does_not_wait_for_who_reads_all_and_nothing_older_is_recorded_over_it() {
    let world = World::new().await;
    let source = organisation(&world).await;
    world.write(FOLDER, "@part", "terns/");
    world.write(FOLDER, "terns/x.yaml", &component("puffin", ""));
    let turns = world.services.catalog.turns(source.id);
    let whole = turns.whole.lock().await;
    world.sync_pushed(&source).await;
    assert_eq!(world.entity("component:puffin").await.name(), "puffin");
    drop(whole);
    world.sync(&source).await;
    assert_eq!(world.entity("component:puffin").await.name(), "puffin");
}

#[tokio::test]
async fn a_push_that_is_slow_holds_up_no_other_and_is_recorded_beside_it() {
    for world in [World::new().await, World::on_postgres().await] {
        let source = organisation(&world).await;
        let slow = Arc::new(Barrier::new(2));
        world.memory.2.lock().unwrap().insert("slow".into(), slow.clone());
        world.write(FOLDER, "@part", "terns/");
        world.write(FOLDER, "terns/x.yaml", &component("puffin", ""));
        world.memory.1.lock().unwrap().clear();
        let quick = async {
            slow.wait().await;
            world.write(FOLDER, "@part", "gulls/");
            world.write(FOLDER, "gulls/x.yaml", &component("skua", ""));
            world.write(FOLDER, "gulls/y.yaml", &component("auk", ""));
            world.sync_pushed_to(&source, "quick").await;
            assert_eq!(world.entity("component:skua").await.name(), "skua");
            slow.wait().await;
        };
        let (told, ()) = tokio::join!(world.sync_pushed_to(&source, "slow"), quick);
        let read = std::mem::take(&mut *world.memory.1.lock().unwrap());
        let reads = |path: &str| read.iter().filter(|read| *read == path).count();
        assert_eq!(reads("terns/x.yaml"), reads("gulls/x.yaml"), "it is not read anew");
        assert_eq!((told.files, told.entities, told.rejected), (5, 6, 0));
        // What was the tern is called so now, and the gull left together with another.
        let all = ["auk", "bittern", "egret", "gull", "heron", "puffin", "skua"]
            .map(|name| format!("component:default/{name}"));
        assert_eq!(world.found("kind=component,relations.ownedby=group:default/berths").await, all.join(" "));
        assert!(world.entity("component:gull").await.orphaned_at.is_some());
        // All of it is as who reads it whole finds it.
        world.remove(FOLDER, "@part");
        let before = world.trace(&source).await;
        world.sync(&source).await;
        let sorted = |trace: &str| {
            let mut lines: Vec<String> = trace.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&world.trace(&source).await), sorted(&before));
    }
}

#[tokio::test]
async fn what_a_slow_push_read_is_not_recorded_over_what_was_read_later() {
    let world = World::new().await;
    let source = organisation(&world).await;
    let slow = Arc::new(Barrier::new(2));
    world.memory.2.lock().unwrap().insert("slow".into(), slow.clone());
    world.write(FOLDER, "@part", "terns/");
    world.write(FOLDER, "terns/x.yaml", &component("tern", "  system: old\n"));
    let quick = async {
        slow.wait().await;
        world.write(FOLDER, "terns/x.yaml", &component("tern", "  system: new\n"));
        world.sync_pushed_to(&source, "quick").await;
        world.memory.2.lock().unwrap().clear();
        slow.wait().await;
    };
    tokio::join!(world.sync_pushed_to(&source, "slow"), quick);
    assert_eq!(world.entity("component:tern").await.document["spec"]["system"], "new");
}

#[tokio::test]
async fn of_several_pushes_after_which_all_is_to_be_asked_for_one_asks() {
    let world = World::new().await;
    let source = organisation(&world).await;
    let recorded = async || catalog::syncs_of(&world.services, &world.caller, source.id).await.unwrap().len();
    let before = recorded().await;
    world.write(FOLDER, "@part", "@behind");
    let turns = world.services.catalog.turns(source.id);
    let whole = turns.whole.lock().await;
    let let_go = async {
        while recorded().await < before + 3 {
            tokio::task::yield_now().await;
        }
        drop(whole);
    };
    let push = |name: &'static str| world.sync_pushed_to(&source, name);
    tokio::join!(push("a"), push("b"), push("c"), let_go);
    assert_eq!(recorded().await, before + 4);
}

#[tokio::test]
async fn what_the_server_does_not_want_to_be_asked_now_is_asked_for_later_and_once() {
    let world = World::new().await;
    let source = organisation(&world).await;
    world.write(FOLDER, "@again", "3000-01-01T00:00:00Z");
    for _ in 0..3 {
        world.sync(&source).await;
    }
    assert_eq!(world.asked_to_sync_later().await, [source.id]);
}
