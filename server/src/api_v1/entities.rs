//! Entities: lists, one, what is around it, and what happened to it.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    catalog::{Direction, EntityRef, FileProblem, Graph, Order, Severity, Start, TextFilter},
    changes::Change,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use services::{Error, Services, catalog, identity::Caller};
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Problem;
use crate::{
    http::AppState,
    lists::{self, Cursor, Fields, Params, Question, Written, body},
};

/// How many entities a page has, and at most.
const PAGE: u32 = 50;
const LONGEST_PAGE: u32 = 1_000;

/// How many changes a page of a history has, and at most.
const CHANGES: u32 = 50;
const MOST_CHANGES: u32 = 500;

/// How many relations away a graph reaches, and at most.
const DEPTH: u32 = 1;
const DEEPEST: u32 = 5;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(query))
        .routes(routes!(one))
        .routes(routes!(graph))
        .routes(routes!(history))
        .routes(routes!(validate))
}

/// An entity as it is served; with `fields`, only those parts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntityDocument {
    api_version: Option<String>,
    kind: Option<String>,
    metadata: Option<Map<String, Value>>,
    spec: Option<Map<String, Value>>,
    relations: Option<Vec<RelationDocument>>,
    /// What is wrong with it.
    status: Option<Map<String, Value>>,
}

/// A tie to another entity.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelationDocument {
    r#type: String,
    target_ref: EntityRef,
}

/// A part of a longer list. It stays right while entities come and go.
#[derive(Debug, Serialize, ToSchema)]
struct EntityPage {
    items: Vec<EntityDocument>,
    /// How many there are in all.
    total: u32,
    /// The `cursor` of the page behind this one, if there is one.
    next: Option<String>,
    /// The `cursor` of the page before this one, if there is one.
    previous: Option<String>,
}

/// A question about many entities.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EntityQuery {
    /// A predicate: `{"kind": "Component", "$not": …}`.
    #[schema(value_type = Option<Object>)]
    query: Option<Value>,
    /// A text that they contain.
    text: Option<String>,
    /// The paths to look for it in; none means name, title, description, tags, owner and type.
    #[serde(default)]
    text_fields: Vec<String>,
    /// How they are sorted; by reference where nothing else decides.
    #[serde(default)]
    order: Vec<OrderBy>,
    /// Only these parts of each.
    #[serde(default)]
    fields: Vec<String>,
    /// At most so many: 50 where nothing is said, 1000 at most.
    limit: Option<u32>,
    /// `next` or `previous` of another page; the question is that of the page then.
    cursor: Option<String>,
}

/// A path that a list is sorted by.
#[derive(Debug, Deserialize, ToSchema)]
struct OrderBy {
    field: String,
    #[serde(default)]
    direction: Direction,
}

fn text_filter(term: Option<&str>, paths: Vec<String>) -> Option<TextFilter> {
    let term = term?.trim();
    (!term.is_empty()).then(|| TextFilter { term: term.to_owned(), paths })
}

/// The entities that are meant, a page of them.
#[utoipa::path(
    get, path = "/catalog/entities", operation_id = "entities", tag = "catalog",
    params(
        ("filter" = Option<Vec<String>>, Query, description = "`kind=component,spec.type=service`: a comma is *and*, a repeated parameter is *or*, a path alone asks for its existence"),
        ("query" = Option<String>, Query, description = "A predicate, as JSON"),
        ("text" = Option<String>, Query, description = "A text that they contain"),
        ("textFields" = Option<Vec<String>>, Query, description = "The paths to look for it in"),
        ("order" = Option<Vec<String>>, Query, description = "`metadata.name,desc`"),
        ("fields" = Option<Vec<String>>, Query, description = "Only these parts of each"),
        ("limit" = Option<u32>, Query, description = "At most so many: 50 where nothing is said, 1000 at most"),
        ("cursor" = Option<String>, Query, description = "`next` or `previous` of another page"),
    ),
    responses((status = 200, description = "A page", body = EntityPage)),
)]
async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Written, Problem> {
    let cursor = if let Some(cursor) = params.one("cursor") {
        Cursor::read(cursor)?
    } else {
        let question = Question {
            filter: params.filter()?,
            order: params.all("order").map(str::parse).collect::<Result<_, _>>().map_err(rejected)?,
            text: text_filter(params.one("text"), params.list("textFields")),
            query: params.one("query").map(serde_json::from_str).transpose().map_err(|error| {
                Error::Rejected(format!("`query` is not JSON: {error}; write it like `{{\"kind\": \"Component\"}}`"))
            })?,
            uncounted: false,
        };
        Cursor::first(question, None, None)?
    };
    page(&services, &caller, &cursor, params.number("limit")?, &params.fields()?).await
}

