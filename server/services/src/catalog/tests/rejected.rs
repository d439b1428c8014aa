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

#[tokio::test]
async fn what_is_rejected_stays_told_while_nobody_can_look_at_it() {
    for world in [World::new().await, World::on_postgres().await] {
        world.write(FOLDER, "a/x.yaml", &component("heron", ""));
        world.write(FOLDER, "b/y.yaml", &component("tern", ""));
        let source = world.register(FOLDER).await;
        let broken = component("heron", "").replace("  owner: berths\n", "");
        world.write(FOLDER, "a/x.yaml", &broken);
        world.sync(&source).await;
        let whole = (world.trace(&source).await, status(&world, "component:heron").await);
        assert!(whole.0.contains("a/x.yaml rejected") && whole.1.contains("is rejected now"), "{whole:?}");
        world.remove(FOLDER, "a/x.yaml");
        world.write(FOLDER, "@unlisted", "a/");
        world.sync(&source).await;
        let told = (world.trace(&source).await, status(&world, "component:heron").await);
        assert!(told.0.contains("a/x.yaml rejected") && told.1 == whole.1, "{told:?}");
        let trace = catalog::source(&world.services, &world.caller, source.id).await.unwrap();
        assert_eq!(trace.source.rejected, 1);
        let text = catalog::store::text(&world.services.db, &world.caller.tenant, source.id, "a/x.yaml").await.unwrap();
        assert!(text.is_some_and(|(_, lines)| lines.contains("heron")));
        // Once it can be looked at, it counts what is there.
        world.remove(FOLDER, "@unlisted");
        world.sync(&source).await;
        assert!(!world.trace(&source).await.contains("a/x.yaml"));
    }
}

#[tokio::test]
async fn where_much_is_wrong_each_entity_is_told_its_own_and_the_rest_is_counted() {
    for world in [World::new().await, World::on_postgres().await] {
        let names: Vec<String> = (0..150).map(|number| format!("buoy-{number:03}")).collect();
        let good: String = names.iter().map(|name| component(name, "")).collect();
        let source = {
            world.write(HERE, WHERE, &good);
            world.register(HERE).await
        };
        // Three mistakes in each; the last one stands no more in the file.
        let bad = good.replace("  type: service\n  lifecycle: production\n  owner: berths\n", "  extra: 1\n");
        written(&world, &source, bad.split_once("buoy-149").unwrap().0.rsplit_once("apiVersion").unwrap().0).await;
        let told = status(&world, "component:buoy-148").await;
        assert!(
            told.contains("is rejected now: line 1042, column 3: spec.type: is missing; every Component has one. This"),
            "{told}"
        );
        let told = status(&world, "component:buoy-149").await;
        assert!(
            told.contains(
                "is rejected now, for what it says of `component:default/buoy-000`: line 6, column 3: spec.type"
            ),
            "{told}"
        );
        let trace = catalog::source(&world.services, &world.caller, source.id).await.unwrap();
        let problems = &trace.files[0].problems;
        assert_eq!(problems.len(), 101);
        insta::allow_duplicates!(
            insta::assert_snapshot!(problems[100].to_string(), @"line 237: from here on, 347 more in 116 documents are not listed; `causeway check` lists all")
        );
    }
}

#[tokio::test]
async fn a_reference_that_no_database_keeps_hides_no_document_beside_it() {
    for world in [World::new().await, World::on_postgres().await] {
        let long = "a".repeat(9_000);
        let odd = component("heron", "").replace("owner: berths", "owner: \"c\\0\"")
            + &component("tern", &format!("  dependsOn: [\"component:a\\0b\", \"component:{long}\"]\n"))
            + &component("gull", "").replace("owner: berths", &format!("owner: {long}"));
        world.write(HERE, WHERE, &(odd + &component("good", "")));
        let source = world.register(HERE).await;
        assert_eq!((source.problem, source.entities), (None, 4));
        let told = status(&world, "component:heron").await;
        assert!(told.contains("holds a control character"), "{told}");
        let told = status(&world, "component:gull").await;
        assert!(told.contains("is longer than the name of any entity") && told.len() < 500, "{told}");
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_told_at_the_source() {
    for world in [World::new().await, World::on_postgres().await] {
        world.write(HERE, WHERE, &component("heron", ""));
        let source = world.register(HERE).await;
        sea_orm::ConnectionTrait::execute_unprepared(&world.services.db, "ALTER TABLE source_texts RENAME TO lost")
            .await
            .unwrap();
        world.write(HERE, WHERE, &component("heron", "  extra: 1\n"));
        assert!(catalog::sync(&world.services, &world.caller, source.id).await.is_err());
        let source = catalog::source(&world.services, &world.caller, source.id).await.unwrap().source;
        assert!(source.problem.is_some_and(|why| why.contains("could not be recorded")));
    }
}
