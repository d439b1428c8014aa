//! How wide the boxes of a drawing are, and how much of each name stands in them.

use std::collections::HashMap;

use services::domain::catalog::{EntityRef, Node};

use super::{LAYER_GAP, MARGIN, WIDTH, as_length};

/// How many letters a box holds at least, and at most.
const LETTERS: (usize, usize) = (18, 36);
/// How wide a letter is, and what stands beside them.
const LETTER: f32 = 6.8;
const BESIDE: f32 = 41.0;

pub(super) struct Boxes<'a> {
    pub(super) width: f32,
    labels: HashMap<&'a EntityRef, String>,
}

impl<'a> Boxes<'a> {
    /// As wide as the longest name wants them, while so many layers have `room` for that.
    pub(super) fn new(nodes: impl Iterator<Item = &'a Node> + Clone, layers: f32, room: f32) -> Self {
        let longest = nodes.clone().map(|node| node.title.chars().count()).max().unwrap_or_default();
        let most = (room - 2.0 * MARGIN - (layers - 1.0) * LAYER_GAP) / layers;
        let width = |letters: usize| BESIDE + as_length(letters) * LETTER;
        let letters = (LETTERS.0..=longest.min(LETTERS.1)).take_while(|letters| width(*letters) <= most).last();
        let letters = letters.unwrap_or(LETTERS.0);
        let mut alike: HashMap<String, usize> = HashMap::new();
        for node in nodes.clone() {
            *alike.entry(begun(&node.title, letters)).or_default() += 1;
        }
        let label = |node: &Node| {
            let begun = begun(&node.title, letters);
            if alike.get(&begun).is_some_and(|count| *count > 1) { within(&node.title, letters) } else { begun }
        };
        let labels = nodes.map(|node| (&node.reference, label(node))).collect();
        Self { width: width(letters).max(WIDTH), labels }
    }

    pub(super) fn label(&self, node: &Node) -> String {
        self.labels.get(&node.reference).cloned().unwrap_or_default()
    }
}

/// A name without its end, where it is too long.
fn begun(title: &str, letters: usize) -> String {
    if title.chars().nth(letters).is_none() {
        return title.to_owned();
    }
    title.chars().take(letters - 1).chain(['…']).collect()
}

/// A name without its middle, where it is too long: those that begin alike often end otherwise.
fn within(title: &str, letters: usize) -> String {
    let count = title.chars().count();
    if count <= letters {
        return title.to_owned();
    }
    let head = letters / 2;
    let tail = title.chars().skip(count - (letters - 1 - head));
    title.chars().take(head).chain(['…']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(titles: &[&str], layers: f32) -> (f32, Vec<String>) {
        let nodes: Vec<Node> = titles
            .iter()
            .map(|title| Node {
                reference: EntityRef::new("component", "default", title),
                kind: "Component".into(),
                title: (*title).to_owned(),
                type_: None,
                distance: 1,
                missing: false,
            })
            .collect();
        let boxes = Boxes::new(nodes.iter(), layers, 1_100.0);
        (boxes.width, nodes.iter().map(|node| boxes.label(node)).collect())
    }

    #[test]
    fn names_are_cut_where_there_is_no_room_and_stay_apart() {
        let names = [
            "ticketing-gateway-berlin",
            "ticketing-gateway-hamburg",
            "a-name-that-is-as-long-as-none-other-here",
            "web",
        ];
        let (width, shown) = labels(&names, 2.0);
        assert_eq!(shown, [names[0], names[1], "a-name-that-is-as-long-as-none-othe…", "web"]);
        assert!(width > 250.0 && 2.0 * width + LAYER_GAP < 1_100.0, "{width}");
        let (width, shown) = labels(&names, 5.0);
        assert_eq!(shown, ["ticketing…y-berlin", "ticketing…-hamburg", "a-name-that-is-as…", "web"]);
        assert!(width < WIDTH + 1.0, "{width}");
        assert_eq!(labels(&["web"], 2.0), (WIDTH, vec!["web".to_owned()]));
    }
}
