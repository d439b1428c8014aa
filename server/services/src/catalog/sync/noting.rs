//! A source that notes what is read of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::recall::content_of;
use crate::catalog::{
    keys::Granted,
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem},
};

/// Hands everything on to another source.
pub(super) struct Noting {
    source: Arc<dyn OpenSource>,
    /// Paths and what names their content; nothing once one could not be read.
    read: Mutex<Option<Vec<(String, String)>>>,
}

impl Noting {
    pub(super) fn new(source: Arc<dyn OpenSource>) -> Self {
        Self { source, read: Mutex::new(Some(Vec::new())) }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<(String, String)>>> {
        // Nothing is left half done under this lock.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files that were read, each with what names its content; nothing if one could not be read.
    pub(super) fn read(&self) -> Option<Vec<(String, String)>> {
        self.lock().clone()
    }
}

#[async_trait]
impl OpenSource for Noting {
    fn revision(&self) -> Option<String> {
        self.source.revision()
    }

    fn begin(&self) -> Begin {
        self.source.begin()
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
        let content = self.source.read(path, limit).await;
        let mut read = self.lock();
        match (&content, &mut *read) {
            (Ok(bytes), Some(noted)) => {
                let name = self.source.fingerprint(path).unwrap_or_else(|| content_of(bytes));
                noted.push((path.to_owned(), name));
            }
            (Err(_), read) => *read = None,
            (Ok(_), None) => {}
        }
        drop(read);
        content
    }

    fn place(&self, path: &str) -> Place {
        self.source.place(path)
    }

    fn granted(&self) -> Granted {
        self.source.granted()
    }
}
