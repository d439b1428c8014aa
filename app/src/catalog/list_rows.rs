//! The rows of the list, in the columns that were chosen.

use domain::{
    catalog::{Column as Kept, EntityRef, EntitySummary, Listing},
    scorecards::Badge,
};
use leptos::prelude::*;

use super::views::{Cell, ListView, glyph, tone};
use crate::{
    home::{StarForm, StarMark, Starring},
    ui::{Beside, Column, DataTable, Glyph, Icon, Level, OwnerLink, Sorted, Tone, When},
};

/// From which width on a usual column is shown, where nobody chose any, and how wide it may be: what is longer is cut off, since
/// the rest is for the names.
fn room(column: &Kept) -> &'static str {
    match column {
        Kept::Type => "hidden px-2 md:table-cell max-w-36 lg:max-w-22 xl:max-w-24 min-[90rem]:max-w-28 2xl:max-w-36",
        Kept::Owner => "hidden px-2 md:table-cell max-w-44 lg:max-w-28 xl:max-w-32 min-[90rem]:max-w-36 2xl:max-w-44",
        Kept::System => "hidden px-2 min-[90rem]:table-cell max-w-32 2xl:max-w-40",
        Kept::Lifecycle => "hidden px-2 xl:table-cell max-w-24 min-[90rem]:max-w-26 2xl:max-w-32",
        Kept::Level => "px-2 max-sm:pr-4 max-sm:text-right",
        Kept::Changed => "px-2 text-right last:pr-4 max-sm:hidden lg:max-xl:hidden",
        Kept::Team | Kept::Email => "hidden px-2 md:table-cell max-w-44 xl:max-w-64",
        _ => "px-2 max-w-64",
    }
}

/// What chosen columns look like: all there, and moved sideways where the window is narrow.
fn plain(column: &Kept) -> &'static str {
    if *column == Kept::Changed { "px-2 text-right last:pr-4" } else { "px-2 last:pr-4 max-w-64" }
}

#[component]
pub(super) fn Rows(listing: Listing, page: ListView, starring: Starring) -> impl IntoView {
    let ListView { items, badges, cells, starred, own, me, .. } = page;
    let is_chosen = listing.columns.is_some();
    // Of the usual columns, one that says nothing about anything is left out.
    let judged = is_chosen || badges.iter().any(Option::is_some);
    // People and teams have none of these.
    let has_owners = is_chosen || items.is_empty() || items.iter().any(|item| !is_who(item));
    let has_types = is_chosen || items.iter().any(|item| item.type_.is_some());
    let is_shown = |column: &&Kept| match column {
        Kept::Level => judged,
        Kept::Owner | Kept::System | Kept::Lifecycle => has_owners,
        Kept::Type => has_types || has_owners,
        _ => true,
    };
    let shown: Vec<Kept> = listing.shown().iter().filter(is_shown).cloned().collect();
    let class = |column: &Kept| if is_chosen { plain(column) } else { room(column) };
    let head = |label: String, sort: Option<&str>, class: &'static str| Column {
        label,
        sort: sort.map(|sort| listing.sorted(sort).href()),
        sorted: sort
            .filter(|sort| listing.sort == *sort)
            .map(|_| if listing.descending { Sorted::Descending } else { Sorted::Ascending }),
        class,
    };
    let name = head("Name".to_owned(), Some("name"), if is_chosen { "min-w-56" } else { "w-full" });
    let columns = std::iter::once(name)
        .chain(shown.iter().map(|column| head(column.title(), column.sort(), class(column))))
        .collect();
    let rows = items.into_iter().zip(badges).zip(cells).zip(starred).map(|(((item, badge), cells), starred)| {
        let glyph = glyph(&own, item.reference.kind(), item.type_.as_deref().unwrap_or_default());
        let mark = me.keeps.then_some(starred);
        // Where there is no room for a column of teams, the first stands below the name.
        let team = cells.iter().find_map(|cell| match cell {
            Cell::Teams(teams, _) => teams.first().map(EntityRef::short),
            _ => None,
        });
        let mut cells = cells.into_iter();
        let drawn = shown.iter().map(|column| {
            let class = class(column);
            let inner = cell(column, &item, badge.as_ref(), &mut cells);
            view! { <td class=class>{inner}</td> }
        });
        let drawn = drawn.collect_view();
        view! { <Row item glyph team star=mark starring wide=is_chosen>{drawn}</Row> }
    });
    let rows = rows.collect_view();
    view! {
        <StarForm starring>
            <DataTable caption="Entities" columns wide=is_chosen>{rows}</DataTable>
        </StarForm>
    }
}

