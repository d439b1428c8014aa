//! What handlers share.

use std::{ops::Deref, sync::Arc};

use app::Assets;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use services::Services;
use tokio_util::sync::CancellationToken;

use super::{Networks, Proxies};
use crate::sign_in::Access;

/// What handlers share: one pointer, since every layer of the router copies it for every request.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

/// What the pointer leads to.
pub(crate) struct Shared {
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
    /// Who may say where a request comes from.
    pub(crate) proxies: Proxies,
    /// From where figures are read without a token.
    pub(crate) figures: Networks,
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl From<Shared> for AppState {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

/// Lets a handler ask for a part as `State<…>`.
macro_rules! parts {
    ($($part:ident: $type:ty),*) => {
        $(impl FromRef<AppState> for $type {
            fn from_ref(state: &AppState) -> Self {
                state.$part.clone()
            }
        })*
    };
}

parts!(services: Services, leptos: LeptosOptions, metrics: PrometheusHandle, shutdown: CancellationToken);
