//! The pipeline, on a source in memory and a database of its own.

mod directories;
mod formats;
mod hidden;
mod lifecycle;
mod recall;
mod restart;
mod tenants;
mod ties;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    catalog::{Direction, EntityRef, Filter, ListQuery, NewSource, Order, Pick, Query, Source, SourceKind},
    identity::{Caller, Tenant},
};

use super::ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, SourceReader, join};
use crate::{Services, catalog, changes, testing};

/// Sources by their targets, each with its files; a target without files is one that does not answer. And which files were
/// read.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, BTreeMap<String, String>>>, Arc<Mutex<Vec<String>>>);

struct Opened(String, BTreeMap<String, String>, Arc<Mutex<Vec<String>>>);

#[async_trait]
impl SourceReader for Memory {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let files = self.0.lock().unwrap().get(target).cloned().unwrap_or_default();
        if files.is_empty() {
            return Err(ReadProblem::Unreachable(format!("`{target}` ({kind}) does not answer")));
        }
        Ok(Arc::new(Opened(target.to_owned(), files, self.1.clone())))
    }
}

#[async_trait]
impl OpenSource for Opened {
    fn revision(&self) -> Option<String> {
        None
    }

    fn begin(&self) -> Begin {
        Begin::Named(vec!["catalog-info.yaml".into()])
    }

    fn folder(&self) -> String {
        String::new()
    }

    fn resolve(&self, from: &str, target: &str) -> Result<String, ReadProblem> {
        join(from, target)
    }

    async fn find(&self, pattern: &str) -> Result<Vec<String>, ReadProblem> {
        let start = pattern.split('*').next().unwrap_or_default();
        Ok(self.1.keys().filter(|path| path.starts_with(start)).cloned().collect())
    }

    async fn list(&self, _folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        Ok(Vec::new())
    }

    async fn read(&self, path: &str, _limit: u64) -> Result<Bytes, ReadProblem> {
        self.2.lock().unwrap().push(path.to_owned());
        match self.1.get(path) {
            Some(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
            None => Err(ReadProblem::Missing(format!("`{path}` is not there"))),
        }
    }

    /// As a repository does.
    fn fingerprint(&self, path: &str) -> Option<String> {
        let text = self.1.get(path).filter(|_| self.0.contains(".git"))?;
        Some(blake3::hash(text.as_bytes()).to_string())
    }

    fn place(&self, path: &str) -> Place {
        let target = format!("{}/{path}", self.0);
        Place { kind: "url", target, view: None, edit: None, folder: None }
    }
}

struct World {
    services: Services,
    caller: Caller,
    memory: Arc<Memory>,
    _data: tempfile::TempDir,
}

struct NoHosting;

#[async_trait]
impl crate::runs::Repositories for NoHosting {
    async fn create_or_get(
        &self,
        _name: &domain::runs::RepositoryName,
        _first: &crate::runs::FirstCommit,
    ) -> crate::Result<crate::runs::Published> {
        Err(crate::Error::Internal("not here".into()))
    }
}

impl World {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let memory = Arc::new(Memory::default());
        let services = testing::services(data.path(), memory.clone(), Arc::new(NoHosting)).await;
        Self { services, caller: Caller::system(Tenant::default(), "test"), memory, _data: data }
    }

    async fn on_postgres() -> Self {
        let data = tempfile::tempdir().unwrap();
        let memory = Arc::new(Memory::default());
        let services = testing::services_on_postgres(data.path(), memory.clone(), Arc::new(NoHosting)).await;
        Self { services, caller: Caller::system(Tenant::default(), "test"), memory, _data: data }
    }

    fn write(&self, target: &str, path: &str, text: &str) {
        self.memory.0.lock().unwrap().entry(target.into()).or_default().insert(path.into(), text.into());
    }

    fn remove(&self, target: &str, path: &str) {
        self.memory.0.lock().unwrap().get_mut(target).unwrap().remove(path);
    }

