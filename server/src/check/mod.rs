//! `causeway check PATH…`: what would become of catalog files, templates, scorecards and policies, before they are merged.

mod json;
mod junit;
mod policies;
mod sarif;
mod text;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use connectors::source::{Outbound, Sources};
use domain::catalog::{FileProblem, Outcome, Severity, SourceFile};
use services::catalog::{self, Explained, There, ports::is_glob};

use crate::cli::Problem;

/// Exit status where the check could not be done at all; clap uses the same for a wrong command line.
const COULD_NOT_RUN: u8 = 2;

/// What is checked, and how it is told.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Files, folders or globs; in a folder, every YAML file that is meant for a catalog, and policies
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How the findings are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// File to write to instead of the terminal
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// `file:line:column: severity: message`, as compilers do
    #[default]
    Text,
    /// One object with every file and finding
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// XML of test results, as most CI servers read it
    Junit,
    /// Commands that GitHub Actions shows beside the lines
    Github,
}

/// All that was looked at, and what was found.
struct Report<'a> {
    files: &'a [SourceFile],
    entities: usize,
    errors: usize,
    warnings: usize,
}

/// One finding, with the file it is in.
struct Finding<'a> {
    path: &'a str,
    problem: &'a FileProblem,
}

impl<'a> Report<'a> {
    fn of(explained: &'a Explained) -> Self {
        let count = |severity: Severity| {
            explained
                .files
                .iter()
                .flat_map(|file| &file.problems)
                .filter(|problem| problem.severity == severity)
                .count()
        };
        Self {
            files: &explained.files,
            entities: explained.entities.len(),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
        }
    }

    /// What should be mended. That a file was left out is no finding.
    fn findings(&self) -> impl Iterator<Item = Finding<'a>> {
        let files = self.files.iter();
        let all = files.flat_map(|file| file.problems.iter().map(|problem| Finding { path: &file.path, problem }));
        all.filter(|finding| finding.problem.severity != Severity::Info)
    }

    fn left_out(&self) -> usize {
        self.files.iter().filter(|file| file.outcome == Outcome::Skipped).count()
    }

    fn rejected(&self) -> usize {
        self.files.iter().filter(|file| file.outcome == Outcome::Rejected).count()
    }
}

impl Finding<'_> {
    fn severity(&self) -> &'static str {
        match self.problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "note",
        }
    }

    /// What kind of rule is broken, for tools that group by it.
    fn rule(&self) -> &'static str {
        let root = self.problem.field.as_deref().unwrap_or_default().split(['.', '[']).next().unwrap_or_default();
        match root {
            "metadata" => "metadata",
            "spec" => "spec",
            "kind" | "apiVersion" => "kind",
            "" if [".cedar", ".cases.yaml"].iter().any(|end| self.path.ends_with(end)) => "policy",
            "" if self.problem.message.starts_with("cannot be read as YAML") => "yaml",
            _ => "document",
        }
    }

    fn message(&self) -> String {
        match &self.problem.field {
            Some(field) if !self.problem.message.starts_with(field.as_str()) => {
                format!("{field}: {}", self.problem.message)
            }
            _ => self.problem.message.clone(),
        }
    }
}