fn rejected(problem: domain::catalog::NotAnOrder) -> Error {
    Error::Rejected(problem.to_string())
}

/// The same, asked with a body: for long predicates.
#[utoipa::path(
    post, path = "/catalog/entities/query", tag = "catalog", request_body = EntityQuery,
    responses((status = 200, description = "A page", body = EntityPage)),
)]
async fn query(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Written, Problem> {
    let asked: EntityQuery = body(&bytes)?;
    let cursor = if let Some(cursor) = asked.cursor.as_deref() {
        Cursor::read(cursor)?
    } else {
        let question = Question {
            order: asked.order.iter().map(|order| Order::by(&order.field, order.direction)).collect(),
            text: text_filter(asked.text.as_deref(), asked.text_fields),
            query: asked.query,
            ..Question::default()
        };
        Cursor::first(question, None, None)?
    };
    page(&services, &caller, &cursor, asked.limit, &Fields::parse(asked.fields.iter().map(String::as_str))?).await
}

async fn page(
    services: &Services,
    caller: &Caller,
    cursor: &Cursor,
    limit: Option<u32>,
    fields: &Fields,
) -> Result<Written, Problem> {
    let found = lists::page(services, caller, cursor, limit.unwrap_or(PAGE).min(LONGEST_PAGE)).await?;
    let documents: Vec<_> = found.documents.into_iter().map(Some).collect();
    let mut text = b"{\"items\":".to_vec();
    fields.write_all(&documents, &mut text)?;
    let rest = json!({
        "total": found.total,
        "next": found.after.map(|key| cursor.at(Start::After(key))),
        "previous": found.before.map(|key| cursor.at(Start::Before(key))),
    });
    text.push(b',');
    text.extend_from_slice(&rest.to_string().as_bytes()[1..]);
    Ok(Written(text))
}

pub(super) type Named = Path<(String, String, String)>;

/// The part of a document that names its state.
#[derive(Debug, Deserialize)]
struct Tagged {
    metadata: Etag,
}

#[derive(Debug, Deserialize)]
struct Etag {
    etag: String,
}

/// One entity, as it is or as it was. As it is, its `ETag` answers `If-None-Match`.
#[utoipa::path(
    get, path = "/catalog/entities/{kind}/{namespace}/{name}", operation_id = "entity", tag = "catalog",
    params(
        ("kind" = String, Path, description = "In any case"),
        ("namespace" = String, Path, description = "`default` where nothing else was said"),
        ("name" = String, Path, description = "In any case"),
        ("asOf" = Option<String>, Query, description = "A moment: document and relations as they were then, from the history. `2026-10-14T07:41:12Z`, or a day"),
    ),
    responses(
        (status = 200, description = "The entity", body = EntityDocument),
        (status = 304, description = "It is the one that the client has"),
    ),
)]
async fn one(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(moment) = params.one("asOf") {
        let at = domain::read_moment(moment).map_err(|why| Error::Rejected(format!("`asOf`: {why}")))?;
        let past = catalog::as_of(&services, &caller, &EntityRef::new(&kind, &namespace, &name), at).await?;
        return Ok(Written(past.entity.document.to_string().into_bytes()).into_response());
    }
    let document = catalog::document(&services, &caller, &EntityRef::new(&kind, &namespace, &name)).await?;
    Ok(tagged(document, &headers))
}

