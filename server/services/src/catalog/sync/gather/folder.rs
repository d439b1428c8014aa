//! What a folder or a repository means: which of its files are read, and why others are not.

use std::mem;

use bytes::Bytes;
use domain::catalog::{OwnKind, OwnKinds, Severity};
use serde_json::Value;

use super::{
    Named, Walk,
    content::Contents,
    look::{is_meant, speaks_of_catalog},
};
use crate::catalog::{
    ports::{Begin, OpenSource, Remark},
    yaml,
};

/// How many files that are not read are looked into, and how large each may be.
const MOST: usize = 300;
const LARGEST: u64 = 256 * 1024;

/// What is told of a file that speaks of a catalog and has another name than those that are read.
const PASSED_OVER: &str = "was passed over: where a folder or repository holds a `catalog-info.yaml`, only files of that name are read, and those \
                           that a Location names. Rename it, name it in the `targets` of a Location, or register it, or a pattern such as \
                           `**/*.yaml`";

/// The files of a source that a walk begins with.
pub(super) struct Folder {
    pub(super) paths: Vec<String>,
    pub(super) named: Named,
    /// Files that are for templates to render, each with why it is not read.
    contents: Vec<(String, String)>,
    /// Files of other names than those that are read.
    others: Vec<String>,
}

impl Folder {
    /// What a source means whose target was named so. Whatever is for templates to render is no part of it.
    pub(super) async fn of(source: &dyn OpenSource, named: Named) -> Self {
        let (chosen, is_by_name) = match source.begin() {
            Begin::Named(paths) => return Self::named(source, paths, named).await,
            Begin::Found(paths) => (paths, true),
            Begin::Guessed(paths) => (paths, false),
        };
        // What cannot be listed is told of by whoever reads it.
        let listed = source.list(&source.folder()).await.unwrap_or_default();
        let mut every: Vec<String> =
            listed.into_iter().map(|file| file.path).filter(|path| Begin::is_yaml(path)).collect();
        if every.is_empty() {
            every.clone_from(&chosen);
        }
        every.sort();
        let known = Contents::of(source, &every).await;
        let is_kept = |path: &String| known.why(path).is_none();
        let contents = every.iter().filter_map(|path| Some((path.clone(), known.why(path)?))).collect();
        let is_empty = chosen.is_empty();
        let found: Vec<String> = chosen.into_iter().filter(is_kept).collect();
        if is_by_name && (is_empty || !found.is_empty()) {
            let others = every.iter().filter(|path| !Begin::is_usual(path) && is_kept(path)).cloned().collect();
            return Self { paths: found, named: Named::Itself, contents, others };
        }
        // Where all that has the usual name is content, the rest means what it means where nothing has that name.
        let paths = if is_by_name { every.into_iter().filter(is_kept).collect() } else { found };
        Self { paths, named: Named::ByPattern, contents, others: Vec::new() }
    }

    /// What a source means that says which files. What a pattern finds may be content nevertheless, unless nothing else fits it.
    async fn named(source: &dyn OpenSource, paths: Vec<String>, named: Named) -> Self {
        let known = if paths.len() > 1 { Contents::of(source, &paths).await } else { Contents::default() };
        let contents: Vec<_> = paths.iter().filter_map(|path| Some((path.clone(), known.why(path)?))).collect();
        if contents.len() == paths.len() {
            return Self { paths, named, contents: Vec::new(), others: Vec::new() };
        }
        let paths = paths.into_iter().filter(|path| known.why(path).is_none()).collect();
        Self { paths, named, contents, others: Vec::new() }
    }
}

