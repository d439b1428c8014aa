//! `/scim/v2/Groups`

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use domain::scim::{Projection, Schema, group_deeds, operations};
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
    let wanted = wanted(&params);
    let groups = scim::groups(&services, &caller, &question(&params, wanted.wants("members"))?).await?;
    Ok(found(&services, Schema::Group, groups, &wanted))
}

pub(super) async fn one(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> Answer {
    let wanted = wanted(&params);
    let group = scim::group(&services, &caller, &id, wanted.wants("members")).await?;
    if is_known(&headers, group.version) {
        return Ok(bare(StatusCode::NOT_MODIFIED, Some(group.version)));
    }
    Ok(sent_one(&services, Schema::Group, StatusCode::OK, group, &wanted))
}

pub(super) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
    bytes: Bytes,
) -> Answer {
    let group = scim::create_group(&services, &caller, &body(&bytes)?).await?;
    Ok(sent_one(&services, Schema::Group, StatusCode::CREATED, group, &wanted(&params)))
}

pub(super) async fn put(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
    bytes: Bytes,
) -> Answer {
    let group = scim::replace_group(&services, &caller, &id, &body(&bytes)?, &expected(&headers)).await?;
    Ok(sent_one(&services, Schema::Group, StatusCode::OK, group, &wanted(&params)))
}

/// A group may be large, so that it is sent back only where the request says what of it is wanted.
pub(super) async fn patch(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
    bytes: Bytes,
) -> Answer {
    let deeds = operations(&body(&bytes)?).and_then(|operations| group_deeds(&operations));
    let deeds = deeds.map_err(|problem| Trouble::of(problem.into()))?;
    let version = scim::patch_group(&services, &caller, &id, &deeds, &expected(&headers)).await?;
    let wanted = wanted(&params);
    if wanted == Projection::default() {
        return Ok(bare(StatusCode::NO_CONTENT, Some(version)));
    }
    let group = scim::group(&services, &caller, &id, wanted.wants("members")).await?;
    Ok(sent_one(&services, Schema::Group, StatusCode::OK, group, &wanted))
}

pub(super) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    scim::delete_group(&services, &caller, &id, &expected(&headers)).await?;
    Ok(bare(StatusCode::NO_CONTENT, None))
}
