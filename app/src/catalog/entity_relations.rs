//! What an entity is tied to: drawn, and as lists.

use std::collections::BTreeMap;

use domain::{
    catalog::{Edge, EntityRef},
    letters::lower,
};
use leptos::prelude::*;

use super::views::{Tie, at_moment, relation_words};
use crate::ui::{Empty, EntityLink, FOCUS, Glyph, Graph, GraphView, Panel};

/// From how many ties on their names would cover each other.
const NAMED: usize = 16;

/// From which height and width on a drawing is larger than the frame that it stands in.
const LARGE: (f32, f32) = (600.0, 1_150.0);

/// What of a graph was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// How far it goes.
    pub(super) depth: u32,
    /// How many of each kind there are.
    pub(super) kinds: Vec<(String, u32)>,
    /// The kinds that are shown; all where there are none.
    pub(super) chosen: Vec<String>,
    /// The moment whose state is shown; now where it is empty.
    pub(super) moment: String,
}

impl Asked {
    /// The address of the graph at another depth, or of other kinds.
    fn at(&self, path: &str, depth: u32, chosen: &[String]) -> String {
        let mut href = at_moment(&format!("{path}/relations"), &self.moment);
        let mut add = |name: &str, value: &str| {
            href.push(if href.contains('?') { '&' } else { '?' });
            href.push_str(name);
            href.push('=');
            href.push_str(value);
        };
        if depth > 1 {
            add("depth", &depth.to_string());
        }
        if !chosen.is_empty() {
            add("kinds", &chosen.join(","));
        }
        href
    }
}

#[component]
pub(super) fn RelationsSide(
    reference: EntityRef,
    graph: GraphView,
    asked: Asked,
    cut: bool,
    ties: Vec<Tie>,
    edges: Vec<Edge>,
) -> impl IntoView {
    if ties.is_empty() {
        return view! { <div class="surface"><Empty glyph=Glyph::Workflow title="It is tied to nothing yet"/></div> }
            .into_any();
    }
    let path = reference.path();
    let names = graph.edges.len() <= NAMED;
    let note = cut.then(
        || view! { <p class="mt-2 text-meta text-muted">"Only the nearest are drawn: more would not be readable."</p> },
    );
    let larger = (graph.height > LARGE.0 || graph.width > LARGE.1).then(|| {
        let words = format!("{} things are drawn, more than this frame may show: scroll it, pull it, or make it smaller. ", graph.nodes.len());
        view! {
            <p class="prose-links no-print mt-2 text-meta text-muted">{words}<a href=format!("#{FOCUS}")>{format!("Back to {}", reference.short())}</a></p>
        }
    });
    let mut groups: BTreeMap<String, Vec<Tie>> = BTreeMap::new();
    for tie in ties {
        groups.entry(relation_words(&tie.relation.kind)).or_default().push(tie);
    }
    let lists = groups.into_iter().map(|(title, ties)| {
        let count = ties.len();
        let rows = ties.into_iter().map(|tie| {
            let missing = tie.title.is_none().then(|| view! { <span class="text-warning">"not in the catalog"</span> });
            view! {
                <li class="flex min-h-9 items-center justify-between gap-3 border-t border-base-300 px-4 py-1 text-table first:border-t-0">
                    <EntityLink to=tie.relation.target.clone() label=tie.title.unwrap_or_else(|| tie.relation.target.to_string()) kind_type=tie.kind_type/>
                    <span class="flex-none text-muted">{missing.map_or_else(|| tie.relation.target.kind().to_owned().into_any(), IntoAny::into_any)}</span>
                </li>
            }
        });
        view! { <Panel title flush=true action=move || view! { {count} }><ul>{rows.collect_view()}</ul></Panel> }
    });
    let further = (asked.depth > 1 || !asked.chosen.is_empty()).then(|| view! { <Further edges/> });
    let kinds = view! { <Kinds path=path.clone() asked=asked.clone()/> };
    let is_now = asked.moment.is_empty();
    view! {
        <div class="grid gap-4">
            <Panel title="Graph" action=move || is_now.then(|| view! { <Depths path=path.clone() asked=asked.clone()/> })>
                {kinds}
                <Graph graph label=format!("Relations around {}", reference.short()) names moves=true/>
                {larger}
                {note}
            </Panel>
            <div class="grid items-start gap-4 md:grid-cols-2 xl:grid-cols-3">{lists.collect_view()}</div>
            {further}
        </div>
    }
    .into_any()
}

