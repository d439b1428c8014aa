//! Every page and its address.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    Lazy, SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    parts::{access, create, entity, home, list, people, runs, scorecards, search, sources},
    shell::{NotFoundPage, Shell},
};

/// The portal.
///
/// Every route is rendered whole (`SsrMode::Async`): the status and the title depend on data, and a page must be readable without a
/// script, which streamed parts would need to find their place. A route's code arrives when it is opened (see [`crate::parts`]).
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
                    <Route path=path!("/") view={Lazy::<home::Home>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/create") view={Lazy::<create::Create>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/create/:namespace/:name") view={Lazy::<create::Template>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/runs") view={Lazy::<runs::Runs>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/runs/:number") view={Lazy::<runs::Run>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/scorecards") view={Lazy::<scorecards::Scorecards>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/scorecards/:name") view={Lazy::<scorecards::Scorecard>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/scorecards/:name/results") view={Lazy::<scorecards::Results>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/scorecards/:name/rules/:id") view={Lazy::<scorecards::Rule>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/catalog") view={Lazy::<list::List>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/catalog/:namespace/:kind/:name/:side?") view={Lazy::<entity::Entity>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/catalog/:namespace/:kind/:name/docs/*page") view={Lazy::<entity::Entity>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/sources") view={Lazy::<sources::Sources>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/sources/new") view={Lazy::<sources::Register>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/sources/problems") view={Lazy::<sources::Problems>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/sources/conflicts") view={Lazy::<sources::Conflicts>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/sources/orphans") view={Lazy::<sources::Orphans>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/sources/credentials") view={Lazy::<sources::Credentials>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/sources/:id/file") view={Lazy::<sources::File>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/sources/explain") view={Lazy::<sources::Explain>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/sources/:id") view={Lazy::<sources::Source>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/account") view={Lazy::<people::Account>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/account/tokens") view={Lazy::<people::Tokens>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/people") view={Lazy::<people::People>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/people/tokens") view={Lazy::<people::ServiceTokens>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/policies/:name?") view={Lazy::<access::Access>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/roles/:view?") view={Lazy::<access::Access>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/may") view={Lazy::<access::Access>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/audit") view={Lazy::<access::Access>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/search") view={Lazy::<search::Search>::new()} ssr=SsrMode::Async/>
                </Routes>
            </Shell>
        </Router>
    }
}
