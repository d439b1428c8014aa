//! Single entities, several by name, and what declared one.

use std::borrow::Cow;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use domain::catalog::EntityRef;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::{Services, catalog, identity::Caller};
use uuid::Uuid;

use super::error::Problem;
use crate::lists::{Fields, Params, Written, body, predicate};

/// How many entities may be asked for by reference at once.
const MOST_REFS: usize = 10_000;

/// How many facets may be counted at once.
const MOST_FACETS: usize = 50;

/// What an address names.
pub(super) type Named = Path<(String, String, String)>;

/// `GET /entities/by-name/{kind}/{namespace}/{name}`.
pub(super) async fn by_name(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
) -> Result<Written, Problem> {
    let reference = EntityRef::new(&kind, &namespace, &name);
    match catalog::document(&services, &caller, &reference).await {
        Ok(document) => Ok(Written(document.into())),
        Err(services::Error::NotFound(_)) => match catalog::origin(&services, &caller, &reference).await? {
            Some(document) => Ok(Written(document.to_string().into_bytes())),
            None => Err(nobody(&kind, &namespace, &name)),
        },
        Err(error) => Err(error.into()),
    }
}

pub(super) fn nobody(kind: &str, namespace: &str, name: &str) -> Problem {
    Problem::not_found(format!("No entity named '{name}' found, with kind '{kind}' in namespace '{namespace}'"))
}

/// `GET /entities/by-name/{kind}/{namespace}/{name}/ancestry`: the entity, the Locations that led to it, and the source.
pub(super) async fn ancestry(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((kind, namespace, name)): Named,
) -> Result<Json<Value>, Problem> {
    let reference = EntityRef::new(&kind, &namespace, &name);
    let found = catalog::ancestry(&services, &caller, &reference).await.map_err(|error| match error {
        services::Error::NotFound(_) => nobody(&kind, &namespace, &name),
        other => other.into(),
    })?;
    let items: Vec<Value> = found
        .into_iter()
        .map(|ancestor| json!({ "entity": ancestor.document, "parentEntityRefs": ancestor.parents }))
        .collect();
    Ok(Json(json!({ "rootEntityRef": reference, "items": items })))
}

/// `GET /entities/by-uid/{uid}`.
pub(super) async fn by_uid(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(uid): Path<String>,
) -> Result<Written, Problem> {
    let nobody = || Problem::not_found(format!("No entity with uid {uid}"));
    let id: Uuid = uid.parse().map_err(|_| nobody())?;
    match catalog::document_by_uid(&services, &caller, id).await {
        Ok(document) => Ok(Written(document.into())),
        Err(services::Error::NotFound(_)) => Err(nobody()),
        Err(error) => Err(error.into()),
    }
}

/// `DELETE /entities/by-uid/{uid}`: done as well if it is gone already.
pub(super) async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(uid): Path<String>,
) -> Result<StatusCode, Problem> {
    match catalog::remove_entity(&services, &caller, uid.parse().unwrap_or_default()).await {
        Ok(()) | Err(services::Error::NotFound(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByRefs<'a> {
    #[serde(borrow)]
    entity_refs: Vec<Text<'a>>,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    query: Option<Value>,
}

/// A text of a body, left where it is if nothing in it is escaped.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// `POST /entities/by-refs`: each entity or `null`, in the order asked for.
pub(super) async fn by_refs(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
    bytes: Bytes,
) -> Result<Written, Problem> {
    let asked: ByRefs<'_> = body(&bytes)?;
    if asked.entity_refs.len() > MOST_REFS {
        return Err(Problem::input(format!("at most {MOST_REFS} entities may be asked for at once")));
    }
    let (filter, predicate) = (params.filter()?, asked.query.as_ref().map(predicate).transpose()?);
    let fields = Fields::parse(asked.fields.iter().map(String::as_str).chain(params.all("fields")))?;
    // A text that is no reference names no entity.
    let references: Vec<Option<Cow<'_, str>>> =
        asked.entity_refs.iter().map(|Text(text)| EntityRef::written_out(text).ok()).collect();
    let documents = catalog::documents(&services, &caller, &references, &filter, predicate.as_ref()).await?;
    let mut text = b"{\"items\":".to_vec();
    fields.write_all(&documents, &mut text)?;
    text.push(b'}');
    Ok(Written(text))
}

#[derive(Debug, Deserialize)]
struct Facets {
    #[serde(default)]
    facets: Vec<String>,
    #[serde(default)]
    query: Option<Value>,
}

/// `GET /entity-facets`.
pub(super) async fn facets(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let paths = params.all("facet").map(str::to_owned).collect();
    counted(&services, &caller, &params, &Facets { facets: paths, query: None }).await
}

/// `POST /entity-facets`: the same, asked with a predicate.
pub(super) async fn facets_by_predicate(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    params: Params,
    bytes: Bytes,
) -> Result<Json<Value>, Problem> {
    counted(&services, &caller, &params, &body(&bytes)?).await
}

async fn counted(
    services: &Services,
    caller: &Caller,
    params: &Params,
    asked: &Facets,
) -> Result<Json<Value>, Problem> {
    let paths: Vec<String> = asked.facets.iter().filter(|path| !path.is_empty()).cloned().collect();
    if paths.is_empty() {
        return Err(Problem::input("Missing facet parameter; name a path, for example `facet=spec.type`"));
    }
    if paths.len() > MOST_FACETS {
        return Err(Problem::input(format!("at most {MOST_FACETS} facets are counted at once")));
    }
    let predicate = asked.query.as_ref().map(predicate).transpose()?;
    let counted = catalog::facets(services, caller, &params.filter()?, predicate.as_ref(), &paths).await?;
    let facets: Map<String, Value> = counted
        .into_iter()
        .map(|mut facet| {
            facet.values.sort_by(|left, right| left.value.cmp(&right.value));
            (facet.path, json!(facet.values))
        })
        .collect();
    Ok(Json(json!({ "facets": facets })))
}
