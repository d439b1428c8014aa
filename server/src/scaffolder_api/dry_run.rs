//! A run of a template that need not be in any catalog, which leaves nothing behind.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::{
    Error, Services,
    identity::Caller,
    runs::{self, NewDryRun},
    templates::skeleton::File,
};

use super::{not_started, problem::Problem};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wanted {
    template: Value,
    #[serde(default)]
    values: Map<String, Value>,
    #[serde(default)]
    directory_contents: Vec<Given>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    path: String,
    base64_content: String,
    #[serde(default)]
    executable: bool,
}

pub(super) async fn dry_run(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Wanted>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(wanted) = body.map_err(|error| Error::Rejected(error.body_text()))?;
    let files = wanted.directory_contents.into_iter().map(|content| {
        let bytes = STANDARD
            .decode(content.base64_content.as_bytes())
            .map_err(|error| Error::Rejected(format!("`{}` is not Base64: {error}", content.path)))?;
        Ok(File { path: content.path, content: bytes.into(), executable: content.executable })
    });
    let files = files.collect::<Result<Vec<_>, Error>>()?;
    let new = NewDryRun { document: wanted.template, values: wanted.values, files };
    let tried = match runs::dry_run(&services, &caller, new).await {
        Ok(tried) => tried,
        Err(why) => return not_started(why),
    };
    let log: Vec<_> = tried
        .log
        .iter()
        .map(|(step, status, message)| json!({ "body": { "stepId": step, "status": status, "message": message } }))
        .collect();
    let contents: Vec<_> = tried
        .files
        .iter()
        .map(|file| {
            json!({ "path": file.path, "executable": file.executable, "base64Content": STANDARD.encode(&file.content) })
        })
        .collect();
    let body = json!({ "log": log, "steps": tried.steps, "output": tried.output, "directoryContents": contents });
    Ok(Json(body).into_response())
}
