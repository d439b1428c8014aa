//! Decides where the boxes of a graph stand.

mod boxes;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    panic::catch_unwind,
};

use rust_sugiyama::{configure::Config, from_vertices_and_edges};
use services::domain::catalog::{Edge, EntityRef, Graph, Node, Relation, forward};

use self::boxes::Boxes;
use crate::{
    catalog::views::relation_words,
    ui::{GraphEdge, GraphNode, GraphView},
};

/// How many boxes a drawing has at most; the nearest are kept.
pub(super) const MOST: usize = 90;
/// How many boxes stand at each side in the small drawing.
const SIDE: usize = 8;
const WIDTH: f32 = GraphView::NODE_WIDTH;
const HEIGHT: f32 = GraphView::NODE_HEIGHT;
/// Between layers: room for the names of ties.
const LAYER_GAP: f32 = 110.0;
const ROW_GAP: f32 = 22.0;
const MARGIN: f32 = 8.0;
/// How far from the middle of a box two ties of one pair run, each the other way.
const ASIDE: f32 = 8.0;
/// How wide a drawing may become for the sake of names: the small one is three boxes wide, however many there are.
const ROOM: f32 = 1_100.0;
const SMALL_ROOM: f32 = 3.0 * WIDTH + 2.0 * LAYER_GAP + 2.0 * MARGIN;

/// How many of each kind there are, the most first; the one that the graph is about does not count.
pub(super) fn kinds(graph: &Graph) -> Vec<(String, u32)> {
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for node in graph.nodes.iter().filter(|node| node.distance > 0) {
        *kinds.entry(node.reference.kind()).or_default() += 1;
    }
    let mut kinds: Vec<(String, u32)> = kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    kinds
}

/// The graph with these kinds alone, and what it is about; all where none is named.
pub(super) fn only(focus: &EntityRef, mut graph: Graph, kinds: &[String]) -> Graph {
    if !kinds.is_empty() {
        let is_meant = |of: &EntityRef| of == focus || kinds.iter().any(|kind| kind == of.kind());
        graph.nodes.retain(|node| is_meant(&node.reference));
        graph.edges.retain(|edge| is_meant(&edge.from) && is_meant(&edge.to));
    }
    graph
}

fn boxed(node: &Node, boxes: &Boxes<'_>, focus: bool, (x, y): (f32, f32)) -> GraphNode {
    let missing = if node.missing { ", not in the catalog" } else { "" };
    GraphNode {
        x,
        y,
        label: boxes.label(node),
        title: format!("{} ({}{missing})", node.title, node.reference.kind()),
        kind: node.reference.kind().to_owned(),
        kind_type: node.type_.clone().unwrap_or_default(),
        href: node.reference.path(),
        focus,
        missing: node.missing,
    }
}

/// A tie between two corners of boxes, its name at `at` of the way.
fn tie(width: f32, (from, to): ((f32, f32), (f32, f32)), names: &[String], at: f32) -> GraphEdge {
    // From one side to the other, whichever way it runs.
    let (start, end) = if from.0 <= to.0 {
        ((from.0 + width, from.1 + HEIGHT / 2.0), (to.0, to.1 + HEIGHT / 2.0))
    } else {
        ((from.0, from.1 + HEIGHT / 2.0), (to.0 + width, to.1 + HEIGHT / 2.0))
    };
    GraphEdge {
        points: vec![start, end],
        label: names.join(", "),
        middle: (start.0 + (end.0 - start.0) * at, start.1 + (end.1 - start.1) * at * at * (3.0 - 2.0 * at)),
    }
}

/// What ties each pair, in words.
fn pairs(edges: &[Edge]) -> BTreeMap<(&EntityRef, &EntityRef), Vec<String>> {
    let mut pairs: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.from != edge.to) {
        pairs.entry((&edge.from, &edge.to)).or_default().push(relation_words(&edge.kind).to_lowercase());
    }
    pairs
}

