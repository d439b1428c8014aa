//! `causeway check PATH…`: what would become of catalog files, before they are merged.

use std::{path::PathBuf, process::ExitCode};

use connectors::source::{Outbound, Sources};
use domain::catalog::{FileProblem, Outcome, Severity};
use services::catalog;

use crate::cli::Problem;

/// Prints each problem as `file:line:column: severity: message`; fails if a document would be rejected.
pub(crate) async fn run(paths: &[PathBuf]) -> Result<ExitCode, Problem> {
    let reader = Sources::new(Outbound { data: std::env::temp_dir(), base_url: String::new(), allow: Vec::new() });
    let explained = catalog::check_paths(&reader, paths).await;
    let mut rejected = 0;
    for file in &explained.files {
        for problem in &file.problems {
            println!("{}", line(&file.path, problem));
        }
        rejected += usize::from(file.outcome == Outcome::Rejected);
    }
    println!(
        "{} files, {} entities, {rejected} files with rejected documents",
        explained.files.len(),
        explained.entities.len()
    );
    Ok(if rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(path: &str, problem: &FileProblem) -> String {
    let mut text = path.to_owned();
    for position in [problem.line, problem.column].into_iter().flatten() {
        text = format!("{text}:{position}");
    }
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let field = problem.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
    format!("{text}: {severity}: {}{field}", problem.message)
}
