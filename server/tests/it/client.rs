//! The public client of Backstage, unmodified, finds in Causeway the catalog that it expects.

use std::{fmt::Write as _, path::Path, process::Stdio};

use tokio::process::Command;

use crate::catalog::{component, host};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end/client");

/// Thirty components of three types, by turns even and odd.
fn many() -> String {
    let mut text = String::new();
    for number in 0..30 {
        let kind = ["service", "website", "library"][number % 3];
        let tag = ["even", "odd"][number % 2];
        text += &component(&format!("c{number:02}"), kind, "berths").replace("[java]", &format!("[{tag}]"));
    }
    text
}

fn repositories(folder: &Path) {
    let head = "---\napiVersion: backstage.io/v1alpha1\nkind: ";
    let mut root = component("root", "service", "berths").replace("[java]", "[]");
    write!(root, "{head}Location\nmetadata:\n  name: parts\nspec:\n  targets: [./parts/*.yaml]\n").unwrap();
    let mut teams = format!("{head}Group\nmetadata:\n  name: berths\nspec:\n  type: team\n  children: []\n");
    write!(teams, "{head}API\nmetadata:\n  name: tide-api\n  title: Tides\nspec:\n  type: openapi\n  lifecycle: production\n  owner: berths\n  definition: 'openapi: 3.1.0'\n").unwrap();
    let files = [("catalog-info.yaml", &*root), ("parts/components.yaml", &many()), ("parts/teams.yaml", &teams)];
    host(folder, "saltmarsh/tides.git", &files);
    let (quay, other) = (component("quay", "service", "berths"), component("other", "service", "berths"));
    host(folder, "saltmarsh/quay.git", &[("catalog-info.yaml", &quay), ("deep/other.yaml", &other)]);
    host(folder, "saltmarsh/empty.git", &[("README.md", "# Nothing yet\n")]);
}

both! {
    async fn every_method_of_the_public_client_works(portal) {
        assert!(
            Path::new(FOLDER).join("node_modules/@backstage/catalog-client").exists(),
            "the client is missing: run `make setup`"
        );
        repositories(&portal.data.path().join("data/git"));
        let mut node = Command::new("node");
        node.arg("walk.mjs").arg(&portal.base).current_dir(FOLDER).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(crate::portal::PATIENCE, node.output()).await.expect("the walk ends").unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    }
}
