//! What the compiler cannot see: which crate may know which.

use std::{collections::BTreeSet, process::Command};

/// The names of every crate that `package` is built from, with `features`, for `target`.
fn crates_of(package: &str, features: &str, target: Option<&str>) -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "tree",
        "--locked",
        "--offline",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    command.args(["--package", package, "--features", features]);
    if let Some(target) = target {
        command.args(["--target", target]);
    }
    let output = command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn assert_without(crates: &BTreeSet<String>, forbidden: &[&str]) {
    let found: Vec<_> = forbidden.iter().filter(|name| crates.contains(**name)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_domain_knows_no_framework_database_or_network() {
    let crates = crates_of("domain", "", None);
    assert_without(&crates, &["leptos", "axum", "sea-orm", "sqlx", "tokio", "kube", "reqwest", "services"]);
}

#[test]
fn the_bundle_holds_no_database_and_no_server() {
    let crates = crates_of("frontend", "", Some("wasm32-unknown-unknown"));
    assert!(crates.contains("leptos"));
    assert_without(&crates, &["services", "sea-orm", "sqlx", "axum", "tokio", "minijinja", "cel"]);
}

#[test]
fn the_services_know_no_http_and_no_pages() {
    let crates = crates_of("services", "", None);
    assert_without(&crates, &["axum", "leptos", "tower-http", "reqwest", "app", "connectors"]);
}

#[test]
fn the_connectors_know_no_pages() {
    let crates = crates_of("connectors", "", None);
    assert_without(&crates, &["axum", "leptos", "app"]);
}
