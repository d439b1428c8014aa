//! What a team or a person owns, what is wrong with it, what is due.

use domain::{
    catalog::{EntityRef, Listing, Orphan},
    letters::lower,
    scorecards::EntityFilter,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::orphans_page::Fate;
use crate::{
    scorecards::{OwnedPanel, OwnedView},
    shell::plural,
    ui::{Empty, EntityLink, Glyph, Icon, Panel},
};

/// How many due things are shown.
const SHOWN: usize = 12;

/// What some owners have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TeamView {
    /// How many teams are below.
    pub(crate) below: u32,
    /// Whether they are left out.
    pub(crate) alone: bool,
    /// How many things of each kind are owned, the most first.
    pub(crate) kinds: Vec<(String, u32)>,
    /// How they stand.
    pub(crate) owned: Vec<OwnedView>,
    /// How many documents each owner should mend.
    pub(crate) to_mend: Vec<(EntityRef, u32)>,
    /// What leaves the catalog unless someone acts, the first first.
    pub(crate) due: Vec<Orphan>,
}

/// The list of what an owner has of a kind.
fn list(owner: &EntityRef, kind: &str, alone: bool) -> String {
    let picks = [("kind", lower(kind)), ("owner", owner.to_string())];
    let picks = picks.map(|(key, value)| (key.to_owned(), vec![value])).to_vec();
    Listing { picks, below: owner.kind() == "group" && !alone, ..Listing::everything() }.href()
}

#[component]
pub(super) fn TeamOverview(owner: EntityRef, team: TeamView) -> impl IntoView {
    let TeamView { below, alone, kinds, owned: standing, to_mend, due } = team;
    let path = owner.path();
    let scope = (below > 0).then(|| {
        let teams = if below == 1 { "the team".to_owned() } else { format!("the {below} teams") };
        let (words, href, other) = if alone {
            (format!("Without {teams} below it"), path.clone(), "count them too")
        } else {
            (format!("With {teams} below it"), format!("{path}?below=no"), "show it alone")
        };
        view! { <p class="prose-links text-table text-muted">{words}" · "<a href=href data-noscroll="true">{other}</a></p> }
    });
    let nothing = kinds.is_empty();
    let cards = kinds.into_iter().map(|(kind, count)| {
        let words = if count == 1 { kind.clone() } else { plural(&kind) };
        view! {
            <a class="surface flex items-center gap-3 px-4 py-3 hover:border-base-content/30" href=list(&owner, &kind, alone)>
                <Icon glyph=Glyph::of(&lower(&kind), "") class="size-5 text-primary"/>
                <span><span class="block text-heading font-semibold">{count}</span><span class="text-table text-muted">{words}</span></span>
            </a>
        }
    });
    let cards = cards.collect_view();
    let cards = if nothing {
        view! { <div class="surface"><Empty glyph=Glyph::Boxes title="Nothing is owned here yet"><p>"What names it as its owner stands here."</p></Empty></div> }.into_any()
    } else {
        view! { <div class="grid grid-cols-2 gap-3 sm:grid-cols-3">{cards}</div> }.into_any()
    };
    let filter = EntityFilter { team: Some(owner), direct: alone, ..EntityFilter::default() };
    let standing = standing.into_iter().map(|owned| view! { <OwnedPanel owned filter=filter.clone()/> });
    let standing = standing.collect_view();
    view! {
        {scope}
        {cards}
        <Wrong to_mend/>
        <Due due/>
        {standing}
    }
}

/// Documents that should be mended, by whose they are.
#[component]
fn Wrong(to_mend: Vec<(EntityRef, u32)>) -> impl IntoView {
    (!to_mend.is_empty()).then(|| {
        let rows = to_mend.into_iter().take(SHOWN).map(|(owner, count)| {
            let words = if count == 1 { "1 document".to_owned() } else { format!("{count} documents") };
            view! {
                <li class="flex min-h-9 items-center justify-between gap-3 border-t border-base-300 px-4 py-1 text-table first:border-t-0">
                    <EntityLink to=owner.clone()/>
                    <a class="text-warning hover:underline underline-offset-3" href=format!("/sources/problems?owner={owner}")>{words}</a>
                </li>
            }
        });
        view! { <Panel title="To mend in the sources" flush=true><ul>{rows.collect_view()}</ul></Panel> }
    })
}

/// What leaves the catalog unless someone acts.
#[component]
fn Due(due: Vec<Orphan>) -> impl IntoView {
    (!due.is_empty()).then(|| {
        let rows = due.into_iter().take(SHOWN).map(|orphan| {
            view! {
                <li class="flex flex-wrap items-center justify-between gap-x-3 border-t border-base-300 px-4 py-2 text-table first:border-t-0">
                    <EntityLink to=orphan.reference.clone() label=orphan.title.clone()/>
                    <span class="text-muted"><Fate orphan/></span>
                </li>
            }
        });
        view! { <Panel title="Due" flush=true action=|| view! { <a class="text-link" href="/sources/orphans">"Decide"</a> }><ul>{rows.collect_view()}</ul></Panel> }
    })
}
