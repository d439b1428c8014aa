//! Findings as SARIF 2.1.0, which code scanning reads.

use serde_json::{Value, json};

use super::{Finding, Report};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const HELP: &str = "https://backstage.io/docs/features/software-catalog/descriptor-format";

/// What can be broken, by the names that [`Finding::rule`] gives.
const RULES: [(&str, &str); 6] = [
    ("yaml", "The file must be YAML"),
    ("document", "A document must be a mapping, and what it names must be there"),
    ("kind", "Kind and version must be known"),
    ("metadata", "The metadata of an entity must keep the rules of the format"),
    ("spec", "The spec must hold what its kind asks for"),
    ("policy", "Policies must fit their schema, and example cases must hold"),
];

pub(super) fn write(report: &Report<'_>) -> String {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|(name, text)| json!({ "id": id(name), "shortDescription": { "text": text }, "helpUri": HELP }))
        .collect();
    let results: Vec<Value> = report.findings().map(|finding| result(&finding)).collect();
    let whole = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "Causeway", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{whole:#}\n")
}

fn id(rule: &str) -> String {
    format!("catalog/{rule}")
}

fn result(finding: &Finding<'_>) -> Value {
    let index = RULES.iter().position(|(name, _)| *name == finding.rule());
    let mut place = json!({ "artifactLocation": { "uri": uri(finding.path) } });
    if let Some(line) = finding.problem.line {
        place["region"] = json!({ "startLine": line });
        if let Some(column) = finding.problem.column {
            place["region"]["startColumn"] = column.into();
        }
    }
    json!({
        "ruleId": id(finding.rule()),
        "ruleIndex": index,
        "level": finding.severity(),
        "message": { "text": finding.message() },
        "locations": [{ "physicalLocation": place }],
    })
}

/// A path as a reference; an address stays as it is.
fn uri(path: &str) -> String {
    if path.contains("://") {
        return path.to_owned();
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    path.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