/// What points at an entity, it, and what it points at, side by side; and how many were left out. Who owns it and what it is part of
/// stand beside the drawing in words, and are drawn only where there is nothing else.
pub(super) fn around(focus: &EntityRef, graph: &Graph) -> (GraphView, usize) {
    let touching: Vec<Edge> =
        graph.edges.iter().filter(|edge| edge.from == *focus || edge.to == *focus).cloned().collect();
    let is_plain = |edge: &Edge| plain(focus).contains(&edge.kind.as_str());
    let telling: Vec<Edge> = touching.iter().filter(|edge| !is_plain(edge)).cloned().collect();
    let drawn = pairs(if telling.is_empty() { &touching } else { &telling });
    let nodes: HashMap<&EntityRef, &Node> = graph.nodes.iter().map(|node| (&node.reference, node)).collect();
    let mut left: Vec<(&Node, &Vec<String>)> = Vec::new();
    let mut right: Vec<(&Node, &Vec<String>)> = Vec::new();
    for ((from, to), names) in &drawn {
        if *to == focus
            && let Some(node) = nodes.get(from)
        {
            left.push((node, names));
        } else if *from == focus
            && let Some(node) = nodes.get(to)
        {
            right.push((node, names));
        }
    }
    let left_out = left.len().saturating_sub(SIDE) + right.len().saturating_sub(SIDE);
    left.truncate(SIDE);
    right.truncate(SIDE);
    if left.is_empty() && right.is_empty() {
        return (GraphView::default(), 0);
    }
    let rows = left.len().max(right.len()).max(1);
    let step = HEIGHT + ROW_GAP;
    let height = as_length(rows) * step - ROW_GAP + 2.0 * MARGIN;
    // A side without boxes takes no room.
    let layers = 1 + u8::from(!left.is_empty()) + u8::from(!right.is_empty());
    let shown = left.iter().chain(&right).map(|(node, _)| *node).chain(nodes.get(focus).copied());
    let boxes = Boxes::new(shown, f32::from(layers), SMALL_ROOM);
    let layer = boxes.width + LAYER_GAP;
    let middle = if left.is_empty() { MARGIN } else { MARGIN + layer };
    let columns = [MARGIN, middle, middle + layer];
    let own = (middle, (height - HEIGHT) / 2.0);
    let last = if right.is_empty() { middle } else { columns[2] };
    let mut view =
        GraphView { width: last + boxes.width + MARGIN, height, box_width: boxes.width, ..GraphView::default() };
    let mut column = |items: &[(&Node, &Vec<String>)], x: f32, points_at_it: bool| {
        let top = (height - (as_length(items.len()) * step - ROW_GAP)) / 2.0;
        for (at, (node, names)) in items.iter().enumerate() {
            let place = (x, top + as_length(at) * step);
            view.nodes.push(boxed(node, &boxes, false, place));
            let (ends, at) = if points_at_it { ((place, own), 0.36) } else { ((own, place), 0.64) };
            view.edges.push(tie(boxes.width, ends, names, at));
        }
    };
    column(&left, columns[0], true);
    column(&right, columns[2], false);
    if let Some(node) = nodes.get(focus) {
        view.nodes.push(boxed(node, &boxes, true, own));
    }
    (view, left_out)
}

/// A graph in layers from left to right, each tie running forwards where that is possible.
///
/// Everything is owned by someone and part of something: these ties are drawn where they touch the focus, or where the focus is a
/// team, a system or a domain and they are what it is about. Elsewhere they would cover what depends on what.
pub(super) fn layered(focus: &EntityRef, graph: &Graph) -> GraphView {
    let drawn = |edge: &&Edge| edge.from == *focus || edge.to == *focus || !plain(focus).contains(&edge.kind.as_str());
    let edges: Vec<Edge> = graph.edges.iter().filter(drawn).cloned().collect();
    let touched: HashSet<&EntityRef> = edges.iter().flat_map(|edge| [&edge.from, &edge.to]).chain([focus]).collect();
    let nodes: Vec<&Node> = graph.nodes.iter().filter(|node| touched.contains(&node.reference)).take(MOST).collect();
    let numbers: HashMap<&EntityRef, u32> =
        (0_u32..).zip(&nodes).map(|(number, node)| (&node.reference, number)).collect();
    let ties: Vec<((u32, u32), Vec<String>)> = pairs(&edges)
        .into_iter()
        .filter_map(|((from, to), names)| Some(((*numbers.get(from)?, *numbers.get(to)?), names)))
        .collect();
    let mut places = places(nodes.len(), &ties.iter().map(|(pair, _)| *pair).collect::<Vec<_>>());
    let layer = |x: f32| ((x - MARGIN) / (WIDTH + LAYER_GAP)).round();
    let layers = places.iter().map(|(x, _)| layer(*x)).fold(0.0, f32::max) + 1.0;
    let boxes = Boxes::new(nodes.iter().copied(), layers, ROOM);
    let mut view = GraphView { box_width: boxes.width, ..GraphView::default() };
    for (node, place) in nodes.iter().zip(&mut places) {
        place.0 = MARGIN + layer(place.0) * (boxes.width + LAYER_GAP);
        view.nodes.push(boxed(node, &boxes, node.reference == *focus, *place));
        view.width = view.width.max(place.0 + boxes.width + MARGIN);
        view.height = view.height.max(place.1 + HEIGHT + MARGIN);
    }
    let place = |number: u32| places.get(number as usize).copied().unwrap_or_default();
    let pairs: HashSet<(u32, u32)> = ties.iter().map(|(pair, _)| *pair).collect();
    view.edges = ties
        .iter()
        .map(|((from, to), names)| {
            let (start, end) = (place(*from), place(*to));
            if !pairs.contains(&(*to, *from)) {
                return tie(boxes.width, (start, end), names, 0.5);
            }
            // Two that depend on each other have two lines, each named near where it begins.
            let aside = if from < to { -ASIDE } else { ASIDE };
            let ends = ((start.0, start.1 + aside), (end.0, end.1 + aside));
            tie(boxes.width, ends, names, 0.3)
        })
        .collect();
    view
}

