//! A catalog with sources in memory and a database of its own.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    catalog::{EntityRef, Filter, NewSource, Query, Severity, Source, SourceKind},
    identity::{Caller, Tenant},
};
use tokio::sync::Barrier;

use crate::{
    Services,
    catalog::{
        self,
        keys::Keys,
        ports::{Begin, FileInfo, Moved, OpenSource, Place, Pushed, ReadProblem, Remark, SourceReader, join},
    },
    changes, testing,
};

/// Sources by their targets, each with its files; a target without files is one that does not answer, and of one that is called
/// guessed every file is looked at. And which files were read, and for which repositories a push is read slowly: once that has begun, and
/// before it ends, it waits there.
#[derive(Default)]
pub(super) struct Memory(
    pub(super) Mutex<BTreeMap<String, BTreeMap<String, String>>>,
    pub(super) Arc<Mutex<Vec<String>>>,
    pub(super) Mutex<BTreeMap<String, Arc<Barrier>>>,
);

struct Opened(String, BTreeMap<String, String>, Arc<Mutex<Vec<String>>>, Option<Vec<String>>);

impl Memory {
    fn opened(&self, target: &str, files: BTreeMap<String, String>, part: Option<Vec<String>>) -> Arc<dyn OpenSource> {
        Arc::new(Opened(target.to_owned(), files, self.1.clone(), part))
    }
}

#[async_trait]
impl SourceReader for Memory {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        if target.contains("hangs") {
            return std::future::pending().await;
        }
        let files = self.0.lock().unwrap().get(target).cloned().unwrap_or_default();
        if files.is_empty() {
            return Err(ReadProblem::Unreachable(format!("`{target}` ({kind}) does not answer")));
        }
        Ok(self.opened(target, files, None))
    }

    /// Of one that holds a file `@part`, only the folders that are named in it are looked at.
    async fn open_pushed(
        &self,
        _kind: SourceKind,
        target: &str,
        _keys: &Keys,
        (_, moved): (&Pushed, &Moved),
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let mut files = self.0.lock().unwrap().get(target).cloned().unwrap_or_default();
        let part: Option<Vec<String>> = files.remove("@part").map(|part| part.lines().map(str::to_owned).collect());
        let is_asked = |path: &str| part.iter().all(|part| part.iter().any(|folder| path.starts_with(folder)));
        files.retain(|path, _| is_asked(path));
        let slow = moved.repositories.iter().find_map(|name| self.2.lock().unwrap().get(name).cloned());
        if let Some(slow) = slow {
            slow.wait().await;
            slow.wait().await;
        }
        Ok(self.opened(target, files, part))
    }
}

#[async_trait]
impl OpenSource for Opened {
    fn revision(&self) -> Option<String> {
        None
    }

    fn begin(&self) -> Begin {
        if self.0.contains("guessed") {
            return Begin::Guessed(self.1.keys().filter(|path| !path.starts_with("@part")).cloned().collect());
        }
        Begin::Named(vec!["catalog-info.yaml".into()])
    }

    fn folder(&self) -> String {
        String::new()
    }

    /// One that holds a file `@again` is to be asked again at that time.
    fn again_at(&self) -> Option<DateTime<Utc>> {
        self.1.get("@again")?.parse().ok()
    }

    fn part(&self) -> Option<Vec<String>> {
        self.3.clone()
    }

    /// Of a part that names `@behind`, it is time to ask for the rest.
    fn is_behind(&self) -> bool {
        self.3.as_ref().is_some_and(|part| part.contains(&"@behind".to_owned()))
    }

    /// One that holds a file `@unlisted` could not list the folder that is named in it.
    fn remarks(&self) -> Vec<Remark> {
        let folder = self.1.get("@unlisted");
        let told = folder.map(|folder| Remark {
            about: "@list".into(),
            severity: Severity::Warning,
            message: "was not listed".into(),
            keeps: vec![folder.trim().to_owned()],
        });
        told.into_iter().collect()
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

pub(super) struct World {
    pub(super) services: Services,
    pub(super) caller: Caller,
    pub(super) memory: Arc<Memory>,
    _data: tempfile::TempDir,
}

pub(super) struct NoHosting;

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
    pub(super) async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let memory = Arc::new(Memory::default());
        let services = testing::services(data.path(), memory.clone(), Arc::new(NoHosting)).await;
        Self { services, caller: Caller::system(Tenant::default(), "test"), memory, _data: data }
    }