/// Checks, and ends with 0 if all is well, 1 if something must be mended, 2 if it could not be looked at.
pub(crate) async fn run(check: &Check) -> Result<ExitCode, Problem> {
    for path in &check.paths {
        let text = path.display().to_string();
        if !path.exists() && !is_glob(&text) {
            eprintln!("error: `{text}` is not there; correct the path");
            return Ok(ExitCode::from(COULD_NOT_RUN));
        }
    }
    let looked = match policies::look(&check.paths) {
        Ok(looked) => looked,
        Err(error) => {
            eprintln!("error: policies cannot be looked at: {error}");
            return Ok(ExitCode::from(COULD_NOT_RUN));
        }
    };
    // Nobody else can enter it, and it leaves with the check.
    let copies = match tempfile::tempdir() {
        Ok(copies) => copies,
        Err(error) => {
            eprintln!("error: there is no room for what is fetched: {error}; see the folder for temporary files");
            return Ok(ExitCode::from(COULD_NOT_RUN));
        }
    };
    let reader = Sources::new(Outbound {
        data: copies.path().to_owned(),
        base_url: String::new(),
        allow: Vec::new(),
        clusters: Vec::new(),
    });
    let explained = if looked.rest.is_empty() {
        Ok(Explained { files: Vec::new(), entities: Vec::new(), there: There::default() })
    } else {
        catalog::check_paths(&reader, &looked.rest).await
    };
    let mut explained = match explained {
        Ok(explained) => explained,
        Err(problem) => {
            eprintln!("error: {problem}");
            return Ok(ExitCode::from(COULD_NOT_RUN));
        }
    };
    // Example cases are YAML as well, and told of once.
    explained.files.retain(|file| {
        let path = policies::plain(Path::new(&file.path));
        looked.files.iter().all(|known| known.path != path)
    });
    explained.files.extend(looked.files);
    let report = Report::of(&explained);
    let mut written = match check.format {
        Format::Text => text::write(&report),
        Format::Json => json::write(&report),
        Format::Sarif => sarif::write(&report),
        Format::Junit => junit::write(&report, check.strict),
        Format::Github => text::github(&report),
    };
    if let Some(output) = &check.output {
        if let Err(error) = write(output, &written) {
            eprintln!("error: `{}` cannot be written: {error}", output.display());
            return Ok(ExitCode::from(COULD_NOT_RUN));
        }
        written = format!("{}\n", text::summary(&report));
    }
    if let Err(error) = say(&written) {
        eprintln!("error: the report cannot be written: {error}");
        return Ok(ExitCode::from(COULD_NOT_RUN));
    }
    let is_bad = report.errors > 0 || report.rejected() > 0 || (check.strict && report.warnings > 0);
    Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Writes to the standard output. Who reads it may have seen enough, and close it; then the rest is wanted by nobody.
fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

fn write(output: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = output.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    fs::write(output, text)
}

#[cfg(test)]
mod tests {
    use domain::catalog::FieldPath;

    use super::*;

    fn problem(severity: Severity, field: &str, line: Option<u32>, message: &str) -> FileProblem {
        let field = (!field.is_empty()).then(|| FieldPath::of(field).to_string());
        FileProblem { severity, message: message.into(), field, line, column: line.map(|_| 3) }
    }

    fn explained() -> Explained {
        let file = |path: &str, outcome, problems| SourceFile {
            path: path.into(),
            outcome,
            entities: 1,
            problems,
            parent: None,
        };
        let files = vec![
            file("a/good.yaml", Outcome::Found, vec![]),
            file(
                "b c/<bad>.yaml",
                Outcome::Rejected,
                vec![
                    problem(Severity::Error, "spec.owner", Some(9), "is missing; every Component has one"),
                    problem(Severity::Warning, "", None, "100% \"odd\", & so\non \u{1}"),
                    problem(Severity::Info, "", None, "left out"),
                ],
            ),
        ];
        Explained { files, entities: Vec::new(), there: There::default() }
    }

    #[test]
    fn findings_read_like_those_of_a_compiler() {
        let explained = explained();
        insta::assert_snapshot!(text::write(&Report::of(&explained)));
    }

    #[test]
    fn findings_are_commands_for_github() {
        let explained = explained();
        insta::assert_snapshot!(text::github(&Report::of(&explained)));
    }

    #[test]
    fn findings_are_one_object_for_programs() {
        let explained = explained();
        let written: serde_json::Value = serde_json::from_str(&json::write(&Report::of(&explained))).unwrap();
        insta::assert_json_snapshot!(written);
    }

    #[test]
    fn findings_are_test_results_in_xml() {
        let explained = explained();
        insta::assert_snapshot!(junit::write(&Report::of(&explained), false));
        let mut warned = explained;
        warned.files[1].problems.remove(0);
        let failures = |is_strict: bool| junit::write(&Report::of(&warned), is_strict).contains("failures=\"1\"");
        assert!(failures(true) && !failures(false));
    }

    /// What the public schema of SARIF 2.1.0 requires of what is written here.
    #[test]
    fn findings_are_results_of_a_static_analysis() {
        let explained = explained();
        let written: serde_json::Value = serde_json::from_str(&sarif::write(&Report::of(&explained))).unwrap();
        assert_eq!(written["version"], "2.1.0");
        assert!(written["$schema"].as_str().unwrap().starts_with("https://"));
        let run = &written["runs"][0];
        assert!(run["tool"]["driver"]["name"].is_string());
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        for result in results {
            assert!(result["message"]["text"].is_string());
            assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let physical = &result["locations"][0]["physicalLocation"];
            assert_eq!(physical["artifactLocation"]["uri"], "b%20c/%3Cbad%3E.yaml");
            assert!(physical["region"]["startLine"].as_u64().is_none_or(|line| line >= 1));
        }
        insta::assert_json_snapshot!(results[0]);
    }
}
