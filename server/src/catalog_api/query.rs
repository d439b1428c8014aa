//! Lists of entities: as an array, and as pages with cursors.

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::catalog::{Direction, Order, Start, TextFilter};
use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::{Services, identity::Caller};

use super::error::Problem;
use crate::lists::{self, Cursor, Fields, Params, Question, Written, body, is_uncounted};

/// How many entities a page of `by-query` has, and at most.
const PAGE: u32 = 20;
const LONGEST_PAGE: u32 = 10_000;

/// How many entities are written at once where all are asked for.
const BATCH: u32 = 1_000;

/// `GET /entities`: an array. With a limit it is a page, and the next one is named in the `Link` header.
pub(super) async fn all(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Response, Problem> {
    let limit = params.number("limit")?;
    if limit == Some(0) {
        return Err(Problem::input("Invalid limit, must be greater than zero"));
    }
    let cursor = if let Some(cursor) = params.one("after") {
        Cursor::read(cursor)?
    } else {
        let question = Question { filter: params.filter()?, order: params.order()?, ..Question::default() };
        Cursor::first(question, params.number("offset")?, limit)?
    };
    let fields = params.fields()?;
    let page = lists::page(&services, &caller, &cursor, cursor.limit.unwrap_or(BATCH)).await?;
    let mut text = vec![b'['];
    let documents: Vec<_> = page.documents.into_iter().map(Some).collect();
    fields.write_more(&documents, &mut text)?;
    let Some(after) = page.after else {
        text.push(b']');
        return Ok(Written(text).into_response());
    };
    if cursor.limit.is_none() {
        return Ok(rest(Rest { services, caller, cursor, fields, after: Some(Start::After(after)) }, text));
    }
    text.push(b']');
    let more = params.with(&["after", "offset"], "after", &cursor.at(Start::After(after)));
    let mut headers = HeaderMap::new();
    if let Ok(link) = HeaderValue::from_str(&format!("</entities?{more}>; rel=\"next\"")) {
        headers.insert(header::LINK, link);
    }
    Ok((headers, Written(text)).into_response())
}

/// What is still to be written of a long list.
struct Rest {
    services: Services,
    caller: Caller,
    cursor: Cursor,
    fields: Fields,
    /// Where it goes on; `None` once all is written.
    after: Option<Start>,
}

impl Rest {
    async fn next(&mut self, start: Start) -> services::Result<Vec<u8>> {
        self.cursor.start = start;
        let page = lists::page(&self.services, &self.caller, &self.cursor, BATCH).await?;
        self.after = page.after.map(Start::After);
        let documents: Vec<_> = page.documents.into_iter().map(Some).collect();
        let mut text = Vec::new();
        if !documents.is_empty() {
            text.push(b',');
            self.fields.write_more(&documents, &mut text)?;
        }
        if self.after.is_none() {
            text.push(b']');
        }
        Ok(text)
    }
}

/// Sends a list while it is read, so that its length needs no memory.
fn rest(rest: Rest, begun: Vec<u8>) -> Response {
    let more = stream::try_unfold(rest, |mut rest| async move {
        let Some(start) = rest.after.take() else { return Ok(None) };
        // The status is sent already: all that is left is to break off, so that nobody takes it for the whole.
        let text = rest.next(start).await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(Some((text, rest)))
    });
    let body = Body::from_stream(stream::iter([Ok(begun)]).chain(more));
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}

/// `GET /entities/by-query`: a page, its total, and cursors to the pages beside it.
pub(super) async fn by_query(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Written, Problem> {
    let cursor = if let Some(cursor) = params.one("cursor") {
        Cursor::read(cursor)?
    } else {
        let question = Question {
            filter: params.filter()?,
            order: params.order()?,
            text: params.text(),
            query: None,
            uncounted: params.is_uncounted()?,
        };
        Cursor::first(question, params.number("offset")?, None)?
    };
    page(&services, &caller, &cursor, params.number("limit")?, &params.fields()?).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ByQuery {
    cursor: Option<String>,
    limit: Option<u32>,
    offset: Option<u32>,
    order_by: Vec<OrderBy>,
    full_text_filter: Option<FullText>,
    fields: Vec<String>,
    total_items: Option<String>,
    query: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct OrderBy {
    field: String,
    order: Direction,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FullText {
    term: String,
    fields: Vec<String>,
}

/// `POST /entities/by-query`: the same, asked with a predicate.
pub(super) async fn by_predicate(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    bytes: Bytes,
) -> Result<Written, Problem> {
    let asked: ByQuery = if bytes.is_empty() { ByQuery::default() } else { body(&bytes)? };
    let cursor = match asked.cursor.as_deref() {
        Some("") => return Err(Problem::input("Cursor cannot be empty")),
        Some(cursor) => Cursor::read(cursor)?,
        None => {
            let text = asked.full_text_filter.filter(|text| !text.term.trim().is_empty());
            let question = Question {
                order: asked.order_by.iter().map(|order| Order::by(&order.field, order.order)).collect(),
                text: text.map(|text| TextFilter { term: text.term, paths: text.fields }),
                query: asked.query,
                uncounted: asked.total_items.as_deref().map_or(Ok(false), is_uncounted)?,
                ..Question::default()
            };
            Cursor::first(question, asked.offset, None)?
        }
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
    let mut beside = Map::new();
    for (name, start) in
        [("nextCursor", found.after.map(Start::After)), ("prevCursor", found.before.map(Start::Before))]
    {
        if let Some(start) = start {
            beside.insert(name.to_owned(), cursor.at(start).into());
        }
    }
    let documents: Vec<_> = found.documents.into_iter().map(Some).collect();
    let mut text = b"{\"items\":".to_vec();
    fields.write_all(&documents, &mut text)?;
    let total = if cursor.question.uncounted { 0 } else { found.total };
    let rest = json!({ "totalItems": total, "pageInfo": beside }).to_string();
    text.push(b',');
    text.extend_from_slice(&rest.as_bytes()[1..]);
    Ok(Written(text))
}
