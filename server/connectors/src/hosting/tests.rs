use std::fs;

use chrono::DateTime;
use services::runs::{FirstCommit, Repositories};

use super::*;

fn first(files: &Path, key: &str) -> FirstCommit {
    FirstCommit {
        key: key.into(),
        files: files.to_path_buf(),
        branch: "main".into(),
        message: "Initial commit".into(),
        author_name: "Ama Osei".into(),
        author_email: "ama@example.com".into(),
        at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        description: "Signs on the quay".into(),
    }
}

fn skeleton() -> tempfile::TempDir {
    let files = tempfile::tempdir().unwrap();
    fs::create_dir_all(files.path().join("src")).unwrap();
    fs::write(files.path().join("src/main.rs"), "fn main() {}\n").unwrap();
    fs::write(files.path().join(".gitignore"), "*.rs\n").unwrap();
    files
}

#[tokio::test]
async fn a_step_that_comes_again_finds_what_it_made() {
    let (data, files) = (tempfile::tempdir().unwrap(), skeleton());
    let hosting = EmbeddedHosting::new(data.path());
    let name: RepositoryName = "harbour/quay-signs".parse().unwrap();
    let made = hosting.create_or_get(&name, &first(files.path(), "run/publish")).await.unwrap();
    let again = hosting.create_or_get(&name, &first(files.path(), "run/publish")).await.unwrap();
    assert_eq!(made.commit, again.commit);
    assert!(!made.was_there && again.was_there);
    let listed = git(&hosting.path(&name)).args(["ls-tree", "-r", "--name-only", "main"]).read().await.unwrap();
    insta::assert_snapshot!(listed.trim(), @r"
    .gitignore
    src/main.rs
    ");
    let count = git(&hosting.path(&name)).args(["rev-list", "--count", "--all"]).read().await.unwrap();
    assert_eq!(count.trim(), "1");
}

#[tokio::test]
async fn the_same_files_and_words_make_the_same_hash_anywhere() {
    let mut hashes = Vec::new();
    for _ in 0..2 {
        let (data, files) = (tempfile::tempdir().unwrap(), skeleton());
        let name: RepositoryName = "harbour/quay-signs".parse().unwrap();
        let made = EmbeddedHosting::new(data.path()).create_or_get(&name, &first(files.path(), "k")).await.unwrap();
        hashes.push(made.commit);
    }
    assert_eq!(hashes[0], hashes[1]);
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let (data, files) = (tempfile::tempdir().unwrap(), skeleton());
    let hosting = EmbeddedHosting::new(data.path());
    let name: RepositoryName = "harbour/quay-signs".parse().unwrap();
    hosting.create_or_get(&name, &first(files.path(), "one")).await.unwrap();
    let refusal = hosting.create_or_get(&name, &first(files.path(), "two")).await.unwrap_err();
    insta::assert_snapshot!(refusal, @"a repository harbour/quay-signs already exists; choose another name");
}

#[tokio::test]
async fn of_two_that_publish_at_once_one_wins() {
    let (data, files) = (tempfile::tempdir().unwrap(), skeleton());
    let hosting = EmbeddedHosting::new(data.path());
    let name: RepositoryName = "harbour/quay-signs".parse().unwrap();
    let (one, two) = (first(files.path(), "one"), first(files.path(), "two"));
    let (a, b) = tokio::join!(hosting.create_or_get(&name, &one), hosting.create_or_get(&name, &two));
    assert!(a.is_ok() != b.is_ok());
}
