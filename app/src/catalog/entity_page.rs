//! The page of one entity: what it is, and its sides as tabs.

use domain::catalog::{EntityRef, Orphan};
use leptos::{context::Provider, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    conflicts_page::DisputeList,
    entity_history::HistorySide,
    entity_overview::OverviewSide,
    entity_reader::ReaderSide,
    entity_relations::{Asked, RelationsSide},
    entity_yaml::YamlSide,
    functions::get_entity,
    inbox_functions::SettleOrphan,
    orphans_page::{Deeds, Fate},
    views::{Body, EntityView, Head, PastView, Place, Side, at_moment, glyph, tone},
};
use crate::{
    home::{SayWho, StarButton, Starring},
    runs::EntityRuns,
    scorecards::ScorecardsSide,
    ui::{
        Button, Empty, EntityLink, Glyph, Icon, Level, LinkButton, Load, Mark, Moment, OwnerLink, PageMoment,
        ProblemNote, Status, Tab, Tabs, When, fetch, live, worded,
    },
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
            "" => Side::Overview,
            _ => Side::Nowhere,
        };
        let asked = |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
        let place = Place {
            depth: asked("depth").parse().unwrap_or(1),
            item: page.unwrap_or_else(|| asked("item")),
            find: asked("find"),
            source: asked("view") == "source",
            from: asked("from").parse().unwrap_or(1),
            before: asked("before").parse().unwrap_or(0),
            change: asked("change").parse().unwrap_or(0),
            around: asked("of") == "around",
            kinds: asked("kinds").split(',').filter(|kind| !kind.is_empty()).take(40).map(str::to_lowercase).collect(),
            alone: asked("below") == "no",
            as_of: asked("asOf"),
        };
        (EntityRef::new(&part("kind"), &part("namespace"), &part("name")), side, place)
    });
    let version = live(move |kind, subject| {
        (kind.starts_with("entity-") || kind == "scorecard-evaluated")
            && asked.try_with_untracked(|(reference, ..)| reference.to_string() == subject) == Some(true)
    });
    let (starring, who) = (Starring::new(), ServerAction::<SayWho>::new());
    let page = fetch(
        move || (asked.get(), version.get(), starring.turn.get(), who.version().get()),
        |((reference, side, place), ..)| get_entity(reference, side, place),
    );
    view! {
        <Load of=page let:page>
            <Entity page starring who/>
        </Load>
    }
    .into_any()
}

#[component]
fn Entity(page: EntityView, starring: Starring, who: ServerAction<SayWho>) -> impl IntoView {
    let moment = page.head.past.as_ref().map(|past| past.asked.clone()).unwrap_or_default();
    view! {
        <Provider value=PageMoment(moment)>
            <Sides page starring who/>
        </Provider>
    }
}

#[component]
fn Sides(page: EntityView, starring: Starring, who: ServerAction<SayWho>) -> impl IntoView {
    let EntityView { head, body } = page;
    let reference = head.summary.reference.clone();
    let tabs = tabs(&head, &body);
    let title = head.summary.shown().to_owned();
    let summary = head.summary.clone();
    let moment = head.past.as_ref().map(|past| past.asked.clone()).unwrap_or_default();
    let shown = match body {
        Body::Overview(overview) => view! { <OverviewSide summary overview=*overview moment/> }.into_any(),
        Body::Relations { graph, depth, cut, kinds, chosen, ties, edges } => {
            let asked = Asked { depth, kinds, chosen, moment };
            view! { <RelationsSide reference graph asked cut ties edges/> }.into_any()
        }
        Body::Scorecards(reports) => view! { <ScorecardsSide reports/> }.into_any(),
        Body::Runs(runs) => view! { <EntityRuns runs/> }.into_any(),
        Body::Api(html) | Body::Docs(html) => view! { <ReaderSide html/> }.into_any(),
        Body::Yaml { html, origin } => view! { <YamlSide html origin/> }.into_any(),
        Body::History(history) => view! { <HistorySide reference history moment/> }.into_any(),
        Body::OnlyNow(_) => view! { <OnlyNow/> }.into_any(),
    };
    view! {
        <Title text=title.clone()/>
        <div class="px-4 pt-5 pb-16 sm:px-6">
            <Heading head starring who/>
            <Tabs label=title tabs/>
            <div class="mt-5">{shown}</div>
        </div>
    }
}

