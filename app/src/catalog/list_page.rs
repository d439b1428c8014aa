//! The list of entities: facets at the left, rows at the right, everything in the address.

use domain::{
    catalog::{EntityRef, EntitySummary},
    scorecards::Badge,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    functions::get_list,
    listing::{Listing, PAGE, PROPERTIES},
    views::{ListView, OwnLook, glyph, tone},
};
use crate::{
    shell::plural,
    ui::{
        Button, ButtonKind, Chip, Column, DataTable, Empty, FacetChoice, FacetGroup, Facets, FilterBar, Glyph, Icon,
        Level, LinkButton, Load, Moment, OwnerLink, PageHead, Sorted, Tone, When, fetch, live,
    },
};

/// Entities of one kind, or of all.
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let query = use_query_map();
    let listing = Memo::new(move |_| query.with(Listing::read));
    let version =
        live(|kind, _| kind.starts_with("entity-") || kind == "source-synced" || kind == "scorecard-evaluated");
    let page = fetch(move || (listing.get(), version.get()), |(listing, _)| get_list(listing.question()));
    view! {
        <Load of=page let:page>
            <List listing=listing.get_untracked() page/>
        </Load>
    }
    .into_any()
}

#[component]
fn List(listing: Listing, page: ListView) -> impl IntoView {
    let title = listing.kind().map_or_else(
        || "Everything".to_owned(),
        |kind| page.own.iter().find(|own| own.kind == kind).map_or_else(|| plural(&kind), |own| own.plural.clone()),
    );
    let groups = groups(&listing, &page);
    let chips = chips(&listing);
    let keep = listing.parts().into_iter().filter(|(name, _)| name != "q" && name != "page").collect();
    let clear = listing.is_narrowed().then(|| listing.cleared().href());
    let systems = page
        .facets
        .iter()
        .find(|facet| facet.path == "relations.partOf")
        .map_or(0, |facet| facet.values.iter().filter(|value| value.value.starts_with("system:")).count());
    let answer =
        Answer { total: page.total, systems, synced: page.synced, troubled: page.troubled, sources: page.sources };
    let pager = view! { <Pager listing=listing.clone() total=page.total/> };
    let rows = if page.items.is_empty() {
        view! { <Nothing narrowed=listing.is_narrowed() sources=page.sources clear=listing.cleared().href()/> }
            .into_any()
    } else {
        view! { <Rows listing=listing.clone() items=page.items badges=page.badges own=page.own/> }.into_any()
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
                <FilterBar action="/catalog" text=listing.text.clone() placeholder="Filter by name, tag, text…" keep chips clear=clear/>
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
            view! { " · " <a href="/sources" class="font-medium text-warning hover:underline underline-offset-3">{words}</a> }
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
                .filter(|value| property.key != "system" || value.value.starts_with("system:"))
                .take(60)
                .map(|value| FacetChoice {
                    label: label(&value.value),
                    count: value.count,
                    chosen: listing.has(property.key, &value.value),
                    href: listing.toggled(property.key, &value.value).href(),
                })
                .collect();
            // What is picked stays in reach, even where nothing has it.
            for picked in listing.picked(property.key) {
                if !facet.values.iter().any(|value| value.value.eq_ignore_ascii_case(picked)) {
                    let href = listing.toggled(property.key, picked).href();
                    choices.insert(0, FacetChoice { label: label(picked), count: 0, chosen: true, href });
                }
            }
            if property.key == "kind" {
                choices.sort_by_key(|choice| {
                    KINDS.iter().position(|kind| choice.label.eq_ignore_ascii_case(kind)).unwrap_or(KINDS.len())
                });
            }
            Some(FacetGroup { title: property.title.to_owned(), choices })
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
    chips
}

/// A reference without its kind, anything else as it is.
fn label(value: &str) -> String {
    match value.parse::<EntityRef>() {
        Ok(reference) if value.contains(':') && value.contains('/') => reference.short(),
        _ => value.to_owned(),
    }
}

const SECONDARY: &str = "hidden px-2 md:table-cell";
const THIRD: &str = "hidden px-2 xl:table-cell";

#[component]
fn Rows(listing: Listing, items: Vec<EntitySummary>, badges: Vec<Option<Badge>>, own: Vec<OwnLook>) -> impl IntoView {
    let column = |label: &str, sort: &str, class: &'static str| Column {
        label: label.to_owned(),
        sort: Some(listing.sorted(sort).href()),
        sorted: (listing.sort == sort).then_some(if listing.descending {
            Sorted::Descending
        } else {
            Sorted::Ascending
        }),
        class,
    };
    // A column that says nothing about anything is left out.
    let judged = badges.iter().any(Option::is_some);
    let mut columns = vec![
        column("Name", "name", "w-full"),
        column("Type", "type", SECONDARY),
        column("Owner", "owner", SECONDARY),
        column("System", "system", THIRD),
        column("Lifecycle", "lifecycle", "hidden px-2 lg:table-cell"),
    ];
    if judged {
        columns.push(Column::plain("Level").class("max-sm:text-right"));
    }
    columns.push(column("Changed", "changed", "text-right max-sm:hidden"));
    let rows = items.into_iter().zip(badges).map(|(item, badge)| {
        let glyph = glyph(&own, item.reference.kind(), item.type_.as_deref().unwrap_or_default());
        view! { <Row item glyph badge judged/> }
    });
    let rows = rows.collect_view();
    view! { <DataTable caption="Entities" columns>{rows}</DataTable> }
}

