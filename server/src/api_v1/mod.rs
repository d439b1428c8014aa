//! The platform API, `/api/v1`: for our own clients, for CI and for other portals. It describes itself.

mod approvals;
mod audit;
mod credentials;
mod entities;
mod facets;
mod inbox;
mod me;
mod named;
mod permission;
mod policies;
mod problem;
mod role_uses;
mod sources;
mod table;

use std::sync::LazyLock;

use axum::{Router, http::header, response::IntoResponse};
use services::Error;
use utoipa::{
    OpenApi,
    openapi::{Content, Ref, Response, path::Operation},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::problem::Problem;
use self::problem::ProblemDetails;
use crate::http::AppState;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Causeway",
        description = "The software catalog, its sources, and scorecards. Errors are `application/problem+json`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "catalog", description = "Entities, and questions about them"),
        (name = "sources", description = "Where entities come from"),
        (name = "scorecards", description = "Levels, rules, and where entities stand"),
        (name = "runs", description = "Runs that wait for someone to agree"),
        (name = "identity", description = "Who asks"),
        (name = "permission", description = "Who may do what, why, and what was done"),
        (name = "changes", description = "What happens, as it happens"),
    ),
    components(schemas(ProblemDetails)),
)]
struct Described;

fn described_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(document))
        .merge(entities::routes())
        .merge(named::routes())
        .merge(facets::routes())
        .merge(sources::routes())
        .merge(inbox::routes())
        .merge(me::routes())
        .merge(table::routes())
        .merge(credentials::routes())
        .merge(permission::routes())
        .merge(policies::routes())
        .merge(role_uses::routes())
        .merge(approvals::routes())
        .merge(audit::routes())
        .merge(crate::scorecards_api::routes())
        .merge(crate::http::changes::routes())
}

/// Everything below `/api/v1`.
pub(crate) fn router() -> Router<AppState> {
    let (routes, _) = described_routes().split_for_parts();
    let nowhere = async || {
        Problem::from(Error::NotFound("there is no such path; `GET /api/v1/openapi.json` lists them all".into()))
    };
    let routes = routes.fallback(nowhere).method_not_allowed_fallback(async || Problem::method());
    Router::new().nest("/api/v1", routes)
}

/// The description, as it is sent.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let described = OpenApiRouter::with_openapi(Described::openapi()).nest("/api/v1", described_routes());
    let mut document = described.into_openapi();
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
        operations.into_iter().flatten().for_each(may_fail);
    }
    document.to_pretty_json().expect("a description has only text keys")
});

/// Every answer may be a problem instead.
fn may_fail(operation: &mut Operation) {
    let content = Content::new(Some(Ref::from_schema_name("ProblemDetails")));
    let mut problem = Response::new("Why it was not answered as asked");
    problem.content.insert("application/problem+json".to_owned(), content.into());
    operation.responses.responses.insert("default".to_owned(), problem.into());
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "catalog", responses((status = 200, description = "An OpenAPI document", body = Object)))]
async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}
