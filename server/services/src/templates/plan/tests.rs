//! Plans of the example organisation's templates, from its own files.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    catalog::{NewSource, SourceKind},
    identity::Tenant,
    runs::RepositoryName,
    templates::Effect,
};

use super::*;
use crate::{
    catalog::ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, SourceReader, join},
    runs::{FirstCommit, Published, Repositories},
    testing,
};

/// The example organisation's folder.
struct Disk(PathBuf);

#[async_trait]
impl SourceReader for Disk {
    async fn open(&self, _kind: SourceKind, _target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        Ok(Arc::new(Self(self.0.clone())))
    }
}

#[async_trait]
impl OpenSource for Disk {
    fn revision(&self) -> Option<String> {
        None
    }

    fn begin(&self) -> Begin {
        let templates =
            ["rust-service", "web-frontend", "data-job"].map(|name| format!("templates/{name}/template.yaml"));
        let rest = ["org/teams.yaml", "systems/passenger.yaml"].map(str::to_owned);
        Begin::Named(templates.into_iter().chain(rest).collect())
    }

    fn folder(&self) -> String {
        String::new()
    }

    fn resolve(&self, from: &str, target: &str) -> Result<String, ReadProblem> {
        join(from, target)
    }

    async fn find(&self, _pattern: &str) -> Result<Vec<String>, ReadProblem> {
        Ok(Vec::new())
    }

    async fn list(&self, folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        let entries = walkdir::WalkDir::new(self.0.join(folder)).sort_by_file_name().into_iter().filter_map(Result::ok);
        let files = entries.filter(|entry| entry.file_type().is_file());
        Ok(files
            .map(|entry| FileInfo {
                path: entry.path().strip_prefix(&self.0).unwrap().display().to_string(),
                executable: false,
            })
            .collect())
    }

    async fn read(&self, path: &str, _limit: u64) -> Result<Bytes, ReadProblem> {
        std::fs::read(self.0.join(path))
            .map(Bytes::from)
            .map_err(|error| ReadProblem::Missing(format!("{path}: {error}")))
    }

    fn place(&self, path: &str) -> Place {
        Place { kind: "url", target: path.to_owned(), view: None, edit: None, folder: None }
    }
}

struct Hosting;

#[async_trait]
impl Repositories for Hosting {
    async fn create_or_get(&self, _name: &RepositoryName, _first: &FirstCommit) -> Result<Published> {
        unreachable!("a plan creates nothing")
    }

    async fn exists(&self, name: &RepositoryName) -> Result<Option<bool>> {
        Ok(Some(name.repo() == "taken"))
    }
}

struct World {
    services: Services,
    caller: Caller,
    _data: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/saltmarsh");
        let services = testing::services(data.path(), Arc::new(Disk(examples)), Arc::new(Hosting)).await;
        let caller = Caller::system(Tenant::default(), "test");
        let new = NewSource::new(SourceKind::Url, "https://example.org/saltmarsh");
        let source = catalog::register(&services, &caller, new).await.unwrap();
        catalog::sync(&services, &caller, source.id).await.unwrap();
        Self { services, caller, _data: data }
    }

    async fn plan(&self, name: &str, values: Value) -> Plan {
        let reference = EntityRef::new("template", "default", name);
        plan(&self.services, &self.caller, &reference, values.as_object().unwrap()).await.unwrap()
    }
}

/// A plan in a few lines.
fn told(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for problem in &plan.problems {
        lines.push(format!("! {} {}", problem.pointer, problem.message));
    }
    for (at, step) in plan.steps.iter().enumerate() {
        lines.push(format!("{} {} {} ({}) @ {}", at + 1, step.verb, step.object, step.detail, step.place));
        lines.extend(step.skipped.iter().map(|why| format!("    skipped: {why}")));
        lines.extend(step.warnings.iter().map(|warning| format!("    {warning}")));
        if let Effect::Repository { files, .. } = &step.effect {
            let files = files.iter().map(|file| format!("{} {}", file.path, file.lines.unwrap_or(0)));
            lines.push(format!("    {}", files.collect::<Vec<_>>().join(", ")));
        }
    }
    lines.extend(plan.checks.iter().map(|check| format!("{:?} {}", check.verdict, check.text)));
    lines.push(format!("$ {}", plan.command));
    lines.join("\n")
}