/// Whether it is a person or a team.
fn is_who(item: &EntitySummary) -> bool {
    matches!(item.reference.kind(), "user" | "group")
}

/// What stands in a column; what the summary does not say comes from `cells`, in order.
fn cell(column: &Kept, item: &EntitySummary, badge: Option<&Badge>, cells: &mut impl Iterator<Item = Cell>) -> AnyView {
    let link = |of: Option<EntityRef>| {
        view! {
            <span class="relative block truncate">
                {of.map(|of| view! { <a class="hover:underline underline-offset-3" href=of.path()>{of.short()}</a> })}
            </span>
        }
    };
    match column {
        Kept::Type => {
            view! { <span class="block truncate text-muted" title=item.type_.clone()>{item.type_.clone()}</span> }
                .into_any()
        }
        Kept::Owner if is_who(item) && item.owner.is_none() => ().into_any(),
        Kept::Owner => {
            view! { <span class="relative block truncate"><OwnerLink owner=item.owner.clone() plain=true/></span> }
                .into_any()
        }
        Kept::System => link(item.system.clone()).into_any(),
        Kept::Lifecycle => {
            let class = if item.lifecycle.as_deref() == Some("production") { "" } else { "text-muted" };
            let hint = item.lifecycle.clone();
            view! { <span class=format!("block truncate {class}") title=hint>{item.lifecycle.clone()}</span> }
                .into_any()
        }
        Kept::Level => view! { <Standing badge=badge.cloned()/> }.into_any(),
        Kept::Changed => view! { <span class="text-muted"><When at=item.changed_at/></span> }.into_any(),
        _ => match cells.next() {
            Some(Cell::Level(badge)) => view! { <Standing badge/> }.into_any(),
            Some(Cell::Text(text)) => {
                let hint = text.clone();
                view! { <span class="block truncate" title=hint>{text}</span> }.into_any()
            }
            Some(Cell::Teams(teams, beyond)) => {
                let more = (beyond > 0).then(|| view! { <span class="text-muted">{format!(" +{beyond}")}</span> });
                let named = teams.into_iter().enumerate().map(|(at, of)| {
                    let comma = if at > 0 { ", " } else { "" };
                    view! { {comma} <a class="hover:underline underline-offset-3" href=of.path()>{of.short()}</a> }
                });
                view! { <span class="relative block truncate">{named.collect_view()} {more}</span> }.into_any()
            }
            None => ().into_any(),
        },
    }
}

#[component]
fn Row(
    item: EntitySummary,
    glyph: Glyph,
    team: Option<String>,
    star: Option<bool>,
    starring: Starring,
    wide: bool,
    children: Children,
) -> impl IntoView {
    let shown = item.shown().to_owned();
    let hint = item.reference.to_string();
    let under = item.description.clone().unwrap_or_default();
    let owner = item.owner.as_ref().map(EntityRef::short);
    let small = [item.type_.clone(), owner, team, item.lifecycle.clone()];
    let small = small.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let mark = (item.problems > 0 || item.orphaned_at.is_some()).then(|| {
        let words = if item.orphaned_at.is_some() { "no longer declared" } else { "has problems" };
        view! { <span title=words class="text-warning"><Icon glyph=Glyph::TriangleAlert class="size-3.5"/><span class="sr-only">{words}</span></span> }
    });
    let star =
        star.map(|starred| view! { <StarMark reference=item.reference.clone() name=shown.clone() starred starring/> });
    let frame = if wide { "py-1 pr-2 pl-4 max-w-80" } else { "max-w-0 py-1 pr-2 pl-4 md:min-w-40" };
    view! {
        <tr class="group relative h-11 border-t border-base-300 first:border-t-0 focus-within:bg-base-200/70 hover:bg-base-200/70">
            <td class=frame>
                <div class="flex items-center gap-2.5">
                    <Icon glyph class="text-muted"/>
                    <div class="min-w-0 flex-1">
                        <p class="flex min-w-0 items-center gap-1.5">
                            <a href=item.reference.path() title=hint class="row-link truncate font-medium after:absolute after:inset-0">{shown}</a>
                            <Beside words=item.reference.beside(&item.name)/>
                            {mark}
                        </p>
                        <p class="truncate text-meta text-muted max-md:hidden">{under}</p>
                        <p class="truncate text-meta text-muted md:hidden">{small}</p>
                    </div>
                    {star}
                </div>
            </td>
            {children()}
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
