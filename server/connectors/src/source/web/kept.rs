//! Documents of before, each with the marks by which its server knows it: what did not move is not sent again, also after a
//! restart.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::super::git::name;

/// How many documents are kept, and how many bytes of them; those that were not used for longest go first.
const MOST: (usize, u64) = (20_000, 512 * 1024 * 1024);

/// How many are written before it is looked whether there are too many.
const WRITTEN: usize = 200;

/// By what a server knows a state of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marks {
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    key: String,
    length: usize,
    #[serde(flatten)]
    marks: Marks,
}

/// A folder of documents.
#[derive(Debug, Clone)]
pub(in crate::source) struct Kept {
    folder: PathBuf,
    most: (usize, u64),
    written: Arc<AtomicUsize>,
}

impl Kept {
    pub(in crate::source) fn new(folder: PathBuf) -> Self {
        Self { folder, most: MOST, written: Arc::default() }
    }

    /// The document of before. A file that was cut short, or belongs to another key, counts as none.
    pub(super) async fn find(&self, key: &str) -> Option<(Marks, Bytes)> {
        let (path, key) = (self.path(key), key.to_owned());
        spawn_blocking(move || {
            let content = Bytes::from(fs::read(&path).ok()?);
            let end = content.iter().position(|&byte| byte == b'\n')?;
            let head: Head = serde_json::from_slice(&content[..end]).ok()?;
            let body = content.slice(end + 1..);
            (head.key == key && head.length == body.len()).then_some((head.marks, body))
        })
        .await
        .ok()?
    }

    /// Keeps a document. That it cannot be is no error: it is fetched whole again.
    pub(super) async fn keep(&self, key: &str, marks: Marks, body: Bytes) {
        let (kept, path, key) = (self.clone(), self.path(key), key.to_owned());
        let write = move || -> io::Result<()> {
            let head = serde_json::to_vec(&Head { key, length: body.len(), marks })?;
            fs::create_dir_all(&kept.folder)?;
            let mut file = tempfile::NamedTempFile::new_in(&kept.folder)?;
            file.write_all(&head)?;
            file.write_all(b"\n")?;
            file.write_all(&body)?;
            file.persist(path)?;
            if kept.written.fetch_add(1, Ordering::Relaxed) % WRITTEN == 0 {
                tidy(&kept.folder, kept.most)?;
            }
            Ok(())
        };
        if let Ok(Err(error)) = spawn_blocking(write).await {
            tracing::warn!(%error, folder = %self.folder.display(), "a document of the web cannot be kept");
        }
    }

    /// Notes that a document is still of use.
    pub(super) async fn touch(&self, key: &str) {
        let path = self.path(key);
        let touch = move || fs::File::options().append(true).open(path)?.set_modified(SystemTime::now());
        // It may have been taken away meanwhile.
        let _ = spawn_blocking(touch).await;
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(name(key))
    }
}

/// Takes away what was not used for longest.
fn tidy(folder: &Path, (most, bytes): (usize, u64)) -> io::Result<()> {
    let files = fs::read_dir(folder)?.filter_map(|entry| {
        let entry = entry.ok()?;
        let about = entry.metadata().ok()?;
        Some((about.modified().ok()?, about.len(), entry.path()))
    });
    let mut files: Vec<_> = files.collect();
    files.sort_unstable_by(|left, right| right.cmp(left));
    let mut total = 0;
    for (number, (_, size, path)) in files.into_iter().enumerate() {
        total += size;
        if number >= most || total > bytes {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn marks(etag: &str) -> Marks {
        Marks { etag: Some(etag.to_owned()), modified: None }
    }

    #[tokio::test]
    async fn a_document_is_found_again_and_one_that_was_cut_short_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path().join("web"));
        assert_eq!(kept.find("https://a.example/x").await, None);
        kept.keep("https://a.example/x", marks("\"1\""), Bytes::from_static(b"one\ntwo")).await;
        let again = Kept::new(folder.path().join("web"));
        let found = Some((marks("\"1\""), Bytes::from_static(b"one\ntwo")));
        assert_eq!(again.find("https://a.example/x").await, found);
        let path = again.path("https://a.example/x");
        fs::rename(&path, again.path("https://b.example/x")).unwrap();
        assert_eq!(again.find("https://b.example/x").await, None);
        let text = fs::read(again.path("https://b.example/x")).unwrap();
        fs::write(&path, &text[..text.len() - 1]).unwrap();
        assert_eq!(again.find("https://a.example/x").await, None);
    }

    #[tokio::test]
    async fn what_was_not_used_for_longest_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path().to_owned());
        for (key, age) in [("a", 30), ("b", 20), ("c", 10)] {
            kept.keep(key, marks(key), Bytes::from_static(b"x")).await;
            let file = fs::File::options().append(true).open(kept.path(key)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        kept.touch("a").await;
        tidy(folder.path(), (2, 1_000_000)).unwrap();
        let there = async |key: &str| kept.find(key).await.is_some();
        assert_eq!((there("a").await, there("b").await, there("c").await), (true, false, true));
        tidy(folder.path(), (2, 1)).unwrap();
        assert_eq!((there("a").await, there("c").await), (false, false));
    }
}
