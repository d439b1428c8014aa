//! The first side of an entity.

use std::collections::BTreeMap;

use domain::catalog::{EntityRef, EntitySummary};
use leptos::prelude::*;

use super::{
    entity_history::moved,
    team_overview::TeamOverview,
    views::{Origin, Overview, Tie, at_moment, relation_words},
};
use crate::scorecards::LadderPanel;
use crate::ui::{Empty, EntityLink, Fact, Facts, Glyph, Graph, Icon, OwnerLink, Panel, Timeline, When};

/// How many things a list in a panel shows.
const SHOWN: usize = 12;

#[component]
pub(super) fn OverviewSide(summary: EntitySummary, overview: Overview, moment: String) -> impl IntoView {
    let Overview { around, left_out, ties, team, mail, links, facts, reports, origin, changes } = overview;
    let path = summary.reference.path();
    let all = at_moment(&format!("{path}/relations"), &moment);
    let history = at_moment(&format!("{path}/history"), &moment);
    let is_group = matches!(summary.reference.kind(), "group" | "user");
    let first = if is_group {
        let owner = summary.reference.clone();
        let team = team.map(|team| view! { <TeamOverview owner team/> });
        view! { {team} <Belongings ties=ties.clone()/> }.into_any()
    } else {
        let label = format!("What is around {}", summary.shown());
        let more = (left_out > 0)
            .then(|| view! { <p class="pb-3 text-meta text-muted">{format!("{left_out} more are not drawn")}</p> });
        let drawn = if around.nodes.is_empty() {
            view! { <Empty glyph=Glyph::Workflow title="Nothing points at it, and it points at nothing"/> }.into_any()
        } else {
            view! { <Graph graph=around label fit=true/> {more} }.into_any()
        };
        view! { <Panel title="Around it" action=move || view! { <a class="text-link" href=all.clone()>"Open graph"</a> }>{drawn}</Panel> }.into_any()
    };
    let links = (!links.is_empty()).then(|| {
        let rows = links.into_iter().map(|link| {
            view! {
                <li>
                    <a class="flex items-center gap-2 py-1 text-table hover:underline underline-offset-3" href=link.url rel="external noopener noreferrer">
                        <Icon glyph=Glyph::Link class="text-muted"/>
                        <span class="min-w-0 flex-1 truncate">{link.title}</span>
                        <Icon glyph=Glyph::ArrowUpRight class="text-muted"/>
                    </a>
                </li>
            }
        });
        view! { <Panel title="Links"><ul>{rows.collect_view()}</ul></Panel> }
    });
    let changed = if changes.is_empty() {
        view! { <p class="text-table text-muted">"Nothing since it came into the catalog."</p> }.into_any()
    } else {
        view! { <Timeline items=changes.into_iter().map(moved).collect()/> }.into_any()
    };
    view! {
        <div class="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem] xl:grid-cols-[minmax(0,1fr)_23rem]">
            <div class="grid min-w-0 gap-4">
                {first}
                <Panel title="What changed" action=move || view! { <a class="text-link" href=history.clone()>"All history"</a> }>{changed}</Panel>
            </div>
            <div class="grid min-w-0 gap-4">
                <LadderPanel reports all=format!("{path}/scorecards")/>
                <About summary ties mail facts origin/>
                {links}
            </div>
        </div>
    }
}

