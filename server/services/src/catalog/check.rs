//! Files on disk, looked at before they are merged: no database, nothing recorded.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use domain::catalog::{OwnKind, OwnKinds, SourceFile, SourceKind};

use super::{
    Explained, There,
    explain::{claim, declared_at, explained},
    kinds::Given,
    ports::{ReadProblem, SourceReader},
    sync::gather::{Gathered, Limits, Terms, gather},
};

/// Walks files, folders or globs on disk as sources, for `causeway check PATH`. What a sync would not read is not judged, and told of.
///
/// # Errors
/// If a path cannot be looked at as a whole.
pub async fn check_paths(reader: &dyn SourceReader, paths: &[impl AsRef<Path>]) -> Result<Explained, ReadProblem> {
    let mut walks = walk_all(reader, paths, &OwnKinds::default()).await?;
    let kinds: OwnKinds = walks.iter().flat_map(|(_, walk)| own_kinds(walk)).collect();
    // One path may hold the kinds of another's documents.
    if walks.len() > 1 && !kinds.is_empty() {
        walks = walk_all(reader, paths, &kinds).await?;
    }
    forget_what_is_read(&mut walks);
    let mut all = Explained { files: Vec::new(), entities: Vec::new(), there: There::default() };
    let (mut claimed, mut told) = (HashMap::new(), HashSet::new());
    for (shown, mut gathered) in walks {
        let folder = folder_of(&shown);
        claim(&mut gathered, &claimed);
        claimed.extend(gathered.found.iter().map(|found| {
            let path = if found.path.contains("://") { found.path.clone() } else { joined(&folder, &found.path) };
            (found.reference.to_string(), declared_at(&path, found))
        }));
        let mut part = explained(gathered);
        for file in part.files.iter_mut().filter(|file| !file.path.contains("://")) {
            file.path = joined(&folder, &file.path);
            file.parent = file.parent.take().map(|parent| joined(&folder, &parent));
        }
        // What two paths name is told once.
        let before = told.clone();
        part.files.retain(|file| file.path.contains("://") || told.insert(whole(&file.path)));
        part.entities.retain(|entity| {
            let place = entity.annotation("backstage.io/managed-by-location").and_then(|at| at.strip_prefix("file:"));
            place.is_none_or(|place| !before.contains(Path::new(place)))
        });
        all.files.extend(part.files);
        all.entities.extend(part.entities);
    }
    Ok(all)
}

/// What one path leaves out and another names is left out no more.
fn forget_what_is_read(walks: &mut [(String, Gathered)]) {
    let is_read = |walk: &Gathered, file: &SourceFile| !walk.left_out.contains(&file.path);
    let place = |shown: &str, file: &SourceFile| whole(&joined(&folder_of(shown), &file.path));
    let read = walks
        .iter()
        .flat_map(|(shown, walk)| walk.files.iter().filter(|file| is_read(walk, file)).map(|file| place(shown, file)));
    let read: HashSet<PathBuf> = read.collect();
    for (shown, walk) in walks {
        let files = std::mem::take(&mut walk.files).into_iter();
        walk.files = files.filter(|file| is_read(walk, file) || !read.contains(&place(shown, file))).collect();
    }
}

fn whole(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.into())
}

async fn walk_all(
    reader: &dyn SourceReader,
    paths: &[impl AsRef<Path>],
    ours: &OwnKinds,
) -> Result<Vec<(String, Gathered)>, ReadProblem> {
    let mut walks = Vec::with_capacity(paths.len());
    for path in paths {
        let shown = path.as_ref().display().to_string();
        let target = std::path::absolute(path).map_or(shown.clone(), |path| path.display().to_string());
        let given = Given { until_declared: ours.clone(), ..Given::default() };
        let walk = gather(
            reader,
            SourceKind::File,
            &target,
            Limits::telling_all(),
            Terms { given, is_before: true, ..Terms::default() },
        )
        .await?;
        walks.push((shown, walk));
    }
    Ok(walks)
}

fn own_kinds(gathered: &Gathered) -> impl Iterator<Item = OwnKind> {
    let found = gathered.found.iter().filter(|found| found.reference.kind() == "entitykind");
    found.filter_map(|found| OwnKind::read(&found.value()).ok())
}

/// The folder that the paths of a walk begin at, as it was written.
fn folder_of(shown: &str) -> String {
    let path = Path::new(shown);
    if path.is_dir() {
        return shown.trim_end_matches('/').to_owned();
    }
    let fixed: Vec<&str> = shown.split('/').take_while(|part| !super::ports::is_glob(part)).collect();
    if fixed.len() < shown.split('/').count() {
        return fixed.join("/");
    }
    path.parent().map(|folder| folder.display().to_string()).unwrap_or_default()
}

fn joined(folder: &str, path: &str) -> String {
    match folder {
        "" | "." => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }
}
