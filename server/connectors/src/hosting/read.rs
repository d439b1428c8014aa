//! Reading a repository without a working copy.

use std::path::Path;

use services::{Error, Result};

use super::git;

/// A file at a branch, a tag or a commit, refused beyond `longest` bytes.
///
/// # Errors
/// [`Error::NotFound`] if there is no such file there.
pub async fn read_file(repository: &Path, reference: &str, path: &str, longest: u64) -> Result<Vec<u8>> {
    let missing = || Error::NotFound(format!("there is no file `{path}` at `{reference}`"));
    let commit = commit_of(repository, reference).await?.ok_or_else(missing)?;
    let is_plain =
        !path.is_empty() && !path.contains('\0') && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !is_plain {
        return Err(missing());
    }
    let object = format!("{commit}:{path}");
    let size = git(repository).args(["cat-file", "-s", &object]).read().await.map_err(|_| missing())?;
    let size: u64 = size.trim().parse().map_err(|_| missing())?;
    if size > longest {
        return Err(Error::Rejected(format!(
            "`{path}` has {size} bytes, more than the {longest} that are shown; clone the repository"
        )));
    }
    git(repository).args(["cat-file", "blob", &object]).read_bytes(None).await.map_err(|_| missing())
}

/// The commit that a branch, a tag or the beginning of a hash names.
pub async fn commit_of(repository: &Path, reference: &str) -> Result<Option<String>> {
    let is_plain = reference.len() <= 200
        && reference.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'))
        && !reference.starts_with(['-', '.', '/'])
        && !reference.contains("..");
    if !is_plain {
        return Ok(None);
    }
    let mut names = vec![format!("refs/heads/{reference}"), format!("refs/tags/{reference}")];
    if reference == "HEAD" || (reference.len() >= 7 && reference.bytes().all(|b| b.is_ascii_hexdigit())) {
        names.push(reference.to_owned());
    }
    for name in names {
        let call = git(repository).args(["rev-parse", "--quiet", "--verify", &format!("{name}^{{commit}}")]);
        if let Ok(found) = call.read().await {
            return Ok(Some(found.trim().to_owned()));
        }
    }
    Ok(None)
}
