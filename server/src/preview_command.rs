//! `causeway preview FOLDER`: who would gain and who would lose what on a server, if its folder of policies were this one.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use serde_json::{Value, json};

use crate::{ask, cli::Problem, policy_files::PolicyFiles};

/// Longest wait for the answer: all that policies can mean is tried.
const PATIENCE: Duration = Duration::from_mins(2);

/// What `causeway preview` takes.
#[derive(Debug, Args)]
pub(crate) struct PreviewCommand {
    /// The folder, with `NAME.cedar` and `NAME.cases.yaml` right in it
    folder: PathBuf,
    /// The server
    #[arg(long, env = "CAUSEWAY_URL", default_value = "http://127.0.0.1:3000")]
    server: String,
    /// A token of an administrator whose scopes include `administer`, where the server asks for one
    #[arg(long, env = "CAUSEWAY_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl PreviewCommand {
    /// Ends with 0 if the folder could hold, whoever gains or loses, and with 1 if something in it is wrong.
    pub(crate) async fn run(&self) -> Result<ExitCode, Problem> {
        let found = PolicyFiles::read(&self.folder)
            .map_err(|error| format!("`{}` cannot be read: {error}", self.folder.display()))?;
        let problems = found.problems();
        if !problems.is_empty() {
            eprintln!("{}", problems.join("\n"));
            return Ok(ExitCode::FAILURE);
        }
        let documents = found.documents.iter();
        let documents: Vec<Value> =
            documents.map(|(name, text, cases)| json!({ "name": name, "text": text, "cases": cases })).collect();
        let place = (self.server.as_str(), self.token.as_deref());
        let folder = json!({ "documents": documents });
        let outcome = ask::post(place, "/api/v1/permission/preview", &folder, (PATIENCE, "nothing was tried")).await?;
        if let Some(problems) = outcome["problems"].as_array().filter(|problems| !problems.is_empty()) {
            // What the server has besides: policies that were edited there.
            for problem in problems {
                eprintln!("{}", problem["message"].as_str().unwrap_or_default());
            }
            return Ok(ExitCode::FAILURE);
        }
        print!("{}", written(&outcome));
        Ok(ExitCode::SUCCESS)
    }
}

/// The outcome as Markdown, which forges show beside a pull request.
fn written(outcome: &Value) -> String {
    let mut text = format!("All {} example cases hold.\n", outcome["cases"]);
    let mut moved = |title: &str, moves: &Value| {
        let moves = moves.as_array().map(Vec::as_slice).unwrap_or_default();
        if moves.is_empty() {
            return;
        }
        let _ = write!(text, "\n{title}:\n\n");
        for one in moves {
            let part = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            let _ = writeln!(text, "- {}: {}", part("who"), part("what"));
        }
    };
    moved("Gained", &outcome["gains"]);
    moved("Lost", &outcome["losses"]);
    let doubts = outcome["doubts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_moved = text.contains("\n\n");
    if !doubts.is_empty() {
        text += "\nLook at this before you rely on it:\n\n";
        for doubt in doubts {
            let _ = writeln!(text, "- {}", doubt.as_str().unwrap_or_default());
        }
    }
    if !is_moved {
        text += "\nNobody gains or loses anything that shows in roles and in the catalog as it is.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gains_and_who_loses_is_a_list_that_forges_show() {
        let moved = json!([{ "who": "developer", "what": "start runs of what is tagged frozen" }]);
        let text = written(&json!({ "cases": 41, "gains": moved, "losses": [] }));
        assert_eq!(text, "All 41 example cases hold.\n\nGained:\n\n- developer: start runs of what is tagged frozen\n");
        assert!(written(&json!({ "cases": 1, "gains": [], "losses": [] })).contains("Nobody gains or loses"));
    }
}
