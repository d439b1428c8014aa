//! A template's form, for clients that draw it themselves.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use domain::catalog::EntityRef;
use serde_json::Value;
use services::{Services, identity::Caller, templates};

use super::problem::Problem;

/// The pages of a template's form, as JSON Schemas.
pub(super) async fn parameter_schema(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((namespace, kind, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    let template = EntityRef::new(&kind, &namespace, &name);
    Ok(Json(templates::parameter_schema(&services, &caller, &template).await?))
}