impl Walk<'_> {
    /// The files that an opened source begins with, and how they are named.
    pub(super) async fn begin(&mut self, number: usize, named: Named) -> (Vec<String>, Named) {
        if !self.folders.contains_key(&number) {
            let folder = Folder::of(&*self.opened[number].clone(), named).await;
            self.folders.insert(number, folder);
        }
        let folder = &self.folders[&number];
        (folder.paths.clone(), folder.named)
    }

    /// Tells of the files of folders that speak of a catalog and were not read, so that their authors learn why nothing comes of them.
    pub(super) async fn tell_left_out(&mut self) {
        for (number, folder) in mem::take(&mut self.folders) {
            let source = self.opened[number].clone();
            let is_unread = |path: &String| !self.seen.contains_key(&source.place(path).target);
            let others: Vec<String> = folder.others.into_iter().filter(is_unread).collect();
            let contents: Vec<_> = folder.contents.into_iter().filter(|(path, _)| is_unread(path)).collect();
            for (path, why) in contents.into_iter().take(MOST) {
                let is_told = Begin::is_usual(&path)
                    || folder.paths.is_empty()
                    || folder.named == Named::ByPattern && speaks(&*source, &path).await;
                if is_told {
                    self.leave_out(number, &path, Severity::Info, why);
                }
            }
            // Whoever checks a folder wants to hear of it before a sync does.
            let severity = if self.terms.is_before { Severity::Warning } else { Severity::Info };
            for path in meant(&*source, others, &self.gathered.kinds).await {
                self.leave_out(number, &path, severity, PASSED_OVER.to_owned());
            }
        }
    }

    fn leave_out(&mut self, number: usize, path: &str, severity: Severity, message: String) {
        let about = if number == 0 { path.to_owned() } else { self.opened[number].place(path).target };
        self.gathered.left_out.insert(about.clone());
        self.remark(Remark { about, severity, message, keeps: Vec::new() });
    }
}

async fn speaks(source: &dyn OpenSource, path: &str) -> bool {
    source.read(path, LARGEST).await.is_ok_and(|text| speaks_of_catalog(&text))
}

/// Those of these files that hold documents for a catalog, also of kinds of one's own that are `known` or that these files declare.
async fn meant(source: &dyn OpenSource, files: Vec<String>, known: &OwnKinds) -> Vec<String> {
    let (mut meant, mut perhaps, mut kinds) = (Vec::new(), Vec::new(), known.clone());
    for path in files.into_iter().take(MOST) {
        let Ok(text) = source.read(&path, LARGEST).await else { continue };
        let documents = if speaks_of_catalog(&text) { documents(text.clone()).await } else { Vec::new() };
        let is_meant = documents.iter().any(is_meant) || says_so(&text);
        let declared = documents.iter().filter(|document| document["kind"] == "EntityKind");
        for kind in declared.filter_map(|document| OwnKind::read(document).ok()) {
            kinds.insert(kind);
        }
        if is_meant { meant.push(path) } else { perhaps.push(path) }
    }
    for path in perhaps.into_iter().filter(|_| !kinds.is_empty()) {
        let Ok(text) = source.read(&path, LARGEST).await else { continue };
        if documents(text).await.iter().any(|document| Walk::is_of_our_kinds(&kinds, document)) {
            meant.push(path);
        }
    }
    meant.sort();
    meant
}

/// The documents of a file, as far as it can be read.
async fn documents(text: Bytes) -> Vec<Value> {
    let read = move || {
        let documents = yaml::read(&text, &yaml::Limits::default()).unwrap_or_default();
        documents.into_iter().flatten().map(|document| document.value).collect()
    };
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
}

/// Whether a text, which may be no YAML, says by its lines that it is meant for a catalog; charts and the like only name it.
fn says_so(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).replace('\0', "");
    let versions =
        text.lines().filter_map(|line| line.trim_start_matches(['\u{feff}', '\u{fffd}']).strip_prefix("apiVersion:"));
    versions
        .map(|version| version.trim().trim_matches(['"', '\'']))
        .any(|version| is_meant(&serde_json::json!({ "apiVersion": version })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_speaks_of_a_catalog_by_its_version() {
        for (text, speaks) in [
            ("apiVersion: backstage.io/v1alpha1\nkind: [", true),
            ("kind: x\n---\napiVersion: \"scaffolder.backstage.io/v1beta3\"\n", true),
            ("apiVersion: apps/v1\nkind: Deployment\n{{ if .x }}\n", false),
            ("# apiVersion: backstage.io/v1alpha1\n", false),
            ("values:\n  apiVersion: backstage.io/v1alpha1\n", false),
            ("", false),
        ] {
            assert_eq!(says_so(text.as_bytes()), speaks, "{text}");
        }
    }
}