fn tabs(head: &Head, body: &Body) -> Vec<Tab> {
    let (path, moment) = match &head.past {
        Some(past) => (past.now.clone(), past.asked.clone()),
        None => (head.summary.reference.path(), String::new()),
    };
    let tab = |label: &str, side: &str, count: Option<u32>, current: bool| Tab {
        label: label.to_owned(),
        href: at_moment(&if side.is_empty() { path.clone() } else { format!("{path}/{side}") }, &moment),
        count,
        current,
    };
    let mut tabs = vec![
        tab("Overview", "", None, matches!(body, Body::Overview(_))),
        tab("Relations", "relations", Some(head.relations), matches!(body, Body::Relations { .. })),
    ];
    let only_now = |side: Side| matches!(body, Body::OnlyNow(shown) if *shown == side);
    if !head.badges.is_empty() || only_now(Side::Scorecards) {
        let count = u32::try_from(head.badges.len()).ok();
        tabs.push(tab(
            "Scorecards",
            "scorecards",
            count.filter(|count| *count > 0),
            matches!(body, Body::Scorecards(_)) || only_now(Side::Scorecards),
        ));
    }
    if head.summary.reference.kind() == "api" {
        tabs.push(tab("Definition", "api", None, matches!(body, Body::Api(_))));
    }
    if head.has_docs {
        tabs.push(tab("Docs", "docs", None, matches!(body, Body::Docs(_)) || only_now(Side::Docs)));
    }
    if matches!(head.summary.reference.kind(), "component" | "template") {
        tabs.push(tab("Runs", "runs", None, matches!(body, Body::Runs(_)) || only_now(Side::Runs)));
    }
    tabs.push(tab("History", "history", None, matches!(body, Body::History(_))));
    tabs.push(tab("YAML", "yaml", None, matches!(body, Body::Yaml { .. })));
    tabs
}

/// What is it, who owns it, is it well.
#[component]
fn Heading(head: Head, starring: Starring, who: ServerAction<SayWho>) -> impl IntoView {
    let Head { summary, problems, badges, orphan, disputes, troubles, own, star: starred, is_me, could, past, .. } =
        head;
    let star = starred.map(|starred| view! { <StarButton reference=summary.reference.clone() starred starring/> });
    let me = is_me.map(|is_me| view! { <ThisIsMe reference=summary.reference.clone() is_me who/> });
    let could = could.map(|href| view! { <LinkButton href glyph=Glyph::ShieldCheck>"What they could do"</LinkButton> });
    let past = past.map(|past| view! { <Then past/> });
    let level = badges.into_iter().next().map(|badge| {
        let hint = badge.scorecard_title.clone();
        view! { <span title=hint><Level tone=tone(badge.color) name=badge.title/></span> }
    });
    let kind = summary.reference.kind().to_owned();
    let glyph = glyph(own.as_slice(), &kind, summary.type_.as_deref().unwrap_or_default());
    let title = summary.shown().to_owned();
    let tag = |word: Option<String>| word.map(|word| view! { <Word word/> });
    let kind_word = summary.type_.clone().unwrap_or_else(|| summary.kind.clone());
    let troubled = (!problems.is_empty()).then(|| {
        let words = if problems.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", problems.len()) };
        view! { <Status mark=Mark::Warning label=words/> }
    });
    let owned = summary.owner.clone().map(|owner| view! { " Owned by " <OwnerLink owner=Some(owner) plain=true/> });
    let part = summary.system.clone().map(|system| view! { ", part of " <EntityLink to=system plain=true/> });
    let stop = (summary.owner.is_some() || summary.system.is_some()).then_some(".");
    let (description, whole) = described(summary.description.as_deref());
    let whole = whole.map(|text| {
        view! {
            <details class="mt-1 text-body text-muted">
                <summary class="text-link">"The whole description"</summary>
                <p class="mt-1 break-words">{text}</p>
            </details>
        }
    });
    let orphaned = orphan.map(|(orphan, may_not)| view! { <Orphaned orphan may_not/> });
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
        let lines = problems.into_iter().map(|line| view! { <li class="break-words">{worded(&line)}</li> }).collect_view();
        view! {
            <div class="mt-3 flex items-start gap-2 rounded-box border border-warning/60 bg-base-100 px-4 py-3 text-table">
                <Icon glyph=Glyph::TriangleAlert class="mt-px text-warning"/>
                <ul class="min-w-0">{lines}</ul>
            </div>
        }
    });
    view! {
        <header class="mb-4">
            <div class="flex items-start gap-x-4 gap-y-3 max-sm:flex-wrap">
                <span class="surface mt-0.5 grid size-11 flex-none place-items-center text-primary"><Icon glyph class="size-5"/></span>
                <div class="min-w-0 flex-1">
                    <div class="flex flex-wrap items-center gap-x-2.5 gap-y-1.5">
                        <h1 class="min-w-0 text-title font-semibold break-words">{title}</h1>
                        <Word word=kind_word/>
                        {tag(summary.lifecycle)}
                        {level}
                        {troubled}
                        {to_mend}
                    </div>
                    <p class="prose-links mt-0.5 text-body text-muted break-words [&_a_span]:whitespace-normal">{description}{owned}{part}{stop}</p>
                    {whole}
                </div>
                <div class="no-print flex flex-none flex-wrap gap-2 max-sm:w-full sm:justify-end">{could}{me}{star}</div>
            </div>
            {past}
            {wrong}
            {orphaned}
            {disputed}
        </header>
    }
}

