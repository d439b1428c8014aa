//! `causeway run TEMPLATE --set NAME=VALUE`: starts a run on a server, shows its log, and ends as the run ends.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Map, Value, json};

use crate::cli::Problem;

/// Longest wait for one answer; the server holds a request for events open for less.
const PATIENCE: Duration = Duration::from_mins(1);

/// What `causeway run` takes.
#[derive(Debug, Args)]
pub(crate) struct RunCommand {
    /// The template: a name, or a reference such as template:default/rust-service
    template: String,
    /// An answer; repeat it for each question. Lists and objects are written as JSON
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// A JSON file with answers; --set wins over it
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// The server
    #[arg(long, env = "CAUSEWAY_URL", default_value = "http://127.0.0.1:3000")]
    server: String,
    /// The administrator's token, where the server asks for one
    #[arg(long, env = "CAUSEWAY_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Return as soon as the run has started
    #[arg(long)]
    no_wait: bool,
}

impl RunCommand {
    pub(crate) async fn run(&self) -> Result<ExitCode, Problem> {
        let api = Api {
            client: Client::builder().timeout(PATIENCE).build()?,
            base: format!("{}/api/scaffolder/v2", self.server.trim_end_matches('/')),
            token: self.token.clone(),
        };
        let (kind, namespace, name) = reference(&self.template);
        let schema = api.get(&format!("/templates/{namespace}/{kind}/{name}/parameter-schema")).await?;
        let values = self.values(&schema)?;
        let task = json!({ "templateRef": format!("{kind}:{namespace}/{name}"), "values": values });
        let created = api.post("/tasks", &task).await?;
        let id = created["id"].as_str().ok_or("the server did not name the run")?.to_owned();
        println!("run {id} started");
        if self.no_wait {
            let task = api.get(&format!("/tasks/{id}")).await?;
            if task["approval"] == "waiting" {
                println!("it waits for approval: `causeway approve {}`", task["number"]);
            }
            return Ok(ExitCode::SUCCESS);
        }
        api.follow(&id).await
    }

    /// The answers, each with the type that its question asks for.
    fn values(&self, schema: &Value) -> Result<Map<String, Value>, Problem> {
        let types = types(schema);
        let mut values = match &self.answers {
            None => Map::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
                serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        for answer in &self.set {
            let Some((name, value)) = answer.split_once('=') else {
                return Err(format!("`--set {answer}` has no `=`; write --set NAME=VALUE").into());
            };
            let is_text = types.get(name).is_none_or(|&kind| kind == "string");
            let value =
                if is_text { Value::from(value) } else { serde_json::from_str(value).unwrap_or_else(|_| value.into()) };
            values.insert(name.to_owned(), value);
        }
        Ok(values)
    }
}

/// Kind, namespace and name of what the person wrote.
fn reference(text: &str) -> (&str, &str, &str) {
    let (kind, rest) = text.split_once(':').unwrap_or(("template", text));
    let (namespace, name) = rest.split_once('/').unwrap_or(("default", rest));
    (kind, namespace, name)
}

/// The type of each question on any page of the form, asked at once or only after certain answers.
fn types(schema: &Value) -> BTreeMap<&str, &str> {
    let mut types = BTreeMap::new();
    for page in schema["steps"].as_array().into_iter().flatten() {
        collect(&page["schema"], 0, &mut types);
    }
    types
}

fn collect<'a>(schema: &'a Value, depth: usize, types: &mut BTreeMap<&'a str, &'a str>) {
    if depth > 12 {
        return;
    }
    for (name, question) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(kind) = question["type"].as_str() {
            types.entry(name).or_insert(kind);
        }
    }
    for part in ["allOf", "anyOf", "oneOf"] {
        schema[part].as_array().into_iter().flatten().for_each(|part| collect(part, depth + 1, types));
    }
    for part in ["then", "else"] {
        collect(&schema[part], depth + 1, types);
    }
    schema["dependencies"].as_object().into_iter().flatten().for_each(|(_, part)| collect(part, depth + 1, types));
}

struct Api {
    client: Client,
    base: String,
    token: Option<String>,
}

impl Api {
    async fn get(&self, path: &str) -> Result<Value, Problem> {
        self.send(self.client.get(format!("{}{path}", self.base))).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Problem> {
        self.send(self.client.post(format!("{}{path}", self.base)).json(body)).await
    }

    async fn send(&self, mut request: RequestBuilder) -> Result<Value, Problem> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request
            .send()
            .await
            .map_err(|error| format!("{} does not answer: {error}; name the server with --server", self.base))?;
        let (status, text) = (response.status(), response.text().await?);
        if status.is_success() {
            return Ok(serde_json::from_str(&text)?);
        }
        Err(explain(status, &text).into())
    }

    /// Prints the log until the run ends.
    async fn follow(&self, id: &str) -> Result<ExitCode, Problem> {
        let mut after = 0;
        loop {
            let events = self.get(&format!("/tasks/{id}/events?after={after}")).await?;
            for event in events.as_array().into_iter().flatten() {
                after = event["id"].as_i64().unwrap_or(after).max(after);
                if let Some(message) = event["body"]["message"].as_str() {
                    println!("{message}");
                }
            }
            let task = self.get(&format!("/tasks/{id}")).await?;
            let status = task["status"].as_str().unwrap_or_default();
            if matches!(status, "completed" | "failed" | "cancelled") {
                println!("run {id} {status}");
                return Ok(if status == "completed" { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
        }
    }
}

/// What the server said, in a line for each problem.
fn explain(status: StatusCode, text: &str) -> String {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let problems: Vec<&str> = answer["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["message"].as_str().or_else(|| error["stack"].as_str()))
        .collect();
    if !problems.is_empty() {
        return format!("the answers were refused\n  {}", problems.join("\n  "));
    }
    match answer["error"]["message"].as_str() {
        Some(message) => message.to_owned(),
        None => format!("the server answered {status}: {}", text.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_the_type_of_their_question() {
        let schema = json!({"steps": [{"schema": {"properties": {
            "name": {"type": "string"}, "port": {"type": "integer"}, "public": {"type": "boolean"}, "code": {"type": "string"},
        }, "dependencies": {"public": {"oneOf": [{"properties": {"size": {"type": "integer"}}}]}}}}]});
        let command = RunCommand {
            template: "rust-service".into(),
            set: ["name=quay", "port=8080", "public=true", "code=007", "size=64", "other=1"].map(String::from).into(),
            answers: None,
            server: String::new(),
            token: None,
            no_wait: false,
        };
        let values = Value::from(command.values(&schema).unwrap());
        insta::assert_snapshot!(values, @r#"{"name":"quay","port":8080,"public":true,"code":"007","size":64,"other":"1"}"#);
    }
}
