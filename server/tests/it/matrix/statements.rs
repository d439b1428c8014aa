//! Every statement names the tenant, as the log of the database has them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::portal::{Backend, Portal};

/// Statements that are about no tenant, or about all of them, each with the reason.
const OF_ALL: &[(&str, &str)] = &[
    ("seaql_migrations", "the schema is one"),
    ("_sqlx_migrations", "the schema of the queue"),
    (" Jobs ", "the queue: a delivery says in itself whose it is"),
    (" Workers ", "the queue: who works"),
    ("apalis.", "the queue, on PostgreSQL"),
    ("FROM \"outbox\"", "the relay hands on the jobs of all; each bears its tenant"),
    ("SELECT tenant, seq FROM counters", "how far each tenant is, when a replica begins to listen"),
    (
        "DELETE FROM \"webhook_deliveries\" WHERE \"webhook_deliveries\".\"received_at\" <",
        "what is old goes, whoever's it was",
    ),
    ("DELETE FROM \"role_uses\" WHERE \"role_uses\".\"used_at\" <", "what is old goes, whoever's it was"),
    ("UPDATE \"audit_streams\" SET \"target\"", "where the logs of all go, as the settings say"),
    ("\"role_grants\".\"account\" =", "at the start: of every tenant, whose roles a release of before did not say"),
    ("SELECT pg_", "about the server and its locks"),
    ("SELECT current_database()", "about the server"),
    ("SELECT sqlite_version()", "about the library"),
];

/// What a statement reads or alters rows with.
fn touches_rows(statement: &str) -> bool {
    let words = ["SELECT", "UPDATE", "DELETE", "INSERT", "WITH"];
    words.iter().any(|word| statement.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
}

/// Whether it is bound to a tenant: where rows are chosen, or in the columns that are written.
fn is_bound(statement: &str) -> bool {
    let lower = statement.to_lowercase();
    if lower.starts_with("insert") {
        return lower.contains("tenant");
    }
    lower.split_once(" where ").is_some_and(|(_, choice)| choice.contains("tenant"))
}

fn is_of_all(statement: &str) -> bool {
    OF_ALL.iter().any(|(part, _)| statement.contains(part))
}

/// Checks every statement that a server has sent so far.
pub(super) fn name_the_tenant(portal: &Portal, backend: Backend) {
    let mut statements = BTreeSet::new();
    for line in portal.log() {
        let Ok(said) = serde_json::from_str::<Value>(&line) else { continue };
        if said["target"] != "sqlx::query" {
            continue;
        }
        let whole = said["db.statement"].as_str().filter(|text| !text.trim().is_empty());
        let text = whole.or_else(|| said["summary"].as_str()).unwrap_or_default();
        statements.insert(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let rows: Vec<&String> = statements.iter().filter(|statement| touches_rows(statement)).collect();
    assert!(rows.len() > 150, "{backend:?}: only {} statements were seen", rows.len());
    let unbound: Vec<&&String> = rows
        .iter()
        .filter(|statement| statement.as_str() != "SELECT 1" && !is_bound(statement) && !is_of_all(statement))
        .collect();
    assert!(
        unbound.is_empty(),
        "{backend:?}: {} of {} statements name no tenant:\n{unbound:#?}",
        unbound.len(),
        rows.len()
    );
}
