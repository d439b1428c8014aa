//! The list of entities: facets at the left, rows at the right, everything in the address.

use domain::catalog::{EntityRef, LIST_PAGE, Listing, OWNER_ME, OWNER_MY_TEAMS, PROPERTIES};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    functions::get_list,
    list_rows::Rows,
    list_tools::{ColumnTools, ViewsBar},
    sources_page::TROUBLED,
    views::ListView,
};
use crate::{
    home::Starring,
    shell::plural,
    ui::{
        Button, ButtonKind, Chip, Empty, FacetChoice, FacetGroup, Facets, FilterBar, Glyph, LinkButton, Load, Moment,
        PageHead, ProblemNote, When, fetch, live,
    },
};

/// Entities of one kind, or of all.
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let query = use_query_map();
    let listing = Memo::new(move |_| query.with(|query| Listing::read(|name| query.get_all(name).unwrap_or_default())));
    let misread =
        Memo::new(move |_| query.with(|query| Listing::misread(|name| query.get_all(name).unwrap_or_default())));
    let starring = Starring::new();
    let refused = Memo::new(move |_| query.with(|query| query.get("__err")).unwrap_or_default());
    // What was wrong is told once; an address that is kept or sent to others says nothing of it.
    Effect::new(move |_| {
        if !refused.read_untracked().is_empty()
            && let Ok(history) = window().history()
        {
            let (state, href) = (history.state().unwrap_or_default(), listing.read_untracked().href());
            let _ = history.replace_state_with_url(&state, "", Some(&href));
        }
    });
    let version =
        live(|kind, _| kind.starts_with("entity-") || kind == "source-synced" || kind == "scorecard-evaluated");
    let asked = move || (listing.with(Listing::query), refused.get(), version.get(), starring.turn.get());
    let page = fetch(asked, |(query, refused, ..)| get_list(query, refused));
    view! {
        <Load of=page let:page>
            <List listing=listing.get_untracked() misread=misread.get_untracked() page starring/>
        </Load>
    }
    .into_any()
}

#[component]
fn List(listing: Listing, misread: Vec<String>, page: ListView, starring: Starring) -> impl IntoView {
    let title = listing.kind().map_or_else(
        || "Everything".to_owned(),
        |kind| page.own.iter().find(|own| own.kind == kind).map_or_else(|| plural(&kind), |own| own.plural.clone()),
    );
    let groups = groups(&listing, &page);
    let chips = chips(&listing);
    let below =
        (!listing.below && listing.picked("owner").iter().any(|owner| owner.starts_with("group:"))).then(|| {
            let href = Listing { below: true, page: 1, ..listing.clone() }.href();
            view! { <a class="text-link text-table" href=href data-noscroll="true">"With teams below"</a> }
        });
    let asks_for_me = listing.picked("owner").iter().any(|owner| owner == OWNER_ME || owner == OWNER_MY_TEAMS);
    let keep = listing.parts().into_iter().filter(|(name, _)| name != "q" && name != "page").collect();
    let clear = listing.is_narrowed().then(|| listing.cleared().href());
    let of_systems = page.facets.iter().find(|facet| facet.path == "relations.partOf");
    let systems = of_systems.map_or(0, |facet| facet.values.len() + facet.beyond as usize);
    let answer =
        Answer { total: page.total, systems, synced: page.synced, troubled: page.troubled, sources: page.sources };
    let pager = view! { <Pager listing=listing.clone() total=page.total/> };
    let unknown = (asks_for_me && page.me.user.is_none()).then(|| view! { <Unknown/> });
    let last = page.total.div_ceil(LIST_PAGE);
    let rows = if page.items.is_empty() && last > 0 && listing.page > last {
        let href = Listing { page: last, ..listing.clone() }.href();
        view! {
            <Empty glyph=Glyph::Search title=format!("There is no page {}", listing.page)>
                <a class="btn" href=href>"Look at the last page"</a>
            </Empty>
        }
        .into_any()
    } else if page.items.is_empty() {
        view! { <Nothing narrowed=listing.is_narrowed() sources=page.sources clear=listing.cleared().href()/> }
            .into_any()
    } else {
        view! { <Rows listing=listing.clone() page=page.clone() starring/> }.into_any()
    };
    view! {
        <div class="flex min-w-0 flex-1">
            <Facets groups/>
            <div class="min-w-0 flex-1 px-4 pt-5 pb-16 sm:px-6">
                <PageHead
                    title
                    answer=move || answer.clone().into_any()
                    actions=|| {
                        view! {
                            <Button glyph=Glyph::ListFilter attr:popovertarget="facets" attr:class="btn lg:hidden">"Filter"</Button>
                            <LinkButton href="/sources/new" glyph=Glyph::Upload>"Register"</LinkButton>
                            <LinkButton href="/create" kind=ButtonKind::Primary glyph=Glyph::Plus>"Create"</LinkButton>
                        }
                    }
                />
                {misread.into_iter().map(|text| view! { <div class="mb-3"><ProblemNote text/></div> }).collect_view()}
                {page.refused.map(|text| view! { <div class="mb-3"><ProblemNote text/></div> })}
                <ViewsBar listing=listing.clone() me=page.me views=page.views may_not=page.may_not/>
                <FilterBar action="/catalog" text=listing.text.clone() placeholder="Filter by name, tag, text…" keep chips clear=clear>
                    {below}
                    <ColumnTools listing=listing.clone()/>
                </FilterBar>
                {unknown}
                {rows}
                {pager}
            </div>
        </div>
    }
}

/// How many, where, how fresh.
#[derive(Clone)]
struct Answer {
    total: u32,
    systems: usize,
    synced: Option<i64>,
    troubled: u32,
    sources: u32,
}

