//! The HTTP surface: routes, and what every request passes through.

mod access;
mod caller;
pub(crate) mod changes;
pub(crate) mod forms;
mod health;
mod late;
mod limits;
mod local;
mod metrics;
mod pages;
mod peer;
mod security;
mod served;
pub(crate) mod state;
mod trace;

use std::time::Duration;

use ::http::StatusCode;
use axum::{Router, extract::DefaultBodyLimit, middleware};
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate, Predicate as _, predicate::NotForContentType},
    csrf::CsrfLayer,
    limit::RequestBodyLimitLayer,
    timeout::TimeoutLayer,
};

pub(crate) use self::{
    forms::Refusal,
    pages::{anew, render_with},
    peer::{Networks, Peer, Proxies},
    state::{AppState, Shared},
    trace::RequestId,
};
use crate::{git_http, scaffolder_api, settings::Limits};

/// Everything that is served.
pub(crate) fn router(state: AppState, limits: &Limits) -> Router {
    let body = limits.body_mib * 1024 * 1024;
    // Each capability adds its own router here; all of them get a `Caller` and `State<Services>`.
    let bounded = Router::new()
        .merge(pages::router(&state))
        .merge(crate::account::router())
        .merge(crate::auth::router())
        .merge(access::router())
        .merge(crate::catalog_api::router())
        .merge(crate::docs_files::router())
        .merge(crate::saved_views::router())
        .merge(crate::run_approval::router())
        .merge(crate::api_v1::router())
        .merge(crate::scim::router())
        .merge(scaffolder_api::router())
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(body))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(limits.request_seconds),
        ))
        .layer(middleware::from_fn_with_state(state.clone(), late::told));
    // Transfers of repositories are larger and longer than requests; they bring limits of their own.
    let transfers = Router::new().merge(git_http::router()).merge(scaffolder_api::streams());
    let mut router = bounded
        .merge(transfers)
        .layer(middleware::from_fn_with_state(state.clone(), caller::identify))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn_with_state(state.clone(), local::only_from_here))
        // Forges come from anywhere, without a session; their signatures are checked instead.
        .merge(crate::webhooks::router());
    if limits.requests_per_second > 0 {
        router = router.layer(limits::per_address(limits.requests_per_second));
    }
    let router = router
        .layer(middleware::from_fn(crate::scim::in_own_words))
        .layer(middleware::from_fn_with_state(state.clone(), security::readable));
    let router = router
        .merge(health::router(&state))
        .merge(crate::assets::router())
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Precise(5))
                // They are compressed as they are.
                .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("font/"))),
        )
        .layer(middleware::from_fn(security::headers))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(metrics::measure))
        .layer(middleware::from_fn(trace::request))
        .with_state(state);
    served::tell(&router);
    router
}