    async fn register(&self, target: &str) -> Source {
        let new = NewSource { kind: SourceKind::Url, target: target.into() };
        let source = catalog::register(&self.services, &self.caller, new).await.unwrap();
        self.sync(&source).await
    }

    async fn sync(&self, source: &Source) -> Source {
        catalog::sync(&self.services, &self.caller, source.id).await.unwrap()
    }

    /// What was told since `after`, but for the syncs.
    async fn told(&self, after: i64) -> String {
        let changes = changes::read(&self.services, &self.caller, after, 10_000).await.unwrap();
        let lines = changes.iter().filter(|change| !change.kind.starts_with("source"));
        lines.map(|change| format!("{} {}", change.kind, change.subject)).collect::<Vec<_>>().join("\n")
    }

    async fn last(&self) -> i64 {
        changes::last(&self.services, &self.caller).await.unwrap()
    }

    /// The sources that workers are asked to sync, in jobs that nobody has taken yet.
    async fn asked_to_sync(&self) -> Vec<sea_orm::prelude::Uuid> {
        let sql = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "SELECT job FROM outbox");
        let rows = sea_orm::ConnectionTrait::query_all_raw(&self.services.db, sql).await.unwrap();
        let jobs = rows.iter().map(|row| row.try_get::<serde_json::Value>("", "job").unwrap());
        jobs.filter_map(|job| match serde_json::from_value(job).unwrap() {
            crate::queue::Job::SyncSource { source } => Some(source),
            _ => None,
        })
        .collect()
    }

    async fn entity(&self, reference: &str) -> domain::catalog::Entity {
        catalog::entity(&self.services, &self.caller, &reference.parse::<EntityRef>().unwrap()).await.unwrap()
    }

    async fn trace(&self, source: &Source) -> String {
        let trace = catalog::source(&self.services, &self.caller, source.id).await.unwrap();
        let mut text = String::new();
        for file in trace.files {
            writeln!(text, "{} {} ({})", file.path, file.outcome.as_str(), file.entities).unwrap();
            for problem in file.problems {
                writeln!(text, "  {problem}").unwrap();
            }
        }
        text
    }

    /// The names that a filter finds.
    async fn found(&self, filter: &str) -> String {
        let query = Query { filter: Filter::parse([filter]).unwrap(), ..Query::default() };
        let page = catalog::query(&self.services, &self.caller, &query).await.unwrap();
        page.items.iter().map(|entity| entity.reference.to_string()).collect::<Vec<_>>().join(" ")
    }
}

fn component(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  lifecycle: production\n  owner: berths\n{spec}---\n"
    )
}

const GROUP: &str =
    "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: berths}\nspec: {type: team, children: []}\n---\n";

const HERE: &str = "https://a.example/one";
const THERE: &str = "https://b.example/two";

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
    assert_eq!(world.told(before).await, "");
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
    assert_eq!(world.told(before).await, "entity-created component:default/c");
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
    assert!(message.contains("another source declares it again"), "{message}");
    insta::assert_snapshot!(world.trace(&second).await, @"
    catalog-info.yaml warned (2)
      `component:default/tides` is declared already, in `catalog-info.yaml` of another source; that one was first and stands. Remove one of the two, or rename it
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
    parts/a.yaml warned (2)
      the Location leads back to `catalog-info.yaml`, in a circle; remove one of the targets
    parts/b.yaml found (1)
    none.yaml rejected (0)
      `none.yaml` is not there
    https://b.example/two/catalog-info.yaml found (1)
    ");
    assert_eq!(world.found("kind=component").await, "component:default/a component:default/b component:default/far");
    // The one that led to the others breaks: what they declare stands.
    world.write(HERE, "catalog-info.yaml", "kind: [");
    let before = world.last().await;
    world.sync(&source).await;
    assert_eq!(world.told(before).await, "");
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
