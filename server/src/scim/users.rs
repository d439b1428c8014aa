//! `/scim/v2/Users`

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use domain::scim::{Projection, Schema, operations};
use services::{
    Services,
    identity::{Caller, scim},
};

use super::{
    Answer,
    answer::{Trouble, bare, one as sent_one},
    body, expected, found, is_known, question,
};
use crate::lists::Params;

fn wanted(params: &Params) -> Projection {
    Projection::new(params.one("attributes"), params.one("excludedAttributes"))
}

pub(super) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Answer {
    let people = scim::users(&services, &caller, &question(&params, false)?).await?;
    Ok(found(&services, Schema::User, people, &wanted(&params)))
}

pub(super) async fn one(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> Answer {
    let person = scim::user(&services, &caller, &id).await?;
    if is_known(&headers, person.version) {
        return Ok(bare(StatusCode::NOT_MODIFIED, Some(person.version)));
    }
    Ok(sent_one(&services, Schema::User, StatusCode::OK, person, &wanted(&params)))
}

pub(super) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
    bytes: Bytes,
) -> Answer {
    let person = scim::create_user(&services, &caller, &body(&bytes)?).await?;
    Ok(sent_one(&services, Schema::User, StatusCode::CREATED, person, &wanted(&params)))
}

pub(super) async fn put(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
    bytes: Bytes,
) -> Answer {
    let person = scim::replace_user(&services, &caller, &id, &body(&bytes)?, &expected(&headers)).await?;
    Ok(sent_one(&services, Schema::User, StatusCode::OK, person, &wanted(&params)))
}

pub(super) async fn patch(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
    bytes: Bytes,
) -> Answer {
    let operations = operations(&body(&bytes)?).map_err(|problem| Trouble::of(problem.into()))?;
    let person = scim::patch_user(&services, &caller, &id, &operations, &expected(&headers)).await?;
    Ok(sent_one(&services, Schema::User, StatusCode::OK, person, &wanted(&params)))
}

pub(super) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    scim::delete_user(&services, &caller, &id, &expected(&headers)).await?;
    Ok(bare(StatusCode::NO_CONTENT, None))
}
