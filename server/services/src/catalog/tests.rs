//! The pipeline, on a source in memory and a database of its own.

mod compared;
mod directories;
mod formats;
mod hanging;
mod hidden;
mod hidden_deeds;
mod hidden_past;
mod hidden_sources;
mod lifecycle;
mod numbered;
mod orphaned_kinds;
mod page_of_repository;
mod parts;
mod pushed;
mod recall;
mod rejected;
mod removal;
mod restart;
mod successors;
mod tenants;
mod ties;
mod trusted;
mod vouched;
mod world;

use std::{fmt::Write as _, sync::Arc};

use domain::{
    catalog::{Direction, EntityRef, ListQuery, NewSource, Order, Pick, Source, SourceKind},
    identity::{Caller, Tenant},
};

use self::world::World;
use crate::{Services, catalog, changes};

fn component(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  lifecycle: production\n  owner: berths\n{spec}---\n"
    )
}

const GROUP: &str =
    "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: berths}\nspec: {type: team, children: []}\n---\n";

const HERE: &str = "https://a.example/one";
const THERE: &str = "https://b.example/two";
/// Of which every file is looked at.
const FOLDER: &str = "https://a.example/guessed";

#[tokio::test]
async fn what_is_declared_stands_in_the_catalog_with_its_relations() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &(component("ticket-api", "  dependsOn: [component:quay]\n") + GROUP));
    let source = world.register(HERE).await;
    assert_eq!((source.entities, source.rejected), (2, 0));
    insta::assert_snapshot!(serde_json::to_string_pretty(&{
        let mut document = world.entity("component:ticket-api").await.document;
        document["metadata"]["uid"] = "-".into();
        document["metadata"]["etag"] = "-".into();
        document
    }).unwrap(), @r#"
    {
      "apiVersion": "backstage.io/v1alpha1",
      "kind": "Component",
      "metadata": {
        "name": "ticket-api",
        "namespace": "default",
        "annotations": {
          "backstage.io/managed-by-location": "url:https://a.example/one/catalog-info.yaml",
          "backstage.io/managed-by-origin-location": "url:https://a.example/one"
        },
        "uid": "-",
        "etag": "-"
      },
      "spec": {
        "type": "service",
        "lifecycle": "production",
        "owner": "berths",
        "dependsOn": [
          "component:quay"
        ]
      },
      "relations": [
        {
          "type": "dependsOn",
          "targetRef": "component:default/quay"
        },
        {
          "type": "ownedBy",
          "targetRef": "group:default/berths"
        }
      ],
      "status": {
        "items": [
          {
            "type": "backstage.io/catalog-processing",
            "level": "warning",
            "message": "`spec.dependsOn[0]` names `component:default/quay`, which is not in the catalog; register it, or correct the reference",
            "error": {
              "name": "NotFoundError",
              "message": "`spec.dependsOn[0]` names `component:default/quay`, which is not in the catalog; register it, or correct the reference"
            }
          }
        ]
      }
    }
    "#);
    assert_eq!(world.found("relations.ownerOf=component:default/ticket-api").await, "group:default/berths");
    let before = world.last().await;
    world.write(
        HERE,
        "catalog-info.yaml",
        &(component("ticket-api", "  dependsOn: [component:quay]\n") + GROUP + &component("quay", "")),
    );
    world.sync(&source).await;
    // The one that was named without being there loses its warning, and the owner owns one more.
    insta::assert_snapshot!(world.told(before).await, @"
    entity-created component:default/quay
    entity-updated component:default/ticket-api
    entity-updated group:default/berths
    ");
    assert!(world.entity("component:ticket-api").await.document.get("status").is_none());
}

#[tokio::test]
async fn what_did_not_change_is_not_written() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &(component("a", "") + GROUP));
    let source = world.register(HERE).await;
    let (etag, before) = (world.entity("component:a").await.etag, world.last().await);
    world.sync(&source).await;
    // Nor is it told that nothing happened.
    assert_eq!(world.last().await, before);
    assert_eq!(world.entity("component:a").await.etag, etag);
}

