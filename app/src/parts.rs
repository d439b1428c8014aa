//! The parts of the application whose code arrives when the first of their pages is opened.
//!
//! A browser that comes for the catalog does not wait for the code of runs. The pages of one capability arrive together; what
//! several parts use arrives in modules of its own, and what all use with the start (see `xtask`). A page that the server
//! rendered names its part, whose code is fetched before the page is taken over.

use std::sync::{Arc, OnceLock};

/// Learns which part a page is in while the server renders it, so that the answer can name the part's files early.
#[derive(Debug, Clone, Default)]
pub struct Opened(Arc<OnceLock<&'static str>>);

impl Opened {
    /// The name of the part, once the page has been rendered; none for a page that arrives with the start.
    pub fn part(&self) -> Option<&'static str> {
        self.0.get().copied()
    }
}

fn opened(part: &'static str) {
    // Only the server lends one.
    if let Some(Opened(opened)) = leptos::prelude::use_context() {
        let _ = opened.set(part);
    }
}

macro_rules! parts {
    ($($(#[doc = $what:literal])+ $part:ident { $($page:ident: $view:path),+ $(,)? })+) => {$(
        $(#[doc = $what])+
        pub(crate) mod $part {
            use leptos::prelude::*;
            use leptos_router::LazyRoute;

            #[derive(Debug, Clone, Copy)]
            enum Page { $($page),+ }

            #[lazy($part)]
            fn draw(page: Page) -> AnyView {
                match page { $(Page::$page => $view().into_any()),+ }
            }

            #[cfg(feature = "hydrate")]
            pub(super) async fn fetch() {
                __preload_draw().await;
            }

            $(
                #[derive(Debug, Clone, Copy)]
                pub(crate) struct $page;

                impl LazyRoute for $page {
                    fn data() -> Self {
                        Self
                    }

                    async fn view(_: Self) -> AnyView {
                        super::opened(stringify!($part));
                        let page = draw(Page::$page).await;
                        view! { <div class="contents" data-part=stringify!($part)>{page}</div> }.into_any()
                    }
                }
            )+
        }
    )+

        /// Fetches the code of a part, so that its pages can be taken over at once.
        #[cfg(feature = "hydrate")]
        pub async fn fetch(part: &str) {
            match part {
                $(stringify!($part) => $part::fetch().await,)+
                _ => {}
            }
        }
    };
}

parts! {
    /// The first page.
    home { Home: crate::home::HomePage }
    /// Lists of entities.
    list { List: crate::catalog::ListPage }
    /// What is found.
    search { Search: crate::catalog::SearchPage }
    /// One entity.
    entity { Entity: crate::catalog::EntityPage }
    /// Where entities come from.
    sources {
        Sources: crate::catalog::SourcesPage,
        Register: crate::catalog::RegisterPage,
        Explain: crate::catalog::ExplainPage,
        Source: crate::catalog::SourcePage,
        Problems: crate::catalog::ProblemsPage,
        Conflicts: crate::catalog::ConflictsPage,
        Orphans: crate::catalog::OrphansPage,
        Credentials: crate::catalog::CredentialsPage,
        File: crate::catalog::FilePage,
    }
    /// What entities are judged by.
    scorecards {
        Scorecards: crate::scorecards::ScorecardsPage,
        Scorecard: crate::scorecards::ScorecardPage,
        Results: crate::scorecards::ResultsPage,
        Rule: crate::scorecards::RulePage,
    }
    /// Who may do what, and what was done.
    access { Access: crate::access::AccessPage }
    /// Forms that create.
    create { Create: crate::templates::CreatePage, Template: crate::templates::TemplatePage }
    /// Oneself, and people.
    people {
        Account: crate::identity::AccountPage,
        Tokens: crate::identity::TokensPage,
        People: crate::identity::PeoplePage,
        ServiceTokens: crate::identity::ServiceTokensPage,
    }
    /// What was created, and how.
    runs { Runs: crate::runs::RunsPage, Run: crate::runs::RunPage }
}
