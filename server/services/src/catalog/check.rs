//! Files on disk, looked at before they are merged: no database, nothing recorded.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use domain::catalog::{FileProblem, Outcome, OwnKind, OwnKinds, Severity, SourceFile, SourceKind};

use super::{
    Explained,
    begun::Begun,
    content::{LARGEST_TEMPLATE, content_of, may_be_template, templates_among},
    explain::{claim, declared_at, explained},
    kinds::Given,
    passed_over,
    ports::{Begin, OpenSource, ReadProblem, SourceReader},
    sync::gather::{Gathered, Limits, Terms, gather},
};

/// Walks files, folders or globs on disk as sources, for `causeway check PATH`. In a folder, every YAML file is looked at;
/// what is not meant for a catalog is left out, but not of a file with the usual name. A template or scorecard that could not
/// do its work is an error.
///
/// # Errors
/// If a path cannot be looked at as a whole.
pub async fn check_paths(reader: &dyn SourceReader, paths: &[impl AsRef<Path>]) -> Result<Explained, ReadProblem> {
    let every = Every(reader);
    let mut walks = walk_all(&every, paths, &OwnKinds::default()).await?;
    let kinds: OwnKinds = walks.iter().flat_map(|(_, walk)| own_kinds(walk)).collect();
    // One path may hold the kinds of another's documents.
    if walks.len() > 1 && !kinds.is_empty() {
        walks = walk_all(&every, paths, &kinds).await?;
    }
    for (path, walk) in paths.iter().zip(&mut walks) {
        tell_passed_over(reader, path.as_ref(), &mut walk.1).await?;
    }
    let mut all = Explained { files: Vec::new(), entities: Vec::new() };
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
        let whole = |path: &str| std::path::absolute(path).unwrap_or_else(|_| path.into());
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

/// Warns of the files of a folder that a sync would pass over. Templates are often sources of their own.
async fn tell_passed_over(reader: &dyn SourceReader, path: &Path, walk: &mut Gathered) -> Result<(), ReadProblem> {
    if !path.is_dir() || !walk.files.iter().any(|file| Begin::is_usual(&file.path)) {
        return Ok(());
    }
    let target = std::path::absolute(path).map_or(path.display().to_string(), |path| path.display().to_string());
    let synced = gather(reader, SourceKind::File, &target, Limits::default(), Terms::default()).await?;
    let passed = |file: &SourceFile| file.problems.iter().any(|problem| problem.message == passed_over::WHY);
    let passed: HashSet<String> = synced.files.into_iter().filter(passed).map(|file| file.path).collect();
    for file in walk.files.iter_mut().filter(|file| passed.contains(&file.path) && !may_be_template(&file.path)) {
        file.outcome = file.outcome.max(Outcome::Warned);
        let (severity, message) = (Severity::Warning, passed_over::WHY.to_owned());
        file.problems.push(FileProblem { severity, message, field: None, line: None, column: None });
    }
    Ok(())
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
        let given = Given { ours: ours.clone(), ..Given::default() };
        let walk = gather(
            reader,
            SourceKind::File,
            &target,
            Limits::telling_all(),
            Terms { given, is_stern: true, ..Terms::default() },
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

/// Reads folders whole.
struct Every<'a>(&'a dyn SourceReader);

#[async_trait]
impl SourceReader for Every<'_> {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let source = self.0.open(kind, target).await?;
        if kind != SourceKind::File || !Path::new(target).is_dir() {
            return Ok(source);
        }
        let files: Vec<String> = source.list(&source.folder()).await?.into_iter().map(|file| file.path).collect();
        let mut contents = Vec::new();
        for path in templates_among(&files) {
            let text = source.read(path, LARGEST_TEMPLATE).await.unwrap_or_default();
            contents.extend(content_of(path, &text));
        }
        let mut paths = Begin::every(files, &contents);
        // What a sync would take comes first, and has the first claim.
        paths.sort_by_key(|path| !Begin::is_usual(path));
        if paths.is_empty() {
            return Ok(source);
        }
        let begin = Begin::Guessed(paths);
        Ok(Arc::new(Begun { source, begin }))
    }
}
