//! Questions about entities.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use domain::catalog::{Entity, EntityRef, Filter, Query, flatten, normalise, validate};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::{Services, catalog, identity::Caller};
use uuid::Uuid;

use super::{cursor::Cursor, error::Problem, fields::pick, params::Params};

/// How many entities a page of `by-query` has, and at most.
const PAGE: u32 = 20;
const LONGEST_PAGE: u32 = 1_000;

/// How many entities may be asked for by reference at once.
const MOST_REFS: usize = 10_000;

/// `GET /entities`: an array; a next page is named in the `Link` header.
pub(super) async fn all(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<(HeaderMap, Json<Vec<Value>>), Problem> {
    let question = match params.one("after") {
        Some(cursor) => Cursor::read(cursor)?,
        None => Cursor {
            filter: params.filter()?,
            order: params.order()?,
            text: None,
            offset: params.number("offset")?.unwrap_or(0),
            limit: params.number("limit")?,
        },
    };
    let page = ask(&services, &caller, &question, question.limit).await?;
    let mut headers = HeaderMap::new();
    let end = question.offset.saturating_add(u32::try_from(page.0.len()).unwrap_or(u32::MAX));
    if question.limit.is_some() && end < page.1 {
        let query = params.with(&["after", "offset", "limit", "filter", "order"], "after", &question.at(end));
        let link = format!("</entities?{query}>; rel=\"next\"");
        if let Ok(link) = HeaderValue::from_str(&link) {
            headers.insert(header::LINK, link);
        }
    }
    let fields = params.fields();
    Ok((headers, Json(page.0.into_iter().map(|entity| pick(entity.document, &fields)).collect())))
}

async fn ask(
    services: &Services,
    caller: &Caller,
    question: &Cursor,
    limit: Option<u32>,
) -> Result<(Vec<Entity>, u32), Problem> {
    let query = Query {
        filter: question.filter.clone(),
        text: question.text.clone(),
        order: question.order.clone(),
        limit,
        offset: question.offset,
    };
    let page = catalog::query(services, caller, &query).await?;
    Ok((page.items, page.total))
}

/// `GET /entities/by-query`: a page, its total, and cursors to the pages beside it.
pub(super) async fn by_query(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let question = match params.one("cursor") {
        Some(cursor) => Cursor::read(cursor)?,
        None => Cursor {
            filter: params.filter()?,
            order: params.order()?,
            text: params.text(),
            offset: params.number("offset")?.unwrap_or(0),
            limit: None,
        },
    };
    let limit = params.number("limit")?.unwrap_or(PAGE).min(LONGEST_PAGE);
    let (entities, total) = ask(&services, &caller, &question, Some(limit)).await?;
    let end = question.offset.saturating_add(u32::try_from(entities.len()).unwrap_or(u32::MAX));
    let mut page = Map::new();
    if end < total && limit > 0 {
        page.insert("nextCursor".into(), question.at(end).into());
    }
    if question.offset > 0 {
        page.insert("prevCursor".into(), question.at(question.offset.saturating_sub(limit)).into());
    }
    let fields = params.fields();
    let items: Vec<Value> = entities.into_iter().map(|entity| pick(entity.document, &fields)).collect();
    Ok(Json(json!({ "items": items, "totalItems": total, "pageInfo": page })))
}

/// `GET /entities/by-name/{kind}/{namespace}/{name}`.
pub(super) async fn by_name(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(named(&services, &caller, &kind, &namespace, &name).await?.document))
}

pub(super) async fn named(
    services: &Services,
    caller: &Caller,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Result<Entity, Problem> {
    let reference = EntityRef::new(kind, namespace, name);
    catalog::entity(services, caller, &reference).await.map_err(|error| match error {
        services::Error::NotFound(_) => {
            Problem::not_found(format!("No entity named '{name}' found, with kind '{kind}' in namespace '{namespace}'"))
        }
        other => other.into(),
    })
}

/// `GET /entities/by-name/{kind}/{namespace}/{name}/ancestry`.
pub(super) async fn ancestry(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let entity = named(&services, &caller, &kind, &namespace, &name).await?;
    let root = entity.reference.to_string();
    Ok(Json(json!({ "rootEntityRef": root, "items": [{ "entity": entity.document, "parentEntityRefs": [] }] })))
}

fn uid_of(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("No entity found matching ID {text}")))
}

/// `GET /entities/by-uid/{uid}`.
pub(super) async fn by_uid(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(uid): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(catalog::entity_by_uid(&services, &caller, uid_of(&uid)?).await?.document))
}

/// `DELETE /entities/by-uid/{uid}`.
pub(super) async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(uid): Path<String>,
) -> Result<StatusCode, Problem> {
    catalog::remove_entity(&services, &caller, uid_of(&uid)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A JSON body.
pub(super) fn body<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::input(format!("the body is not what is expected here: {error}")))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByRefs {
    entity_refs: Vec<String>,
    #[serde(default)]
    fields: Option<Vec<String>>,
}

/// `POST /entities/by-refs`: each entity or `null`, in the order asked for.
pub(super) async fn by_refs(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
    bytes: Bytes,
) -> Result<Json<Value>, Problem> {
    let asked: ByRefs = body(&bytes)?;
    if asked.entity_refs.len() > MOST_REFS {
        return Err(Problem::input(format!("at most {MOST_REFS} entities may be asked for at once")));
    }
    let filter = params.filter()?;
    // A text that is no reference names no entity.
    let parsed: Vec<Option<EntityRef>> = asked.entity_refs.iter().map(|text| text.parse().ok()).collect();
    let references: Vec<EntityRef> = parsed.iter().flatten().cloned().collect();
    let mut found = catalog::entities(&services, &caller, &references).await?.into_iter();
    let fields = asked.fields.unwrap_or_default();
    let is_meant = |entity: &Entity| filter == Filter::everything() || filter.matches(&flatten(&entity.document));
    let items: Vec<Value> = parsed
        .into_iter()
        .map(|reference| reference.and_then(|_| found.next().flatten()).filter(is_meant))
        .map(|entity| entity.map_or(Value::Null, |entity| pick(entity.document, &fields)))
        .collect();
    Ok(Json(json!({ "items": items })))
}

/// `GET /entity-facets`.
pub(super) async fn facets(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let paths: Vec<String> = params.all("facet").filter(|path| !path.is_empty()).map(str::to_owned).collect();
    if paths.is_empty() {
        return Err(Problem::input("the parameter `facet` is missing; name a path, for example `facet=spec.type`"));
    }
    let counted = catalog::facets(&services, &caller, &params.filter()?, None, &paths).await?;
    let facets: Map<String, Value> = counted.into_iter().map(|facet| (facet.path, json!(facet.values))).collect();
    Ok(Json(json!({ "facets": facets })))
}

#[derive(Debug, Deserialize)]
struct Check {
    entity: Value,
    location: String,
}

/// `POST /validate-entity`: 200 without a body, or 400 with what is wrong.
pub(super) async fn check(bytes: Bytes) -> Result<(StatusCode, Json<Value>), Problem> {
    let Check { mut entity, location } = body(&bytes)?;
    if !location.starts_with("url:") {
        return Err(Problem::input("`location` must be the address of the file: `url:https://…`"));
    }
    normalise(&mut entity);
    let errors: Vec<Value> = validate(&entity)
        .iter()
        .map(|violation| json!({ "name": "InputError", "message": violation.to_string() }))
        .collect();
    if errors.is_empty() {
        Ok((StatusCode::OK, Json(json!({}))))
    } else {
        Ok((StatusCode::BAD_REQUEST, Json(json!({ "errors": errors }))))
    }
}
