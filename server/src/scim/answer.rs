//! Answers and errors, as the standard has them.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::scim::{ENTERPRISE, ERROR, Fault, LIST, Problem, Projection, Schema};
use serde_json::{Map, Value, json};
use services::{
    Error, Services,
    identity::scim::{Found, Resource, ScimError},
};

const KIND: &str = "application/scim+json";

/// Why a request was not answered as asked.
pub(super) struct Trouble {
    status: StatusCode,
    fault: Option<Fault>,
    detail: String,
}

impl Trouble {
    pub(super) fn syntax(detail: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, fault: Some(Fault::InvalidSyntax), detail: detail.to_owned() }
    }

    pub(super) fn value(detail: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, fault: Some(Fault::InvalidValue), detail: detail.to_owned() }
    }

    pub(super) fn nowhere() -> Self {
        let detail = "there is no such resource; `/scim/v2/ResourceTypes` lists what there is";
        Self { status: StatusCode::NOT_FOUND, fault: None, detail: detail.to_owned() }
    }

    pub(super) fn of(error: ScimError) -> Self {
        let plain = |status, detail: String| Self { status, fault: None, detail };
        match error {
            ScimError::Problem(Problem { fault, message }) => {
                let status = match fault {
                    Fault::Uniqueness => StatusCode::CONFLICT,
                    Fault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                    _ => StatusCode::BAD_REQUEST,
                };
                Self { status, fault: Some(fault), detail: message }
            }
            error @ ScimError::Changed => plain(StatusCode::PRECONDITION_FAILED, error.to_string()),
            ScimError::Fault(Error::NotFound(why)) => plain(StatusCode::NOT_FOUND, why),
            ScimError::Fault(Error::Conflict(why)) => plain(StatusCode::CONFLICT, why),
            ScimError::Fault(Error::Rejected(why)) => plain(StatusCode::BAD_REQUEST, why),
            ScimError::Fault(Error::Denied(denied)) => plain(StatusCode::FORBIDDEN, denied.to_string()),
            ScimError::Fault(error @ Error::Unavailable { .. }) => plain(StatusCode::BAD_GATEWAY, error.to_string()),
            ScimError::Fault(Error::Internal(why)) => {
                tracing::error!(why, "a request of a directory failed");
                let why = "something went wrong on the server; its log has the details";
                plain(StatusCode::INTERNAL_SERVER_ERROR, why.to_owned())
            }
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut body = json!({ "schemas": [ERROR], "status": self.status.as_str(), "detail": self.detail });
        if let Some(word) = self.fault.and_then(Fault::as_str) {
            body["scimType"] = word.into();
        }
        sent(self.status, &body)
    }
}

impl From<Trouble> for Response {
    fn from(trouble: Trouble) -> Self {
        trouble.into_response()
    }
}

/// Whether an answer is in the words of the standard.
pub(super) fn is_own(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == KIND)
}

/// Why something was refused before it came here.
pub(crate) fn unauthorized(status: StatusCode, detail: &str) -> Response {
    Trouble { status, fault: None, detail: detail.trim().to_owned() }.into_response()
}

pub(super) fn sent(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, KIND)], body.to_string()).into_response()
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn tag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// Where a resource is.
fn place(services: &Services, kind: &str, id: &str) -> String {
    format!("{}/scim/v2/{kind}s/{id}", services.settings.base_url)
}

/// A resource as it is sent.
pub(super) fn shown(services: &Services, schema: Schema, resource: Resource, wanted: &Projection) -> Value {
    let Resource { id, mut document, tied, version, created, changed } = resource;
    let kind = schema.name();
    let mut schemas = vec![schema.urn()];
    if document.contains_key(ENTERPRISE) {
        schemas.push(ENTERPRISE);
    }
    let mut shown = Map::new();
    shown.insert("schemas".to_owned(), json!(schemas));
    shown.insert("id".to_owned(), id.clone().into());
    shown.append(&mut document);
    if let Some(tied) = tied {
        let (name, other) = if schema == Schema::User { ("groups", "Group") } else { ("members", "User") };
        let tied = tied.into_iter().map(|(id, display)| {
            let kind = if other == "User" { "User" } else { "direct" };
            json!({ "$ref": place(services, other, &id), "value": id, "display": display, "type": kind })
        });
        shown.insert(name.to_owned(), tied.collect());
    }
    let meta = json!({
        "resourceType": kind,
        "created": moment(created),
        "lastModified": moment(changed),
        "location": place(services, kind, &id),
        "version": tag(version),
    });
    shown.insert("meta".to_owned(), meta);
    wanted.apply(&mut shown);
    shown.into()
}

/// One resource, with its version and its place.
pub(super) fn one(
    services: &Services,
    schema: Schema,
    status: StatusCode,
    resource: Resource,
    wanted: &Projection,
) -> Response {
    let (version, at) = (tag(resource.version), place(services, schema.name(), &resource.id));
    let mut response = sent(status, &shown(services, schema, resource, wanted));
    let texts = [(header::ETAG, version), (header::LOCATION, at)];
    for (name, text) in texts.into_iter().take(if status == StatusCode::CREATED { 2 } else { 1 }) {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Nothing but a version.
pub(super) fn bare(status: StatusCode, version: Option<i64>) -> Response {
    match version {
        Some(version) => (status, [(header::ETAG, tag(version))]).into_response(),
        None => status.into_response(),
    }
}

/// A part of a list.
pub(super) fn found(services: &Services, schema: Schema, found: Found, wanted: &Projection) -> Response {
    let resources: Vec<Value> =
        found.resources.into_iter().map(|resource| shown(services, schema, resource, wanted)).collect();
    let body = json!({
        "schemas": [LIST],
        "totalResults": found.total,
        "startIndex": found.start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    sent(StatusCode::OK, &body)
}
