//! What commands ask of a server: a deed by its API, and why it was not done.

use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

use crate::cli::Problem;

/// Posts `body` to a path of a server, and returns its answer.
///
/// # Errors
/// That the server does not answer, or what it says: behind `undone`, which says what was not done.
pub(crate) async fn post(
    (server, token): (&str, Option<&str>),
    path: &str,
    body: &Value,
    (patience, undone): (Duration, &str),
) -> Result<Value, Problem> {
    let server = server.trim_end_matches('/');
    let client = Client::builder().timeout(patience).build()?;
    let mut request = client.post(format!("{server}{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request
        .json(body)
        .send()
        .await
        .map_err(|error| format!("{server} does not answer: {error}; name the server with --server"))?;
    let (status, text) = (response.status(), response.text().await?);
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    if !status.is_success() {
        let why = answer["detail"].as_str().unwrap_or(text.trim());
        return Err(format!("{undone}: {why}").into());
    }
    Ok(answer)
}
