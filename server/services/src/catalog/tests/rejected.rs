//! Entities whose file is rejected now: what it said before stands, and each says so.

use domain::catalog::Source;

use super::*;

const WHERE: &str = "catalog-info.yaml";

async fn status(world: &World, reference: &str) -> String {
    let document = world.entity(reference).await.document;
    let items = document.pointer("/status/items").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    let said =
        items.iter().map(|item| format!("{}: {}", item["level"].as_str().unwrap(), item["message"].as_str().unwrap()));
    said.collect::<Vec<_>>().join("\n")
}

async fn written(world: &World, source: &Source, text: &str) {
    world.write(HERE, WHERE, text);
    world.sync(source).await;
}

#[tokio::test]
async fn an_entity_says_why_its_file_does_not_stand_until_it_does_again() {
    for world in [World::new().await, World::on_postgres().await] {
        let good = component("heron", "") + &component("tern", "") + GROUP;
        world.write(HERE, WHERE, &good);
        let source = world.register(HERE).await;
        assert_eq!(status(&world, "component:heron").await, "");
        // One document is wrong: the other of its file stands as it is.
        written(&world, &source, &good.replacen("  owner: berths\n", "", 1)).await;
        let told = status(&world, "component:heron").await;
        insta::allow_duplicates!(
            insta::assert_snapshot!(told, @"error: `catalog-info.yaml` is rejected now: line 6, column 3: spec.owner: is missing; every Component has one. This is what it said before")
        );
        assert_eq!(status(&world, "component:tern").await, "");
        let (etag, before) = (world.entity("component:heron").await.etag, world.last().await);
        world.sync(&source).await;
        assert_eq!((world.entity("component:heron").await.etag, world.told(before).await), (etag, String::new()));
        // Another source that touches it leaves that as it is.
        world.write(THERE, WHERE, &component("gull", "  dependsOn: [component:heron]\n"));
        world.register(THERE).await;
        assert!(status(&world, "component:heron").await.starts_with("error: "));
        // The file cannot be read at all.
        written(&world, &source, &good.replacen("name: tern", "name: [tern", 1)).await;
        let told = status(&world, "component:tern").await;
        insta::allow_duplicates!(
            insta::assert_snapshot!(told, @"error: `catalog-info.yaml` is rejected now: line 14, column 5: cannot be read as YAML: illegal placement of ':' indicator. This is what it said before")
        );
        assert_eq!(status(&world, "component:heron").await, "");
        // As it was before.
        written(&world, &source, &good).await;
        assert_eq!(status(&world, "component:heron").await + &status(&world, "component:tern").await, "");
    }
}
