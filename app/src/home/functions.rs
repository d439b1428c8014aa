//! What the first page asks the server for.

use domain::{
    catalog::{FacetValue, Source},
    home::Me,
    runs::RunSummary,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AppError, catalog::views::Found, scorecards::OwnedView};

/// The first page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct HomeView {
    /// How many things of each kind there are, the most frequent first.
    pub(crate) kinds: Vec<FacetValue>,
    /// How many things there are.
    pub(crate) total: u32,
    /// How many sources there are.
    pub(crate) sources: u32,
    /// Sources that need someone.
    pub(crate) troubled: Vec<Source>,
    /// Runs that failed, newest first.
    pub(crate) failed: Vec<RunSummary>,
    /// Runs that wait for the one who looks to agree, those that wait longest first.
    pub(crate) to_approve: Vec<RunSummary>,
    /// The one who looks.
    pub(crate) me: Me,
    /// What that person is called in the catalog.
    pub(crate) own_name: String,
    /// How many things of each kind they and their teams own, the most first.
    pub(crate) mine: Vec<(String, u32)>,
    /// How these stand.
    pub(crate) owned: Vec<OwnedView>,
    /// What they looked at, the latest first.
    pub(crate) recent: Vec<Found>,
    /// What they starred, the latest first.
    pub(crate) starred: Vec<Found>,
    /// Since when they were away, if that is known.
    pub(crate) since: Option<Since>,
    /// What changed since then, or lately; newest first.
    pub(crate) happened: Vec<Happened>,
    /// Why they may not begin with the example, as HTML; empty for whoever may, and where there is something already.
    pub(crate) may_not: String,
}

/// Since when someone was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Since {
    /// When they were here last.
    pub(crate) at: i64,
    /// How much changed since then.
    pub(crate) count: u32,
    /// Whether that is more than is looked through.
    pub(crate) is_cut: bool,
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
    use crate::ssr::{caller, home, reply, services};

    reply(home::view(&services(), &caller()).await)
}

/// Puts the example organisation into the catalog.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(crate) async fn load_example() -> Result<(), AppError> {
    use crate::ssr::{caller, reply, services};

    let source = reply(services::examples::load(&services(), &caller()).await)?;
    leptos_axum::redirect(&source.path());
    Ok(())
}

/// Stars an entity (`star component:default/x`), or takes the star away (`unstar component:default/x`).
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(crate) async fn set_star(deed: String) -> Result<(), AppError> {
    use domain::catalog::EntityRef;

    use crate::ssr::{caller, reply, services};

    let why = || {
        services::Error::Rejected(format!(
            "`{deed}` is not what a star is sent as; write `star` or `unstar` and a reference"
        ))
    };
    let (verb, reference) = reply(deed.split_once(' ').ok_or_else(why))?;
    let reference: EntityRef = reply(reference.parse().map_err(|_| why()))?;
    let is_starred = match verb {
        "star" => true,
        "unstar" => false,
        _ => return reply(Err(why())),
    };
    reply(services::home::star(&services(), &caller(), &reference, is_starred).await)
}

/// Says which person of the catalog the caller is; nobody where it is empty.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(crate) async fn say_who(person: String) -> Result<(), AppError> {
    use domain::catalog::EntityRef;

    use crate::ssr::{caller, reply, services};

    let person: Option<EntityRef> = match person.as_str() {
        "" => None,
        text => Some(reply(text.parse().map_err(|_| {
            services::Error::Rejected(format!("`{text}` is no person; write a reference such as `user:default/ama`"))
        }))?),
    };
    reply(services::home::say_who(&services(), &caller(), person.as_ref()).await)
}
