//! What the forms about permission send. A form that could not be done, or was only tried, is shown again as it was.

use app::{Pasted, Sent};
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
    identity::{Caller, Grantee, RoleName},
    permission,
};

use super::{AppState, forms::Refusal, pages, trace::RequestId};

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/policies", post(begin)).route("/policies/{name}", post(policy)).route("/roles", post(role))
}

#[derive(Deserialize)]
struct Begun {
    #[serde(default)]
    name: String,
}

/// Leads to the page of a document that there is not yet.
async fn begin(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(RequestId(request)): Extension<RequestId>,
    uri: Uri,
    Form(begun): Form<Begun>,
) -> Response {
    let done = async {
        let name: RoleName = begun.name.trim().parse().map_err(|_| {
            let name: String = begun.name.trim().chars().take(60).collect();
            rejected(format!(
                "`{name}` cannot name policies: use 1 to 40 lower-case letters, digits and inner hyphens, like \
                 `production-freeze`"
            ))
        })?;
        permission::begin_policy(&state.services, &caller, &name).await.map(|()| name)
    };
    match done.await {
        Ok(name) => Redirect::to(&format!("/policies/{name}")).into_response(),
        Err(error) => {
            let mut sent = Sent { name: begun.name.chars().take(200).collect(), ..Sent::default() };
            let status = told(error, &request, &mut sent);
            again(state, caller, request, uri, &sent, status).await
        }
    }
}

#[derive(Deserialize)]
struct Draft {
    #[serde(default)]
    text: String,
    #[serde(default)]
    cases: String,
    based_on: Option<i32>,
    deed: String,
}

async fn policy(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(RequestId(request)): Extension<RequestId>,
    Path(name): Path<String>,
    uri: Uri,
    Form(draft): Form<Draft>,
) -> Response {
    // Browsers send line breaks as networks have them.
    let (text, cases) = (draft.text.replace("\r\n", "\n"), draft.cases.replace("\r\n", "\n"));
    let mut sent = Sent { text: text.clone(), cases: cases.clone(), ..Sent::default() };
    let done = async {
        let name: RoleName = name.parse().map_err(|_| Error::NotFound("there are no policies of this name".into()))?;
        let services = &state.services;
        match draft.deed.as_str() {
            "without" => {
                sent.without = true;
                permission::preview_reset(services, &caller, &name).await.map(Some)
            }
            "reset" => permission::reset_policy(services, &caller, &name).await.map(|()| None),
            "save" => {
                permission::save_policy(services, &caller, &name, (&text, &cases), draft.based_on).await.map(Some)
            }
            _ => permission::preview(services, &caller, &name, &text, &cases).await.map(Some),
        }
    };
    let status = match done.await {
        Ok(None) => return Redirect::to("/policies").into_response(),
        Ok(Some(saved)) if saved.problems.is_empty() && draft.deed == "save" => {
            return Redirect::to(&format!("/policies/{name}")).into_response();
        }
        Ok(Some(saved)) if saved.problems.is_empty() => {
            sent.tried = Some((saved.cases, saved.gains, saved.losses, saved.doubts));
            StatusCode::OK
        }
        Ok(Some(saved)) => {
            sent.problems = saved.problems.iter().map(ToString::to_string).collect();
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(error) => told(error, &request, &mut sent),
    };
    again(state, caller, request, uri, &sent, status).await
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    role: String,
    #[serde(default)]
    to: String,
    deed: String,
    /// Where the report of unused roles sent it: for how many days.
    days: Option<u32>,
    /// Which part of the list sent it.
    #[serde(default)]
    find: String,
    #[serde(default)]
    page: u32,
}

impl Wish {
    /// Where it came from.
    fn back(&self) -> String {
        match self.days {
            Some(days) => format!("/roles/unused?days={days}"),
            None if self.find.is_empty() && self.page == 0 => "/roles".to_owned(),
            None => {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("find", &self.find).append_pair("page", &self.page.to_string());
                format!("/roles?{}", query.finish())
            }
        }
    }
}

async fn role(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(RequestId(request)): Extension<RequestId>,
    uri: Uri,
    Form(wish): Form<Wish>,
) -> Response {
    let done = async {
        let role: RoleName = wish.role.parse().map_err(rejected)?;
        let to: Grantee = wish.to.parse().map_err(rejected)?;
        match wish.deed.as_str() {
            "take" => permission::take_role(&state.services, &caller, &role, &to).await,
            _ => permission::give_role(&state.services, &caller, &role, &to).await,
        }
    };
    let Err(error) = done.await else {
        return Redirect::to(&wish.back()).into_response();
    };
    let mut sent = Sent { grant: (wish.role.clone(), wish.to.clone()), ..Sent::default() };
    let status = told(error, &request, &mut sent);
    again(state, caller, request, uri, &sent, status).await
}

fn rejected(error: impl ToString) -> Error {
    Error::Rejected(error.to_string())
}

/// Notes what is wrong, to be shown with what was sent.
fn told(error: Error, request: &str, sent: &mut Sent) -> StatusCode {
    let Refusal { status, why, ask } = Refusal::of(error, request);
    (sent.problems, sent.ask) = (vec![why], ask);
    status
}

/// The page that the form is on, with what was sent.
async fn again(
    state: AppState,
    caller: Caller,
    request: String,
    uri: Uri,
    sent: &Sent,
    status: StatusCode,
) -> Response {
    let pasted = Pasted(serde_json::to_string(sent).unwrap_or_default());
    pages::anew(state, caller, request, pasted, uri, status).await
}
