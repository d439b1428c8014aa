//! What the form on the page of a run that waits for approval sends. What could not be decided is shown again, with the note.

use app::{Pasted, Undecided};
use axum::{
    Extension, Form, Router,
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use serde::Deserialize;
use services::{
    Error,
    identity::Caller,
    runs::{self, Decision, RunName},
};

use crate::http::{AppState, RequestId, anew};

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/runs/{number}", post(decide))
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    note: String,
    deed: String,
}

async fn decide(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(RequestId(request)): Extension<RequestId>,
    Path(number): Path<i64>,
    uri: Uri,
    Form(Said { note, deed }): Form<Said>,
) -> Response {
    // Browsers send line breaks as networks have them.
    let note = note.replace("\r\n", "\n");
    let decision = match deed.as_str() {
        "approve" => Ok(Decision::Approve(note.clone())),
        "refuse" => Ok(Decision::Refuse(note.clone())),
        _ => Err(Error::Rejected("`deed` is `approve` or `refuse`".to_owned())),
    };
    let done = match decision {
        Ok(decision) => runs::decide(&state.services, &caller, RunName::Number(number), decision).await,
        Err(error) => Err(error),
    };
    let (status, problem) = match done {
        Ok(_) => return Redirect::to(&format!("/runs/{number}")).into_response(),
        Err(Error::NotFound(why)) => (StatusCode::NOT_FOUND, why),
        Err(Error::Conflict(why)) => (StatusCode::CONFLICT, why),
        Err(Error::Rejected(why)) => (StatusCode::UNPROCESSABLE_ENTITY, why),
        Err(Error::Denied(denied)) => (StatusCode::FORBIDDEN, denied.to_string()),
        Err(error @ Error::Unavailable { .. }) => (StatusCode::BAD_GATEWAY, error.to_string()),
        Err(Error::Internal(why)) => {
            tracing::error!(request_id = request, why, "a run could not be decided about");
            (StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on the server; its log has the details".into())
        }
    };
    let sent = serde_json::to_string(&Undecided { problem, note }).unwrap_or_default();
    let mut response = anew(state, caller, request, Pasted(sent), uri).await;
    // Who may not see the page is told so by the page.
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}
