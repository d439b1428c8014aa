//! One state of an organisation: what was read, and what can still be read beside it.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::catalog::Allowance;
use services::catalog::{
    keys::Granted,
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, Remark, join},
};

use super::{
    api::{Entry, Forge, Repository},
    client::{Client, Trouble},
    people::About,
    tree,
};

/// What was read, by path.
type Files = BTreeMap<String, Result<Bytes, ReadProblem>>;

pub(super) struct State {
    forge: Forge,
    client: Arc<Client>,
    granted: Granted,
    /// By the beginning of their paths.
    repositories: BTreeMap<String, Repository>,
    files: Files,
    people: BTreeMap<String, About>,
    remarks: Vec<Remark>,
    part: Option<Vec<String>>,
    rest: Rest,
}

/// When what was not asked for is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    pub(super) is_behind: bool,
    pub(super) again_at: Option<DateTime<Utc>>,
}

impl State {
    pub(super) fn new(
        forge: Forge,
        client: Arc<Client>,
        granted: Granted,
        repositories: Vec<Repository>,
        (files, people): (Files, BTreeMap<String, About>),
        (remarks, part, rest): (Vec<Remark>, Option<Vec<String>>, Rest),
    ) -> Self {
        let repositories = repositories.into_iter().map(|repository| (repository.id.clone(), repository)).collect();
        Self { forge, client, granted, repositories, files, people, remarks, part, rest }
    }

    /// The repository that a path is in, and the path there.
    fn split<'a>(&self, path: &'a str) -> Option<(&Repository, &'a str)> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        // In a group of groups, one may begin like another: the longest is meant.
        let mut found =
            ends.filter_map(|at| Some((self.repositories.get(&path[..at])?, path[at..].trim_start_matches('/'))));
        found.next_back()
    }

    fn known<'a>(&self, path: &'a str) -> Result<(&Repository, &'a str), ReadProblem> {
        self.split(path).ok_or_else(|| ReadProblem::Missing(format!("`{path}` is in no repository that is read")))
    }

    async fn files(&self, repository: &Repository) -> Result<Arc<[Entry]>, ReadProblem> {
        let tree = tree::tree(self.forge, &self.client, repository, tree::holds(&self.client, repository)).await;
        tree.map(|tree| tree.files).map_err(|trouble| self.client.problem(&repository.web, &trouble))
    }
}

#[async_trait]
impl OpenSource for State {
    fn revision(&self) -> Option<String> {
        None
    }

    fn begin(&self) -> Begin {
        Begin::Named(self.people.keys().chain(self.files.keys()).cloned().collect())
    }

    fn folder(&self) -> String {
        String::new()
    }

    fn root(&self, path: &str) -> String {
        self.split(path).map_or_else(String::new, |(repository, _)| repository.id.clone())
    }

    fn resolve(&self, from: &str, target: &str) -> Result<String, ReadProblem> {
        let (repository, path) = self.known(from)?;
        Ok(format!("{}/{}", repository.id, join(path, target)?))
    }

    async fn find(&self, pattern: &str) -> Result<Vec<String>, ReadProblem> {
        let (repository, pattern) = self.known(pattern)?;
        let matcher = super::super::glob(pattern)?;
        let files = self.files(repository).await?;
        let paths = files.iter().map(|entry| &entry.path).filter(|path| matcher.is_match(path));
        Ok(paths.map(|path| format!("{}/{path}", repository.id)).collect())
    }

    async fn list(&self, folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        let (repository, folder) = self.known(folder)?;
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let files = self.files(repository).await?;
        let entries = files.iter().filter(|entry| entry.path.starts_with(&prefix));
        let files = entries.map(|Entry { path, is_executable, .. }| FileInfo {
            path: format!("{}/{path}", repository.id),
            executable: *is_executable,
        });
        Ok(files.collect())
    }

    async fn read(&self, path: &str, limit: u64) -> Result<Bytes, ReadProblem> {
        let content = if let Some(about) = self.people.get(path) {
            about.content.clone()
        } else if let Some(read) = self.files.get(path) {
            read.clone()?
        } else {
            let (repository, inner) = self.known(path)?;
            let web = self.forge.address(repository, "blob", inner);
            match tree::text(self.forge, &self.client, repository, (inner, limit)).await {
                Ok(Some(content)) => content,
                Ok(None) => return Err(self.client.problem(&web, &Trouble::Missing)),
                Err(trouble) => return Err(self.client.problem(&web, &trouble)),
            }
        };
        if content.len() as u64 > limit {
            let mib = limit / 1024 / 1024;
            return Err(ReadProblem::Refused(format!(
                "`{path}` is larger than {mib} MiB; split it into several files"
            )));
        }
        Ok(content)
    }

    fn place(&self, path: &str) -> Place {
        if let Some(About { web, edit, .. }) = self.people.get(path) {
            return Place {
                kind: "url",
                target: web.clone(),
                view: Some(web.clone()),
                edit: edit.clone(),
                folder: None,
            };
        }
        let Some((repository, inner)) = self.split(path) else {
            return Place { kind: "url", target: path.to_owned(), view: None, edit: None, folder: None };
        };
        let folder = inner.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
        let view = self.forge.address(repository, "blob", inner);
        Place {
            kind: "url",
            target: view.clone(),
            view: Some(view),
            edit: Some(self.forge.address(repository, "edit", inner)),
            folder: Some(self.forge.address(repository, "tree", &folder)),
        }
    }

    fn remarks(&self) -> Vec<Remark> {
        self.remarks.clone()
    }

    fn part(&self) -> Option<Vec<String>> {
        self.part.clone()
    }

    fn is_behind(&self) -> bool {
        self.rest.is_behind
    }

    fn again_at(&self) -> Option<DateTime<Utc>> {
        self.rest.again_at
    }

    fn allowance(&self) -> Option<Allowance> {
        Some(self.client.allowance())
    }

    fn granted(&self) -> Granted {
        self.granted.clone()
    }
}