#[tokio::test]
async fn what_is_no_longer_declared_is_orphaned_and_reclaimed() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &(component("a", "") + &component("b", "")));
    let source = world.register(HERE).await;
    world.write(HERE, "catalog-info.yaml", &component("a", ""));
    let before = world.last().await;
    world.sync(&source).await;
    assert_eq!(world.told(before).await, "entity-orphaned component:default/b");
    assert!(world.entity("component:b").await.orphaned_at.is_some());
    assert_eq!(world.found("metadata.annotations.backstage.io/orphan=true").await, "component:default/b");
    let before = world.last().await;
    world.sync(&source).await;
    assert_eq!(world.told(before).await, "");
    world.write(HERE, "catalog-info.yaml", &(component("a", "") + &component("b", "")));
    world.sync(&source).await;
    assert_eq!(world.told(before).await, "entity-updated component:default/b");
    assert!(world.entity("component:b").await.orphaned_at.is_none());
    catalog::remove_source(&world.services, &world.caller, source.id, catalog::Entities::Remove).await.unwrap();
    assert_eq!(world.found("kind").await, "");
}

#[tokio::test]
async fn a_broken_file_keeps_its_last_good_state() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &(component("a", "") + &component("b", "")));
    let source = world.register(HERE).await;
    world.write(HERE, "catalog-info.yaml", &(component("a", "  system: [}\n") + &component("c", "")));
    let before = world.last().await;
    let source = world.sync(&source).await;
    // Those that stand without being declared say why.
    insta::assert_snapshot!(world.told(before).await, @"
    entity-updated component:default/a
    entity-updated component:default/b
    entity-created component:default/c
    ");
    assert_eq!((source.entities, source.rejected), (3, 1));
    insta::assert_snapshot!(world.trace(&source).await, @"
    catalog-info.yaml rejected (1)
      line 9, column 11: cannot be read as YAML: mismatched bracket '[' closed by '}'
    ");
    // The source itself does not answer.
    world.memory.0.lock().unwrap().clear();
    let source = world.sync(&source).await;
    assert_eq!(source.problem.as_deref(), Some("`https://a.example/one` (url) does not answer"));
    assert_eq!(world.found("kind=component").await, "component:default/a component:default/b component:default/c");
}

#[tokio::test]
async fn the_first_claim_stands_and_the_second_is_told_on_both() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &component("Tides", "").replace("service", "website"));
    world.write(THERE, "catalog-info.yaml", &(component("tides", "") + &component("own", "")));
    let first = world.register(HERE).await;
    let second = world.register(THERE).await;
    let entity = world.entity("component:tides").await;
    assert_eq!((entity.source, entity.text("/spec/type")), (Some(first.id), Some("website")));
    let message = entity.text("/status/items/1/message").unwrap_or_default();
    insta::assert_snapshot!(message, @"`catalog-info.yaml` of `https://b.example/two` declares it again; the one in `catalog-info.yaml` of `https://a.example/one` stands. Remove one of the two");
    insta::assert_snapshot!(world.trace(&second).await, @"
    catalog-info.yaml warned (2)
      line 1: `component:default/tides` is declared already, in `catalog-info.yaml` of `https://a.example/one`; that one stands. Remove one of the two, or rename it
    ");
    assert_eq!(second.entities, 1);
    catalog::remove_source(&world.services, &world.caller, first.id, catalog::Entities::Remove).await.unwrap();
    world.sync(&second).await;
    let entity = world.entity("component:tides").await;
    assert_eq!((entity.source, entity.text("/spec/type")), (Some(second.id), Some("service")));
    assert!(entity.text("/status/items/1/message").is_none());
}

