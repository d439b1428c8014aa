//! Where entities come from.

use domain::catalog::{Source, Trust};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    inbox_functions::get_sources,
    inbox_tabs::{Inbox, InboxTabs, Pager, many},
    inbox_views::{SourceRow, SourcesView, encoded},
    sync_bars::SyncBars,
};
use crate::ui::{
    ButtonKind, Chip, Column, DataTable, Empty, FilterBar, Glyph, LinkButton, Load, Mark, Moment, Page, Status, Until,
    When, fetch, live,
};

/// What is told where a source is being removed.
pub(super) const LEAVES: &str = "A source is being removed. With very many things that takes a minute or more; it goes on by itself, also after a restart, and \
     the source leaves this list when it is done.";

/// Where those are listed that need someone.
pub(crate) const TROUBLED: &str = "/sources?only=troubled";

/// What an address of the list asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    text: String,
    troubled: bool,
    page: u32,
}

impl Asked {
    /// The address without the page.
    fn href(&self) -> String {
        let base = if self.troubled { TROUBLED } else { "/sources" };
        match (self.text.as_str(), self.troubled) {
            ("", _) => base.to_owned(),
            (text, true) => format!("{base}&q={}", encoded(text)),
            (text, false) => format!("{base}?q={}", encoded(text)),
        }
    }
}

/// Sources, those that need someone first.
#[component]
pub(crate) fn SourcesPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| Asked {
            text: query.get_str("q").unwrap_or_default().trim().to_owned(),
            troubled: query.get_str("only") == Some("troubled"),
            page: query.get_str("page").and_then(|page| page.parse().ok()).unwrap_or(1),
        })
    });
    let version = live(|kind, _| kind.starts_with("source-") || kind == "entity-kept" || kind == "entity-removed");
    let sources = fetch(
        move || (asked.get(), version.get()),
        |(Asked { text, troubled, page, .. }, _)| get_sources(text, troubled, page),
    );
    view! {
        <Load of=sources let:page>
            <Sources page asked=asked.get_untracked()/>
        </Load>
    }
    .into_any()
}

#[component]
fn Sources(page: SourcesView, asked: Asked) -> impl IntoView {
    let SourcesView { rows, total, troubled, things, sizes } = page;
    let declares = many(sizes.sources, "source declares", "sources declare");
    let mut answer = format!("{declares} {}", many(things, "thing", "things"));
    let is_empty = sizes.sources == 0;
    if is_empty {
        "Nothing is read yet".clone_into(&mut answer);
    }
    let answer = move || {
        let attention = (troubled > 0).then(|| {
            let words = format!("{} attention", many(troubled, "needs", "need"));
            view! { " · " <a class="font-medium text-warning hover:underline underline-offset-3" href=TROUBLED>{words}</a> }
        });
        view! { {answer.clone()} {attention} }
    };
    let chips = asked.troubled.then(|| Chip {
        name: "Only".to_owned(),
        value: "in need of attention".to_owned(),
        remove: Asked { troubled: false, ..asked.clone() }.href(),
    });
    let keep = asked.troubled.then(|| ("only".to_owned(), "troubled".to_owned()));
    let clear = (asked.troubled || !asked.text.is_empty()).then(|| "/sources".to_owned());
    let none = (!is_empty && total == 0).then(|| {
        let title = if asked.troubled { "None of them needs attention" } else { "No source fits that" };
        view! { <div class="surface"><Empty glyph=Glyph::GitBranch title/></div> }
    });
    let columns = vec![
        Column::plain("Source").class("w-full"),
        Column::plain("State"),
        Column::plain("Last syncs").class("hidden md:table-cell"),
        Column::plain("Things").class("hidden text-right sm:table-cell"),
        Column::plain("Next").class("hidden text-right lg:table-cell"),
        Column::plain("Synced").class("text-right"),
    ];
    let leaving = rows.iter().any(|row| row.source.leaving_at.is_some()).then(|| {
        view! { <p role="status" class="mb-3 max-w-prose text-table">{LEAVES}</p> }
    });
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
        let (base, text) = (asked.href(), asked.text);
        view! {
            <FilterBar action="/sources" text placeholder="Filter by address or kind…" keep=keep.into_iter().collect() chips=chips.into_iter().collect() clear/>
            {none}
            {(total > 0).then(|| view! { <DataTable caption="Sources" columns>{rows}</DataTable> })}
            <Pager base page=asked.page total/>
        }
        .into_any()
    };
    view! {
        <Page
            title="Sources"
            answer
            actions=|| view! { <LinkButton href="/sources/credentials" glyph=Glyph::Key>"Credentials"</LinkButton> <LinkButton href="/sources/new" kind=ButtonKind::Primary glyph=Glyph::Upload>"Register"</LinkButton> }
        >
            <InboxTabs here=Inbox::Sources sizes/>
            {leaving}
            {body}
        </Page>
    }
}

/// How a source is, in a mark and a few words.
pub(super) fn state(source: &Source) -> (Mark, String) {
    if source.leaving_at.is_some() {
        (Mark::Running, "Being removed".to_owned())
    } else if source.problem.is_some() {
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
        _ if source.leaving_at.is_some() => "not any more".into_any(),
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
