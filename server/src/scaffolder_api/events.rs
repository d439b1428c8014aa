//! What a run says, as it says it: a long poll and a stream.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use domain::runs::{LogKind, LogLine, RunStatus};
use futures::{Stream, stream};
use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Value, json};
use services::{
    Services,
    identity::Caller,
    runs::{self, RunName},
};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{named, problem::Problem};
use crate::http::AppState;

/// How long a poll waits for news.
const PATIENCE: Duration = Duration::from_secs(25);
/// How often lines are looked for that no change tells of.
const PAUSE: Duration = Duration::from_millis(300);
/// How many lines one look takes.
const BATCH: u64 = 500;

#[derive(Deserialize)]
pub(super) struct Since {
    after: Option<i64>,
}

/// The lines after `after`; if there are none, the next that come.
pub(super) async fn wait(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(since): Query<Since>,
) -> Result<Json<Value>, Problem> {
    let name = named(&id)?;
    let until = Instant::now() + PATIENCE;
    loop {
        let lines = runs::log(&services, &caller, name, since.after.unwrap_or(0), BATCH).await?;
        let run = runs::run(&services, &caller, name).await?;
        if !lines.is_empty() || run.summary.status.is_over() || Instant::now() >= until {
            let events = lines.iter().map(|line| event(&run, line)).collect();
            return Ok(Json(Value::Array(events)));
        }
        news(&services).await;
    }
}

/// The lines after `after`, and those that come, until the run is over.
pub(super) async fn stream(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let services = state.services.clone();
    let name = named(&id)?;
    let run = runs::run(&services, &caller, name).await?;
    // A browser that lost the connection says where it stood.
    let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let after = resumed.or(since.after).unwrap_or(0);
    let follow = Follow {
        services,
        caller,
        name: RunName::Id(run.summary.id),
        id: run.summary.id,
        after,
        waiting: Vec::new(),
        is_over: false,
        stop: state.shutdown.clone(),
    };
    let mut response =
        Sse::new(follow.stream()).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response();
    // Proxies must pass on what comes when it comes.
    response.headers_mut().insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    Ok(response)
}

struct Follow {
    services: Services,
    caller: Caller,
    name: RunName,
    id: Uuid,
    after: i64,
    /// Lines that were read and not sent, the next one last.
    waiting: Vec<Event>,
    is_over: bool,
    stop: CancellationToken,
}

impl Follow {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut follow| async move {
            loop {
                if let Some(event) = follow.waiting.pop() {
                    return Some((Ok(event), follow));
                }
                if follow.is_over {
                    return None;
                }
                if let Err(error) = follow.read().await {
                    tracing::warn!(%error, "a run's log could not be read on");
                    return None;
                }
                if follow.waiting.is_empty() && !follow.is_over {
                    tokio::select! {
                        () = follow.stop.cancelled() => return None,
                        () = news(&follow.services) => {}
                    }
                }
            }
        })
    }

    async fn read(&mut self) -> services::Result<()> {
        // The state first: what is said before it is over is then read for certain.
        let run = runs::run(&self.services, &self.caller, self.name).await?;
        let lines = runs::log(&self.services, &self.caller, self.name, self.after, BATCH).await?;
        let is_all = lines.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
        if let Some(last) = lines.last() {
            self.after = last.seq;
        }
        self.is_over = run.summary.status.is_over() && is_all;
        debug_assert_eq!(run.summary.id, self.id);
        self.waiting = lines
            .iter()
            .rev()
            .map(|line| {
                Event::default().event(line.kind.as_str()).id(line.seq.to_string()).data(event(&run, line).to_string())
            })
            .collect();
        Ok(())
    }
}

/// Something may have been said.
async fn news(services: &Services) {
    let mut bus = services.bus.subscribe();
    tokio::select! {
        _ = timeout(PAUSE, bus.recv()) => {}
        () = sleep(PAUSE) => {}
    }
}

fn event(run: &domain::runs::Run, line: &LogLine) -> Value {
    let mut body = json!({ "message": line.text, "level": line.level });
    if let Some(step) = &line.step {
        body["stepId"] = json!(step);
    }
    if let Some(status) = line.status {
        body["status"] = json!(status);
    }
    if line.kind == LogKind::Completion {
        body["status"] = json!(run.summary.status);
        match run.summary.status {
            RunStatus::Failed => {
                body["error"] = json!({ "name": "Error", "message": run.summary.problem });
            }
            RunStatus::Completed => body["output"] = json!(run.output),
            _ => {}
        }
    }
    json!({
        "id": line.seq,
        "taskId": run.summary.id,
        "type": line.kind,
        "createdAt": line.at,
        "body": body,
    })
}
