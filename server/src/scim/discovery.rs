//! What this server can do, and what people and groups are made of.

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use domain::scim::{ENTERPRISE, LIST, Schema};
use serde_json::{Value, json};
use services::{
    Services,
    identity::{Caller, Permission, Target, may, scim::LONGEST_PAGE},
};

use super::{
    Answer,
    answer::{Trouble, sent},
};

async fn asked(services: &Services, caller: &Caller) -> Result<(), Trouble> {
    may(services, caller, Permission::ProvisionPeople, Target::Platform)
        .await
        .map_err(|error| Trouble::of(error.into()))
}

fn listed(all: Vec<Value>) -> Response {
    let body = json!({
        "schemas": [LIST], "totalResults": all.len(), "startIndex": 1, "itemsPerPage": all.len(), "Resources": all,
    });
    sent(StatusCode::OK, &body)
}

fn meta(services: &Services, kind: &str, path: &str) -> Value {
    json!({ "resourceType": kind, "location": format!("{}/scim/v2/{path}", services.settings.base_url) })
}

pub(super) async fn config(State(services): State<Services>, Extension(caller): Extension<Caller>) -> Answer {
    asked(&services, &caller).await?;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": "https://www.rfc-editor.org/rfc/rfc7644",
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": LONGEST_PAGE },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Service token",
            "description": "A service token of Causeway with the scope `provision` and the role `provisioner`",
            "primary": true,
        }],
        "meta": meta(&services, "ServiceProviderConfig", "ServiceProviderConfig"),
    });
    Ok(sent(StatusCode::OK, &body))
}

fn kind_of(services: &Services, schema: Schema) -> Value {
    let name = schema.name();
    let mut kind = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name,
        "name": name,
        "endpoint": format!("/{name}s"),
        "schema": schema.urn(),
        "meta": meta(services, "ResourceType", &format!("ResourceTypes/{name}")),
    });
    if schema == Schema::User {
        kind["schemaExtensions"] = json!([{ "schema": ENTERPRISE, "required": false }]);
    }
    kind
}

pub(super) async fn kinds(State(services): State<Services>, Extension(caller): Extension<Caller>) -> Answer {
    asked(&services, &caller).await?;
    Ok(listed([Schema::User, Schema::Group].map(|schema| kind_of(&services, schema)).into()))
}

pub(super) async fn kind(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Answer {
    asked(&services, &caller).await?;
    let known = [Schema::User, Schema::Group].into_iter().find(|schema| schema.name() == name);
    let known = known.ok_or_else(Trouble::nowhere)?;
    Ok(sent(StatusCode::OK, &kind_of(&services, known)))
}

fn described(services: &Services, schema: Schema) -> Value {
    let mut described = schema.described();
    described["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:Schema"]);
    described["meta"] = meta(services, "Schema", &format!("Schemas/{}", schema.urn()));
    described
}

pub(super) async fn schemas(State(services): State<Services>, Extension(caller): Extension<Caller>) -> Answer {
    asked(&services, &caller).await?;
    Ok(listed(Schema::ALL.map(|schema| described(&services, schema)).into()))
}

pub(super) async fn schema(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Answer {
    asked(&services, &caller).await?;
    let known = Schema::ALL.into_iter().find(|schema| schema.urn().eq_ignore_ascii_case(&name));
    let known = known.ok_or_else(Trouble::nowhere)?;
    Ok(sent(StatusCode::OK, &described(&services, known)))
}