/// How many things that touch an entity are not in a drawing of what is around it: a graph ends long before some do.
pub(super) fn beyond(focus: &EntityRef, relations: &[Relation], drawn: &GraphView, left_out: usize) -> usize {
    let is_plain = |relation: &&Relation| {
        let kind = forward(&relation.kind).map_or(relation.kind.as_str(), |(forwards, _)| forwards);
        plain(focus).contains(&kind)
    };
    let telling = relations.iter().filter(|relation| !is_plain(relation) && relation.target != *focus);
    let telling: HashSet<&EntityRef> = telling.map(|relation| &relation.target).collect();
    left_out.max((telling.len() + 1).saturating_sub(drawn.nodes.len()))
}

/// The ties that everything has, and that say little on the page of this kind of thing.
fn plain(focus: &EntityRef) -> &'static [&'static str] {
    match focus.kind() {
        "domain" | "system" => &["ownedBy", "memberOf", "childOf"],
        "group" | "user" => &["ownedBy", "partOf"],
        _ => &["ownedBy", "memberOf", "childOf", "partOf"],
    }
}

/// The upper left corner of each box.
fn places(count: usize, edges: &[(u32, u32)]) -> Vec<(f32, f32)> {
    // The library lays out from top to bottom: width and height change places, and so do the coordinates.
    let size = (f64::from(HEIGHT + ROW_GAP), f64::from(WIDTH + LAYER_GAP));
    let vertices: Vec<(u32, (f64, f64))> = (0_u32..).take(count).map(|number| (number, size)).collect();
    let config = Config { vertex_spacing: 1.0, ..Config::default() };
    // A drawing is not worth a page: where the library gives up, the boxes stand in a grid.
    let laid_out = catch_unwind(|| from_vertices_and_edges(&vertices, edges, &config)).unwrap_or_default();
    let mut places: Vec<(f32, f32)> = (0..count).map(grid).collect();
    let mut below = MARGIN;
    for (part, _, _) in laid_out {
        let part: Vec<(usize, f32, f32)> =
            part.into_iter().map(|(number, (y, x))| (number, as_f32(x), as_f32(y))).collect();
        let left = part.iter().map(|(_, x, _)| *x).fold(f32::MAX, f32::min);
        let top = part.iter().map(|(_, _, y)| *y).fold(f32::MAX, f32::min);
        let mut bottom = below;
        for (number, x, y) in part {
            if let Some(place) = places.get_mut(number) {
                // Between two pixels, a line is drawn over both.
                *place = ((x - left + MARGIN).round(), (y - top + below).round());
                bottom = bottom.max(place.1);
            }
        }
        below = bottom + HEIGHT + ROW_GAP;
    }
    places
}

fn grid(at: usize) -> (f32, f32) {
    (MARGIN + as_length(at % 4) * (WIDTH + LAYER_GAP), MARGIN + as_length(at / 4) * (HEIGHT + ROW_GAP))
}

#[expect(clippy::cast_precision_loss, reason = "a drawing has few boxes")]
fn as_length(count: usize) -> f32 {
    count as f32
}