#[component]
fn About(
    summary: EntitySummary,
    ties: Vec<Tie>,
    mail: String,
    facts: Vec<(String, String)>,
    origin: Origin,
) -> impl IntoView {
    let mail = (!mail.is_empty()).then(|| {
        // What would say more to a mail program than an address is not linked.
        let is_plain = mail.contains('@')
            && mail.chars().all(|letter| letter.is_ascii_alphanumeric() || "@.-_+'".contains(letter));
        let shown = if is_plain {
            view! { <a class="text-link wrap-anywhere" href=format!("mailto:{mail}")>{mail.clone()}</a> }.into_any()
        } else {
            view! { <span class="wrap-anywhere">{mail}</span> }.into_any()
        };
        view! { <Fact term="E-mail">{shown}</Fact> }
    });
    let said = facts.into_iter().map(|(term, value)| {
        view! { <Fact term><span class="break-words">{value}</span></Fact> }
    });
    let said = said.collect_view();
    let own = |kind: &str| -> Vec<EntityRef> {
        ties.iter().filter(|tie| tie.relation.kind == kind).map(|tie| tie.relation.target.clone()).collect()
    };
    let facts = [("Provides", own("providesApi")), ("Consumes", own("consumesApi"))].map(|(term, list)| {
        (!list.is_empty()).then(|| {
            let links = list.into_iter().map(|to| view! { <li><EntityLink to/></li> }).collect_view();
            view! { <Fact term><ul class="grid gap-1">{links}</ul></Fact> }
        })
    });
    let system = summary.system.map(|to| view! { <Fact term="System"><EntityLink to/></Fact> });
    let owner = (!matches!(summary.reference.kind(), "group" | "user"))
        .then(|| view! { <Fact term="Owner"><OwnerLink owner=summary.owner/></Fact> });
    let tags = (!summary.tags.is_empty()).then(|| {
        let tags = summary.tags.into_iter().map(|tag| {
            let href = format!("/catalog?kind=all&tag={tag}");
            view! { <a class="tag h-auto min-h-5.5 max-w-full whitespace-normal wrap-anywhere hover:border-base-content/40" href=href>{tag}</a> }
        });
        view! { <Fact term="Tags"><span class="flex flex-wrap gap-1.5">{tags.collect_view()}</span></Fact> }
    });
    let source = origin.source.map(|(id, target)| {
        // The end of a path or an address tells it from others.
        let short = target.trim_end_matches('/').rsplit('/').take(2).collect::<Vec<_>>();
        let short = short.into_iter().rev().collect::<Vec<_>>().join("/");
        view! { <Fact term="Source"><a class="text-link break-words" title=target href=format!("/sources/{id}")>{short}</a></Fact> }
    });
    let edit = origin.edit.map(|href| view! { <Fact term="Change it"><a class="text-link" rel="external noopener noreferrer" href=href>"Edit the file"</a></Fact> });
    view! {
        <Panel title="About">
            <Facts>
                {owner}
                {mail}
                {system}
                {facts.into_iter().collect_view()}
                {tags}
                {said}
                <Fact term="Name"><code class="font-mono text-meta break-all">{summary.reference.to_string()}</code></Fact>
                {source}
                {edit}
                <Fact term="Changed"><When at=summary.changed_at sentence=true/></Fact>
            </Facts>
        </Panel>
    }
}

/// What a team or a person has: members, things it owns, teams above and below.
#[component]
fn Belongings(ties: Vec<Tie>) -> impl IntoView {
    let mut groups: BTreeMap<u8, (String, Vec<Tie>)> = BTreeMap::new();
    for tie in ties {
        let rank = match tie.relation.kind.as_str() {
            "ownerOf" => 0,
            "hasMember" => 1,
            "memberOf" => 2,
            "parentOf" => 3,
            "childOf" => 4,
            _ => 5,
        };
        groups.entry(rank).or_insert_with(|| (relation_words(&tie.relation.kind), Vec::new())).1.push(tie);
    }
    if groups.is_empty() {
        return view! { <div class="surface"><Empty glyph=Glyph::Users title="Nothing is tied to it yet"/></div> }
            .into_any();
    }
    groups
        .into_values()
        .map(|(title, ties)| {
            let count = ties.len();
            let more = (count > SHOWN).then(|| format!("{} more in Relations", count - SHOWN));
            let rows = ties.into_iter().take(SHOWN).map(|tie| {
                view! {
                    <li class="flex h-9 items-center justify-between gap-3 border-t border-base-300 px-4 text-table first:border-t-0">
                        <EntityLink to=tie.relation.target.clone() label=tie.title.unwrap_or_else(|| tie.relation.target.short()) kind_type=tie.kind_type.clone()/>
                        <span class="text-muted">{if tie.kind_type.is_empty() { tie.relation.target.kind().to_owned() } else { tie.kind_type }}</span>
                    </li>
                }
            });
            view! {
                <Panel title flush=true action=move || view! { {count} }>
                    <ul>{rows.collect_view()}</ul>
                    {more.map(|more| view! { <p class="border-t border-base-300 px-4 py-2 text-meta text-muted">{more}</p> })}
                </Panel>
            }
        })
        .collect_view()
        .into_any()
}
