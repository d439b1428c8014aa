//! What stands although nothing declares it now.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::catalog::SourceFile;

use crate::catalog::store::FileRow;

/// Which files' entities stand although nothing declares them now, because what declared them could not be read.
pub(super) struct Keep<'a> {
    seen: HashSet<&'a str>,
    parents: HashMap<&'a str, &'a str>,
    failed: HashSet<String>,
    cut: bool,
}

impl<'a> Keep<'a> {
    pub(super) fn new(files: &'a [SourceFile], old: &'a [Arc<FileRow>], failed: HashSet<String>, cut: bool) -> Self {
        let parents =
            old.iter().filter_map(|row| Some((row.file.path.as_str(), row.file.parent.as_deref()?))).collect();
        Self { seen: files.iter().map(|file| file.path.as_str()).collect(), parents, failed, cut }
    }

    pub(super) fn stands(&self, path: &str) -> bool {
        if self.seen.contains(path) {
            return self.failed.contains(path);
        }
        let mut at = path;
        // As deep as Locations may lead, and a bound should an old trace hold a circle.
        for _ in 0..32 {
            match self.parents.get(at) {
                Some(parent) if self.failed.contains(*parent) => return true,
                Some(parent) => at = parent,
                None => break,
            }
        }
        self.cut
    }
}
