//! The entities behind a figure of a scorecard.

use domain::scorecards::{Card, EntityFilter, Judged};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    drawn::{StandingLevel, counted, path},
    functions::get_results,
};
use crate::{
    AppError,
    ui::{Column, DataTable, Empty, EntityLink, Glyph, Icon, LinkButton, Load, OwnerLink, PageHead, When, fetch, live},
};

/// How many rows a page shows; the rest is in the table to download.
const SHOWN: usize = 500;

/// The entities of a scorecard, narrowed by the address.
#[component]
pub(crate) fn ResultsPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let name = Memo::new(move |_| params.with(|params| params.get_str("name").unwrap_or_default().to_owned()));
    let filter = Memo::new(move |_| query.with(|query| EntityFilter::read(|part| query.get(part))));
    let version = live(|kind, _| kind == "scorecard-evaluated");
    let page = fetch(
        move || (name.get(), filter.get(), version.get()),
        async |(name, filter, _)| match filter {
            Ok(filter) => get_results(name, filter).await,
            Err(why) => Err(AppError::Rejected(why)),
        },
    );
    view! {
        <Load of=page let:page>
            <Results page filter=filter.get_untracked().unwrap_or_default()/>
        </Load>
    }
    .into_any()
}

#[component]
fn Results(page: (Card, Vec<Judged>), filter: EntityFilter) -> impl IntoView {
    let (card, items) = page;
    let base = path(&card.reference);
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let (back, title) = (base.clone(), card.title.clone());
    let answer = move || {
        let (href, title) = (back.clone(), title.clone());
        view! { {counted(count, "entity", "entities")}" of "<span class="prose-links"><a href=href>{title}</a></span>", those that need most first" }.into_any()
    };
    let table = filter.at(&format!("/api/v1/scorecards/{}/results.csv", domain::scorecards::slug(&card.reference)));
    let actions = move || {
        view! { <LinkButton href=table.clone() glyph=Glyph::Download attr:rel="external" attr:download="">"CSV"</LinkButton> }.into_any()
    };
    let hidden = items.len().saturating_sub(SHOWN);
    let more = (hidden > 0).then(
        || view! { <p class="mt-3 text-table text-muted">{format!("{hidden} more are in the table to download.")}</p> },
    );
    let content = if items.is_empty() {
        let all = format!("{base}/results");
        view! { <div class="surface"><Empty glyph=Glyph::Medal title="Nothing is counted here"><a class="text-link" href=all>"Show all"</a></Empty></div> }.into_any()
    } else {
        let columns = vec![
            Column::plain("Name"),
            Column::plain("Owner").class("hidden sm:table-cell"),
            Column::plain("Level"),
            Column::plain("Since").class("hidden md:table-cell"),
            Column::plain("Fails").class("text-right"),
            Column::plain("Unknown").class("text-right"),
        ];
        let rows = items.into_iter().take(SHOWN).map(|judged| view! { <Row card=card.clone() judged/> }).collect_view();
        view! { <DataTable caption="Entities of the scorecard" columns>{rows}</DataTable> {more} }.into_any()
    };
    view! {
        <div class="px-4 pt-5 pb-16 sm:px-6">
            <PageHead title="Results" answer actions/>
            <Chips base filter card/>
            {content}
        </div>
    }
}

#[component]
fn Chips(base: String, filter: EntityFilter, card: Card) -> impl IntoView {
    let path = format!("{base}/results");
    let parts = filter.parts();
    let chips = parts.clone().into_iter().map(|(part, value)| {
        let rest = EntityFilter::read(|name| parts.iter().find(|(of, _)| *of == name && *of != part).map(|(_, value)| value.clone()));
        let href = rest.unwrap_or_default().at(&path);
        let level = |value: &str| card.scale.standing(value).map_or_else(|| value.to_owned(), |at| card.scale.title(at).to_owned());
        let (name, value) = match part {
            "team" => ("Team", value),
            "system" => ("System", value),
            "level" => ("Level", level(&value)),
            "at_least" => ("At least", level(&value)),
            "outcome" => ("Result", value.replace('_', " ")),
            "rule" => ("Rule", value),
            "one_away" => ("One rule from", "the next level".to_owned()),
            _ => ("Moved", "in 30 days".to_owned()),
        };
        let label = format!("Remove {name} {value}");
        view! {
            <span class="tag h-7 pr-1">
                <span class="text-muted">{name}</span>
                <span class="font-medium">{value}</span>
                <a class="grid size-5 place-items-center rounded text-muted hover:text-base-content" href=href aria-label=label>
                    <Icon glyph=Glyph::Cross class="size-3.5"/>
                </a>
            </span>
        }
    });
    view! { <div class="no-print mb-3 flex flex-wrap gap-2 empty:hidden">{chips.collect_view()}</div> }
}

#[component]
fn Row(card: Card, judged: Judged) -> impl IntoView {
    let href = format!("{}/scorecards", judged.entity.path());
    let system =
        judged.system.map(|to| view! { <span class="block text-meta text-muted"><EntityLink to plain=true/></span> });
    let many = |count: u32| if count == 0 { "text-muted" } else { "font-medium" };
    view! {
        <tr class="h-11 border-t border-base-300 first:border-t-0 hover:bg-base-200">
            <td class="max-w-64 py-1.5 pr-2 pl-4"><a class="row-link block truncate font-medium hover:underline underline-offset-3" href=href>{judged.title}</a>{system}</td>
            <td class="hidden px-2 sm:table-cell"><OwnerLink owner=judged.owner plain=true/></td>
            <td class="px-2"><StandingLevel scale=card.scale standing=judged.standing/></td>
            <td class="hidden px-2 text-muted md:table-cell"><When at=judged.since/></td>
            <td class=format!("px-2 text-right tabular-nums {}", many(judged.failing))>{judged.failing}</td>
            <td class=format!("pr-4 pl-2 text-right tabular-nums {}", many(judged.unknown))>{judged.unknown}</td>
        </tr>
    }
}
