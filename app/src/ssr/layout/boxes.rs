//! How wide the boxes of a drawing are, and how much of each name stands in them.

use std::collections::HashMap;

use services::domain::catalog::{EntityRef, Node};

use super::{LAYER_GAP, MARGIN, WIDTH, as_length};

/// How many letters a box holds at least, and at most.
const LETTERS: (usize, usize) = (18, 36);
/// How wide most letters are, and what stands beside them.
const LETTER: f32 = 6.8;
const BESIDE: f32 = 41.0;

pub(super) struct Boxes<'a> {
    pub(super) width: f32,
    labels: HashMap<&'a EntityRef, String>,
}

impl<'a> Boxes<'a> {
    /// As wide as the longest name wants them, while so many layers have `room` for that.
    pub(super) fn new(nodes: impl Iterator<Item = &'a Node> + Clone, layers: f32, room: f32) -> Self {
        let longest = nodes.clone().map(|node| length(&node.title)).fold(0.0, f32::max);
        let most = (room - 2.0 * MARGIN - (layers - 1.0) * LAYER_GAP) / layers;
        let room = |letters: usize| as_length(letters) * LETTER;
        let wanted = |letters: &usize| room(letters - 1) < longest && BESIDE + room(*letters) <= most;
        let letters = (LETTERS.0..=LETTERS.1).take_while(wanted).last().unwrap_or(LETTERS.0);
        let letters = room(letters);
        let mut alike: HashMap<String, usize> = HashMap::new();
        for node in nodes.clone() {
            *alike.entry(begun(&node.title, letters)).or_default() += 1;
        }
        let label = |node: &Node| {
            let begun = begun(&node.title, letters);
            if alike.get(&begun).is_some_and(|count| *count > 1) { within(&node.title, letters) } else { begun }
        };
        let labels = nodes.map(|node| (&node.reference, label(node))).collect();
        Self { width: (BESIDE + letters).max(WIDTH).round(), labels }
    }

    pub(super) fn label(&self, node: &Node) -> String {
        self.labels.get(&node.reference).cloned().unwrap_or_default()
    }
}

/// A name without its end, where it has no room.
fn begun(title: &str, room: f32) -> String {
    if length(title) <= room {
        return title.to_owned();
    }
    format!("{}…", as_much(signs(title).into_iter(), room - LETTER).concat())
}

/// A name without its middle, where it has no room: those that begin alike often end otherwise.
fn within(title: &str, room: f32) -> String {
    if length(title) <= room {
        return title.to_owned();
    }
    let head = as_much(signs(title).into_iter(), room / 2.0);
    let left = room - LETTER - head.iter().copied().map(length).sum::<f32>();
    let mut tail = as_much(signs(title).into_iter().rev(), left);
    tail.reverse();
    format!("{}…{}", head.concat(), tail.concat())
}

/// As many signs as have room.
fn as_much<'a>(signs: impl Iterator<Item = &'a str>, mut room: f32) -> Vec<&'a str> {
    let fits = |sign: &&str| {
        room -= length(sign);
        // Sums of lengths are never quite what they are meant to be.
        room > -0.01
    };
    signs.take_while(fits).collect()
}

/// What stands in a text as one sign each, though it may be written as several: accents, emoji.
fn signs(text: &str) -> Vec<&str> {
    let (mut signs, mut from, mut before, mut flags) = (Vec::new(), 0, ' ', 0);
    for (at, letter) in text.char_indices() {
        let is_flag = ('\u{1f1e6}'..='\u{1f1ff}').contains(&letter);
        flags = if is_flag { flags + 1 } else { 0 };
        let belongs = is_mark(letter) || before == '\u{200d}' || is_flag && flags % 2 == 0;
        if at > from && !belongs {
            signs.push(&text[from..at]);
            from = at;
        }
        before = letter;
    }
    if from < text.len() {
        signs.push(&text[from..]);
    }
    signs
}

/// Whether a letter only changes the one before it.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

/// About how long a text is as it is drawn.
fn length(text: &str) -> f32 {
    signs(text).into_iter().filter_map(|sign| sign.chars().next()).map(wide).sum()
}

fn wide(letter: char) -> f32 {
    match letter {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}' => 13.5,
        '\u{1f000}'..='\u{3ffff}' => 17.0,
        'W' | 'M' | '@' | '%' | 'Щ' | 'Ш' | 'Ж' | 'Ю' | 'Ы' | 'Ф' | 'М' | 'Œ' | 'Æ' => 12.0,
        'щ' | 'ш' | 'ж' | 'ю' | 'ы' | 'ф' | 'м' | 'œ' | 'æ' => 9.5,
        _ if letter.is_uppercase() => 9.2,
        _ if letter.is_ascii() => LETTER,
        _ => 7.4,
    }
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

    #[test]
    fn wide_letters_have_the_room_they_take() {
        let names = [
            "COMMUNICATION MANAGEMENT",
            "МИНИСТЕРСТВО ЩЕДРОСТИ",
            "WWWWWWWWWWWWWWWWWW",
            "乗車券販売管理システム基盤連携",
        ];
        for layers in [2.0, 5.0] {
            let (width, shown) = labels(&names, layers);
            for label in shown {
                assert!(length(&label) + BESIDE <= width + 0.1, "{label}: {} in {width}", length(&label));
            }
        }
        let (_, shown) = labels(&["tickets", "👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒"], 5.0);
        assert_eq!(shown[1], "👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒…", "no sign is cut in its middle");
        assert_eq!(signs("e\u{301}🇩🇪🇫🇷a"), ["e\u{301}", "🇩🇪", "🇫🇷", "a"]);
    }
}