/// A document with its `ETag`, unless the client has it.
pub(super) fn tagged(document: Bytes, headers: &HeaderMap) -> Response {
    let Ok(Tagged { metadata }) = serde_json::from_slice(&document) else {
        return Written(document.into()).into_response();
    };
    let tag = format!("\"{}\"", metadata.etag);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    // `*` is any state of what is there.
    let is_known = known.trim() == "*" || known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag);
    let tagged = [(header::ETAG, tag)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, tagged).into_response();
    }
    (tagged, Written(document.into())).into_response()
}

/// The entities around one, and the relations between them.
#[utoipa::path(
    get, path = "/catalog/entities/{kind}/{namespace}/{name}/graph", tag = "catalog",
    params(
        ("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path),
        ("depth" = Option<u32>, Query, description = "How many relations away: 1 where nothing is said, 5 at most"),
    ),
    responses((status = 200, description = "The graph, nearest first", body = Graph)),
)]
async fn graph(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
    params: Params,
) -> Result<Json<Graph>, Problem> {
    let depth = params.number("depth")?.unwrap_or(DEPTH).min(DEEPEST);
    let start = EntityRef::new(&kind, &namespace, &name);
    Ok(Json(catalog::neighbourhood(&services, &caller, &start, depth).await?))
}

/// What happened to an entity, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct History {
    items: Vec<Change>,
    /// The `before` of the page behind this one, if there may be one.
    next: Option<i64>,
}

/// What happened to one entity, newest first; also of one that has left.
#[utoipa::path(
    get, path = "/catalog/entities/{kind}/{namespace}/{name}/history", tag = "catalog",
    params(
        ("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path),
        ("before" = Option<u32>, Query, description = "Only changes of lower numbers"),
        ("limit" = Option<u32>, Query, description = "At most so many: 50 where nothing is said, 500 at most"),
    ),
    responses((status = 200, description = "A page", body = History)),
)]
async fn history(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
    params: Params,
) -> Result<Json<History>, Problem> {
    let reference = EntityRef::new(&kind, &namespace, &name);
    let limit = params.number("limit")?.unwrap_or(CHANGES).clamp(1, MOST_CHANGES);
    let span = catalog::Span { before: params.number("before")?.map(i64::from), until: None };
    let items = catalog::history_of(&services, &caller, &reference, span, u64::from(limit)).await?;
    let next = items.last().filter(|last| items.len() == limit as usize && last.seq > 1).map(|last| last.seq);
    Ok(Json(History { items, next }))
}

/// A document, as someone would like to declare it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Draft {
    #[schema(value_type = Object)]
    entity: Value,
    /// The address of the file in which it is to stand: what it names in other files is looked up from there.
    #[serde(default)]
    location: Option<String>,
}

/// Whether a document may enter the catalog.
#[derive(Debug, Serialize, ToSchema)]
struct Validity {
    valid: bool,
    /// Every rule that it breaks, and what a sync would warn of.
    problems: Vec<FieldProblem>,
}

/// A rule that a field breaks.
#[derive(Debug, Serialize, ToSchema)]
struct FieldProblem {
    /// Such as `metadata.tags[0]`; empty for the document as a whole.
    field: String,
    /// `error`, or `warning` for what a sync takes in all the same.
    severity: Severity,
    /// What is wrong and how to mend it.
    message: String,
}

/// Whether a document may enter the catalog, and if not, why.
#[utoipa::path(
    post, path = "/catalog/validate", tag = "catalog", request_body = Draft,
    responses((status = 200, description = "What is wrong with it, if anything", body = Validity)),
)]
async fn validate(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Json<Validity>, Problem> {
    let Draft { entity, location } = body(&bytes)?;
    let address = location.map(|location| location.parse::<Url>()).transpose();
    let address = address.map_err(|error| Error::Rejected(format!("`location` is not an address: {error}")))?;
    let told = catalog::check_entity(&services, &caller, entity, address.as_ref()).await?;
    let valid = told.iter().all(|problem| problem.severity != Severity::Error);
    let problem = |problem: FileProblem| FieldProblem {
        field: problem.field.unwrap_or_default(),
        severity: problem.severity,
        message: problem.message,
    };
    Ok(Json(Validity { valid, problems: told.into_iter().map(problem).collect() }))
}