    pub(super) async fn on_postgres() -> Self {
        let data = tempfile::tempdir().unwrap();
        let memory = Arc::new(Memory::default());
        let services = testing::services_on_postgres(data.path(), memory.clone(), Arc::new(NoHosting)).await;
        Self { services, caller: Caller::system(Tenant::default(), "test"), memory, _data: data }
    }

    pub(super) fn write(&self, target: &str, path: &str, text: &str) {
        self.memory.0.lock().unwrap().entry(target.into()).or_default().insert(path.into(), text.into());
    }

    pub(super) fn remove(&self, target: &str, path: &str) {
        self.memory.0.lock().unwrap().get_mut(target).unwrap().remove(path);
    }

    pub(super) async fn register(&self, target: &str) -> Source {
        let new = NewSource::new(SourceKind::Url, target);
        let source = catalog::register(&self.services, &self.caller, new).await.unwrap();
        self.sync(&source).await
    }

    pub(super) async fn sync(&self, source: &Source) -> Source {
        catalog::sync(&self.services, &self.caller, source.id).await.unwrap()
    }

    pub(super) async fn sync_pushed(&self, source: &Source) -> Source {
        self.sync_pushed_to(source, "terns").await
    }

    pub(super) async fn sync_pushed_to(&self, source: &Source, repository: &str) -> Source {
        catalog::sync_pushed(&self.services, &self.caller, source.id, repository.to_owned()).await.unwrap()
    }

    /// What was told since `after`, but for the syncs.
    pub(super) async fn told(&self, after: i64) -> String {
        let changes = changes::read(&self.services, &self.caller, after, 10_000).await.unwrap();
        let lines = changes.iter().filter(|change| !change.kind.starts_with("source"));
        lines.map(|change| format!("{} {}", change.kind, change.subject)).collect::<Vec<_>>().join("\n")
    }

    pub(super) async fn last(&self) -> i64 {
        changes::last(&self.services, &self.caller).await.unwrap()
    }

    /// The sources that workers are asked to sync, in jobs that nobody has taken yet.
    pub(super) async fn asked_to_sync(&self) -> Vec<sea_orm::prelude::Uuid> {
        let sql = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "SELECT job FROM outbox");
        let rows = sea_orm::ConnectionTrait::query_all_raw(&self.services.db, sql).await.unwrap();
        let jobs = rows.iter().map(|row| row.try_get::<serde_json::Value>("", "job").unwrap());
        jobs.filter_map(|job| match serde_json::from_value(job).unwrap() {
            crate::queue::Job::SyncSource { source }
            | crate::queue::Job::SyncSoon { source }
            | crate::queue::Job::SyncPushed { source, .. } => Some(source),
            _ => None,
        })
        .collect()
    }

    /// The sources that workers are asked to sync a while later, by when.
    pub(super) async fn asked_to_sync_later(&self) -> Vec<sea_orm::prelude::Uuid> {
        let sql = "SELECT json_extract(job, '$.source') AS source FROM outbox WHERE due_at IS NOT NULL AND \
                   json_extract(job, '$.job') LIKE 'sync%' ORDER BY due_at";
        let sql = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        let rows = sea_orm::ConnectionTrait::query_all_raw(&self.services.db, sql).await.unwrap();
        rows.iter().map(|row| row.try_get::<String>("", "source").unwrap().parse().unwrap()).collect()
    }

    pub(super) async fn entity(&self, reference: &str) -> domain::catalog::Entity {
        catalog::entity(&self.services, &self.caller, &reference.parse::<EntityRef>().unwrap()).await.unwrap()
    }

    pub(super) async fn trace(&self, source: &Source) -> String {
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
    pub(super) async fn found(&self, filter: &str) -> String {
        let query = Query { filter: Filter::parse([filter]).unwrap(), ..Query::default() };
        let page = catalog::query(&self.services, &self.caller, &query).await.unwrap();
        page.items.iter().map(|entity| entity.reference.to_string()).collect::<Vec<_>>().join(" ")
    }
}
