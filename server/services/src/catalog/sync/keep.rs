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
    unlisted: HashSet<String>,
    cut: bool,
}

impl<'a> Keep<'a> {
    pub(super) fn new(
        files: &'a [SourceFile],
        old: &'a [Arc<FileRow>],
        (failed, unlisted): (HashSet<String>, HashSet<String>),
        cut: bool,
    ) -> Self {
        let parents =
            old.iter().filter_map(|row| Some((row.file.path.as_str(), row.file.parent.as_deref()?))).collect();
        Self { seen: files.iter().map(|file| file.path.as_str()).collect(), parents, failed, unlisted, cut }
    }

    pub(super) fn stands(&self, path: &str) -> bool {
        if self.seen.contains(path) {
            return self.failed.contains(path);
        }
        if self.is_unlisted(path) {
            return true;
        }
        let mut at = path;
        // As deep as Locations may lead, and a bound should an old trace hold a circle.
        for _ in 0..128 {
            match self.parents.get(at) {
                Some(parent) if self.failed.contains(*parent) => return true,
                Some(parent) => at = parent,
                None => break,
            }
        }
        self.cut
    }

    /// Whether a file was not looked at, since nobody could say what is in its folder.
    pub(super) fn is_unlisted(&self, path: &str) -> bool {
        let mut folders = path.match_indices('/').map(|(at, _)| &path[..=at]).chain([""]);
        !self.seen.contains(path) && folders.any(|folder| self.unlisted.contains(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_folder_that_could_not_be_listed_stands() {
        let stands = |unlisted: &[&str], path: &str| {
            let unlisted = unlisted.iter().map(ToString::to_string).collect();
            Keep::new(&[], &[], (HashSet::new(), unlisted), false).stands(path)
        };
        assert!(stands(&["tides/"], "tides/catalog-info.yaml"));
        assert!(stands(&["quays/tides/", "@teams/"], "quays/tides/deep/x.yaml"));
        assert!(!stands(&["tides/"], "tides-2/catalog-info.yaml"));
        assert!(!stands(&["@teams/"], "@members/ama"));
        assert!(stands(&[""], "anything.yaml") && !stands(&[], "anything.yaml"));
    }
}
