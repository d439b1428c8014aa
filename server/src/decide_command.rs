//! `causeway approve RUN` and `causeway refuse RUN --note WHY`: decides about a run that waits for approval on a server.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use serde_json::json;

use crate::{ask, cli::Problem};

/// Longest wait for the answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// The run, and the server that has it.
#[derive(Debug, Args)]
struct Where {
    /// The run: its number, or its id
    run: String,
    /// The server
    #[arg(long, env = "CAUSEWAY_URL", default_value = "http://127.0.0.1:3000")]
    server: String,
    /// A token whose scopes include `read` and `approve`, where the server asks for one
    #[arg(long, env = "CAUSEWAY_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// What `causeway approve` takes.
#[derive(Debug, Args)]
pub(crate) struct ApproveCommand {
    #[command(flatten)]
    place: Where,
    /// What to say with it
    #[arg(long, default_value = "")]
    note: String,
}

/// What `causeway refuse` takes.
#[derive(Debug, Args)]
pub(crate) struct RefuseCommand {
    #[command(flatten)]
    place: Where,
    /// Why; whoever started the run will read it
    #[arg(long)]
    note: String,
}

impl ApproveCommand {
    pub(crate) async fn run(&self) -> Result<ExitCode, Problem> {
        self.place.decide(true, &self.note).await
    }
}

impl RefuseCommand {
    pub(crate) async fn run(&self) -> Result<ExitCode, Problem> {
        self.place.decide(false, &self.note).await
    }
}

impl Where {
    async fn decide(&self, approve: bool, note: &str) -> Result<ExitCode, Problem> {
        let run = self.run.trim_start_matches('#');
        if run.is_empty() || !run.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
            return Err(format!("`{}` names no run; write its number, such as 12, or its id", self.run).into());
        }
        let place = (self.server.as_str(), self.token.as_deref());
        let decision = json!({ "approve": approve, "note": note });
        let path = format!("/api/v1/runs/{run}/approval");
        let answer = ask::post(place, &path, &decision, (PATIENCE, "nothing was decided")).await?;
        let title = answer["title"].as_str().unwrap_or_default();
        let what = answer["approval"].as_str().unwrap_or_default();
        println!("run #{} is {what}: {title}", answer["number"]);
        Ok(ExitCode::SUCCESS)
    }
}
