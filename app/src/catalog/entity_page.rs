//! The page of one entity: what it is, and its sides as tabs.

use domain::catalog::{EntityRef, Orphan};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    conflicts_page::DisputeList,
    entity_history::HistorySide,
    entity_overview::OverviewSide,
    entity_reader::ReaderSide,
    entity_relations::RelationsSide,
    entity_yaml::YamlSide,
    functions::get_entity,
    inbox_functions::SettleOrphan,
    orphans_page::{Deeds, Fate},
    views::{Body, EntityView, Head, Place, Side, glyph, tone},
};
use crate::runs::EntityRuns;
use crate::scorecards::ScorecardsSide;
use crate::ui::{
    EntityLink, Glyph, Icon, Level, Load, Mark, OwnerLink, ProblemNote, Status, Tab, Tabs, When, fetch, live,
};

/// One entity.
#[component]
pub(crate) fn EntityPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let part = |name: &str| params.with(|params| params.get_str(name).unwrap_or_default().to_owned());
        let page = params.with(|params| params.get("page"));
        let side = match part("side").as_str() {
            _ if page.is_some() => Side::Docs,
            "relations" => Side::Relations,
            "scorecards" => Side::Scorecards,
            "runs" => Side::Runs,
            "api" => Side::Api,
            "docs" => Side::Docs,
            "yaml" => Side::Yaml,
            "history" => Side::History,
            _ => Side::Overview,
        };
        let asked = |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
        let place = Place {
            depth: asked("depth").parse().unwrap_or(1),
            item: page.unwrap_or_else(|| asked("item")),
            find: asked("find"),
            source: asked("view") == "source",
            from: asked("from").parse().unwrap_or(1),
        };
        (EntityRef::new(&part("kind"), &part("namespace"), &part("name")), side, place)
    });
    let version = live(move |kind, subject| {
        (kind.starts_with("entity-") || kind == "scorecard-evaluated")
            && asked.try_with_untracked(|(reference, ..)| reference.to_string() == subject) == Some(true)
    });
    let page =
        fetch(move || (asked.get(), version.get()), |((reference, side, place), _)| get_entity(reference, side, place));
    view! {
        <Load of=page let:page>
            <Entity page/>
        </Load>
    }
    .into_any()
}

#[component]
fn Entity(page: EntityView) -> impl IntoView {
    let EntityView { head, body } = page;
    let reference = head.summary.reference.clone();
    let tabs = tabs(&head, &body);
    let title = head.summary.shown().to_owned();
    let summary = head.summary.clone();
    let shown = match body {
        Body::Overview(overview) => view! { <OverviewSide summary overview=*overview/> }.into_any(),
        Body::Relations { graph, depth, cut, ties, edges } => {
            view! { <RelationsSide reference graph depth cut ties edges/> }.into_any()
        }
        Body::Scorecards(reports) => view! { <ScorecardsSide reports/> }.into_any(),
        Body::Runs(runs) => view! { <EntityRuns runs/> }.into_any(),
        Body::Api(html) | Body::Docs(html) => view! { <ReaderSide html/> }.into_any(),
        Body::Yaml { html, origin } => view! { <YamlSide html origin/> }.into_any(),
        Body::History(changes) => view! { <HistorySide changes/> }.into_any(),
    };
    view! {
        <Title text=title.clone()/>
        <div class="px-4 pt-5 pb-16 sm:px-6">
            <Heading head/>
            <Tabs label=title tabs/>
            <div class="mt-5">{shown}</div>
        </div>
    }
}

fn tabs(head: &Head, body: &Body) -> Vec<Tab> {
    let path = head.summary.reference.path();
    let tab = |label: &str, side: &str, count: Option<u32>, current: bool| Tab {
        label: label.to_owned(),
        href: if side.is_empty() { path.clone() } else { format!("{path}/{side}") },
        count,
        current,
    };
    let mut tabs = vec![
        tab("Overview", "", None, matches!(body, Body::Overview(_))),
        tab("Relations", "relations", Some(head.relations), matches!(body, Body::Relations { .. })),
    ];
    if !head.badges.is_empty() {
        let count = u32::try_from(head.badges.len()).ok();
        tabs.push(tab("Scorecards", "scorecards", count, matches!(body, Body::Scorecards(_))));
    }
    if head.summary.reference.kind() == "api" {
        tabs.push(tab("Definition", "api", None, matches!(body, Body::Api(_))));
    }
    if head.has_docs {
        tabs.push(tab("Docs", "docs", None, matches!(body, Body::Docs(_))));
    }
    if matches!(head.summary.reference.kind(), "component" | "template") {
        tabs.push(tab("Runs", "runs", None, matches!(body, Body::Runs(_))));
    }
    tabs.push(tab("History", "history", None, matches!(body, Body::History(_))));
    tabs.push(tab("YAML", "yaml", None, matches!(body, Body::Yaml { .. })));
    tabs
}

