//! One scorecard: what a manager opens on Monday.

use domain::scorecards::{EntityFilter, Overview};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    drawn::{Problems, counted, mark, path, tone},
    figures::Figures,
    functions::get_scorecard,
    groups::{GroupsPanel, RulesPanel},
    moves::MovesPanel,
};
use crate::{
    AppError,
    ui::{
        Button, EntityLink, Glyph, HeatMap, HeatMapRow, Icon, LinkButton, Load, Moment, PageHead, Panel, Series,
        StackedArea, When, fetch, live,
    },
};

/// What the lower left part of the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Teams,
    Systems,
    Rules,
}

impl View {
    fn read(text: &str) -> Self {
        match text {
            "systems" => Self::Systems,
            "rules" => Self::Rules,
            _ => Self::Teams,
        }
    }
}

/// One scorecard.
#[component]
pub(crate) fn ScorecardPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let name = Memo::new(move |_| params.with(|params| params.get_str("name").unwrap_or_default().to_owned()));
    let filter = Memo::new(move |_| query.with(|query| EntityFilter::read(|part| query.get(part))));
    let shown = Memo::new(move |_| query.with(|query| View::read(query.get_str("view").unwrap_or_default())));
    let version = live(|kind, subject| kind == "scorecard-evaluated" || subject.starts_with("scorecard:"));
    let page = fetch(
        move || (name.get(), filter.get(), version.get()),
        async |(name, filter, _)| match filter {
            Ok(filter) => get_scorecard(name, filter).await,
            Err(why) => Err(AppError::Rejected(why)),
        },
    );
    view! {
        <Load of=page let:overview>
            <Scorecard overview filter=filter.get_untracked().unwrap_or_default() shown/>
        </Load>
    }
    .into_any()
}

#[component]
fn Scorecard(overview: Overview, filter: EntityFilter, shown: Memo<View>) -> impl IntoView {
    let card = overview.card.clone();
    let base = path(&card.reference);
    let facts = format!(
        "{}, {}, {}",
        counted(card.judged, "entity", "entities"),
        counted(card.rules, "rule", "rules"),
        counted(u32::try_from(card.scale.levels.len()).unwrap_or_default(), "level", "levels"),
    );
    let (evaluated_at, last, draft) = (card.evaluated_at, overview.last.clone(), card.draft);
    let answer = move || {
        let when = evaluated_at.map(|at| view! { " · evaluated " <When at sentence=true/> });
        let after = last
            .clone()
            .map(|to| view! { ", after a change in " <span class="prose-links"><EntityLink to plain=true/></span> });
        let draft = draft
            .then(|| view! { " · " <span class="font-medium text-warning">"a draft, which counts nowhere"</span> });
        view! { {facts.clone()} {when} {after} {draft} }.into_any()
    };
    let table = filter.at(&format!("/api/v1/scorecards/{}/results.csv", domain::scorecards::slug(&card.reference)));
    let views =
        [(View::Teams, "Teams", "teams"), (View::Systems, "Systems", "systems"), (View::Rules, "Rules", "rules")];
    let switch = {
        let (base, filter) = (base.clone(), filter.clone());
        move || {
            let links = views.map(|(of, label, word)| {
                let query = filter.at("");
                let joint = if query.is_empty() { "?" } else { "&" };
                let href = format!("{base}{query}{joint}view={word}");
                let class =
                    move || if shown.get() == of { "btn border-neutral! bg-neutral! text-neutral-content!" } else { "btn" };
                view! { <a class=class href=href aria-current=move || (shown.get() == of).then_some("true") data-noscroll="true">{label}</a> }
            });
            view! { <span class="inline-flex gap-1" role="group" aria-label="Add up by">{links.into_iter().collect_view()}</span> }
        }
    };
    let actions = move || {
        view! {
            {switch()}
            <LinkButton href=table.clone() glyph=Glyph::Download attr:rel="external" attr:download="">"CSV"</LinkButton>
            <Button glyph=Glyph::Printer on:click=move |_| { let _ = window().print(); }>"Report"</Button>
        }
        .into_any()
    };
    let content = if card.judged == 0 {
        view! { <Nothing narrowed=!filter.parts().is_empty() base=base.clone()/> }.into_any()
    } else {
        view! { <Content overview base filter=filter.clone() shown/> }.into_any()
    };
    view! {
        <div class="px-4 pt-5 pb-16 sm:px-6">
            <PageHead title=card.title.clone() answer actions/>
            <Narrowing base=path(&card.reference) filter/>
            <Problems card/>
            {content}
        </div>
    }
}

#[component]
fn Nothing(narrowed: bool, base: String) -> impl IntoView {
    let (title, next) = if narrowed {
        (
            "Nothing here belongs to it",
            view! { <a class="text-link" href=base>"Show all of the scorecard"</a> }.into_any(),
        )
    } else {
        ("It has judged nothing yet", view! { <p>"Either nothing in the catalog is what its filter means, or its first evaluation is on its way."</p> }.into_any())
    };
    view! { <div class="surface"><crate::ui::Empty glyph=Glyph::Medal title>{next}</crate::ui::Empty></div> }
}

