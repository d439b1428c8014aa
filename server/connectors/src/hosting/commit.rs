//! The first commit of a repository: made of the same files and words, it has the same hash.

use std::path::Path;

use services::{Error, Result, runs::FirstCommit};

use super::git;

/// Makes a bare repository at `path` with one commit, and returns its hash.
pub(super) async fn make(path: &Path, first: &FirstCommit) -> Result<String> {
    git(path)
        .args(["init", "--quiet", "--bare"])
        .args(["--initial-branch", &first.branch])
        .arg_path(path)
        .run()
        .await?;
    // The repository is durable before its name is: a loss of power never leaves an empty one.
    git(path).args(["config", "core.fsync", "all"]).run().await?;
    git(path).args(["config", "http.receivepack", "true"]).run().await?;
    // What a program once read must stay readable: no history is rewritten by a push.
    git(path).args(["config", "receive.denyNonFastForwards", "true"]).run().await?;
    git(path).args(["config", "receive.fsckObjects", "true"]).run().await?;
    if !first.description.is_empty() {
        let line: String = first.description.chars().filter(|c| !c.is_control()).take(500).collect();
        tokio::fs::write(path.join("description"), line).await?;
    }
    let index = path.join("causeway-index");
    let staged = |args: &[&str]| {
        // `--force`: a template's own `.gitignore` must not leave out what the template renders.
        git(path).env("GIT_INDEX_FILE", &index).env("GIT_WORK_TREE", &first.files).args(args)
    };
    staged(&[
        "-c",
        "core.autocrlf=false",
        "-c",
        "core.fileMode=true",
        "-c",
        "core.bare=false",
        "add",
        "--all",
        "--force",
        ".",
    ])
    .in_folder(&first.files)
    .run()
    .await?;
    let tree = staged(&["-c", "core.bare=false", "write-tree"]).in_folder(&first.files).read().await?;
    let tree = tree.trim();
    if tree == EMPTY_TREE {
        return Err(Error::Rejected("there are no files to publish; fetch a skeleton in an earlier step".into()));
    }
    let date = format!("@{} +0000", first.at.timestamp());
    let (name, email) = (person(&first.author_name, "Causeway"), person(&first.author_email, "causeway@localhost"));
    let message = if first.message.trim().is_empty() { "Initial commit" } else { first.message.trim_end() };
    let commit = git(path)
        .env("GIT_AUTHOR_NAME", &name)
        .env("GIT_AUTHOR_EMAIL", &email)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_NAME", "Causeway")
        .env("GIT_COMMITTER_EMAIL", "causeway@localhost")
        .env("GIT_COMMITTER_DATE", &date)
        .args(["-c", "commit.gpgSign=false", "commit-tree", tree, "-F", "-"])
        .read_bytes(Some(format!("{message}\n").as_bytes()))
        .await?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    git(path).args(["update-ref", &format!("refs/heads/{}", first.branch), &commit]).run().await?;
    // For clients that read files only.
    git(path).args(["update-server-info"]).run().await?;
    let _ = tokio::fs::remove_file(&index).await;
    Ok(commit)
}

/// The name of the tree that holds nothing.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A name or an address as a commit can carry it.
fn person(text: &str, otherwise: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).take(200).collect();
    let clean = clean.trim();
    if clean.is_empty() { otherwise.to_owned() } else { clean.to_owned() }
}
