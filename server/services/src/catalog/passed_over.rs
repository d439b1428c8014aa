//! Files that nobody reads although they speak of a catalog, so that their authors learn why nothing comes of them.

use std::collections::HashSet;

use domain::catalog::Severity;

use super::{
    content::{LARGEST_TEMPLATE, content_of, templates_among},
    ports::{Begin, OpenSource, Remark},
};

/// How many files are looked into, and how large each may be.
const MOST: usize = 300;
const LARGEST: u64 = 256 * 1024;

/// What is told of such a file.
pub(super) const WHY: &str = "was passed over: where a folder or repository holds a `catalog-info.yaml`, only files of that name are read, and those \
                   that a Location names. Rename it, name it in the `targets` of a Location, or register a pattern such as `**/*.yaml`";

/// Those of the YAML files of a folder that was read by the usual name which hold entities and were not read; `read` are those that were.
pub(super) async fn passed_over(source: &dyn OpenSource, read: &HashSet<String>) -> Vec<Remark> {
    // What cannot be listed is told of by whoever reads it.
    let Ok(files) = source.list(&source.folder()).await else { return Vec::new() };
    let paths: Vec<String> = files.into_iter().map(|file| file.path).collect();
    let mut contents = Vec::new();
    for path in templates_among(&paths) {
        let text = source.read(path, LARGEST_TEMPLATE).await.unwrap_or_default();
        contents.extend(content_of(path, &text));
    }
    let others =
        Begin::every(paths, &contents).into_iter().filter(|path| !Begin::is_usual(path) && !read.contains(path));
    let mut told = Vec::new();
    for path in others.take(MOST) {
        let Ok(text) = source.read(&path, LARGEST).await else { continue };
        if speaks_of_a_catalog(&text) {
            let severity = Severity::Info;
            told.push(Remark { about: path, severity, message: WHY.to_owned(), keeps: Vec::new() });
        }
    }
    told
}

/// Whether a document says by its `apiVersion` that it is meant for a catalog.
fn speaks_of_a_catalog(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.lines().any(|line| {
        let value = line.strip_prefix("apiVersion:").map(|value| value.trim().trim_matches(['"', '\'']));
        value.is_some_and(|value| value.starts_with("backstage.io/") || value.starts_with("scaffolder.backstage.io/"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_speaks_of_a_catalog_by_its_version() {
        for (text, speaks) in [
            ("apiVersion: backstage.io/v1alpha1\nkind: Component", true),
            ("kind: x\n---\napiVersion: \"scaffolder.backstage.io/v1beta3\"\n", true),
            ("apiVersion: apps/v1\nkind: Deployment", false),
            ("# apiVersion: backstage.io/v1alpha1\n", false),
            ("values:\n  apiVersion: backstage.io/v1alpha1\n", false),
            ("", false),
        ] {
            assert_eq!(speaks_of_a_catalog(text.as_bytes()), speaks, "{text}");
        }
    }
}
