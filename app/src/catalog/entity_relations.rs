//! What an entity is tied to: drawn, and as lists.

use std::collections::BTreeMap;

use domain::catalog::{Edge, EntityRef};
use leptos::prelude::*;

use super::views::{Tie, relation_words};
use crate::ui::{Empty, EntityLink, Glyph, Graph, GraphView, Panel};

/// From how many ties on their names would cover each other.
const NAMED: usize = 16;

#[component]
pub(super) fn RelationsSide(
    reference: EntityRef,
    graph: GraphView,
    depth: u32,
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
    let further = (depth > 1).then(|| view! { <Further edges/> });
    view! {
        <div class="grid gap-4">
            <Panel title="Graph" action=move || view! { <Depths path=path.clone() depth/> }>
                <Graph graph label=format!("Relations around {}", reference.short()) names/>
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
fn Depths(path: String, depth: u32) -> impl IntoView {
    let depths = (1..=3_u32).map(|number| {
        let here = number == depth;
        let class = if here { "bg-neutral px-2.5 py-1 text-neutral-content" } else { "bg-base-100 px-2.5 py-1 hover:bg-base-200" };
        let label = format!("{number} {}", if number == 1 { "step" } else { "steps" });
        view! {
            <a class=class href=format!("{path}/relations?depth={number}") aria-label=label aria-current=here.then_some("true") data-noscroll="true">{number}</a>
        }
    });
    view! {
        <span class="no-print flex items-center gap-2 text-table">
            "Steps"
            <span class="flex overflow-hidden rounded-field border border-base-300 text-base-content">{depths.collect_view()}</span>
        </span>
    }
}

/// Every tie of the drawing, for those who do not see it.
#[component]
fn Further(edges: Vec<Edge>) -> impl IntoView {
    let count = edges.len();
    let rows = edges.into_iter().map(|edge| {
        view! {
            <tr class="border-t border-base-300 first:border-t-0">
                <td class="px-4 py-1.5"><EntityLink to=edge.from/></td>
                <td class="px-4 py-1.5 whitespace-nowrap text-muted">{relation_words(&edge.kind).to_lowercase()}</td>
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
