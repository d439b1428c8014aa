//! All scorecards, each with how its entities are distributed.

use domain::scorecards::{Card, EntityFilter, Standing};
use leptos::prelude::*;

use super::{
    drawn::{Problems, counted, parts, path, percent},
    functions::get_scorecards,
};
use crate::ui::{DistributionBar, Empty, Glyph, Icon, LinkButton, Load, OwnerLink, Page, When, fetch, live};

/// All scorecards.
#[component]
pub(crate) fn ScorecardsPage() -> impl IntoView {
    let version = live(|kind, subject| kind == "scorecard-evaluated" || subject.starts_with("scorecard:"));
    let cards = fetch(move || version.get(), |_| get_scorecards());
    view! {
        <Load of=cards let:cards>
            <Cards cards/>
        </Load>
    }
    .into_any()
}

#[component]
fn Cards(cards: Vec<Card>) -> impl IntoView {
    let drafts = cards.iter().filter(|card| card.draft).count();
    let broken = cards.iter().filter(|card| !card.problems.is_empty()).count();
    let answer = match (cards.len(), drafts, broken) {
        (0, ..) => "None yet".to_owned(),
        (all, drafts, broken) => {
            let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let mut words = vec![counted(count(all), "standard", "standards")];
            if drafts > 0 {
                words.push(counted(count(drafts), "draft", "drafts"));
            }
            if broken > 0 {
                words.push(format!("{broken} cannot be evaluated"));
            }
            words.join(" · ")
        }
    };
    let content = if cards.is_empty() {
        view! {
            <div class="surface">
                <Empty glyph=Glyph::Medal title="No scorecard says yet what good means here">
                    <p>"A scorecard is a document beside your catalog files: levels, and rules that an entity must hold to reach them."</p>
                    <LinkButton href="/sources/new" glyph=Glyph::Upload>"Register a source that has one"</LinkButton>
                </Empty>
            </div>
        }
        .into_any()
    } else {
        let cards = cards.into_iter().map(|card| view! { <ScorecardCard card/> });
        view! { <ul class="grid gap-4 md:grid-cols-2 2xl:grid-cols-3">{cards.collect_view()}</ul> }.into_any()
    };
    view! { <Page title="Scorecards" answer=move || answer.clone().into_any()>{content}</Page> }
}

#[component]
fn ScorecardCard(card: Card) -> impl IntoView {
    let href = path(&card.reference);
    let results = format!("{href}/results");
    let legend = card.shares.iter().rev().chain([]).map(|share| {
        let filter = EntityFilter { level: Some(card.scale.slug(share.standing).to_owned()), ..EntityFilter::default() };
        let (name, count) = (card.scale.title(share.standing).to_owned(), share.count);
        view! { <li><a class="inline-flex min-h-6 items-center gap-1 hover:underline underline-offset-3" href=filter.at(&results)>{name}" "<span class="font-medium text-base-content">{count}</span></a></li> }
    });
    let legend = legend.collect_view();
    let bar = parts(&card.scale, &card.shares, card.not_evaluated);
    let target = Standing::of(u8::try_from(card.scale.levels.len().min(2)).unwrap_or(1));
    let reached = percent(card.at_or_above(target), card.evaluated());
    let above = card.scale.title(target).to_owned();
    let facts = format!("{} · {}", counted(card.judged, "entity", "entities"), counted(card.rules, "rule", "rules"));
    let figure = (card.evaluated() > 0).then(|| {
        view! { <p class="text-heading font-semibold">{reached}" % "<span class="text-table font-normal text-muted">"at "{above}" or above"</span></p> }
    });
    let evaluated = card.evaluated_at.map(|at| view! { " · evaluated " <When at sentence=true/> });
    let broken = card.clone();
    view! {
        <li class="surface flex flex-col gap-3 p-4">
            <div class="flex items-start justify-between gap-3">
                <div class="min-w-0">
                    <h2 class="text-body font-semibold"><a class="row-link hover:underline underline-offset-3" href=href>{card.title.clone()}</a></h2>
                    <p class="text-table text-muted break-words">{card.description.clone()}</p>
                </div>
                {card.draft.then(|| view! { <span class="tag flex-none"><Icon glyph=Glyph::Pencil class="text-muted"/>"Draft"</span> })}
            </div>
            <Problems card=broken/>
            {figure}
            <DistributionBar shares=bar/>
            <ul class="flex flex-wrap gap-x-4 gap-y-1 text-table text-muted">{legend}</ul>
            <p class="mt-auto text-meta text-muted">{facts}{evaluated}" · "<OwnerLink owner=card.owner plain=true/></p>
        </li>
    }
}
