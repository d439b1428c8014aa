//! What should be mended, by the team it belongs to.

use domain::catalog::EntityRef;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    inbox_functions::get_troubles,
    inbox_tabs::{Inbox, InboxTabs, Pager, many},
    inbox_views::{TroubleRow, TroublesView, encoded, text_page},
    source_files::Complaint,
};
use crate::ui::{Empty, EntityLink, Glyph, Load, Page, fetch, live};

/// What an address of the inbox asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked {
    owner: String,
    source: String,
    rejected: bool,
    page: u32,
}

impl Asked {
    /// The address without the page.
    fn href(&self) -> String {
        let mut parts = Vec::new();
        if !self.owner.is_empty() {
            parts.push(format!("owner={}", encoded(&self.owner)));
        }
        if !self.source.is_empty() {
            parts.push(format!("source={}", encoded(&self.source)));
        }
        if self.rejected {
            parts.push("only=rejected".to_owned());
        }
        if parts.is_empty() { "/sources/problems".to_owned() } else { format!("/sources/problems?{}", parts.join("&")) }
    }
}

/// The inbox of what should be mended.
#[component]
pub(crate) fn ProblemsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| Asked {
            owner: query.get_str("owner").unwrap_or_default().trim().to_owned(),
            source: query.get_str("source").unwrap_or_default().trim().to_owned(),
            rejected: query.get_str("only") == Some("rejected"),
            page: query.get_str("page").and_then(|page| page.parse().ok()).unwrap_or(1),
        })
    });
    let version = live(|kind, _| kind == "source-synced" || kind == "source-removed");
    let found = fetch(
        move || (asked.get(), version.get()),
        |(Asked { owner, source, rejected, page }, _)| get_troubles(owner, source, rejected, page),
    );
    view! {
        <Load of=found let:found>
            <Troubles found asked=asked.get_untracked()/>
        </Load>
    }
    .into_any()
}

/// The word for an owner in an address.
fn word(owner: Option<&EntityRef>) -> String {
    owner.map_or_else(|| "nobody".to_owned(), EntityRef::to_string)
}

#[component]
fn Troubles(found: TroublesView, asked: Asked) -> impl IntoView {
    let TroublesView { sizes, owners, rows, total, source } = found;
    let answer = match total {
        0 => "Every document that was read is in the catalog as it should be".to_owned(),
        _ => format!("{} to mend, by the team it belongs to", many(total, "problem", "problems")),
    };
    let choice = |label: String, to: Asked, count: Option<u32>| {
        let is_here = to.owner == asked.owner && to.rejected == asked.rejected;
        let class = if is_here { "btn btn-primary" } else { "btn" };
        view! {
            <li>
                <a class=class href=to.href() aria-current=is_here.then_some("true")>
                    {label}
                    {count.map(|count| view! { <span class="font-normal tabular-nums">{count}</span> })}
                </a>
            </li>
        }
    };
    let everyone = Asked { owner: String::new(), ..asked.clone() };
    let all = choice("All".to_owned(), everyone, None);
    let teams = owners.into_iter().take(30).map(|(owner, count)| {
        let label = owner.as_ref().map_or_else(|| "Nobody's".to_owned(), EntityRef::short);
        choice(label, Asked { owner: word(owner.as_ref()), ..asked.clone() }, Some(count))
    });
    let teams = teams.collect_view();
    let turned = Asked { rejected: !asked.rejected, ..asked.clone() };
    let only = if asked.rejected { "Show warnings too" } else { "Only what is rejected" };
    let of_source = source.map(|target| {
        let href = Asked { source: String::new(), ..asked.clone() }.href();
        view! { <p class="prose-links mb-4 text-table break-all">"In "{target}" · "<a href=href>"show all"</a></p> }
    });
    let base = asked.href();
    let body = if rows.is_empty() {
        view! {
            <div class="surface">
                <Empty glyph=Glyph::CircleCheck title="There is nothing to mend here">
                    <p>"Documents that are rejected, or taken in with a warning, stand here with their line and what to do, for the team that owns them."</p>
                </Empty>
            </div>
        }
        .into_any()
    } else {
        grouped(rows).into_any()
    };
    view! {
        <Page title="To mend" answer=move || answer.clone()>
            <InboxTabs here=Inbox::Troubles sizes/>
            <nav aria-label="Teams" class="no-print mb-4 flex flex-wrap items-center gap-x-4 gap-y-2 text-table">
                <ul class="flex flex-wrap gap-2">{all}{teams}</ul>
                <a class="text-link" href=turned.href()>{only}</a>
            </nav>
            {of_source}
            {body}
            <Pager base page=asked.page total/>
        </Page>
    }
}

fn grouped(rows: Vec<TroubleRow>) -> impl IntoView {
    let mut groups: Vec<(Option<EntityRef>, Vec<TroubleRow>)> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some((owner, rows)) if *owner == row.owner => rows.push(row),
            _ => groups.push((row.owner.clone(), vec![row])),
        }
    }
    let groups = groups.into_iter().map(|(owner, rows)| {
        let heading = match owner {
            Some(owner) => view! { <EntityLink to=owner/> }.into_any(),
            None => view! { "Nobody's, as far as it can be told" }.into_any(),
        };
        let rows = rows.into_iter().map(|row| view! { <Row row/> }).collect_view();
        view! {
            <section class="surface min-w-0 overflow-clip">
                <h2 class="px-4 py-3 text-body font-semibold">{heading}</h2>
                <ul class="border-t border-base-300">{rows}</ul>
            </section>
        }
    });
    view! { <div class="grid gap-4">{groups.collect_view()}</div> }
}

#[component]
fn Row(row: TroubleRow) -> impl IntoView {
    let TroubleRow { source, target, path, problem, reference, is_known, has_text, edit, .. } = row;
    let text = has_text.then(|| text_page(&source, &path));
    let at = text.clone().map(|text| problem.line.map_or(text.clone(), |line| format!("{text}#line-{line}")));
    let file = match text {
        Some(href) => view! { <a class="text-link font-mono" href=href>{path}</a> }.into_any(),
        None => view! { <code class="font-mono">{path}</code> }.into_any(),
    };
    let what = reference.map(|reference| {
        if is_known {
            view! { <EntityLink to=reference/> }.into_any()
        } else {
            view! { <span>{reference.to_string()}</span> }.into_any()
        }
    });
    let edit = edit.map(
        |href| view! { " · " <a class="text-link" rel="external noopener noreferrer" href=href>"edit the file"</a> },
    );
    view! {
        <li class="border-t border-base-300 px-4 py-2.5 text-table first:border-t-0">
            <p class="min-w-0 empty:hidden">{what}</p>
            <Complaint problem href=at/>
            <p class="prose-links mt-1 text-meta text-muted break-all">{file}" in "<a href=format!("/sources/{source}")>{target}</a>{edit}</p>
        </li>
    }
}
