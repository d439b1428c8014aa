//! The pipeline without recording: what would become of a target, and why.

use std::{collections::HashMap, path::Path, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    catalog::{Entity, EntityRef, FileProblem, NewSource, Outcome, Severity, SourceFile, SourceKind},
    identity::Caller,
};
use sea_orm::prelude::Uuid;
use serde_json::Value;

use super::{
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, SourceReader, join},
    sources::checked,
    store,
    sync::gather::{Found, Gathered, Limits, gather},
};
use crate::{Error, Result, Services};

/// What would become of a target.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Every file.
    pub files: Vec<SourceFile>,
    /// Every entity that would enter the catalog, as far as its own document says.
    pub entities: Vec<Entity>,
}

/// Walks a target as a sync would, and records nothing.
pub async fn explain(services: &Services, caller: &Caller, new: NewSource) -> Result<Explained> {
    let new = checked(caller, new)?;
    let walk = gather(&*services.ports.sources, new.kind, &new.target, Limits::default());
    let mut gathered = walk.await.map_err(|problem| match problem {
        ReadProblem::Missing(why) => Error::NotFound(why),
        ReadProblem::Refused(why) => Error::Rejected(why),
        ReadProblem::Unreachable(why) => Error::Unavailable { system: new.target.clone(), why },
    })?;
    let keys: Vec<String> = gathered.found.iter().map(|found| found.reference.to_string()).collect();
    let known = store::known_as(&services.db, &caller.tenant, &keys).await?;
    let own = store::source_by_target(&services.db, &caller.tenant, &new).await?.map(|source| source.id);
    let others: HashMap<String, String> = known
        .into_iter()
        .filter(|(_, known)| !known.is_orphaned && Some(known.source) != own)
        .map(|(key, known)| (key, known.path))
        .collect();
    claim(&mut gathered, &others);
    Ok(explained(gathered))
}

/// Walks one text as a file named `catalog-info.yaml` that has no files beside it.
pub async fn explain_text(text: &str) -> Explained {
    let reader = Lonely(Bytes::copy_from_slice(text.as_bytes()));
    match gather(&reader, SourceKind::File, "/catalog-info.yaml", Limits::default()).await {
        Ok(mut gathered) => {
            claim(&mut gathered, &HashMap::new());
            explained(gathered)
        }
        Err(problem) => Explained { files: vec![broken("catalog-info.yaml", &problem)], entities: Vec::new() },
    }
}

/// Walks files, folders or globs on disk as sources, for `causeway check PATH`: no database, nothing recorded.
pub async fn check_paths(reader: &dyn SourceReader, paths: &[impl AsRef<Path>]) -> Explained {
    let mut all = Explained { files: Vec::new(), entities: Vec::new() };
    let mut claimed = HashMap::new();
    for path in paths {
        let shown = path.as_ref().display().to_string();
        let target = std::path::absolute(path).map_or(shown.clone(), |path| path.display().to_string());
        match gather(reader, SourceKind::File, &target, Limits::default()).await {
            Ok(mut gathered) => {
                claim(&mut gathered, &claimed);
                let part = explained(gathered);
                claimed.extend(part.entities.iter().map(|entity| (entity.reference.to_string(), shown.clone())));
                all.files.extend(part.files);
                all.entities.extend(part.entities);
            }
            Err(problem) => all.files.push(broken(&shown, &problem)),
        }
    }
    all
}

fn broken(path: &str, problem: &ReadProblem) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        outcome: Outcome::Rejected,
        entities: 0,
        problems: vec![plain(Severity::Error, problem.to_string())],
        parent: None,
    }
}

fn plain(severity: Severity, message: String) -> FileProblem {
    FileProblem { severity, message, field: None, line: None, column: None }
}

/// Leaves out second claims and tells of them.
fn claim(gathered: &mut Gathered, others: &HashMap<String, String>) {
    let mut claimed: HashMap<EntityRef, String> = HashMap::new();
    let mut kept = Vec::with_capacity(gathered.found.len());
    for found in std::mem::take(&mut gathered.found) {
        let first = claimed.get(&found.reference).or_else(|| others.get(&found.reference.to_string()));
        if let Some(first) = first {
            let message = format!(
                "`{}` is declared already, in `{first}`; that one was first and stands. Remove one of the two, or rename it",
                found.reference
            );
            if let Some(file) = gathered.files.iter_mut().find(|file| file.path == found.path) {
                file.problems.push(plain(Severity::Warning, message));
                file.outcome = file.outcome.max(Outcome::Warned);
            }
        } else {
            claimed.insert(found.reference.clone(), found.path.clone());
            kept.push(found);
        }
    }
    gathered.found = kept;
}

fn explained(gathered: Gathered) -> Explained {
    let now = chrono::Utc::now();
    let entity = |Found { reference, document, .. }: Found| Entity {
        reference,
        uid: Uuid::nil(),
        etag: String::new(),
        document: with_relations(document),
        changed_at: now,
        source: None,
        orphaned_at: None,
    };
    Explained { files: gathered.files, entities: gathered.found.into_iter().map(entity).collect() }
}

/// The relations that the document itself declares.
pub(super) fn with_relations(mut document: Value) -> Value {
    if let Some(reference) = super::sync::gather::reference_of(&document) {
        let relations = domain::catalog::declared(&reference, &document).relations;
        let relations = relations
            .into_iter()
            .map(|relation| serde_json::json!({ "type": relation.relation, "targetRef": relation.target }))
            .collect();
        document["relations"] = Value::Array(relations);
    }
    document
}

/// A text without surroundings.
struct Lonely(Bytes);

#[async_trait]
impl SourceReader for Lonely {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        match kind {
            SourceKind::File => Ok(Arc::new(Self(self.0.clone()))),
            SourceKind::Git | SourceKind::Url => Err(alone(target)),
        }
    }
}

fn alone(target: &str) -> ReadProblem {
    ReadProblem::Missing(format!("`{target}` was not looked up: only this text is checked"))
}

#[async_trait]
impl OpenSource for Lonely {
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

    async fn find(&self, _pattern: &str) -> Result<Vec<String>, ReadProblem> {
        Ok(Vec::new())
    }

    async fn list(&self, _folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        Ok(Vec::new())
    }

    async fn read(&self, path: &str, limit: u64) -> Result<Bytes, ReadProblem> {
        if path != "catalog-info.yaml" {
            return Err(alone(path));
        }
        if self.0.len() as u64 > limit {
            return Err(ReadProblem::Refused(format!("the text is larger than {} MiB", limit / 1024 / 1024)));
        }
        Ok(self.0.clone())
    }

    fn place(&self, path: &str) -> Place {
        Place { kind: "file", target: format!("/{path}"), view: None, edit: None, folder: None }
    }
}
