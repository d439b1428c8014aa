//! The audit log: a page of it, and all of it to take away.

use std::fmt::Write as _;

use axum::{
    Extension, Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{
    audit::{AuditEntry, AuditFilter, Happening},
    changes::Change,
};
use futures::stream;
use serde::Serialize;
use serde_json::json;
use services::{Error, Services, audit, identity::Caller};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Problem;
use crate::{
    http::AppState,
    lists::{Params, csv},
};

/// How many entries one part of a table has.
const PART: u64 = 1_000;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(page))
        .routes(routes!(lines))
        .routes(routes!(table))
        .routes(routes!(stream_state))
        .routes(routes!(one))
}

/// A part of the audit log.
#[derive(Serialize, ToSchema)]
struct AuditPage {
    /// The latest first.
    items: Vec<AuditEntry>,
    /// What to ask for as `before` to go on; nothing at the end.
    before: Option<i64>,
}

fn filter(params: &Params) -> Result<AuditFilter, Error> {
    let text = |name: &str| params.one(name).unwrap_or_default().to_owned();
    let moment = |name: &str| -> Result<Option<DateTime<Utc>>, Error> {
        let Some(text) = params.one(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        // A day begins where something is asked for since then, and ends where it is asked for until then.
        let text = if name == "since" && text.len() == 10 { format!("{text}T00:00") } else { text.to_owned() };
        domain::read_moment(&text).map(Some).map_err(|why| Error::Rejected(format!("`{name}`: {why}")))
    };
    Ok(AuditFilter {
        actor: text("actor"),
        kind: text("kind"),
        subject: text("subject"),
        through: text("through"),
        since: moment("since")?,
        until: moment("until")?,
    })
}

/// Entries of the audit log, the latest first.
#[utoipa::path(
    get, path = "/audit", tag = "permission",
    params(
        ("actor" = Option<String>, Query, description = "By whom: a reference of a User, `machine:NAME`, `system:PART`, `guest`, `administrator`"),
        ("kind" = Option<String>, Query, description = "What: the kind of a change, `signed-in`, `sign-in-failed`, `refused`, …"),
        ("subject" = Option<String>, Query, description = "About what: a reference, `source:ID`, `policy:NAME`, …; of a person or a team, also which roles they were given and lost"),
        ("through" = Option<String>, Query, description = "With what, or what begins so: `token ID`, `session ID`, or what the issuer of a pipeline calls the job"),
        ("since" = Option<String>, Query, description = "From this moment on"),
        ("until" = Option<String>, Query, description = "Until this moment"),
        ("before" = Option<i64>, Query, description = "Only entries before this one"),
        ("limit" = Option<u64>, Query, description = "At most so many; 1000 are the most, 100 usual"),
    ),
    responses((status = 200, description = "A part of it", body = AuditPage)),
)]
async fn page(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<AuditPage>, Problem> {
    let limit = u64::try_from(number(&params, "limit")?.unwrap_or(100)).unwrap_or(1).clamp(1, PART);
    let items = audit::entries(&services, &caller, &filter(&params)?, number(&params, "before")?, limit).await?;
    let before = items.last().map(|entry| entry.seq).filter(|&seq| seq > 1 && items.len() as u64 == limit);
    Ok(Json(AuditPage { items, before }))
}

fn number(params: &Params, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = params.one(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Error::Rejected(format!("`{name}` must be a number, not `{text}`")))
}

/// An entry, and what it vouches for.
#[derive(Serialize, ToSchema)]
struct AuditedEntry {
    /// The entry.
    entry: AuditEntry,
    /// The changes, with the states before and after; a hundred of them.
    changes: Vec<Change>,
    /// The number of the next change, for `from`; nothing if these were the last.
    next: Option<i64>,
}

/// One entry of the audit log, with the states before and after of what was changed.
#[utoipa::path(
    get, path = "/audit/{seq}", operation_id = "audit_entry", tag = "permission",
    params(
        ("seq" = i64, Path, description = "Its place in the chain"),
        ("from" = Option<i64>, Query, description = "From which of its changes on; from the first if left out"),
    ),
    responses((status = 200, description = "The entry", body = AuditedEntry)),
)]
async fn one(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(seq): Path<String>,
    params: Params,
) -> Result<Json<AuditedEntry>, Problem> {
    let seq = seq.parse().map_err(|_| Error::NotFound(format!("entries have numbers, which `{seq}` is not")))?;
    let (entry, changes, next) = audit::entry(&services, &caller, seq, number(&params, "from")?).await?;
    Ok(Json(AuditedEntry { entry, changes, next }))
}

