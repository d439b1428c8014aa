//! The catalog files of one repository: only those that moved are asked for, several at once.

use std::{fmt::Write as _, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use services::catalog::{organisation::Organisation, ports::ReadProblem, webhooks::MARKS_HOLD};
use sha1::{Digest, Sha1};

use super::{
    AT_ONCE,
    api::{Entry, Forge, Repository},
    client::{Client, Trouble},
    memory::Seen,
    tree::{Tree, tree},
};

/// How large one file may be.
const LARGEST: u64 = 5 * 1024 * 1024;

/// How many catalog files a pattern may find in one repository.
const FILES: usize = 500;

/// A file of a repository, and what stands in it.
pub(super) type File = (String, Result<Bytes, ReadProblem>);

/// The catalog files of a repository: those of before, if nothing was pushed since.
pub(super) async fn catalog_files(
    forge: Forge,
    client: &Client,
    organisation: &Organisation,
    repository: &Repository,
) -> Result<Vec<File>, Trouble> {
    let now = Utc::now();
    let mark = format!("{} {} {}", repository.mark, repository.branch, organisation.file);
    let seen = client.memory.seen(&repository.api).filter(|seen| seen.mark == mark && now - seen.at < MARKS_HOLD);
    if let Some(seen) = seen.filter(|seen| repository.settles_at.is_none_or(|settles| seen.at >= settles)) {
        let known: Option<Vec<_>> = seen
            .files
            .iter()
            .map(|path| Some((path.clone(), Ok(client.remembered(&forge.file(repository, path).0)?))))
            .collect();
        // With what else is remembered, so that it is not forgotten as unused.
        if let Some(known) = known {
            if seen.files.is_empty() && !organisation.has_pattern() {
                client.remembered(&forge.file(repository, &organisation.file).0);
            }
            return Ok(known);
        }
    }
    let wanted = if organisation.has_pattern() {
        let matcher = super::super::glob(&organisation.file).map_err(|problem| Trouble::Failed(problem.to_string()))?;
        let Tree { files, at } = match tree(forge, client, repository, TimeDelta::zero()).await {
            Err(Trouble::Missing) => Tree { files: Arc::default(), at: now },
            tree => tree?,
        };
        let fits = files.iter().filter(|entry| matcher.is_match(&entry.path)).take(FILES);
        fits.map(|Entry { path, content, .. }| (path.clone(), content.clone().map(|name| (name, at)))).collect()
    } else {
        vec![(organisation.file.clone(), None)]
    };
    let mut asked = stream::iter(wanted)
        .map(|(path, name)| async move {
            let found = content(forge, client, repository, (&path, name)).await;
            (path, found)
        })
        .buffered(AT_ONCE);
    let mut files = Vec::new();
    while let Some((path, found)) = asked.next().await {
        match found {
            Ok(Some(content)) => files.push((path, Ok(content))),
            Ok(None) => {}
            Err(trouble @ Trouble::Paused(_)) => return Err(trouble),
            Err(trouble) => {
                let what = format!("`{}`", forge.address(repository, "blob", &path));
                files.push((path, Err(client.problem(&what, &trouble))));
            }
        }
    }
    if files.iter().all(|(_, content)| content.is_ok()) {
        let files = files.iter().map(|(path, _)| path.clone()).collect();
        client.memory.see(&repository.api, Seen { mark, files, at: now });
    }
    Ok(files)
}

/// What stands in a file; what is remembered of it, where the tree names just that content.
async fn content(
    forge: Forge,
    client: &Client,
    repository: &Repository,
    (path, name): (&str, Option<(String, DateTime<Utc>)>),
) -> Result<Option<Bytes>, Trouble> {
    let (address, accept) = forge.file(repository, path);
    if let Some(known) = name.and_then(|(name, at)| client.confirmed(&address, at, |known| name_of(known) == name)) {
        return Ok(Some(known));
    }
    client.text(&address, accept, LARGEST).await
}

/// What Git calls this content, in a repository that names by SHA-1. Elsewhere no name is the same, and the file is asked for by its tag.
pub(super) fn name_of(content: &[u8]) -> String {
    let name = Sha1::new().chain_update(format!("blob {}\0", content.len())).chain_update(content).finalize();
    name.iter().fold(String::with_capacity(40), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_called_as_git_calls_it() {
        // By `git hash-object`.
        assert_eq!(name_of(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(name_of(b"name: tides\n"), "2f40081e2900921ec785775b8699a0d6b583bd25");
    }
}
