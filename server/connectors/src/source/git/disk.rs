//! Repositories on this disk: what a path means.

use std::path::{Path, PathBuf};

use services::catalog::ports::ReadProblem;

use super::wanted::{Behind, Wanted};

/// The repository that a path leads to or into, and what of it is meant. What is there goes before what an address may mean:
/// folders may be called `tree`, and have a `#` in their name.
pub(super) fn repository(text: &str) -> Result<(PathBuf, Wanted), ReadProblem> {
    let before_query = text.split_once('?').map_or(text, |(path, _)| path);
    let (cut, _) = Behind::split(text);
    // Its folder may have such a sign in its name.
    let roots = [text, before_query, cut].into_iter().filter_map(|path| nearest(Path::new(path)));
    let Some(root) = roots.max_by_key(|root| root.as_os_str().len()) else {
        return Err(ReadProblem::Missing(format!("there is no repository `{cut}`")));
    };
    let rest = &text[root.as_os_str().len()..];
    let (below, behind) = if Path::new(text).exists() { (rest, Behind::default()) } else { Behind::split(rest) };
    let path = PathBuf::from(format!("{}{below}", root.display()));
    let below = path.strip_prefix(root).unwrap_or(Path::new("")).to_string_lossy().into_owned();
    let named = match below.split_once('/') {
        Some(("tree" | "blob", rest)) if !path.exists() => Wanted::Joined(rest.to_owned()),
        _ => Wanted::apart(None, &below),
    };
    let wanted = behind.wanted(named).map_err(|why| ReadProblem::Refused(format!("`{text}`: {why}")))?;
    Ok((root.to_owned(), wanted))
}

/// The repository that a path leads to or into.
fn nearest(path: &Path) -> Option<&Path> {
    path.ancestors().find(|folder| own(folder).is_some())
}

/// Where a repository keeps its own files: in a folder of a checkout, or, bare, where it is itself.
pub(super) fn own(folder: &Path) -> Option<PathBuf> {
    let is_own = |folder: &Path| folder.join("HEAD").is_file() && folder.join("objects").is_dir();
    let inner = folder.join(".git");
    if is_own(&inner) {
        return Some(inner);
    }
    is_own(folder).then(|| folder.to_owned())
}
