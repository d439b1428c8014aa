//! Every page and its address.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    catalog::{EntityPage, ListPage, RegisterPage, SearchPage, SourcePage, SourcesPage},
    home::HomePage,
    runs::{RunPage, RunsPage},
    scorecards::{ResultsPage, RulePage, ScorecardPage, ScorecardsPage},
    shell::{NotFoundPage, Shell},
    templates::{CreatePage, TemplatePage},
};

/// The portal.
///
/// Every route is rendered whole (`SsrMode::Async`): the status and the title depend on data, and a page must be readable without a
/// script, which streamed parts would need to find their place.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| {
            if title.is_empty() { "Causeway".to_owned() } else { format!("{title} · Causeway") }
        }/>
        <Router>
            <Shell>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=HomePage ssr=SsrMode::Async/>
                    <Route path=path!("/create") view=CreatePage ssr=SsrMode::Async/>
                    <Route path=path!("/create/:namespace/:name") view=TemplatePage ssr=SsrMode::Async/>
                    <Route path=path!("/runs") view=RunsPage ssr=SsrMode::Async/>
                    <Route path=path!("/runs/:number") view=RunPage ssr=SsrMode::Async/>
                    <Route path=path!("/scorecards") view=ScorecardsPage ssr=SsrMode::Async/>
                    <Route path=path!("/scorecards/:name") view=ScorecardPage ssr=SsrMode::Async/>
                    <Route path=path!("/scorecards/:name/results") view=ResultsPage ssr=SsrMode::Async/>
                    <Route path=path!("/scorecards/:name/rules/:id") view=RulePage ssr=SsrMode::Async/>
                    <Route path=path!("/catalog") view=ListPage ssr=SsrMode::Async/>
                    <Route path=path!("/catalog/:namespace/:kind/:name/:side?") view=EntityPage ssr=SsrMode::Async/>
                    <Route path=path!("/sources") view=SourcesPage ssr=SsrMode::Async/>
                    <Route path=path!("/sources/new") view=RegisterPage ssr=SsrMode::Async/>
                    <Route path=path!("/sources/:id") view=SourcePage ssr=SsrMode::Async/>
                    <Route path=path!("/search") view=SearchPage ssr=SsrMode::Async/>
                </Routes>
            </Shell>
        </Router>
    }
}
