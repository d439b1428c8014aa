//! What handlers share.

use std::sync::Arc;

use app::Assets;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use services::Services;
use tokio_util::sync::CancellationToken;

use crate::sign_in::Access;

/// What handlers share; cheap to clone.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    /// All use cases.
    pub(crate) services: Services,
    /// What Leptos wants to know.
    pub(crate) leptos: LeptosOptions,
    /// The addresses of the bundle's files.
    pub(crate) assets: Arc<Assets>,
    /// Collected figures.
    pub(crate) metrics: PrometheusHandle,
    /// Ends long streams when the server stops.
    pub(crate) shutdown: CancellationToken,
    /// Who may come in.
    pub(crate) access: Arc<Access>,
}