/// What the page is narrowed to, and the way back.
#[component]
fn Narrowing(base: String, filter: EntityFilter) -> impl IntoView {
    let with = filter.team.is_some().then(|| {
        let other = EntityFilter { direct: !filter.direct, ..filter.clone() }.at(&base);
        let words = if filter.direct { ("Without the teams below it", "count them") } else { ("With the teams below it", "show it alone") };
        view! { <span class="prose-links self-center text-table text-muted">{words.0}" · "<a href=other>{words.1}</a></span> }
    });
    let chips = [("Team", filter.team), ("System", filter.system)].map(|(name, of)| {
        let base = base.clone();
        of.map(|of| {
            let label = format!("Remove {name} {}", of.short());
            view! {
                <span class="tag h-7 pr-1">
                    <span class="text-muted">{name}</span>
                    <EntityLink to=of plain=true/>
                    <a class="grid size-5 place-items-center rounded text-muted hover:text-base-content" href=base aria-label=label>
                        <Icon glyph=Glyph::Cross class="size-3.5"/>
                    </a>
                </span>
            }
        })
    });
    view! { <div class="mb-3 flex flex-wrap gap-2 empty:hidden">{chips.into_iter().collect_view()}{with}</div> }
}

#[component]
fn Content(overview: Overview, base: String, filter: EntityFilter, shown: Memo<View>) -> impl IntoView {
    let scale = overview.card.scale.clone();
    let heat = overview.heat.clone();
    let columns: Vec<String> = heat.rules.iter().map(|(id, _)| short(id)).collect();
    let rows: Vec<HeatMapRow> = heat
        .rows
        .into_iter()
        .map(|row| HeatMapRow {
            label: row.judged.title.clone(),
            note: row.judged.owner.as_ref().map(domain::catalog::EntityRef::short).unwrap_or_default(),
            href: format!("{}/scorecards", row.judged.entity.path()),
            marks: row.cells.into_iter().map(mark).collect(),
        })
        .collect();
    let weakest = if rows.is_empty() {
        view! { <p class="text-table text-muted">"Every rule holds everywhere."</p> }.into_any()
    } else {
        view! { <HeatMap caption="The weakest entities against every rule" columns rows/> }.into_any()
    };
    let (teams, systems, rules) = (overview.teams.clone(), overview.systems.clone(), overview.rules.clone());
    let groups = {
        let (base, scale, narrowed) = (base.clone(), scale.clone(), filter.clone());
        move || {
            match shown.get() {
            View::Teams => view! { <GroupsPanel title="Teams" part="team" base=base.clone() scale=scale.clone() rows=teams.clone() filter=narrowed.clone()/> }.into_any(),
            View::Systems => view! { <GroupsPanel title="Systems" part="system" base=base.clone() scale=scale.clone() rows=systems.clone() filter=narrowed.clone()/> }.into_any(),
            View::Rules => view! { <RulesPanel base=base.clone() scale=scale.clone() rules=rules.clone()/> }.into_any(),
        }
        }
    };
    let trend = view! { <Trend scale=scale.clone() points=overview.trend.clone()/> };
    view! {
        <div class="grid gap-4">
            <Figures overview=overview.clone() base=base.clone() filter=filter.clone()/>
            <div class="grid items-start gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
                <Panel title="By level">{trend}</Panel>
                <MovesPanel moves=overview.moves total=overview.moves_total scale base=base.clone() filter=filter.clone()/>
            </div>
            <div class="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
                {groups}
                <Panel title="Weakest against the rules">{weakest}</Panel>
            </div>
        </div>
    }
}

/// The distribution over time; in words, while there is nothing to look back on.
#[component]
fn Trend(scale: domain::scorecards::Scale, points: Vec<domain::scorecards::TrendPoint>) -> impl IntoView {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return view! { <p class="text-table text-muted">"Nothing is recorded yet."</p> }.into_any();
    };
    if points.len() < 2 {
        let since = Moment::from(first.at).date();
        return view! { <p class="text-table text-muted">{format!("Recorded since {since}. A line is drawn as soon as there are two moments to join.")}</p> }.into_any();
    }
    let within_days = last.at - first.at < chrono::TimeDelta::days(3);
    let labels = points.iter().map(|point| {
        let at = Moment::from(point.at);
        if within_days { at.time().chars().take(5).collect() } else { at.date() }
    });
    let series = scale.standings().into_iter().enumerate().map(|(at, standing)| Series {
        name: scale.title(standing).to_owned(),
        tone: tone(&scale, standing),
        values: points.iter().map(|point| f64::from(point.counts.get(at).copied().unwrap_or_default())).collect(),
    });
    // A floor that nobody is on is not worth a band.
    let series: Vec<Series> =
        series.filter(|band| band.tone != crate::ui::Tone::Floor || band.values.iter().any(|v| *v > 0.0)).collect();
    let labels: Vec<String> = labels.collect();
    view! { <StackedArea labels series/> }.into_any()
}

/// A column's name: the rule's id in words, as short as a slanted head has room for.
fn short(id: &str) -> String {
    const ROOM: usize = 12;
    let words = id.replace(['-', '_'], " ");
    let mut letters = words.chars();
    let mut name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if let Some((cut, _)) = name.char_indices().nth(ROOM) {
        name.truncate(cut);
        name.truncate(name.trim_end().len());
        name.push('…');
    }
    name
}
