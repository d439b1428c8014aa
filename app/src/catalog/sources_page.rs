//! Where entities come from.

use domain::catalog::{Source, Trust};
use leptos::prelude::*;

use super::{
    inbox_functions::get_sources,
    inbox_tabs::{Inbox, InboxTabs, many},
    inbox_views::{SourceRow, SourcesView},
    sync_bars::SyncBars,
    views::is_troubled,
};
use crate::ui::{
    ButtonKind, Column, DataTable, Empty, Glyph, LinkButton, Load, Mark, Moment, Page, Status, Until, When, fetch, live,
};

/// Every source.
#[component]
pub(crate) fn SourcesPage() -> impl IntoView {
    let version = live(|kind, _| kind.starts_with("source-") || kind == "entity-kept" || kind == "entity-removed");
    let sources = fetch(move || version.get(), |_| get_sources());
    view! {
        <Load of=sources let:page>
            <Sources page/>
        </Load>
    }
    .into_any()
}

#[component]
fn Sources(page: SourcesView) -> impl IntoView {
    let SourcesView { rows, sizes } = page;
    let entities: u32 = rows.iter().map(|row| row.source.entities).sum();
    let troubled = u32::try_from(rows.iter().filter(|row| is_troubled(&row.source)).count()).unwrap_or(u32::MAX);
    let declares = many(sizes.sources, "source declares", "sources declare");
    let mut answer = format!("{declares} {}", many(entities, "thing", "things"));
    if troubled > 0 {
        answer = format!("{answer} · {} attention", many(troubled, "needs", "need"));
    }
    let is_empty = rows.is_empty();
    if is_empty {
        "Nothing is read yet".clone_into(&mut answer);
    }
    let columns = vec![
        Column::plain("Source").class("w-full"),
        Column::plain("State"),
        Column::plain("Last syncs").class("hidden md:table-cell"),
        Column::plain("Things").class("hidden text-right sm:table-cell"),
        Column::plain("Next").class("hidden text-right lg:table-cell"),
        Column::plain("Synced").class("text-right"),
    ];
    let rows = rows.into_iter().map(|row| view! { <Row row/> }).collect_view();
    let body = if is_empty {
        view! {
            <div class="surface">
                <Empty glyph=Glyph::GitBranch title="No source is registered yet">
                    <p>"A source is a file, a folder, a Git repository or an address with catalog files. Files that you have for Backstage are read as they are."</p>
                </Empty>
            </div>
        }
        .into_any()
    } else {
        view! { <DataTable caption="Sources" columns>{rows}</DataTable> }.into_any()
    };
    view! {
        <Page
            title="Sources"
            answer=move || answer.clone()
            actions=|| view! { <LinkButton href="/sources/credentials" glyph=Glyph::Key>"Credentials"</LinkButton> <LinkButton href="/sources/new" kind=ButtonKind::Primary glyph=Glyph::Upload>"Register"</LinkButton> }
        >
            <InboxTabs here=Inbox::Sources sizes/>
            {body}
        </Page>
    }
}

/// How a source is, in a mark and a few words.
pub(super) fn state(source: &Source) -> (Mark, String) {
    if source.problem.is_some() {
        (Mark::Bad, "Cannot be read".to_owned())
    } else if source.rejected > 0 {
        (Mark::Warning, format!("{} rejected", source.rejected))
    } else if source.synced_at.is_none() {
        (Mark::Waiting, "Waits for its first sync".to_owned())
    } else if source.warned > 0 {
        (Mark::Good, format!("In line, {} warned", source.warned))
    } else {
        (Mark::Good, "In line".to_owned())
    }
}

#[component]
fn Row(row: SourceRow) -> impl IntoView {
    let SourceRow { source, bars, next, unasked } = row;
    let trusted = match source.trust {
        Trust::None => "",
        Trust::Own => " · its own people and teams count",
        Trust::All => " · people and teams count",
    };
    let unasked = unasked.map(|by| {
        view! { <span class="block text-meta text-warning">{format!("Registered by {by} before anyone was asked whether its people and teams count: decide it on its page")}</span> }
    });
    let (mark, label) = state(&source);
    let next = match (source.asked_at.is_some(), next) {
        (true, _) => view! { <Status mark=Mark::Running label="Under way"/> }.into_any(),
        (false, Some(at)) => view! { <Until at=Moment(at)/> }.into_any(),
        (false, None) => "on demand".into_any(),
    };
    view! {
        <tr class="relative h-11 border-t border-base-300 first:border-t-0 hover:bg-base-200/70">
            <td class="max-w-0 px-2 py-1 pl-4">
                <a class="row-link line-clamp-3 break-all font-medium sm:line-clamp-none sm:block sm:truncate after:absolute after:inset-0" href=source.path() title=source.target.clone()>{source.target.clone()}</a>
                <span class="text-meta text-muted">{source.kind.as_str()}{trusted}</span>
                {unasked}
            </td>
            <td class="px-2"><Status mark label/></td>
            <td class="hidden px-2 md:table-cell"><SyncBars bars/></td>
            <td class="hidden px-2 text-right sm:table-cell">{source.entities}</td>
            <td class="hidden px-2 text-right whitespace-nowrap text-muted lg:table-cell">{next}</td>
            <td class="px-2 pr-4 text-right text-muted">{source.synced_at.map_or_else(|| "never".into_any(), |at| view! { <When at/> }.into_any())}</td>
        </tr>
    }
}
