//! Lists of entities, as both APIs are asked for them and write them.

pub(crate) mod csv;
mod cursor;
mod fields;
mod params;

use domain::catalog::Predicate;
use serde::Deserialize;
use serde_json::Value;
use services::{
    Error, Result, Services,
    catalog::{self, DocumentPage},
    identity::Caller,
};

pub(crate) use self::{
    cursor::{Cursor, Question},
    fields::{Fields, Written},
    params::{Params, is_uncounted},
};

fn rejected(why: impl Into<String>) -> Error {
    Error::Rejected(why.into())
}

fn internal(why: impl std::fmt::Display) -> Error {
    Error::Internal(why.to_string())
}

/// A JSON body.
pub(crate) fn body<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    let told = |error| rejected(format!("Malformed request: the body is not what is expected here: {error}"));
    serde_json::from_slice(bytes).map_err(told)
}

/// Reads a predicate.
pub(crate) fn predicate(query: &Value) -> Result<Predicate> {
    Predicate::parse(query).map_err(|problem| rejected(problem.to_string()))
}

/// The page of a cursor, with at most `limit` documents.
pub(crate) async fn page(services: &Services, caller: &Caller, cursor: &Cursor, limit: u32) -> Result<DocumentPage> {
    let Question { filter, order, text, .. } = &cursor.question;
    let predicate = cursor.question.predicate()?;
    let question = catalog::Question {
        filter,
        text: text.as_ref(),
        predicate: predicate.as_ref(),
        order,
        start: &cursor.start,
        limit: Some(limit),
    };
    catalog::document_page(services, caller, question).await
}
