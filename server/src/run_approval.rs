//! What the form on the page of a run that waits for approval sends. What could not be decided is shown again, with the note.

use app::{Pasted, Undecided};
use axum::{
    Extension, Form, Router,
    extract::{Path, State},
    http::Uri,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use serde::Deserialize;
use services::{
    Error,
    identity::Caller,
    runs::{self, Decision, RunName},
};

use crate::http::{AppState, Refusal, RequestId, anew};

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
    let Err(error) = done else {
        return Redirect::to(&format!("/runs/{number}")).into_response();
    };
    let Refusal { status, why, ask } = Refusal::of(error, &request);
    let sent = serde_json::to_string(&Undecided { problem: why, ask, note }).unwrap_or_default();
    anew(state, caller, request, Pasted(sent), uri, status).await
}
