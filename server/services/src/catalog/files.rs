//! Files beside an entity: what a template's skeleton is made of.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    catalog::{EntityRef, Source, SourceKind},
    identity::{Caller, Permission, Target},
};

use serde_json::Value;

use super::{
    credentials::credential_for,
    hosted,
    keys::Granted,
    origin,
    ports::{OpenSource, ReadProblem, SourceReader},
    rows::entity,
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
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
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
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let rows = store::rows(&services.db, &caller.tenant, &[reference.to_string()]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Err(Error::NotFound(format!("no entity `{reference}` is in the catalog")));
    };
    let source = store::source(&services.db, &caller.tenant, row.source_id).await?;
    let reader = services.reader(caller);
    let own = match &source {
        Some(source) => granted_to(services, caller, source).await?,
        None => Granted::Nothing,
    };
    // Of an organisation, the one repository is opened, and not all of them.
    let address = address_of(&row, source.as_ref());
    let is_elsewhere = address.contains("://");
    let (opened, folder) = if target.contains("://") {
        // The words of a document may have no more read than the document itself.
        let granted = if is_elsewhere { narrowed(services, caller, own, &address).await? } else { own };
        (reader.open_named(granted, target).await.map_err(|problem| told(target, problem))?, None)
    } else if is_elsewhere {
        (reader.open_named(own, &address).await.map_err(|problem| told(&address, problem))?, Some(target))
    } else {
        let Some(source) = source else {
            return Err(Error::NotFound(format!("the source of `{reference}` was removed")));
        };
        let opened = reader.open(source.kind, &source.target).await;
        (opened.map_err(|problem| told(&source.target, problem))?, Some(target))
    };
    let from = if is_elsewhere { first(&opened.begin()) } else { row.path };
    let root = match folder {
        Some(target) => opened.resolve(&from, target).map_err(|problem| told(target, problem))?,
        None => opened.folder(),
    };
    Ok(Beside { source: opened, root })
}

/// Where the file stands that declares an entity: an address, or a path in its source.
fn address_of(row: &entity::Model, source: Option<&Source>) -> String {
    if source.is_some_and(|source| source.kind.is_organisation()) {
        return location_of(&row.document);
    }
    row.path.clone()
}

/// The repository of the hosted Git, `owner/name`, that such a folder is in; nothing for one that is not in any.
pub(crate) async fn hosted_beside(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    target: &str,
) -> Result<Option<String>> {
    let base_url = &services.settings.base_url;
    if target.contains("://") {
        return Ok(hosted::repository(base_url, target));
    }
    let rows = store::rows(&services.db, &caller.tenant, &[reference.to_string()]).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let source = store::source(&services.db, &caller.tenant, row.source_id).await?;
    let address = address_of(&row, source.as_ref());
    let opened = if address.contains("://") { Some(address) } else { source.map(|source| source.target) };
    Ok(opened.and_then(|opened| hosted::repository(base_url, &opened)))
}

/// Which credentials the documents of a source may use.
async fn granted_to(services: &Services, caller: &Caller, source: &Source) -> Result<Granted> {
    if source.kind == SourceKind::File {
        return Ok(Granted::All);
    }
    let credential = credential_for(services, caller, &source.target).await?;
    Ok(credential.map_or(Granted::Nothing, |(name, _)| Granted::Only(name)))
}

/// Which credentials a document at `address` may use, that one was led to with `granted`.
async fn narrowed(services: &Services, caller: &Caller, granted: Granted, address: &str) -> Result<Granted> {
    let covers = credential_for(services, caller, address).await?.map(|(name, _)| name);
    Ok(match (granted, covers) {
        (Granted::All, Some(name)) => Granted::Only(name),
        (Granted::Only(ours), Some(name)) if ours == name => Granted::Only(name),
        _ => Granted::Nothing,
    })
}

fn location_of(document: &Value) -> String {
    let location = origin::location(document).unwrap_or_default();
    location.trim_start_matches("url:").to_owned()
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
