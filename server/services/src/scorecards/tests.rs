//! Evaluation from end to end, on a source in memory and a database of its own.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    catalog::{EntityRef, NewSource, Source, SourceKind},
    identity::{Caller, Tenant},
    scorecards::{Outcome, Scorecard, Standing},
};
use serde_json::Value;

use super::{EntityFilter, evaluate, judge::Judge};
use crate::{
    Error, Result, Services,
    catalog::{
        self,
        ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, SourceReader},
    },
    changes,
    runs::{FirstCommit, Published, Repositories},
    scorecards, testing,
};

/// A source of one file.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<String>>);

#[async_trait]
impl SourceReader for Memory {
    async fn open(&self, _kind: SourceKind, _target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl OpenSource for Memory {
    fn revision(&self) -> Option<String> {
        None
    }

    fn begin(&self) -> Begin {
        Begin::Named(vec!["catalog-info.yaml".into()])
    }

    fn folder(&self) -> String {
        String::new()
    }

    fn resolve(&self, _from: &str, target: &str) -> Result<String, ReadProblem> {
        Ok(target.to_owned())
    }

    async fn find(&self, _pattern: &str) -> Result<Vec<String>, ReadProblem> {
        Ok(Vec::new())
    }

    async fn list(&self, _folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        Ok(Vec::new())
    }

    async fn read(&self, _path: &str, _limit: u64) -> Result<Bytes, ReadProblem> {
        Ok(self.0.lock().unwrap().clone().into())
    }

    fn place(&self, path: &str) -> Place {
        Place { kind: "url", target: path.to_owned(), view: None, edit: None, folder: None }
    }
}

#[async_trait]
impl Repositories for Memory {
    async fn create_or_get(&self, _name: &domain::runs::RepositoryName, _first: &FirstCommit) -> Result<Published> {
        Err(Error::Internal("not here".into()))
    }
}

struct World {
    services: Services,
    caller: Caller,
    memory: Memory,
    source: Option<Source>,
    _data: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let memory = Memory::default();
        let services = testing::services(data.path(), Arc::new(memory.clone()), Arc::new(memory.clone())).await;
        Self { services, caller: Caller::system(Tenant::default(), "test"), memory, source: None, _data: data }
    }

    /// Makes these documents the whole catalog, and evaluates.
    async fn declare(&mut self, documents: &[&str]) {
        *self.memory.0.lock().unwrap() = documents.join("\n---\n");
        if self.source.is_none() {
            let new = NewSource::new(SourceKind::Url, "https://a.example/catalog-info.yaml");
            self.source = Some(catalog::register(&self.services, &self.caller, new).await.unwrap());
        }
        let source = self.source.take().unwrap();
        self.source = Some(catalog::sync(&self.services, &self.caller, source.id).await.unwrap());
        evaluate(&self.services, &self.caller).await.unwrap();
    }

    /// `Bronze: owner=pass docs=fail`, or nothing.
    async fn stands(&self, entity: &str) -> String {
        let reports = scorecards::for_entity(&self.services, &self.caller, &entity.parse().unwrap()).await.unwrap();
        let told = reports.into_iter().map(|report| {
            let rules = report.levels.iter().rev().flat_map(|level| &level.rules);
            let rules: Vec<String> = rules.map(|rule| format!("{}={}", rule.id, rule.outcome)).collect();
            format!("{}: {}", report.scale.title(report.standing), rules.join(" "))
        });
        told.collect::<Vec<_>>().join("\n")
    }

    /// What evaluations have told since `after`.
    async fn told(&self, after: i64) -> Vec<String> {
        let changes = changes::read(&self.services, &self.caller, after, 1_000).await.unwrap();
        let own = changes.into_iter().filter(|change| change.kind == "scorecard-evaluated");
        let level = |state: &Option<Value>| state.as_ref().map_or("-".into(), |s| s["levelTitle"].to_string());
        own.map(|c| format!("{} {} -> {}", c.subject, level(&c.before), level(&c.after))).collect()
    }

    async fn last(&self) -> i64 {
        changes::last(&self.services, &self.caller).await.unwrap()
    }

    async fn overview(&self) -> domain::scorecards::Overview {
        let reference = scorecards::named("readiness").unwrap();
        scorecards::overview(&self.services, &self.caller, &reference, &EntityFilter::default()).await.unwrap()
    }
}

const GROUP: &str =
    "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: harbour}\nspec: {type: team, children: []}";

fn component(name: &str, annotations: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}, annotations: {annotations}}}\nspec: {{type: service, lifecycle: production, owner: harbour}}"
    )
}

