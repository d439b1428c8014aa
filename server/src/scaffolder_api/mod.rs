//! The Backstage dialect for templates and runs: `/api/scaffolder/v2`, for clients that exist already.

mod dry_run;
mod events;
mod problem;
mod task;
mod template;

use axum::{
    Extension, Json, Router,
    extract::{Path, RawQuery, State, rejection::JsonRejection},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::{catalog::EntityRef, runs::RunStatus};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::{
    Error, Services, catalog,
    identity::Caller,
    runs::{self, NewRun, RunFilter, RunName},
};
use url::form_urlencoded;
use uuid::Uuid;

use self::problem::Problem;
use crate::http::AppState;

/// The routes below `/api/scaffolder`.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route(
            "/api/scaffolder/v2/templates/{namespace}/{kind}/{name}/parameter-schema",
            get(template::parameter_schema),
        )
        .route("/api/scaffolder/v2/actions", get(actions))
        .route("/api/scaffolder/v2/tasks", get(list).post(create))
        .route("/api/scaffolder/v2/tasks/{id}", get(read))
        .route("/api/scaffolder/v2/tasks/{id}/cancel", post(cancel))
        .route("/api/scaffolder/v2/tasks/{id}/retry", post(retry))
        .route("/api/scaffolder/v2/tasks/{id}/events", get(events::wait))
        .route("/api/scaffolder/v2/dry-run", post(dry_run::dry_run))
}

/// Streams, which must outlast the time that a request may take.
pub(crate) fn streams() -> Router<AppState> {
    Router::new().route("/api/scaffolder/v2/tasks/{id}/eventstream", get(events::stream))
}

/// What steps can do.
async fn actions(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Value>, Problem> {
    let actions = runs::actions(&services, &caller).await?
        .iter()
        .map(|action| {
            json!({
                "id": action.id,
                "description": action.description,
                "examples": [{ "description": action.description, "example": format!("steps:\n  - {}", action.example.replace('\n', "\n    ")) }],
                "schema": { "input": action.input, "output": action.output },
            })
        })
        .collect();
    Ok(Json(Value::Array(actions)))
}

/// A run that a client asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    template_ref: String,
    #[serde(default)]
    values: Map<String, Value>,
    #[serde(default)]
    secrets: Map<String, Value>,
}

/// Starts a run.
async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Wanted>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(wanted) = body.map_err(|error| Error::Rejected(error.body_text()))?;
    let template: EntityRef =
        wanted.template_ref.parse().map_err(|error| Error::Rejected(format!("templateRef: {error}")))?;
    let new = NewRun { template, values: wanted.values, secrets: wanted.secrets };
    match runs::start(&services, &caller, new).await {
        Ok(run) => {
            Ok((StatusCode::CREATED, Json(json!({ "id": run.summary.id, "number": run.summary.number })))
                .into_response())
        }
        Err(why) => not_started(why),
    }
}

/// Why something was not started; what is wrong with answers is told as Backstage's clients show it, beside the fields.
fn not_started(why: runs::NotStarted) -> Result<Response, Problem> {
    let problems = match why {
        runs::NotStarted::Answers(problems) => problems,
        runs::NotStarted::Other(error) => return Err(error.into()),
    };
    let errors: Vec<_> = problems
        .iter()
        .map(|problem| {
            json!({
                "property": format!("instance{}", problem.pointer.replace('/', ".")),
                "path": problem.pointer.split('/').skip(1).collect::<Vec<_>>(),
                "message": problem.message,
                "stack": format!("{}: {}", problem.pointer, problem.message),
            })
        })
        .collect();
    Ok((StatusCode::BAD_REQUEST, Json(json!({ "errors": errors }))).into_response())
}

/// Runs, newest first.
async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let mut filter = RunFilter { limit: 50, ..RunFilter::default() };
    let mut is_impossible = false;
    for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let number =
            || value.parse().map_err(|_| Error::Rejected(format!("`{key}` must be a number, and is `{value}`")));
        match key.as_ref() {
            "status" | "status[]" => match value.parse::<RunStatus>() {
                Ok(status) => filter.status.push(status),
                // Backstage knows statuses that no run here is ever in.
                Err(_) if value == "skipped" => is_impossible = true,
                Err(error) => return Err(Error::Rejected(error.to_string()).into()),
            },
            // Who signed in is kept by their whole name, others by what they are called.
            "createdBy" | "createdBy[]" => filter.created_by.extend([task::label_of(&value), value.into_owned()]),
            "limit" => filter.limit = number()?,
            "offset" => filter.offset = number()?,
            "order" | "order[]" => filter.oldest_first = value.starts_with("asc:"),
            _ => {}
        }
    }
    if is_impossible && filter.status.is_empty() {
        return Ok(Json(json!({ "tasks": [], "totalTasks": 0 })));
    }
    let (found, total) = runs::list(&services, &caller, &filter).await?;
    let tasks: Vec<_> = found.iter().map(task::short).collect();
    Ok(Json(json!({ "tasks": tasks, "totalTasks": total })))
}

async fn read(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let name = named(&id)?;
    let run = runs::run(&services, &caller, name).await?;
    let document = runs::template_of(&services, &caller, name).await?;
    let user = task::user_of(&run.summary.created_by).and_then(|user| user.parse().ok());
    let starter = match user {
        Some(reference) => catalog::entities(&services, &caller, &[reference]).await?.pop().flatten(),
        None => None,
    };
    let starter = starter.map(|starter| starter.document);
    Ok(Json(task::whole(&run, &document, starter, &services.settings.base_url)))
}

async fn cancel(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let run = runs::cancel(&services, &caller, named(&id)?).await?;
    Ok(Json(json!({ "status": run.summary.status })))
}

async fn retry(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let run = runs::retry(&services, &caller, named(&id)?).await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": run.summary.id }))))
}

/// A run by its id, or by its number for those who type.
fn named(id: &str) -> Result<RunName, Error> {
    if let Ok(id) = id.parse::<Uuid>() {
        return Ok(RunName::Id(id));
    }
    id.parse().map(RunName::Number).map_err(|_| Error::NotFound(format!("there is no run `{id}`")))
}
