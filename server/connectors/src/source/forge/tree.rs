//! What stands in repositories beside their catalog files, and these lead to: asked for only if it moved.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use services::catalog::webhooks::MARKS_HOLD;
use tokio::sync::OnceCell;

use super::{
    api::{Entry, Forge, Repository},
    client::{Client, Trouble},
    files::name_of,
};

/// So many texts of a repository are asked for one by one; from then on its tree tells which of them moved.
const FEW: usize = 3;

/// What one reading of an organisation has of its repositories, each asked for once.
#[derive(Debug, Default)]
pub(super) struct Trees(Mutex<HashMap<String, Arc<Reading>>>);

/// Every file of a repository, by path.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) files: Arc<[Entry]>,
    /// It is as it was then, or later.
    pub(super) at: DateTime<Utc>,
}

#[derive(Debug, Default)]
struct Reading {
    tree: OnceCell<Result<Tree, Trouble>>,
    /// How many texts may be as they are remembered.
    texts: AtomicUsize,
}

impl Trees {
    fn of(&self, repository: &Repository) -> Arc<Reading> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(repository.api.clone()).or_default().clone()
    }
}

/// For how long what was heard of a repository holds: since its catalog files were looked for, where nothing was pushed to it since.
pub(super) fn holds(client: &Client, repository: &Repository) -> TimeDelta {
    let mark = format!("{} {} ", repository.mark, repository.branch);
    let seen = client.memory.seen(&repository.api).filter(|seen| seen.mark.starts_with(&mark));
    let seen = seen.filter(|seen| repository.settles_at.is_none_or(|settles| seen.at >= settles));
    seen.map(|seen| Utc::now() - seen.at).filter(|age| *age < MARKS_HOLD).unwrap_or_default()
}

/// The files of a repository. What was heard of them within `fresh` is taken as it is.
pub(super) async fn tree(
    forge: Forge,
    client: &Client,
    repository: &Repository,
    fresh: TimeDelta,
) -> Result<Tree, Trouble> {
    let reading = client.trees.of(repository);
    let tree = reading.tree.get_or_init(|| async {
        let at = Utc::now() - fresh;
        let mut entries = forge.tree(client, repository, fresh).await?;
        entries.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Tree { files: entries.into(), at })
    });
    tree.await.clone()
}

/// A text at this path, of at most so many bytes; `None` if it is not there.
pub(super) async fn text(
    forge: Forge,
    client: &Client,
    repository: &Repository,
    (path, limit): (&str, u64),
) -> Result<Option<Bytes>, Trouble> {
    let (address, accept) = forge.file(repository, path);
    let fresh = holds(client, repository);
    if let Some(known) = client.text_since(&address, fresh) {
        return Ok(Some(known));
    }
    if client.remembered(&address).is_some() {
        let reading = client.trees.of(repository);
        let is_one_of_many = reading.texts.fetch_add(1, Ordering::Relaxed) >= FEW;
        // GitLab lists a hundred files a page: of many it would be asked more often than for the texts.
        if (reading.tree.initialized() || is_one_of_many && forge != Forge::GitLab)
            && let Ok(Tree { files, at }) = tree(forge, client, repository, fresh).await
            && let Ok(place) = files.binary_search_by(|entry| entry.path.as_str().cmp(path))
            && let Some(name) = &files[place].content
            && let Some(known) = client.confirmed(&address, at, |known| name_of(known) == *name)
        {
            return Ok(Some(known));
        }
    }
    client.text(&address, accept, limit).await
}
