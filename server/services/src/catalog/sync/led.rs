//! What of a source brings something of another repository: who pushes there changes what these files declare.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::recall;
use crate::catalog::store::FileRow;

/// How many Locations may lead from one to the next, should an old trace hold a circle.
const DEEPEST: usize = 128;

/// The source's own files from which something in one of these repositories is reached, over Locations or by placeholders.
///
/// - `repositories`: as [`domain::catalog::repository_path`] writes them.
pub(super) fn into(files: &[Arc<FileRow>], repositories: &BTreeSet<String>) -> BTreeSet<String> {
    let is_in = |address: &str, name: &str| {
        let behind = |at: usize| &address[at + name.len()..];
        let mut found = address.match_indices(name).filter(|(at, _)| address[..*at].ends_with('/'));
        found.any(|(at, _)| {
            behind(at).is_empty() || behind(at).starts_with(['/', '?']) || behind(at).starts_with(".git")
        })
    };
    let is_there = |address: &str| {
        address.contains("://") && {
            // As the API of GitLab names them.
            let address = address.to_lowercase().replace("%2f", "/");
            repositories.iter().any(|name| is_in(&address, name))
        }
    };
    let parents: HashMap<&str, &str> =
        files.iter().filter_map(|row| Some((row.file.path.as_str(), row.file.parent.as_deref()?))).collect();
    let reaches = |row: &&Arc<FileRow>| is_there(&row.file.path) || recall::away(row).iter().any(|at| is_there(at));
    let own = files.iter().filter(reaches).filter_map(|row| {
        let mut at = row.file.path.as_str();
        for _ in 0..DEEPEST {
            if !at.contains("://") {
                return Some(at.to_owned());
            }
            at = parents.get(at)?;
        }
        None
    });
    own.collect()
}

#[cfg(test)]
mod tests {
    use domain::catalog::{Outcome, SourceFile};

    use super::*;

    fn row(path: &str, parent: Option<&str>, away: &str) -> Arc<FileRow> {
        let parent = parent.map(ToOwned::to_owned);
        let file = SourceFile { path: path.into(), outcome: Outcome::Found, entities: 0, problems: Vec::new(), parent };
        let judged = serde_json::json!({ "digest": "", "bytes": 0, "standing": 0, "away": [away] });
        Arc::new(FileRow { file, documents: Vec::new(), judged: (!away.is_empty()).then(|| judged.to_string()) })
    }

    #[test]
    fn files_that_lead_into_a_repository_are_found_whichever_way_they_do() {
        let files = [
            row("all/catalog-info.yaml", None, ""),
            row("https://a.example/acme/Quays/blob/main/x.yaml", Some("all/catalog-info.yaml"), ""),
            row(
                "https://b.example/deep.yaml",
                Some("https://a.example/acme/other/far.yaml"),
                "https://a.example/acme/quays/-/raw/main/y.yaml",
            ),
            row("https://a.example/acme/other/far.yaml", Some("far/catalog-info.yaml"), ""),
            row("tides/catalog-info.yaml", None, "https://a.example/acme/quays/raw/branch/main/openapi.yaml"),
            row("web/catalog-info.yaml", None, "https://a.example/acme/quays.git"),
            row("api/catalog-info.yaml", None, "https://a.example/api/v4/projects/acme%2Fquays/repository/files/x"),
            row("quays/catalog-info.yaml", None, "https://a.example/acme/quays-2/openapi.yaml"),
            row("circle/catalog-info.yaml", None, ""),
            row("https://a.example/acme/quays/1.yaml", Some("https://a.example/acme/quays/1.yaml"), ""),
        ];
        let led: Vec<String> = into(&files, &BTreeSet::from(["acme/quays".to_owned()])).into_iter().collect();
        assert_eq!(led, ["all", "api", "far", "tides", "web"].map(|name| format!("{name}/catalog-info.yaml")));
        assert!(into(&files, &BTreeSet::from(["acme/circle".to_owned()])).is_empty());
    }
}