/// Where the audit log is sent, and how far it got.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuditStream {
    /// The address; nothing where it is sent nowhere.
    target: Option<String>,
    /// The last entry that was taken there.
    seq: i64,
    /// How many entries wait.
    behind: i64,
    /// When entries were last taken.
    sent_at: Option<DateTime<Utc>>,
    /// How often it failed since then.
    failures: i64,
    /// When it last failed.
    failed_at: Option<DateTime<Utc>>,
    /// Why it last failed.
    problem: Option<String>,
    /// When it is tried again.
    next_at: Option<DateTime<Utc>>,
}

/// Where the audit log is sent, and how far it got.
#[utoipa::path(
    get, path = "/audit/stream", tag = "permission",
    responses((status = 200, description = "The stream to a webhook", body = AuditStream)),
)]
async fn stream_state(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<AuditStream>, Problem> {
    let state = audit::stream_state(&services, &caller).await?;
    let (failed_at, problem) = state.as_ref().and_then(|state| state.failed.clone()).unzip();
    Ok(Json(AuditStream {
        target: state.as_ref().map(|state| state.target.clone()),
        seq: state.as_ref().map_or(0, |state| state.seq),
        behind: state.as_ref().map_or(0, |state| state.behind),
        sent_at: state.as_ref().and_then(|state| state.sent),
        failures: state.as_ref().map_or(0, |state| state.failures),
        failed_at,
        problem,
        next_at: state.and_then(|state| state.next),
    }))
}

/// All entries that are meant, a line of JSON for each, the latest first.
#[utoipa::path(
    get, path = "/audit.jsonl", tag = "permission",
    responses((status = 200, description = "A line for each entry", body = String, content_type = "application/jsonl")),
)]
async fn lines(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Response, Problem> {
    let line = |entry: &AuditEntry| {
        let mut line = serde_json::to_string(entry).unwrap_or_default();
        line.push('\n');
        line
    };
    sent(services, caller, filter(&params)?, ("application/jsonl", "audit.jsonl"), String::new(), line).await
}

/// All entries that are meant as a table, the latest first.
#[utoipa::path(
    get, path = "/audit.csv", operation_id = "audit_table", tag = "permission",
    responses((status = 200, description = "A line for each entry", body = String, content_type = "text/csv")),
)]
async fn table(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Response, Problem> {
    let heads = ["seq", "at", "actor", "entry", "address", "request", "kind", "subject", "changes", "detail", "hash"];
    let line = |entry: &AuditEntry| {
        let entry = entry.clone();
        let mut changes = String::new();
        if let Some((first, last)) = entry.changes {
            // Writing into a text cannot fail.
            let _ = if first == last { write!(changes, "{first}") } else { write!(changes, "{first}-{last}") };
        }
        csv::line([
            entry.seq.to_string(),
            entry.at.to_rfc3339(),
            entry.actor,
            entry.entry,
            entry.address.unwrap_or_default(),
            entry.request.unwrap_or_default(),
            entry.kind,
            entry.subject,
            changes,
            entry.detail.to_string(),
            entry.hash,
        ])
    };
    let heads = csv::line(heads.map(str::to_owned));
    sent(services, caller, filter(&params)?, ("text/csv; charset=utf-8", "audit.csv"), heads, line).await
}

/// Where reading is.
type Reading = (Services, Caller, AuditFilter, Option<i64>);

/// Sends entries while they are read. Where reading fails on the way, the connection ends early.
async fn sent(
    services: Services,
    caller: Caller,
    filter: AuditFilter,
    (kind, name): (&'static str, &str),
    mut first: String,
    line: impl Fn(&AuditEntry) -> String + Send + Copy + 'static,
) -> Result<Response, Problem> {
    // Asked before anything is noted: a refusal is a refusal, not an export.
    let mut entries = audit::entries(&services, &caller, &filter, None, PART).await?;
    audit::note(&services, &caller, Happening::AuditExported, name, &json!(filter)).await?;
    for entry in &entries {
        first += &line(entry);
    }
    let next = entries.pop().map(|entry| entry.seq).filter(|&seq| seq > 1);
    let rest = stream::try_unfold(
        (services, caller, filter, next),
        move |(services, caller, filter, next): Reading| async move {
            let Some(before) = next else { return Ok(None) };
            let entries =
                audit::entries(&services, &caller, &filter, Some(before), PART).await.map_err(std::io::Error::other)?;
            let Some(last) = entries.last() else { return Ok(None) };
            let next = Some(last.seq).filter(|&seq| seq > 1);
            let text: String = entries.iter().map(line).collect();
            Ok::<_, std::io::Error>(Some((Bytes::from(text), (services, caller, filter, next))))
        },
    );
    let body = Body::from_stream(futures::StreamExt::chain(stream::iter([Ok(Bytes::from(first))]), rest));
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, body).into_response())
}
