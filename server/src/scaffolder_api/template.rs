//! A template's form, for clients that draw it themselves.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use domain::catalog::EntityRef;
use serde_json::{Value, json};
use services::{Error, Services, catalog, identity::Caller};

use super::problem::Problem;

/// The pages of a template's form, as JSON Schemas.
pub(super) async fn parameter_schema(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((namespace, kind, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    if !kind.eq_ignore_ascii_case("template") {
        return Err(Error::Rejected(format!("`{kind}` has no form; only a template has")).into());
    }
    let template = catalog::entity(&services, &caller, &EntityRef::new(&kind, &namespace, &name)).await?;
    let document = &template.document;
    let pages = match document.pointer("/spec/parameters") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(pages)) => pages.clone(),
        Some(page) => vec![page.clone()],
    };
    let steps: Vec<_> = pages
        .into_iter()
        .map(|page| {
            json!({
                "title": page.get("title").cloned().unwrap_or_else(|| json!("Fill in the form")),
                "description": page.get("description"),
                "schema": page,
            })
        })
        .collect();
    let title = document.pointer("/metadata/title").or_else(|| document.pointer("/metadata/name"));
    Ok(Json(json!({
        "title": title,
        "description": document.pointer("/metadata/description"),
        "presentation": document.pointer("/spec/presentation"),
        "steps": steps,
    })))
}