#[expect(clippy::cast_possible_truncation, reason = "a drawing needs no more")]
fn as_f32(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str, &str)]) -> Graph {
        let reference = |name: &str| EntityRef::new("component", "default", name);
        let mut names: Vec<&str> = edges.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
        names.sort_unstable();
        names.dedup();
        let nodes = names.iter().map(|name| Node {
            reference: reference(name),
            kind: "Component".into(),
            title: (*name).to_owned(),
            type_: None,
            distance: 1,
            missing: false,
        });
        let edges = edges.iter().map(|(from, to, kind)| Edge {
            from: reference(from),
            to: reference(to),
            kind: (*kind).to_owned(),
        });
        Graph { nodes: nodes.collect(), edges: edges.collect(), cut: false }
    }

    #[test]
    fn no_two_boxes_stand_on_each_other() {
        let graph = graph(&[
            ("a", "b", "dependsOn"),
            ("b", "c", "dependsOn"),
            ("c", "a", "dependsOn"),
            ("a", "d", "consumesApi"),
            ("e", "b", "dependsOn"),
        ]);
        let view = layered(&EntityRef::new("component", "default", "b"), &graph);
        assert_eq!(view.nodes.len(), 5);
        for (at, one) in view.nodes.iter().enumerate() {
            for other in &view.nodes[at + 1..] {
                let apart = (one.x - other.x).abs() >= WIDTH || (one.y - other.y).abs() >= HEIGHT;
                assert!(apart, "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn what_depends_on_each_other_has_two_lines() {
        let graph =
            graph(&[("a", "b", "dependsOn"), ("b", "a", "consumesApi"), ("a", "b", "partOf"), ("b", "c", "dependsOn")]);
        let view = layered(&EntityRef::new("component", "default", "a"), &graph);
        let labels: Vec<&str> = view.edges.iter().map(|edge| edge.label.as_str()).collect();
        assert_eq!(labels, ["depends on, part of", "consumes", "depends on"]);
        let levels = |edge: &GraphEdge| [edge.points[0].1, edge.points[1].1];
        let [one, other] = [levels(&view.edges[0]), levels(&view.edges[1])];
        assert!((one[0] - other[1]).abs() >= 2.0 * ASIDE && (one[1] - other[0]).abs() >= 2.0 * ASIDE, "{view:?}");
        assert!((view.edges[0].middle.0 - view.edges[1].middle.0).abs() > 20.0, "{view:?}");
    }

    #[test]
    fn kinds_that_are_not_asked_for_are_left_out() {
        let mut graph = graph(&[("a", "b", "dependsOn"), ("b", "c", "dependsOn")]);
        let team = EntityRef::new("group", "default", "team");
        let focus = EntityRef::new("component", "default", "b");
        graph.nodes.iter_mut().filter(|node| node.reference == focus).for_each(|node| node.distance = 0);
        graph.nodes.push(Node { reference: team.clone(), kind: "Group".into(), ..graph.nodes[0].clone() });
        graph.edges.push(Edge { from: focus.clone(), to: team.clone(), kind: "ownedBy".into() });
        assert_eq!(kinds(&graph), [("component".to_owned(), 2), ("group".to_owned(), 1)]);
        let groups = only(&focus, graph.clone(), &["group".to_owned()]);
        assert_eq!((groups.nodes.len(), groups.edges.len()), (2, 1));
        assert_eq!(only(&focus, graph, &[]).nodes.len(), 4);
    }

    #[test]
    fn what_points_at_it_stands_left_and_what_it_points_at_right() {
        let graph = graph(&[("web", "api", "consumesApi"), ("api", "cache", "dependsOn"), ("api", "team", "ownedBy")]);
        let (view, left_out) = around(&EntityRef::new("component", "default", "api"), &graph);
        let x = |name: &str| view.nodes.iter().find(|node| node.label == name).map(|node| node.x);
        assert!(x("web") < x("api") && x("api") < x("cache"));
        assert_eq!((x("team"), left_out), (None, 0));
        // A graph may end before all that touches it does.
        let tie = |kind: &str, name: &str| Relation {
            kind: kind.into(),
            target: EntityRef::new("component", "default", name),
        };
        let mut relations: Vec<Relation> =
            (0..3_000).map(|number| tie("dependencyOf", &format!("n{number}"))).collect();
        relations.extend([tie("ownedBy", "team"), tie("dependencyOf", "n1"), tie("apiConsumedBy", "n1")]);
        let focus = EntityRef::new("component", "default", "api");
        assert_eq!(beyond(&focus, &relations, &view, left_out), 3_000 - 2);
    }
}
