//! The embedded Git hosting over HTTP: `git clone http://…/git/OWNER/REPO.git`, pushes, and single files to read.
//!
//! The smart protocol is spoken by the `git` executable; what is done here is who may, how much, how long, that no clone outlives its
//! request, and that the audit log hears of every push.

mod browse;
mod exchange;
mod pushed;

use axum::{
    Extension, Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, Query, Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use connectors::hosting::EmbeddedHosting;
use domain::runs::RepositoryName;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use services::{
    Error, Services,
    audit::{self, Happening},
    identity::{Caller, Permission, Target, may},
};
use tower_http::decompression::RequestDecompressionLayer;

pub(crate) use self::exchange::settle;
use self::{exchange::Service, pushed::Move};
use crate::http::AppState;

/// How many branches and tags of one push the audit log names.
const NAMED: usize = 100;

/// The routes below `/git`. They bring limits of their own, since a transfer is larger and longer than a request.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/git/{owner}/{repo}/info/refs", get(advertise))
        .route("/git/{owner}/{repo}/git-upload-pack", post(upload))
        .route("/git/{owner}/{repo}/git-receive-pack", post(receive))
        // Git compresses large requests.
        .layer(RequestDecompressionLayer::new())
        .route("/git/{owner}/{repo}", get(browse::repository))
        .route("/git/{owner}/{repo}/blob/{reference}/{*path}", get(browse::file))
        .layer(DefaultBodyLimit::disable())
}

#[derive(Deserialize)]
struct Wanted {
    service: Option<String>,
}

/// Tells which branches there are.
async fn advertise(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((owner, repo)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let service = wanted.service.as_deref().and_then(Service::named).ok_or_else(|| {
        Error::Rejected("this server speaks Git's smart protocol only; use `git clone`, not a browser".into())
    })?;
    let repository = open(&services, &caller, &owner, &repo, service.permission()).await?;
    Ok(exchange::advertise(service, &repository, &headers).await?)
}

/// Sends what a clone or fetch asks for.
async fn upload(
    state: State<Services>,
    caller: Extension<Caller>,
    path: Path<(String, String)>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    transfer(Service::Upload, state, caller, path, headers, request).await
}

/// Takes what a push brings.
async fn receive(
    state: State<Services>,
    caller: Extension<Caller>,
    path: Path<(String, String)>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    transfer(Service::Receive, state, caller, path, headers, request).await
}

async fn transfer(
    service: Service,
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((owner, repo)): Path<(String, String)>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    let folder = open(&services, &caller, &owner, &repo, service.permission()).await?;
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if given != Some(service.request_type()) {
        return Ok(
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "this address is for `git`, not for browsers\n").into_response()
        );
    }
    let body = request.into_body();
    Ok(match service {
        Service::Upload => exchange::send(&folder, &headers, body)?,
        Service::Receive => {
            let repository = name(&owner, &repo)?.to_string();
            let note = move |done: Vec<Move>| async move { note_push(&services, &caller, &repository, &done).await };
            exchange::take(&folder, &headers, body, note)?
        }
    })
}

/// Tells the audit log what a push did: a commit's author is what its sender wrote, so nothing else says who brought it.
async fn note_push(services: &Services, caller: &Caller, repository: &str, done: &[Move]) {
    let refs: Vec<Value> = done
        .iter()
        .take(NAMED)
        .map(|moved| json!({ "ref": moved.name, "before": moved.before, "after": moved.after }))
        .collect();
    let mut detail = json!({ "refs": refs });
    if done.len() > NAMED {
        detail["more"] = (done.len() - NAMED).into();
    }
    let about = Target::Repository(repository).to_string();
    audit::note_done(services, caller, Happening::Pushed, &about, detail).await;
}

/// The folder of the repository that an address names, if the caller may.
async fn open(
    services: &Services,
    caller: &Caller,
    owner: &str,
    repo: &str,
    permission: Permission,
) -> Result<std::path::PathBuf, Error> {
    let name = name(owner, repo)?;
    if permission == Permission::WriteRepository {
        // Whoever pushes is told of every branch first.
        may(services, caller, Permission::ReadRepository, Target::Repository(&name.to_string())).await?;
    }
    may(services, caller, permission, Target::Repository(&name.to_string())).await?;
    EmbeddedHosting::new(&services.settings.data).find(&name).await
}

fn name(owner: &str, repo: &str) -> Result<RepositoryName, Error> {
    let repo = repo.strip_suffix(".git").unwrap_or(repo);
    // A name that cannot be is a repository that is not there.
    RepositoryName::new(owner, repo).map_err(|error| Error::NotFound(error.to_string()))
}

/// A refusal as `git` shows it: a status and a line of text.
struct Refusal(Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, why) = match self.0 {
            Error::NotFound(why) => (StatusCode::NOT_FOUND, why),
            Error::Conflict(why) => (StatusCode::CONFLICT, why),
            Error::Rejected(why) => (StatusCode::BAD_REQUEST, why),
            Error::Denied(denied) => (StatusCode::FORBIDDEN, denied.to_string()),
            Error::Unavailable { system, why } => {
                tracing::warn!(system, why, "Git hosting");
                (StatusCode::SERVICE_UNAVAILABLE, "the repository cannot be read now; try again later".to_owned())
            }
            Error::Internal(why) => {
                tracing::error!(why, "Git hosting");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "something went wrong on the server; its log has the details".to_owned(),
                )
            }
        };
        (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], Body::from(format!("{why}\n"))).into_response()
    }
}