impl Answer {
    fn into_any(self) -> AnyView {
        let Self { total, systems, synced, troubled, sources } = self;
        let within =
            (systems > 0).then(|| format!(" in {systems} {}", if systems == 1 { "system" } else { "systems" }));
        let synced = synced.map(|at| view! { " · synced " <When at=Moment(at) sentence=true/> });
        let needs = (troubled > 0).then(|| {
            let words = if troubled == 1 { "1 source needs attention".to_owned() } else { format!("{troubled} sources need attention") };
            view! { " · " <a href=TROUBLED class="font-medium text-warning hover:underline underline-offset-3">{words}</a> }
        });
        let none = (sources == 0).then_some(" · no source is registered yet");
        view! { {total} {within} {synced} {needs} {none} }.into_any()
    }
}

/// Kinds in the order in which people look for them; others follow.
const KINDS: [&str; 9] = ["component", "api", "resource", "system", "domain", "template", "group", "user", "scorecard"];

fn groups(listing: &Listing, page: &ListView) -> Vec<FacetGroup> {
    PROPERTIES
        .iter()
        .filter_map(|property| {
            let facet = page.facets.iter().find(|facet| facet.path == property.path)?;
            let mut choices: Vec<FacetChoice> = facet
                .values
                .iter()
                .map(|value| FacetChoice {
                    label: label(&value.value),
                    count: value.count,
                    chosen: listing.has(property.key, &value.value),
                    href: listing.toggled(property.key, &value.value).href(),
                })
                .collect();
            // What is picked stays in reach, even where nothing has it.
            for picked in listing.picked(property.key) {
                let is_whose = picked == OWNER_ME || picked == OWNER_MY_TEAMS;
                if !is_whose && !facet.values.iter().any(|value| value.value.eq_ignore_ascii_case(picked)) {
                    let href = listing.toggled(property.key, picked).href();
                    choices.insert(0, FacetChoice { label: label(picked), count: 0, chosen: true, href });
                }
            }
            if property.key == "kind" {
                choices.sort_by_key(|choice| {
                    KINDS.iter().position(|kind| choice.label.eq_ignore_ascii_case(kind)).unwrap_or(KINDS.len())
                });
            }
            let elsewhere = match property.key {
                "system" => "each with a page that names its parts",
                _ => "which the filter above the list finds by their names",
            };
            let (title, beyond) = (property.title.to_owned(), facet.beyond as usize);
            Some(FacetGroup { title, choices, beyond, elsewhere })
        })
        .collect()
}

fn chips(listing: &Listing) -> Vec<Chip> {
    let mut chips = Vec::new();
    for property in &PROPERTIES {
        for value in listing.picked(property.key) {
            chips.push(Chip {
                name: property.title.to_owned(),
                value: if property.key == "kind" { plural(value) } else { label(value) },
                remove: listing.toggled(property.key, value).href(),
            });
        }
    }
    if listing.below && !listing.picked("owner").is_empty() {
        let remove = Listing { below: false, page: 1, ..listing.clone() }.href();
        chips.push(Chip { name: "Owner".to_owned(), value: "and teams below".to_owned(), remove });
    }
    if listing.starred {
        let remove = Listing { starred: false, page: 1, ..listing.clone() }.href();
        chips.push(Chip { name: "Only".to_owned(), value: "starred".to_owned(), remove });
    }
    chips
}

/// A reference without its kind, anything else as it is.
fn label(value: &str) -> String {
    match value.parse::<EntityRef>() {
        _ if value == OWNER_ME => "me".to_owned(),
        _ if value == OWNER_MY_TEAMS => "my teams".to_owned(),
        Ok(reference) if value.contains(':') && value.contains('/') => reference.short(),
        _ => value.to_owned(),
    }
}

/// Whose things are asked for is not known yet.
#[component]
fn Unknown() -> impl IntoView {
    view! {
        <p class="prose-links mb-3 text-table text-warning" role="status">
            "Causeway does not know which person of the catalog you are. "
            <a href="/catalog?kind=user">"Open your page among the people"</a>" and say that it is you."
        </p>
    }
}

#[component]
fn Nothing(narrowed: bool, sources: u32, clear: String) -> impl IntoView {
    let body = if narrowed {
        view! { <Empty glyph=Glyph::Search title="Nothing fits"><a class="btn" href=clear>"Clear the filters"</a></Empty> }.into_any()
    } else if sources == 0 {
        view! {
            <Empty glyph=Glyph::Boxes title="The catalog is empty">
                <p>"Register a file, a folder, a Git repository or an address, and what it declares stands here."</p>
                <a class="btn" href="/sources/new">"Register a source"</a>
            </Empty>
        }
        .into_any()
    } else {
        view! {
            <Empty glyph=Glyph::Boxes title="No source declares any">
                <p>"Look at what became of each file."</p>
                <a class="btn" href="/sources">"Look at the sources"</a>
            </Empty>
        }
        .into_any()
    };
    view! { <div class="surface">{body}</div> }
}

#[component]
fn Pager(listing: Listing, total: u32) -> impl IntoView {
    let first = (listing.page - 1) * LIST_PAGE + 1;
    let last = (listing.page * LIST_PAGE).min(total);
    let to = |page: u32| Listing { page, ..listing.clone() }.href();
    let back = (listing.page > 1).then(|| view! { <a class="btn" rel="prev" href=to(listing.page - 1)>"Back"</a> });
    let on = (last < total).then(|| view! { <a class="btn" rel="next" href=to(listing.page + 1)>"Next"</a> });
    (total > LIST_PAGE).then(|| {
        view! {
            <nav aria-label="Pages" class="mt-3 flex items-center justify-end gap-3 text-table text-muted">
                <span>{format!("{first}–{last} of {total}")}</span>
                {back}
                {on}
            </nav>
        }
    })
}
