//! Findings for people, and for those who read over the shoulder of a job.

use std::fmt::Write as _;

use super::{Finding, Report};

pub(super) fn write(report: &Report<'_>) -> String {
    let mut out = String::new();
    for finding in report.findings() {
        let _ = writeln!(out, "{}", line(&finding));
    }
    let _ = writeln!(out, "{}", summary(report));
    shown(&out)
}

/// Where, how bad, and what, as compilers say it.
pub(super) fn line(finding: &Finding<'_>) -> String {
    let mut place = finding.path.to_owned();
    for position in [finding.problem.line, finding.problem.column].into_iter().flatten() {
        let _ = write!(place, ":{position}");
    }
    format!("{place}: {}: {}", finding.severity(), finding.message())
}

/// What a file says must not steer the terminal that it is shown on.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !['\n', '\t'].contains(&character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

pub(super) fn summary(report: &Report<'_>) -> String {
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let left_out = match report.left_out() {
        0 => String::new(),
        left_out => format!("; {} left out, `--format json` says why", count(left_out, "file", "files")),
    };
    format!(
        "{}, {}: {}, {}{left_out}",
        count(report.files.len(), "file", "files"),
        count(report.entities, "entity", "entities"),
        count(report.errors, "error", "errors"),
        count(report.warnings, "warning", "warnings"),
    )
}

/// Workflow commands: each becomes a note beside its line in a pull request.
pub(super) fn github(report: &Report<'_>) -> String {
    let mut out = String::new();
    for finding in report.findings() {
        let _ = writeln!(out, "::{} {}::{}", finding.severity(), properties(&finding), data(&finding.message()));
    }
    let _ = writeln!(out, "{}", summary(report));
    shown(&out)
}

fn properties(finding: &Finding<'_>) -> String {
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut out = format!("file={}", property(finding.path));
    for (name, position) in [("line", finding.problem.line), ("col", finding.problem.column)] {
        if let Some(position) = position {
            let _ = write!(out, ",{name}={position}");
        }
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
