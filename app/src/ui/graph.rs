//! Things and what ties them, drawn. Where everything stands was decided on the server.

use std::fmt::Write as _;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use serde::{Deserialize, Serialize};

use super::{Glyph, graph_frame::GraphFrame};

/// Where the box stands that a graph is about.
pub const FOCUS: &str = "graph-focus";

/// A box of a graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphNode {
    /// Its upper left corner.
    pub x: f32,
    /// Its upper left corner.
    pub y: f32,
    /// Its name.
    pub label: String,
    /// The whole name and kind, told on hover.
    pub title: String,
    /// Kind of the entity, in lower case, for the pictogram.
    pub kind: String,
    /// `spec.type`, for the pictogram.
    pub kind_type: String,
    /// Its page.
    pub href: String,
    /// Whether the graph is about it.
    pub focus: bool,
    /// Whether it is referred to and does not exist.
    pub missing: bool,
}

/// A tie between two boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphEdge {
    /// Where it begins, bends and ends.
    pub points: Vec<(f32, f32)>,
    /// What it means.
    pub label: String,
    /// The middle, where its name stands.
    pub middle: (f32, f32),
}

/// A graph, laid out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GraphView {
    /// How wide it is.
    pub width: f32,
    /// How high it is.
    pub height: f32,
    /// How wide a box is.
    pub box_width: f32,
    /// Its boxes, each as high as [`GraphView::NODE_HEIGHT`].
    pub nodes: Vec<GraphNode>,
    /// Its ties.
    pub edges: Vec<GraphEdge>,
}

impl GraphView {
    /// How wide a box is at least.
    pub const NODE_WIDTH: f32 = 164.0;
    /// How high a box is.
    pub const NODE_HEIGHT: f32 = 34.0;
}

/// Draws a graph; every box is a link. The same must stand below it as a list.
///
/// - `graph`: laid out; `label`: what it shows, for assistive technology; `names`: whether ties carry their names;
///   `fit`: shrinks to the room there is, instead of being moved about in it; `moves`: can be enlarged and pulled.
#[component]
pub fn Graph(
    graph: GraphView,
    #[prop(into)] label: String,
    #[prop(default = true)] names: bool,
    #[prop(optional)] fit: bool,
    #[prop(optional)] moves: bool,
) -> impl IntoView {
    let GraphView { width, height, box_width, nodes, edges } = graph;
    let middle = nodes.iter().find(|node| node.focus);
    let middle = middle.map(|node| (node.x + box_width / 2.0, node.y + GraphView::NODE_HEIGHT / 2.0));
    let texts = names.then(|| edges.iter().map(|edge| {
        let (x, y) = edge.middle;
        view! { <text x=x y=y - 5.0 text-anchor="middle" class="fill-muted stroke-base-100 text-[11px] [paint-order:stroke]" stroke-width="4">{edge.label.clone()}</text> }
    }).collect_view());
    let lines = edges.iter().map(|edge| {
        view! { <path d=curve(&edge.points) fill="none" class="stroke-base-content/45" stroke-width="1.2" marker-end="url(#graph-arrow)"><title>{edge.label.clone()}</title></path> }
    }).collect_view();
    let boxes = nodes.into_iter().map(|node| boxed(node, box_width)).collect_view();
    let draw = move |style: Signal<String>| {
        view! {
            <svg viewBox=format!("0 0 {width} {height}") width=width height=height class="mx-auto block h-auto max-w-full min-w-(--least)" style=style>
                <defs>
                    <marker id="graph-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
                        <path d="M1 1 L7 4 L1 7" fill="none" class="stroke-base-content/60" stroke-width="1.2"/>
                    </marker>
                </defs>
                {lines}
                {texts}
                {boxes}
            </svg>
        }
        .into_any()
    };
    view! { <GraphFrame label size=(width, height) middle fit moves draw/> }
}

fn boxed(node: GraphNode, width: f32) -> impl IntoView {
    let GraphNode { x, y, label, title, kind, kind_type, href, focus, missing } = node;
    let frame = match (focus, missing) {
        (true, _) => "fill-base-100 stroke-primary",
        (_, true) => "fill-base-200 stroke-base-content/40",
        _ => "fill-base-100 stroke-base-content/20 group-hover:stroke-base-content/60",
    };
    let words = if focus {
        "fill-base-content font-semibold"
    } else if missing {
        "fill-muted"
    } else {
        "fill-base-content"
    };
    // The router follows links of HTML only; those of a drawing it has to be told of.
    let navigate = use_navigate();
    let target = href.clone();
    let follow = move |event: leptos::ev::MouseEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key()) {
            event.prevent_default();
            navigate(&target, NavigateOptions::default());
        }
    };
    view! {
        <g id=focus.then_some(FOCUS)>
            <a href=href class="group" aria-current=focus.then_some("true") on:click=follow>
                <title>{title}</title>
                <rect x=x y=y width=width height=GraphView::NODE_HEIGHT rx="8" class=frame stroke-width=if focus { "1.8" } else { "1" } stroke-dasharray=missing.then_some("4 3")/>
                <svg x=x + 10.0 y=y + 9.0 width="16" height="16" viewBox="0 0 24 24" class="icon text-muted" aria-hidden="true" inner_html=Glyph::of(&kind, &kind_type).outline()></svg>
                <text x=x + 33.0 y=y + 21.5 class=format!("text-[13px] {words}")>{label}</text>
            </a>
        </g>
    }
}

/// A line through points that are layers apart, level where it leaves and where it arrives.
fn curve(points: &[(f32, f32)]) -> String {
    let mut path = String::new();
    let mut last: Option<(f32, f32)> = None;
    for (x, y) in points.iter().copied() {
        let _ = match last {
            None => write!(path, "M{x:.1} {y:.1}"),
            Some((before, level)) => {
                let bend = (x - before) / 2.0;
                write!(path, " C{:.1} {level:.1} {:.1} {y:.1} {x:.1} {y:.1}", before + bend, x - bend)
            }
        };
        last = Some((x, y));
    }
    path
}