#[tokio::test]
async fn a_plan_shows_what_a_rust_service_would_be() {
    let world = World::new().await;
    let values = json!({
        "name": "quay-signs", "description": "Shows departures on the signs of a quay", "owner": "group:default/harbour",
        "system": "system:default/embarkation", "storage": "cache", "publicNetwork": true, "hostName": "signs.saltmarsh.example",
    });
    insta::assert_snapshot!(told(&world.plan("rust-service", values).await), @"
        1 Render ./skeleton (16 files into the workspace) @ workspace
        2 Create repository harbour/quay-signs (16 files on branch main) @ embedded Git
            .dockerignore 2, .github/workflows/ci.yml 26, .gitignore 1, Cargo.toml 21, Dockerfile 10, README.md 16, catalog-info.yaml 32, deploy/base/deployment.yaml 43, deploy/base/ingress.yaml 20, deploy/base/kustomization.yaml 6, deploy/base/service.yaml 13, docs/index.md 14, mkdocs.yml 5, src/main.rs 37, src/quay_signs_routes.rs 98, src/settings.rs 24
        3 Register component:quay-signs (owner harbour · system embarkation · experimental) @ catalog
        Good Owner harbour is in the catalog
        Good System embarkation is in the catalog
        Good Repository harbour/quay-signs is free
        Good component:default/quay-signs is free in the catalog
        Good resource:default/quay-signs-cache is free in the catalog
        $ causeway run rust-service --set name=quay-signs --set 'description=Shows departures on the signs of a quay' --set owner=group:default/harbour --set system=system:default/embarkation --set storage=cache --set publicNetwork=true --set hostName=signs.saltmarsh.example
        ");
}

#[tokio::test]
async fn a_plan_with_problems_takes_no_step() {
    let world = World::new().await;
    let values = json!({"name": "Quay", "owner": "group:default/nobody", "system": "system:default/nowhere", "storage": "postgres", "size": 1});
    insta::assert_snapshot!(told(&world.plan("rust-service", values).await), @"
        ! /size the template `rust-service` asks no question named `size`; leave it out
        ! /description needs an answer
        ! /name must match the pattern ^[a-z][a-z0-9]*(-[a-z0-9]+)*$
        ! /system `system:default/nowhere` is not in the catalog; choose one of the list
        $ causeway run rust-service --set name=Quay --set owner=group:default/nobody --set system=system:default/nowhere --set storage=postgres
        ");
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_before_anything_happens() {
    let world = World::new().await;
    let values = json!({
        "name": "taken", "description": "Sums up the traffic of each ramp", "owner": "group:default/harbour",
        "system": "system:default/embarkation", "schedule": "custom", "cron": "0 0 * * *",
    });
    let plan = world.plan("data-job", values).await;
    assert!(!plan.can_run());
    insta::assert_snapshot!(told(&plan), @"
        1 Render ./skeleton (13 files into the workspace) @ workspace
        2 Create repository harbour/taken (13 files on branch main) @ embedded Git
            .dockerignore 2, .github/workflows/ci.yml 26, .gitignore 1, Cargo.toml 17, Dockerfile 9, README.md 11, catalog-info.yaml 15, data/sample.csv 5, deploy/cronjob.yaml 33, docs/index.md 24, mkdocs.yml 5, src/main.rs 36, src/taken_summary.rs 123
        3 Register component:taken (owner harbour · system embarkation · experimental) @ catalog
        Good Owner harbour is in the catalog
        Good System embarkation is in the catalog
        Bad Repository harbour/taken exists already
        Good component:default/taken is free in the catalog
        $ causeway run data-job --set name=taken --set 'description=Sums up the traffic of each ramp' --set owner=group:default/harbour --set system=system:default/embarkation --set schedule=custom --set 'cron=0 0 * * *'
        ");
}

#[tokio::test]
async fn the_questions_are_served_in_backstages_shape() {
    let world = World::new().await;
    let reference = EntityRef::new("template", "default", "rust-service");
    let schema = super::super::parameter_schema(&world.services, &world.caller, &reference).await.unwrap();
    assert_eq!(schema["title"], "Rust service");
    assert_eq!(schema["presentation"]["buttonLabels"]["createButtonText"], "Create it");
    assert_eq!(schema["steps"][1]["title"], "Where it runs");
    assert_eq!(schema["steps"][0]["schema"]["properties"]["owner"]["ui:field"], "OwnerPicker");
    let titles: Vec<String> =
        super::super::list(&world.services, &world.caller).await.unwrap().into_iter().map(|t| t.name).collect();
    assert_eq!(titles, ["data-job", "rust-service", "web-frontend"]);
}
