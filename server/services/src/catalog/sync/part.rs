//! What was read of a source where the rest of it was not asked for, and stands as it is recorded.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::catalog::SourceFile;

use crate::catalog::store::FileRow;

/// A part of a source, or all of it.
pub(super) struct Part<'a> {
    /// Folders, each with a slash at the end, and files; nothing where all was read.
    read: Option<HashSet<String>>,
    seen: HashSet<String>,
    parents: HashMap<&'a str, &'a str>,
}

impl<'a> Part<'a> {
    pub(super) fn new(read: Option<HashSet<String>>, files: &[SourceFile], old: &'a [Arc<FileRow>]) -> Self {
        let Some(read) = read else { return Self { read: None, seen: HashSet::new(), parents: HashMap::new() } };
        let parents =
            old.iter().filter_map(|row| Some((row.file.path.as_str(), row.file.parent.as_deref()?))).collect();
        Self { read: Some(read), seen: files.iter().map(|file| file.path.clone()).collect(), parents }
    }

    /// Whether a file was not asked for. What a Location led to belongs where the Location stands.
    pub(super) fn is_outside(&self, path: &str) -> bool {
        let Some(read) = self.read.as_ref().filter(|_| !self.seen.contains(path)) else { return false };
        let mut at = path;
        // As deep as Locations may lead, and a bound should an old trace hold a circle.
        for _ in 0..128 {
            let mut names = at.match_indices('/').map(|(end, _)| &at[..=end]).chain([at]);
            if names.any(|name| read.contains(name)) {
                return false;
            }
            match self.parents.get(at) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use domain::catalog::Outcome;

    use super::*;

    fn file(path: &str, parent: Option<&str>) -> SourceFile {
        let parent = parent.map(ToOwned::to_owned);
        SourceFile { path: path.into(), outcome: Outcome::Found, entities: 0, problems: Vec::new(), parent }
    }

    #[test]
    fn what_was_not_asked_for_is_outside_and_what_it_led_to_as_well() {
        let old = [
            file("tides/catalog-info.yaml", None),
            file("https://a.example/far.yaml", Some("tides/catalog-info.yaml")),
            file("https://b.example/far.yaml", Some("quays/catalog-info.yaml")),
        ];
        let old = old.map(|file| Arc::new(FileRow { file, documents: Vec::new(), judged: None }));
        let read = ["tides/", "@pushed"].map(str::to_owned);
        let part = Part::new(Some(read.into()), &[file("https://c.example/near.yaml", None)], &old);
        for path in ["quays/catalog-info.yaml", "tides-2/catalog-info.yaml", "@teams/1", "https://b.example/far.yaml"] {
            assert!(part.is_outside(path), "{path}");
        }
        for path in ["tides/a/x.yaml", "@pushed", "https://a.example/far.yaml", "https://c.example/near.yaml"] {
            assert!(!part.is_outside(path), "{path}");
        }
        assert!(!Part::new(None, &[], &old).is_outside("quays/catalog-info.yaml"));
    }
}
