//! The links of saved views: they stay, whatever the view is called and means.

use axum::{
    Extension, Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use services::{Error, identity::Caller, lists};

use crate::http::{AppState, Refusal, RequestId};

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/catalog/views/{id}", get(open))
}

async fn open(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
) -> Response {
    let found = match id.parse() {
        Ok(id) => lists::view(&state.services, &caller, id).await,
        Err(_) => Err(Error::NotFound(format!("there is no view `{id}`"))),
    };
    match found {
        Ok(view) => {
            let joint = if view.query.is_empty() { "" } else { "&" };
            Redirect::to(&format!("/catalog?{}{joint}view={}", view.query, view.id)).into_response()
        }
        // The list opens all the same, and says that the view is not there.
        Err(Error::NotFound(_)) => Redirect::to("/catalog?view=gone").into_response(),
        Err(error) => Refusal::of(error, &request.0).page(&state, "/catalog", &request),
    }
}