fn scorecard(extra: &str) -> String {
    format!(
        r#"apiVersion: causeway.dev/v1alpha1
kind: Scorecard
metadata: {{name: readiness, title: Readiness}}
spec:
  filter: {{kind: Component}}
  levels: [{{name: bronze, title: Bronze}}, {{name: silver, title: Silver}}]
  floor: {{title: Basic}}
  {extra}
  rules:
    - {{id: owner, level: bronze, title: Owned, expression: 'relations.ownedBy.exists(o, o.found)'}}
    - {{id: docs, level: silver, title: Documented, message: No docs, expression: '"docs" in annotations'}}
"#
    )
}

#[tokio::test]
async fn what_changes_is_judged_again_and_told_once() {
    let mut world = World::new().await;
    let gate = component("gate", "{}");
    world.declare(&[GROUP, &gate, &scorecard("")]).await;
    assert_eq!(world.stands("component:gate").await, "Bronze: owner=pass docs=fail");
    assert_eq!(world.told(0).await, ["component:default/gate - -> \"Bronze\""]);

    let quiet = world.last().await;
    evaluate(&world.services, &world.caller).await.unwrap();
    assert_eq!(world.last().await, quiet, "an evaluation without news tells nothing");

    let documented = component("gate", "{docs: here}");
    world.declare(&[GROUP, &documented, &scorecard("")]).await;
    assert_eq!(world.stands("component:gate").await, "Silver: owner=pass docs=pass");
    assert_eq!(world.told(quiet).await, ["component:default/gate \"Bronze\" -> \"Silver\""]);
    let overview = world.overview().await;
    assert_eq!((overview.moved_up, overview.moved_down), (1, 0));
    assert_eq!(overview.moves[0].why, ["Documented"]);
    assert_eq!(overview.teams[0].net, 1);
}

#[tokio::test]
async fn what_comes_and_goes_around_an_entity_is_noticed() {
    let mut world = World::new().await;
    let gate = component("gate", "{docs: here}");
    world.declare(&[&gate, &scorecard("")]).await;
    assert_eq!(world.stands("component:gate").await, "Basic: owner=fail docs=pass");
    world.declare(&[GROUP, &gate, &scorecard("")]).await;
    assert_eq!(world.stands("component:gate").await, "Silver: owner=pass docs=pass");
}

#[tokio::test]
async fn another_wording_judges_everything_again_and_a_broken_one_nothing() {
    let mut world = World::new().await;
    let gate = component("gate", "{}");
    world.declare(&[GROUP, &gate, &scorecard("")]).await;
    let stricter = scorecard("").replace("o.found", "o.name == \"quay\"");
    world.declare(&[GROUP, &gate, &stricter]).await;
    assert_eq!(world.stands("component:gate").await, "Basic: owner=fail docs=fail");

    let broken = stricter.replace("\"quay\"", "quay");
    let documented = component("gate", "{docs: here}");
    world.declare(&[GROUP, &documented, &broken]).await;
    let cards = scorecards::list(&world.services, &world.caller).await.unwrap();
    insta::assert_snapshot!(
        cards[0].problems[0],
        @"`spec.rules[0].expression` names `quay`, which does not exist; use `entity`, `kind`, `metadata`, `spec`, `annotations`, `labels`, `tags`, `links`, `relations`, `now`"
    );
    assert_eq!(cards[0].judged, 1, "its last results stand");

    world.declare(&[GROUP, &documented, &scorecard("")]).await;
    assert_eq!(world.stands("component:gate").await, "Silver: owner=pass docs=pass");
}

