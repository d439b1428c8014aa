//! Findings for programs.

use serde_json::json;

use super::Report;

pub(super) fn write(report: &Report<'_>) -> String {
    let findings: Vec<_> = report
        .findings()
        .map(|finding| {
            json!({
                "file": finding.path,
                "line": finding.problem.line,
                "column": finding.problem.column,
                "severity": finding.severity(),
                "rule": finding.rule(),
                "field": finding.problem.field,
                "message": finding.problem.message,
            })
        })
        .collect();
    let whole = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "entities": report.entities,
        "errors": report.errors,
        "warnings": report.warnings,
        "rejected": report.rejected(),
        "files": report.files,
        "findings": findings,
    });
    format!("{whole:#}\n")
}
