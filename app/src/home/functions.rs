//! What the first page asks the server for.

use domain::{
    catalog::{FacetValue, Source},
    runs::RunSummary,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::AppError;

/// The first page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct HomeView {
    /// How many things of each kind there are, the most frequent first.
    pub(super) kinds: Vec<FacetValue>,
    /// How many things there are.
    pub(super) total: u32,
    /// How many sources there are.
    pub(super) sources: u32,
    /// Sources that need someone.
    pub(super) troubled: Vec<Source>,
    /// Runs that failed, newest first.
    pub(super) failed: Vec<RunSummary>,
    /// What changed, newest first.
    pub(super) happened: Vec<Happened>,
}

/// One or several changes of one kind at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Happened {
    /// What.
    pub(crate) kind: String,
    /// The first thing that it happened to.
    pub(crate) subject: String,
    /// To how many.
    pub(crate) count: u32,
    /// When.
    pub(crate) at: i64,
    /// Who did it.
    pub(crate) actor: String,
}

/// Gathers the first page.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_home() -> Result<HomeView, AppError> {
    use domain::{catalog::Filter, runs::RunStatus};
    use services::runs::RunFilter;

    use crate::{
        catalog::views::is_troubled,
        ssr::{caller, count, home, reply, services},
    };

    let (services, caller) = (services(), caller());
    let facets = services::catalog::facets(&services, &caller, &Filter::everything(), None, &["kind".to_owned()]).await;
    let kinds = reply(facets)?.pop().map(|facet| facet.values).unwrap_or_default();
    let sources = reply(services::catalog::sources(&services, &caller).await)?;
    let filter = RunFilter { status: vec![RunStatus::Failed], limit: 5, ..RunFilter::default() };
    let (failed, _) = reply(services::runs::list(&services, &caller, &filter).await)?;
    Ok(HomeView {
        total: reply(services::catalog::total(&services, &caller).await)?,
        kinds,
        sources: count(sources.len()),
        troubled: sources.into_iter().filter(is_troubled).collect(),
        failed,
        happened: reply(home::lately(&services, &caller).await)?,
    })
}

/// Puts the example organisation into the catalog.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn load_example() -> Result<(), AppError> {
    use crate::ssr::{caller, reply, services};

    let source = reply(services::examples::load(&services(), &caller()).await)?;
    leptos_axum::redirect(&source.path());
    Ok(())
}
