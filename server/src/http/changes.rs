//! Live pages: the spine as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use serde_json::json;
use services::{Error, Services, changes, identity::Caller};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::AppState;
use crate::{api_v1::Problem, lists::Params};

/// How many changes one read fetches.
const BATCH: u64 = 200;

/// The stream's route.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// Changes as they are committed: an event `{seq, kind, subject}` for each, in order, with its number as the event's id, so
/// that a client that reconnects goes on where it was.
#[utoipa::path(
    get, path = "/changes/stream", tag = "changes",
    params(
        ("after" = Option<i64>, Query, description = "The last change that the client has seen; from now on where it is missing"),
        ("last-event-id" = Option<i64>, Header, description = "The same, as browsers send it when they reconnect"),
    ),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream")),
)]
async fn stream(
    State(services): State<Services>,
    State(shutdown): State<CancellationToken>,
    Extension(caller): Extension<Caller>,
    params: Params,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let after = params.one("after").map(|text| {
        text.parse().map_err(|_| Error::Rejected(format!("`after` must be the number of a change, not `{text}`")))
    });
    let after = after.transpose()?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).or(after);
    let news = services.bus.subscribe();
    let seen = match seen {
        Some(seen) => seen,
        None => changes::last(&services, &caller).await?,
    };
    let state = Reader { services, caller, shutdown, news, seen, ready: Vec::new() };
    let events =
        stream::unfold(state, |mut reader| async move { reader.next().await.map(|event| (Ok(event), reader)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

struct Reader {
    services: Services,
    caller: Caller,
    shutdown: CancellationToken,
    news: tokio::sync::broadcast::Receiver<(services::identity::Tenant, i64)>,
    seen: i64,
    /// Changes read and not yet sent, the next one last.
    ready: Vec<domain::changes::Change>,
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(change) = self.ready.pop() {
                self.seen = change.seq;
                // Not for this caller.
                if change.kind == changes::HIDDEN {
                    continue;
                }
                let data = json!({ "seq": change.seq, "kind": change.kind, "subject": change.subject });
                return Some(Event::default().id(change.seq.to_string()).data(data.to_string()));
            }
            match changes::read(&self.services, &self.caller, self.seen, BATCH).await {
                Ok(changes) if changes.is_empty() => self.wait().await?,
                Ok(changes) => self.ready = changes.into_iter().rev().collect(),
                Err(error) => {
                    tracing::warn!(%error, "a stream of changes ended");
                    return None;
                }
            }
        }
    }

    /// Until there is something new; `None` when the server stops.
    async fn wait(&mut self) -> Option<()> {
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return None,
                news = self.news.recv() => match news {
                    Ok((tenant, seq)) if tenant == self.caller.tenant && seq > self.seen => return Some(()),
                    Ok(_) => {}
                    // Whatever was missed stands in the table.
                    Err(RecvError::Lagged(_)) => return Some(()),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }
}