/// What is it, who owns it, is it well.
#[component]
fn Heading(head: Head) -> impl IntoView {
    let Head { summary, problems, badges, orphan, disputes, troubles, own, .. } = head;
    let level = badges.into_iter().next().map(|badge| {
        let hint = badge.scorecard_title.clone();
        view! { <span title=hint><Level tone=tone(badge.color) name=badge.title/></span> }
    });
    let kind = summary.reference.kind().to_owned();
    let glyph = glyph(own.as_slice(), &kind, summary.type_.as_deref().unwrap_or_default());
    let title = summary.shown().to_owned();
    let tag = |word: Option<String>| word.map(|word| view! { <span class="tag">{word}</span> });
    let kind_word = summary.type_.clone().unwrap_or_else(|| summary.kind.clone());
    let troubled = (!problems.is_empty()).then(|| {
        let words = if problems.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", problems.len()) };
        view! { <Status mark=Mark::Warning label=words/> }
    });
    let owned = summary.owner.clone().map(|owner| view! { " Owned by " <OwnerLink owner=Some(owner) plain=true/> });
    let part = summary.system.clone().map(|system| view! { ", part of " <EntityLink to=system plain=true/> });
    let stop = (summary.owner.is_some() || summary.system.is_some()).then_some(".");
    let description =
        summary.description.clone().map(|text| if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") });
    let orphaned = orphan.map(|orphan| view! { <Orphaned orphan/> });
    let disputed = (!disputes.is_empty()).then(|| {
        view! {
            <section class="surface mt-3" aria-label="Declared twice">
                <h2 class="px-4 pt-3 text-body font-semibold">"Declared twice"</h2>
                <DisputeList disputes/>
            </section>
        }
    });
    let to_mend = (troubles > 0).then(|| {
        let href = format!("/sources/problems?owner={}", summary.reference);
        let words =
            if troubles == 1 { "1 document to mend".to_owned() } else { format!("{troubles} documents to mend") };
        view! { <a class="text-link text-table" href=href>{words}</a> }
    });
    let wrong = (!problems.is_empty()).then(|| {
        let lines = problems.into_iter().map(|line| view! { <li class="break-words">{line}</li> }).collect_view();
        view! {
            <div class="mt-3 flex items-start gap-2 rounded-box border border-warning/60 bg-base-100 px-4 py-3 text-table">
                <Icon glyph=Glyph::TriangleAlert class="mt-px text-warning"/>
                <ul class="min-w-0">{lines}</ul>
            </div>
        }
    });
    view! {
        <header class="mb-4">
            <div class="flex items-start gap-4">
                <span class="surface mt-0.5 grid size-11 flex-none place-items-center text-primary"><Icon glyph class="size-5"/></span>
                <div class="min-w-0 flex-1">
                    <div class="flex flex-wrap items-center gap-x-2.5 gap-y-1.5">
                        <h1 class="min-w-0 text-title font-semibold break-words">{title}</h1>
                        <span class="tag">{kind_word}</span>
                        {tag(summary.lifecycle)}
                        {level}
                        {troubled}
                        {to_mend}
                    </div>
                    <p class="prose-links mt-0.5 text-body text-muted break-words">{description}{owned}{part}{stop}</p>
                </div>
            </div>
            {wrong}
            {orphaned}
            {disputed}
        </header>
    }
}

/// What is to become of a thing that nothing declares, and the two deeds.
#[component]
fn Orphaned(orphan: Orphan) -> impl IntoView {
    let settle = ServerAction::<SettleOrphan>::new();
    let problem =
        move || settle.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error.to_string()/> });
    let since = orphan.since;
    view! {
        <div class="mt-3 flex flex-wrap items-start justify-between gap-x-6 gap-y-3 rounded-box border border-warning/60 bg-base-100 px-4 py-3 text-table">
            <p role="status" class="flex min-w-0 flex-1 items-start gap-2">
                <Icon glyph=Glyph::TriangleAlert class="mt-px text-warning"/>
                <span>"Its source no longer declares it since "<When at=since/>". "<Fate orphan=orphan.clone()/></span>
            </p>
            <Deeds orphan settle/>
            {problem}
        </div>
    }
}
