//! Findings as XML of test results: a test for each file, which fails where the file has errors, and if warnings
//! count, where it has those.

use std::fmt::Write as _;

use domain::catalog::{FileProblem, Severity};

use super::{Finding, Report, text};

pub(super) fn write(report: &Report<'_>, is_strict: bool) -> String {
    let worst = if is_strict { Severity::Warning } else { Severity::Error };
    let fails = |problem: &FileProblem| problem.severity >= worst;
    let failed = report.files.iter().filter(|file| file.problems.iter().any(fails)).count();
    let counts = format!("tests=\"{}\" failures=\"{failed}\" errors=\"0\"", report.files.len());
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n");
    let _ = writeln!(out, "  <testsuite name=\"causeway check\" {counts}>");
    for file in report.files {
        let name = escaped(&file.path);
        let told: Vec<Finding<'_>> = file
            .problems
            .iter()
            .filter(|problem| problem.severity != Severity::Info)
            .map(|problem| Finding { path: &file.path, problem })
            .collect();
        if told.is_empty() {
            let _ = writeln!(out, "    <testcase classname=\"catalog\" name=\"{name}\"/>");
            continue;
        }
        let _ = writeln!(out, "    <testcase classname=\"catalog\" name=\"{name}\" file=\"{name}\">");
        let lines: Vec<String> = told.iter().map(text::line).collect();
        let lines = escaped(&lines.join("\n"));
        if file.problems.iter().any(fails) {
            let first = told.iter().find(|finding| finding.problem.severity == Severity::Error).unwrap_or(&told[0]);
            let (kind, message) = (first.severity(), escaped(&first.message()));
            let _ = writeln!(out, "      <failure type=\"{kind}\" message=\"{message}\">{lines}</failure>");
        } else {
            let _ = writeln!(out, "      <system-out>{lines}</system-out>");
        }
        out.push_str("    </testcase>\n");
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Text that may stand in an attribute and between tags; what XML has no place for is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => out.push(letter),
        }
    }
    out
}
