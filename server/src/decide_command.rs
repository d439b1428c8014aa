//! `causeway approve RUN` and `causeway refuse RUN --note WHY`: decides about a run that waits for approval on a server.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use reqwest::Client;
use serde_json::{Value, json};

use crate::cli::Problem;

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
        let server = self.server.trim_end_matches('/');
        let client = Client::builder().timeout(PATIENCE).build()?;
        let mut request = client.post(format!("{server}/api/v1/runs/{run}/approval"));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request
            .json(&json!({ "approve": approve, "note": note }))
            .send()
            .await
            .map_err(|error| format!("{server} does not answer: {error}; name the server with --server"))?;
        let (status, text) = (response.status(), response.text().await?);
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if !status.is_success() {
            let why = answer["detail"].as_str().unwrap_or(text.trim());
            return Err(format!("nothing was decided: {why}").into());
        }
        let title = answer["title"].as_str().unwrap_or_default();
        let what = answer["approval"].as_str().unwrap_or_default();
        println!("run #{} is {what}: {title}", answer["number"]);
        Ok(ExitCode::SUCCESS)
    }
}
