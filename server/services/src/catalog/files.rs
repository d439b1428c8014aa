//! Files beside an entity: what a template's skeleton is made of.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    catalog::{EntityRef, SourceKind},
    identity::{Caller, Permission},
};

use super::{
    ports::{OpenSource, ReadProblem},
    store,
};
use crate::{Error, Result, Services, identity};

/// How many files a folder may have.
const MOST: usize = 5_000;

/// How large one of them may be.
const LARGEST: u64 = 10 * 1024 * 1024;

/// How large they may be together.
const TOTAL: usize = 100 * 1024 * 1024;

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFile {
    /// From the folder, with `/`.
    pub path: String,
    /// Whether it is a program.
    pub executable: bool,
    /// Its content.
    pub content: Bytes,
}

/// Every file of the folder that `target` means in the file that declares the entity: `./skeleton`, or the address of a
/// folder in a Git repository.
pub async fn folder(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    target: &str,
) -> Result<Vec<FolderFile>> {
    identity::may(caller, Permission::ReadCatalog, Some(&reference.to_string()))?;
    let Beside { source, root } = beside(services, caller, reference, target).await?;
    let listed = source.list(&root).await.map_err(|problem| told(target, problem))?;
    if listed.is_empty() {
        return Err(Error::NotFound(format!("`{target}` has no files; correct the path in `{reference}`")));
    }
    if listed.len() > MOST {
        return Err(Error::Rejected(format!("`{target}` has more than {MOST} files; point at a smaller folder")));
    }
    let (mut files, mut total) = (Vec::with_capacity(listed.len()), 0);
    for file in listed {
        let content = source.read(&file.path, LARGEST).await.map_err(|problem| told(&file.path, problem))?;
        total += content.len();
        if total > TOTAL {
            let mib = TOTAL / 1024 / 1024;
            return Err(Error::Rejected(format!("`{target}` is larger than {mib} MiB; point at a smaller folder")));
        }
        let below =
            if root.is_empty() { Some(file.path.as_str()) } else { file.path.strip_prefix(&format!("{root}/")) };
        let path = below.unwrap_or(&file.path).to_owned();
        files.push(FolderFile { path, executable: file.executable, content });
    }
    Ok(files)
}

/// A folder beside an entity, opened.
pub(crate) struct Beside {
    /// The source that it is in.
    pub(crate) source: Arc<dyn OpenSource>,
    /// The folder within the source.
    pub(crate) root: String,
}

/// Opens the folder that `target` means in the file that declares the entity.
pub(crate) async fn beside(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    target: &str,
) -> Result<Beside> {
    identity::may(caller, Permission::ReadCatalog, Some(&reference.to_string()))?;
    let rows = store::rows(&services.db, &caller.tenant, &[reference.to_string()]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Err(Error::NotFound(format!("no entity `{reference}` is in the catalog")));
    };
    let reader = &services.ports.sources;
    let (source, folder) = if target.contains("://") {
        (reader.open(SourceKind::Url, target).await.map_err(|problem| told(target, problem))?, None)
    } else if row.path.contains("://") {
        (reader.open(SourceKind::Url, &row.path).await.map_err(|problem| told(&row.path, problem))?, Some(target))
    } else {
        let Some(source) = store::source(&services.db, &caller.tenant, row.source_id).await? else {
            return Err(Error::NotFound(format!("the source of `{reference}` was removed")));
        };
        let opened = reader.open(source.kind, &source.target).await;
        (opened.map_err(|problem| told(&source.target, problem))?, Some(target))
    };
    let from = if row.path.contains("://") { first(&source.begin()) } else { row.path };
    let root = match folder {
        Some(target) => source.resolve(&from, target).map_err(|problem| told(target, problem))?,
        None => source.folder(),
    };
    Ok(Beside { source, root })
}

fn first(begin: &super::ports::Begin) -> String {
    use super::ports::Begin;
    let (Begin::Named(paths) | Begin::Found(paths) | Begin::Guessed(paths)) = begin;
    paths.first().cloned().unwrap_or_default()
}

fn told(target: &str, problem: ReadProblem) -> Error {
    match problem {
        ReadProblem::Missing(why) => Error::NotFound(why),
        ReadProblem::Refused(why) => Error::Rejected(why),
        ReadProblem::Unreachable(why) => Error::Unavailable { system: target.to_owned(), why },
    }
}