#[component]
fn Row(item: EntitySummary, glyph: Glyph, badge: Option<Badge>, judged: bool) -> impl IntoView {
    let shown = item.shown().to_owned();
    let hint = item.reference.to_string();
    let under = item.description.clone().unwrap_or_default();
    let small = [item.type_.clone(), item.owner.as_ref().map(EntityRef::short), item.lifecycle.clone()];
    let small = small.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let fading = if item.lifecycle.as_deref() == Some("production") { "" } else { "text-muted" };
    let mark = (item.problems > 0 || item.orphaned_at.is_some()).then(|| {
        let words = if item.orphaned_at.is_some() { "no longer declared" } else { "has problems" };
        view! { <span title=words class="text-warning"><Icon glyph=Glyph::TriangleAlert class="size-3.5"/><span class="sr-only">{words}</span></span> }
    });
    view! {
        <tr class="relative h-11 border-t border-base-300 first:border-t-0 focus-within:bg-base-200/70 hover:bg-base-200/70">
            <td class="max-w-0 py-1 pr-2 pl-4">
                <div class="flex items-center gap-2.5">
                    <Icon glyph class="text-muted"/>
                    <div class="min-w-0 flex-1">
                        <p class="flex min-w-0 items-center gap-1.5">
                            <a href=item.reference.path() title=hint class="row-link truncate font-medium after:absolute after:inset-0">{shown}</a>
                            {mark}
                        </p>
                        <p class="truncate text-meta text-muted max-md:hidden">{under}</p>
                        <p class="truncate text-meta text-muted md:hidden">{small}</p>
                    </div>
                </div>
            </td>
            <td class=format!("{SECONDARY} whitespace-nowrap text-muted")>{item.type_}</td>
            <td class=format!("{SECONDARY} max-w-40")><span class="relative block truncate"><OwnerLink owner=item.owner plain=true/></span></td>
            <td class=format!("{THIRD} max-w-40")>
                <span class="relative block truncate">
                    {item.system.map(|system| view! { <a class="hover:underline underline-offset-3" href=system.path()>{system.short()}</a> })}
                </span>
            </td>
            <td class=format!("hidden px-2 whitespace-nowrap lg:table-cell {fading}")>{item.lifecycle}</td>
            {judged.then(|| view! { <td class="px-2 max-sm:pr-4 max-sm:text-right"><Standing badge/></td> })}
            <td class="px-2 pr-4 text-right text-muted max-sm:hidden"><When at=item.changed_at/></td>
        </tr>
    }
}

/// The level of a row; what is not evaluated says so.
#[component]
fn Standing(badge: Option<Badge>) -> impl IntoView {
    match badge {
        Some(badge) => {
            let hint = badge.scorecard_title.clone();
            view! { <span title=hint><Level tone=tone(badge.color) name=badge.title/></span> }.into_any()
        }
        None => view! { <Level tone=Tone::Unknown name="Not evaluated"/> }.into_any(),
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
    let first = (listing.page - 1) * PAGE + 1;
    let last = (listing.page * PAGE).min(total);
    let to = |page: u32| Listing { page, ..listing.clone() }.href();
    let back = (listing.page > 1).then(|| view! { <a class="btn" rel="prev" href=to(listing.page - 1)>"Back"</a> });
    let on = (last < total).then(|| view! { <a class="btn" rel="next" href=to(listing.page + 1)>"Next"</a> });
    (total > PAGE).then(|| {
        view! {
            <nav aria-label="Pages" class="mt-3 flex items-center justify-end gap-3 text-table text-muted">
                <span>{format!("{first}–{last} of {total}")}</span>
                {back}
                {on}
            </nav>
        }
    })
}