/// A word about it; however long it is, it stays on the page.
#[component]
fn Word(word: String) -> impl IntoView {
    view! { <span class="tag max-w-full" title=word.clone()><span class="truncate">{word.clone()}</span></span> }
}

/// As much of a description as stands above the tabs, in letters.
const SHOWN: usize = 360;

/// A description as a sentence, cut where it is too long, and the whole of it then.
fn described(text: Option<&str>) -> (Option<String>, Option<String>) {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return (None, None) };
    let Some((end, _)) = text.char_indices().nth(SHOWN) else {
        let dot = if text.ends_with(['.', '!', '?']) { "" } else { "." };
        return (Some(format!("{text}{dot}")), None);
    };
    let start = &text[..end];
    let start = start.rsplit_once(char::is_whitespace).map_or(start, |(start, _)| start);
    (Some(format!("{start}…")), Some(text.to_owned()))
}

/// Says that the page shows what was, and leads back.
#[component]
fn Then(past: PastView) -> impl IntoView {
    let PastView { at, begins, is_other, now, .. } = past;
    let when = Moment(at).exact();
    let how = match (begins, is_other) {
        (Some(begins), _) => {
            format!("The history begins later, at {}: this is how it was just before that.", Moment(begins).exact())
        }
        (None, true) => "It is another now.".to_owned(),
        (None, false) => "It is the same now.".to_owned(),
    };
    view! {
        <div class="mt-3 flex flex-wrap items-center justify-between gap-x-6 gap-y-2 rounded-box border border-accent bg-accent/15 px-4 py-3 text-table" role="status">
            <p class="flex min-w-0 items-start gap-2">
                <Icon glyph=Glyph::History class="mt-px"/>
                <span><strong class="font-medium">"As it was at "{when}"."</strong>" "{how}" What it is tied to is named as it is called now, and leads to how it was then."</span>
            </p>
            <a class="btn" href=now>"Back to now"</a>
        </div>
    }
}

/// A side that has no past.
#[component]
fn OnlyNow() -> impl IntoView {
    view! {
        <div class="surface">
            <Empty glyph=Glyph::History title="This side is not kept for the past">
                <p>"Document, relations and history are. Go back to now to see this side."</p>
            </Empty>
        </div>
    }
}

/// Says that a person of the catalog is the one who looks, or no longer.
#[component]
fn ThisIsMe(reference: EntityRef, is_me: bool, who: ServerAction<SayWho>) -> impl IntoView {
    let problem = move || who.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    let (person, words) = if is_me { (String::new(), "This is not me") } else { (reference.to_string(), "This is me") };
    view! {
        <ActionForm action=who attr:title="Whose things are shown first; it permits nothing">
            <input type="hidden" name="person" value=person/>
            <Button submit=true glyph=Glyph::UserCheck pending=who.pending()>{words}</Button>
            {problem}
        </ActionForm>
    }
}

/// What is to become of a thing that nothing declares, and the two deeds.
#[component]
fn Orphaned(orphan: Orphan, may_not: String) -> impl IntoView {
    let settle = ServerAction::<SettleOrphan>::new();
    let problem = move || settle.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    let since = orphan.since;
    view! {
        <div class="mt-3 flex flex-wrap items-start justify-between gap-x-6 gap-y-3 rounded-box border border-warning/60 bg-base-100 px-4 py-3 text-table">
            <p role="status" class="flex min-w-0 flex-1 items-start gap-2">
                <Icon glyph=Glyph::TriangleAlert class="mt-px text-warning"/>
                <span>"Its source no longer declares it since "<When at=since/>". "<Fate orphan=orphan.clone()/></span>
            </p>
            <Deeds orphan may_not settle/>
            {problem}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_description_is_cut_and_can_be_read_whole() {
        assert_eq!(described(None), (None, None));
        assert_eq!(described(Some("Tells the tides")), (Some("Tells the tides.".into()), None));
        let long = "tide ".repeat(4_000);
        let (start, whole) = described(Some(&long));
        assert!(
            start.as_deref().is_some_and(|start| start.ends_with("tide…") && start.chars().count() <= SHOWN),
            "{start:?}"
        );
        assert_eq!(whole.as_deref(), Some(long.trim()));
        let (start, _) = described(Some(&"ü".repeat(100_000)));
        assert_eq!(start.map(|start| start.chars().count()), Some(SHOWN + 1));
    }
}