#[tokio::test]
async fn what_a_scorecard_is_no_longer_about_leaves_it() {
    let mut world = World::new().await;
    let (gate, quay) = (component("gate", "{}"), component("quay", "{}"));
    world.declare(&[GROUP, &gate, &quay, &scorecard("")]).await;
    assert_eq!(world.overview().await.card.judged, 2);
    let narrower = scorecard("").replace("{kind: Component}", "{kind: Component, metadata.name: [gate, pier]}");
    world.declare(&[GROUP, &gate, &quay, &narrower]).await;
    assert_eq!(world.overview().await.card.judged, 1);
    assert_eq!(world.stands("component:quay").await, "");
    let website = gate.replace("Component", "Resource");
    world.declare(&[GROUP, &website, &narrower]).await;
    let source = world.source.clone().unwrap();
    catalog::remove_source(&world.services, &world.caller, source.id, catalog::Entities::Remove).await.unwrap();
    evaluate(&world.services, &world.caller).await.unwrap();
    assert_eq!(world.stands("component:gate").await, "");
    assert!(scorecards::list(&world.services, &world.caller).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_draft_is_shown_and_counts_nowhere() {
    let mut world = World::new().await;
    world.declare(&[GROUP, &component("gate", "{}"), &scorecard("draft: true")]).await;
    assert_eq!(world.stands("component:gate").await, "Bronze: owner=pass docs=fail");
    assert!(scorecards::list(&world.services, &world.caller).await.unwrap()[0].draft);
    assert!(world.told(0).await.is_empty());
    let gate: EntityRef = "component:gate".parse().unwrap();
    assert_eq!(scorecards::levels(&world.services, &world.caller, &[gate]).await.unwrap(), [Vec::new()]);
}

#[tokio::test]
async fn two_workers_at_once_tell_each_change_once() {
    let mut world = World::new().await;
    let gates: Vec<String> = (0..150).map(|n| component(&format!("gate-{n}"), "{}")).collect();
    let mut documents: Vec<&str> = gates.iter().map(String::as_str).collect();
    let scorecard = scorecard("");
    documents.extend([GROUP, &scorecard]);
    *world.memory.0.lock().unwrap() = documents.join("\n---\n");
    let new = NewSource::new(SourceKind::Url, "https://a.example/catalog-info.yaml");
    let source = catalog::register(&world.services, &world.caller, new).await.unwrap();
    world.source = Some(catalog::sync(&world.services, &world.caller, source.id).await.unwrap());
    let (one, other) =
        futures::join!(evaluate(&world.services, &world.caller), evaluate(&world.services, &world.caller));
    one.unwrap();
    other.unwrap();
    assert_eq!(world.told(0).await.len(), 150);
}

#[tokio::test]
async fn a_worker_whose_index_lags_behind_misses_nothing() {
    let mut world = World::new().await;
    let here = world.services.clone();
    let count = async || catalog::total(&here, &world.caller).await.unwrap();
    assert_eq!(count().await, 0, "the index is loaded while the catalog is empty");
    // Another process takes the source in.
    world.services.catalog = Arc::default();
    let (gate, scorecard) = (component("gate", "{docs: here}"), scorecard(""));
    *world.memory.0.lock().unwrap() = [GROUP, &gate, &scorecard].join("\n---\n");
    let new = NewSource::new(SourceKind::Url, "https://a.example/catalog-info.yaml");
    let source = catalog::register(&world.services, &world.caller, new).await.unwrap();
    catalog::sync(&world.services, &world.caller, source.id).await.unwrap();
    assert_eq!(count().await, 0, "the index here has not heard of it");
    evaluate(&here, &world.caller).await.unwrap();
    assert_eq!(world.stands("component:gate").await, "Silver: owner=pass docs=pass");
}

#[tokio::test]
async fn much_at_once_is_judged_as_a_whole() {
    let mut world = World::new().await;
    let (gate, scorecard) = (component("gate", "{}"), scorecard(""));
    let other = scorecard.replace("name: readiness", "name: other");
    world.declare(&[GROUP, &gate, &scorecard, &other]).await;
    let gates: Vec<String> = (0..1_100).map(|n| component(&format!("gate-{n}"), "{docs: here}")).collect();
    let mut documents: Vec<&str> = gates.iter().map(String::as_str).collect();
    documents.extend([GROUP, &scorecard]);
    world.declare(&documents).await;
    let quiet = world.last().await;
    evaluate(&world.services, &world.caller).await.unwrap();
    assert_eq!(world.last().await, quiet);
    let overview = world.overview().await;
    let shares: Vec<u32> = overview.card.shares.iter().map(|share| share.count).collect();
    // What is no longer declared stays in sight for its grace period.
    assert_eq!(shares, [0, 1, 1_100]);
    assert_eq!(world.stands("component:gate-7").await.lines().next(), Some("Silver: owner=pass docs=pass"));
}

#[tokio::test]
async fn a_manager_sees_who_needs_help_and_every_figure_has_its_list() {
    let mut world = World::new().await;
    let stray = component("stray", "{docs: here}").replace("owner: harbour", "owner: nobody");
    world.declare(&[GROUP, &component("gate", "{docs: here}"), &component("quay", "{}"), &stray, &scorecard("")]).await;
    let overview = world.overview().await;
    let shares: Vec<u32> = overview.card.shares.iter().map(|share| share.count).collect();
    assert_eq!(shares, [1, 1, 1]);
    assert_eq!(overview.target, Standing::Level(1));
    assert_eq!(overview.one_away, 2);
    let teams: Vec<String> = overview.teams.iter().filter_map(|row| Some(row.group.as_ref()?.short())).collect();
    assert_eq!(teams, ["nobody", "harbour"]);
    assert_eq!(overview.rules[1].count(Outcome::Fail), 1);
    assert_eq!(overview.heat.rows.len(), 2);
    assert_eq!(overview.trend.last().unwrap().counts, shares);

    let reference = scorecards::named("readiness").unwrap();
    let found = async |filter: EntityFilter| {
        let (_, judged) = scorecards::results(&world.services, &world.caller, &reference, &filter).await.unwrap();
        judged.iter().map(|judged| judged.entity.short()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found(EntityFilter::default()).await, "stray quay gate");
    assert_eq!(found(EntityFilter { at_least: Some("silver".into()), ..EntityFilter::default() }).await, "gate");
    assert_eq!(found(EntityFilter { level: Some("-floor".into()), ..EntityFilter::default() }).await, "stray");
    assert_eq!(found(EntityFilter { one_away: true, ..EntityFilter::default() }).await, "stray quay");
    let failing = EntityFilter { outcome: Some(Outcome::Fail), rule: Some("docs".into()), ..EntityFilter::default() };
    assert_eq!(found(failing).await, "quay");
    let team = EntityFilter { team: Some("group:harbour".parse().unwrap()), ..EntityFilter::default() };
    assert_eq!(found(team).await, "quay gate");
    let detail = scorecards::rule(&world.services, &world.caller, &reference, "docs").await.unwrap();
    assert_eq!(
        (detail.entities[0].0.entity.short().as_str(), detail.entities[0].1.reason.as_str()),
        ("quay", "No docs")
    );
}

fn read(yaml: &str) -> Judge {
    let document: Value = serde_saphyr::from_str(yaml).unwrap();
    Judge::read(&EntityRef::new("scorecard", "default", "s"), &document)
        .unwrap_or_else(|problems| panic!("{problems:?}\n{yaml}"))
}

#[test]
fn the_example_in_the_documentation_works_as_it_says() {
    let text = include_str!("../../../../docs/scorecards.md");
    let blocks: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
    let yaml = blocks.iter().find_map(|block| block.strip_prefix("yaml\n")).unwrap();
    let judge = read(yaml);
    let scorecard: &Scorecard = &judge.scorecard;
    assert_eq!((scorecard.levels.len(), scorecard.rules.len(), scorecard.floor.as_str()), (2, 3, "Basic"));
    let document = serde_json::json!({ "kind": "Component", "spec": { "lifecycle": "experimental" } });
    let clock = super::judge::Clock {
        now: chrono::Utc::now(),
        until: std::time::Instant::now() + std::time::Duration::from_mins(1),
    };
    let found = judge.judge(&document, &super::facts::Neighbours::new(), &[], clock);
    let told: Vec<String> =
        found.iter().map(|found| format!("{} {}", found.result.outcome, found.result.reason)).collect();
    assert_eq!(
        told,
        [
            "fail No team owns it",
            "not_applicable ",
            "unknown metadata.annotations has no `example.org/last-restore-drill`"
        ]
    );
    let lines = blocks.iter().find_map(|block| block.strip_prefix("cel\n")).unwrap();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        if let Err(problem) = super::expression::Expression::compile(line) {
            panic!("{line}: {problem}");
        }
    }
}

#[test]
fn the_scorecards_of_the_example_organisation_compile() {
    read(include_str!("../../../../examples/saltmarsh/scorecards/production-readiness.yaml"));
    read(include_str!("../../../../examples/saltmarsh/scorecards/api-quality.yaml"));
}
