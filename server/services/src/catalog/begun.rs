//! A source that is begun with other files than its own.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::catalog::Allowance;

use super::{
    keys::Granted,
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, Remark},
};

/// All else is handed on.
pub(super) struct Begun {
    pub(super) source: Arc<dyn OpenSource>,
    pub(super) begin: Begin,
}

#[async_trait]
impl OpenSource for Begun {
    fn revision(&self) -> Option<String> {
        self.source.revision()
    }

    fn branch(&self) -> Option<(String, bool)> {
        self.source.branch()
    }

    fn begin(&self) -> Begin {
        self.begin.clone()
    }

    fn folder(&self) -> String {
        self.source.folder()
    }

    fn root(&self, path: &str) -> String {
        self.source.root(path)
    }

    fn resolve(&self, from: &str, target: &str) -> Result<String, ReadProblem> {
        self.source.resolve(from, target)
    }

    async fn find(&self, pattern: &str) -> Result<Vec<String>, ReadProblem> {
        self.source.find(pattern).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        self.source.list(folder).await
    }

    async fn read(&self, path: &str, limit: u64) -> Result<Bytes, ReadProblem> {
        self.source.read(path, limit).await
    }

    fn fingerprint(&self, path: &str) -> Option<String> {
        self.source.fingerprint(path)
    }

    fn place(&self, path: &str) -> Place {
        self.source.place(path)
    }

    fn part(&self) -> Option<Vec<String>> {
        self.source.part()
    }

    fn is_behind(&self) -> bool {
        self.source.is_behind()
    }

    fn again_at(&self) -> Option<DateTime<Utc>> {
        self.source.again_at()
    }

    fn remarks(&self) -> Vec<Remark> {
        self.source.remarks()
    }

    fn allowance(&self) -> Option<Allowance> {
        self.source.allowance()
    }

    fn granted(&self) -> Granted {
        self.source.granted()
    }
}