#[tokio::test]
async fn locations_lead_on_and_circles_end() {
    let world = World::new().await;
    let location = |name: &str, targets: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: {name}}}\nspec: {{targets: [{targets}]}}\n---\n"
        )
    };
    world.write(
        HERE,
        "catalog-info.yaml",
        &location("top", "'./parts/*.yaml', ./none.yaml, ../out.yaml, 'https://b.example/two', 'https://c.example'"),
    );
    world.write(HERE, "parts/a.yaml", &(component("a", "") + &location("again", "../catalog-info.yaml, ./b.yaml")));
    world.write(HERE, "parts/b.yaml", &component("b", ""));
    world.write(THERE, "catalog-info.yaml", &component("far", ""));
    let source = world.register(HERE).await;
    insta::assert_snapshot!(world.trace(&source).await, @"
    catalog-info.yaml rejected (1)
      line 4, column 49: spec.targets[2]: `../out.yaml` leads out of the source; keep what a catalog file names inside the folder or repository it is in
      line 4, column 87: spec.targets[4]: `https://c.example` (url) does not answer
      line 4, column 36: spec.targets[1]: `none.yaml` is not there
    parts/a.yaml warned (2)
      line 13, column 18: spec.targets[0]: the Location leads back to `catalog-info.yaml`, in a circle; remove one of the targets
    parts/b.yaml found (1)
    none.yaml skipped (0)
      could not be read; `catalog-info.yaml`, which names it, tells why
    https://b.example/two/catalog-info.yaml found (1)
    ");
    assert_eq!(world.found("kind=component").await, "component:default/a component:default/b component:default/far");
    // The one that led to the others breaks: what they declare stands.
    world.write(HERE, "catalog-info.yaml", "kind: [");
    let before = world.last().await;
    world.sync(&source).await;
    assert_eq!(world.told(before).await, "entity-updated location:default/top");
    let before = world.last().await;
    // It no longer names them: they are orphaned.
    world.write(HERE, "catalog-info.yaml", &location("top", "./parts/b.yaml"));
    world.sync(&source).await;
    insta::assert_snapshot!(world.told(before).await, @"
    entity-orphaned component:default/a
    entity-orphaned component:default/far
    entity-orphaned location:default/again
    entity-updated location:default/top
    ");
    world.remove(HERE, "parts/b.yaml");
    let before = world.last().await;
    world.sync(&source).await;
    assert_eq!(world.told(before).await, "entity-orphaned component:default/b");
}

#[tokio::test]
async fn lists_count_what_else_could_be_picked() {
    let world = World::new().await;
    let text = component("a", "")
        + &component("b", "").replace("service", "website")
        + &component("c", "").replace("berths", "tides")
        + GROUP;
    world.write(HERE, "catalog-info.yaml", &text);
    world.register(HERE).await;
    let pick = |path: &str, value: &str| Pick { path: path.into(), values: vec![value.into()] };
    let question = ListQuery {
        picks: vec![pick("kind", "component"), pick("spec.type", "service")],
        text: String::new(),
        order: Order::by("metadata.name", Direction::Desc),
        limit: 1,
        offset: 0,
        facets: vec!["spec.type".into(), "spec.owner".into()],
    };
    let page = catalog::list(&world.services, &world.caller, &question).await.unwrap();
    assert_eq!((page.items[0].name(), page.total), ("c", 2));
    let counts: Vec<_> = page
        .facets
        .iter()
        .map(|facet| {
            facet.values.iter().map(|value| format!("{}={}", value.value, value.count)).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(counts, ["service=2 website=1", "berths=1 tides=1"]);
    let graph =
        catalog::neighbourhood(&world.services, &world.caller, &"group:berths".parse().unwrap(), 2).await.unwrap();
    let edges: Vec<_> =
        graph.edges.iter().map(|edge| format!("{} {} {}", edge.from.name(), edge.kind, edge.to.name())).collect();
    assert_eq!(edges, ["a ownedBy berths", "b ownedBy berths"]);
}

#[tokio::test]
async fn a_graph_has_the_same_order_whatever_came_first() {
    let mut orders = Vec::new();
    for first in ["  dependsOn: [resource:quay]\n", "  providesApis: [tides]\n"] {
        let world = World::new().await;
        assert_eq!(
            catalog::total(&world.services, &world.caller).await.unwrap(),
            0,
            "the index is there before anything comes"
        );
        world.write(HERE, "catalog-info.yaml", &component("a", first));
        world.register(HERE).await;
        catalog::total(&world.services, &world.caller).await.unwrap();
        let ties =
            "  dependsOn: [resource:quay, component:a]\n  providesApis: [tides]\n  subcomponentOf: component:whole\n";
        world.write(THERE, "catalog-info.yaml", &(component("hub", ties) + GROUP));
        world.register(THERE).await;
        let hub = "component:hub".parse().unwrap();
        let graph = catalog::neighbourhood(&world.services, &world.caller, &hub, 1).await.unwrap();
        orders.push(graph.nodes.iter().map(|node| node.reference.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(orders[0], orders[1]);
    assert_eq!(orders[0].len(), 6, "{orders:?}");
}

#[tokio::test]
async fn ten_thousand_entities_are_taken_in_within_seconds() {
    let world = World::new().await;
    let mut text = String::new();
    for number in 0..9_999 {
        text += &component(&format!("service-{number}"), "  consumesApis: [tides, tickets]\n");
    }
    world.write(HERE, "catalog-info.yaml", &(text + GROUP));
    let started = std::time::Instant::now();
    let source = world.register(HERE).await;
    let first = started.elapsed();
    assert_eq!(source.entities, 10_000);
    let started = std::time::Instant::now();
    world.sync(&source).await;
    let again = started.elapsed();
    println!("first {first:?}, again {again:?}");
    assert!(first.as_secs() < 60 && again.as_secs() < 30, "first {first:?}, again {again:?}");
}