/// How far the drawing goes.
#[component]
fn Depths(path: String, asked: Asked) -> impl IntoView {
    let depths = (1..=3_u32).map(|number| {
        let here = number == asked.depth;
        let class = if here { "bg-neutral px-2.5 py-1 text-neutral-content" } else { "bg-base-100 px-2.5 py-1 hover:bg-base-200" };
        let label = format!("{number} {}", if number == 1 { "step" } else { "steps" });
        view! {
            <a class=class href=asked.at(&path, number, &asked.chosen) aria-label=label aria-current=here.then_some("true") data-noscroll="true">{number}</a>
        }
    });
    view! {
        <span class="no-print flex items-center gap-2 text-table">
            "Steps"
            <span class="flex overflow-hidden rounded-field border border-base-300 text-base-content">{depths.collect_view()}</span>
        </span>
    }
}

/// Which kinds are drawn, as links that switch each on or off.
#[component]
fn Kinds(path: String, asked: Asked) -> impl IntoView {
    if asked.kinds.len() < 2 {
        return ().into_any();
    }
    let all: Vec<String> = asked.kinds.iter().map(|(kind, _)| kind.clone()).collect();
    let links = asked.kinds.iter().map(|(kind, count)| {
        let is_shown = asked.chosen.is_empty() || asked.chosen.contains(kind);
        // What is switched is seen against what is there now; all of them need no name.
        let now = if asked.chosen.is_empty() { &all } else { &asked.chosen };
        let mut next: Vec<String> = now.iter().filter(|other| *other != kind).cloned().collect();
        if !is_shown {
            next.push(kind.clone());
        }
        if next.len() == all.len() {
            next.clear();
        }
        let class = if is_shown { "tag h-7 border-primary!" } else { "tag h-7 text-muted line-through" };
        let label = format!("{} {kind}", if is_shown { "Leave out" } else { "Show" });
        view! {
            <li><a class=class href=asked.at(&path, asked.depth, &next) title=label aria-current=is_shown.then_some("true") data-noscroll="true">{kind.clone()}<span class="text-muted">{*count}</span></a></li>
        }
    });
    let links = links.collect_view();
    view! { <nav aria-label="Kinds in the graph" class="no-print mb-3"><ul class="flex flex-wrap gap-1.5">{links}</ul></nav> }.into_any()
}

/// Every tie of the drawing, for those who do not see it.
#[component]
fn Further(edges: Vec<Edge>) -> impl IntoView {
    let count = edges.len();
    let rows = edges.into_iter().map(|edge| {
        view! {
            <tr class="border-t border-base-300 first:border-t-0">
                <td class="px-4 py-1.5"><EntityLink to=edge.from/></td>
                <td class="px-4 py-1.5 whitespace-nowrap text-muted">{lower(&relation_words(&edge.kind))}</td>
                <td class="px-4 py-1.5"><EntityLink to=edge.to/></td>
            </tr>
        }
    });
    view! {
        <details class="surface overflow-clip">
            <summary class="px-4 py-3 text-table font-medium">{format!("All {count} ties of the drawing, as a list")}</summary>
            <div class="overflow-x-auto border-t border-base-300">
                <table class="w-full text-left text-table">
                    <thead class="sr-only"><tr><th>"From"</th><th>"Tie"</th><th>"To"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}
