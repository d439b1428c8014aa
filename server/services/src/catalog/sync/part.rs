//! What was read of a source where the rest of it was not asked for, and stands as it is recorded.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::catalog::SourceFile;

use crate::catalog::store::FileRow;

/// How many names of what a sync touched are kept; of what is more, nobody knows what is apart from it.
const NAMES: usize = 500;

/// What is touched by who records a part: its folders, and the files beyond them that it leads to.
pub(super) fn touched(part: &HashSet<String>, files: &[SourceFile]) -> Option<Vec<String>> {
    let is_within = |path: &str| path.match_indices('/').any(|(at, _)| part.contains(&path[..=at]));
    let beyond = files.iter().map(|file| &file.path).filter(|path| !is_within(path));
    // What is told of the organisation itself is told anew by each.
    let names: HashSet<&String> = part.iter().chain(beyond).filter(|name| !name.starts_with('@')).collect();
    let mut names: Vec<String> = names.into_iter().cloned().collect();
    names.sort();
    (names.len() <= NAMES).then_some(names)
}

/// Whether neither touched what the other did.
pub(super) fn are_apart(one: &[String], other: &[String]) -> bool {
    let is_within = |path: &str, folder: &str| path == folder || folder.ends_with('/') && path.starts_with(folder);
    one.iter().all(|one| other.iter().all(|other| !is_within(one, other) && !is_within(other, one)))
}

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

    #[test]
    fn parts_are_apart_unless_they_touch_the_same_folder_or_file() {
        let part = |folder: &str, files: &[&str]| {
            let files: Vec<SourceFile> = files.iter().map(|path| file(path, None)).collect();
            touched(&[folder, "@pushed"].map(str::to_owned).into(), &files).unwrap()
        };
        let tides = part("tides/", &["tides/x.yaml", "https://a.example/far.yaml", "@pushed"]);
        assert_eq!(tides, ["https://a.example/far.yaml", "tides/"]);
        assert!(are_apart(&tides, &part("tides-2/", &["tides-2/x.yaml", "https://b.example/far.yaml", "@pushed"])));
        assert!(!are_apart(&tides, &part("tides/", &[])));
        assert!(!are_apart(&tides, &part("quays/", &["https://a.example/far.yaml"])));
        assert!(!are_apart(&part("quays/", &[]), &part("quays/tides/", &[])));
        let many: Vec<SourceFile> = (0..=NAMES).map(|number| file(&format!("https://{number}"), None)).collect();
        assert_eq!(touched(&HashSet::new(), &many), None);
    }
}
