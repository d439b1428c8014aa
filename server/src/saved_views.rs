//! The links of saved views: they stay, whatever the view is called and means.

use axum::{
    Extension, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use services::{Error, Services, identity::Caller, lists};

use crate::http::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/catalog/views/{id}", get(open))
}

async fn open(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let found = match id.parse() {
        Ok(id) => lists::view(&services, &caller, id).await,
        Err(_) => Err(Error::NotFound(format!("there is no view `{id}`"))),
    };
    match found {
        Ok(view) => {
            let joint = if view.query.is_empty() { "" } else { "&" };
            Redirect::to(&format!("/catalog?{}{joint}view={}", view.query, view.id)).into_response()
        }
        // The list opens all the same, and says that the view is not there.
        Err(Error::NotFound(_)) => Redirect::to("/catalog?view=gone").into_response(),
        Err(Error::Denied(denied)) => (StatusCode::FORBIDDEN, denied.to_string()).into_response(),
        Err(error) => {
            tracing::error!(%error, "a saved view could not be opened");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
