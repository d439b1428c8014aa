//! What the index knows, as a file: a start reads it many times faster than the catalog itself, and follows `changes` from
//! there.
//!
//! It is a copy that may be lost at any time. It is believed only if it is whole, if the program that reads it is the one that
//! wrote it (another may index otherwise), and if the last change that it knows is still that change in the database.

use std::{
    borrow::Cow,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    thread,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    contents::{Contents, Doc},
    terms::{TermParts, Terms},
    words::{WordParts, Words},
};
use crate::program;

#[derive(Debug, Serialize, Deserialize)]
struct Parts<'a> {
    program: &'a str,
    /// Names the last change.
    mark: &'a str,
    seq: i64,
    #[serde(borrow)]
    terms: TermParts<'a>,
    #[serde(borrow)]
    words: WordParts<'a>,
    #[serde(borrow)]
    docs: Vec<Option<DocParts<'a>>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DocParts<'a> {
    reference: &'a str,
    terms: Cow<'a, [u32]>,
    words: Cow<'a, [u32]>,
    title: u32,
}

impl<'a> From<&'a Doc> for DocParts<'a> {
    fn from(doc: &'a Doc) -> Self {
        let Doc { reference, terms, words, title } = doc;
        Self { reference, terms: Cow::Borrowed(terms), words: Cow::Borrowed(words), title: *title }
    }
}

/// A snapshot that is being made beside the one that stands; it goes if it is not [settled](Self::settle).
pub(super) struct Draft {
    new: PathBuf,
}

impl Draft {
    /// Writes what `contents` holds, whose last change is named by `mark`.
    pub(super) fn write(contents: &Contents, mark: &str, path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let draft = Self { new: path.with_extension(Uuid::new_v4().simple().to_string()) };
        write_new(contents, mark, &draft.new)?;
        Ok(draft)
    }

    /// Waits until all of it is on the disk, and puts it in the place of the one before. The contents are no longer needed for
    /// that: whoever waits for them need not wait for the disk.
    pub(super) fn settle(self, path: &Path) -> io::Result<()> {
        File::open(&self.new)?.sync_all()?;
        fs::rename(&self.new, path)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Once settled, it is not there.
        let _ = fs::remove_file(&self.new);
    }
}

fn write_new(contents: &Contents, mark: &str, path: &Path) -> io::Result<()> {
    let parts = Parts {
        program: program::name(),
        mark,
        seq: contents.seq,
        terms: contents.terms.parts(),
        words: contents.words.parts(),
        docs: contents.docs.iter().map(|one| one.as_ref().map(DocParts::from)).collect(),
    };
    let file = Hashed { file: File::create_new(path)?, hasher: blake3::Hasher::new() };
    let writer = postcard::to_io(&parts, BufWriter::with_capacity(1 << 18, file)).map_err(io::Error::other)?;
    let Hashed { mut file, hasher } = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.write_all(hasher.finalize().as_bytes())
}

/// A file, and the hash of what was written to it.
struct Hashed {
    file: File,
    hasher: blake3::Hasher,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What a snapshot holds, and the name of the last change that it knows. `None` if there is none that this program wrote whole.
pub(super) fn read(path: &Path) -> io::Result<Option<(Contents, String)>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some((bytes, hash)) = bytes.split_last_chunk::<{ blake3::OUT_LEN }>() else { return Ok(None) };
    let is_whole = thread::scope(|scope| {
        // Meanwhile the program reads itself.
        let is_whole = scope.spawn(|| blake3::hash(bytes) == *hash);
        program::name();
        is_whole.join().unwrap_or(false)
    });
    let parts =
        postcard::from_bytes::<Parts<'_>>(bytes).ok().filter(|parts| is_whole && parts.program == program::name());
    Ok(parts.and_then(|parts| Some((together(&parts)?, parts.mark.to_owned()))))
}

/// Puts an index together: its terms beside its words.
fn together(parts: &Parts<'_>) -> Option<Contents> {
    let docs = || (0..).zip(&parts.docs).filter_map(|(id, doc)| Some((id, doc.as_ref()?)));
    let (terms, words) = thread::scope(|scope| {
        let words = scope.spawn(|| Words::of_parts(&parts.words, docs().map(|(id, doc)| (id, &*doc.words))));
        let terms = Terms::of_parts(&parts.terms, docs().map(|(id, doc)| (id, &*doc.terms)));
        (terms, words.join().unwrap_or_default())
    });
    let (terms, words) = (terms?, words?);
    // Only in a file that someone wrote by hand is it otherwise.
    if !docs().all(|(_, doc)| doc.terms.contains(&doc.title)) {
        return None;
    }
    let doc = |doc: &DocParts<'_>| {
        let DocParts { reference, terms, words, title } = doc;
        Doc { reference: (*reference).into(), terms: (&**terms).into(), words: (&**words).into(), title: *title }
    };
    let docs = parts.docs.iter().map(|one| one.as_ref().map(doc)).collect();
    Some(Contents::of(parts.seq, docs, terms, words))
}
