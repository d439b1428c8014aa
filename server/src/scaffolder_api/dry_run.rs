//! A run of a template that is in no catalog yet, which leaves nothing behind.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
};
use serde_json::Value;
use services::{Error, Services, identity::Caller};

use super::problem::Problem;

pub(super) async fn dry_run(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(body) = body.map_err(|error| Error::Rejected(error.body_text()))?;
    let _ = (services, caller, body);
    Err(Error::Rejected("a dry run is not there yet".into()).into())
}
