//! Where two texts differ, among the lines around.

use std::{ops::Range, time::Instant};

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp};

use super::{cut_line, from_where_they_differ};

/// How many lines that are as they were stand around those that are not.
const CONTEXT: usize = 3;

/// A line of a text that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextLine {
    /// Whose line it is.
    pub side: TextSide,
    /// Its number there, from 1.
    pub number: u32,
    /// What it says.
    pub text: String,
}

/// Which of two texts has a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextSide {
    /// The one before.
    Was,
    /// The one after.
    Is,
    /// Both; the number is that of the one after.
    Both,
}

/// The places where two texts differ, at most `most` lines of them, and how many lines more there are.
pub(super) fn hunks(before: &str, after: &str, most: usize, until: Option<Instant>) -> (Vec<Vec<TextLine>>, usize) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // What both begin with need not be held against each other.
    let same = old.iter().zip(&new).take_while(|(left, right)| left == right).count();
    let first = same.saturating_sub(CONTEXT);
    let parts = similar::capture_diff_slices_deadline(Algorithm::Myers, &old[first..], &new[first..], until);
    let (mut left, mut more) = (most, 0);
    let mut told = Vec::new();
    for group in similar::group_diff_ops(parts, CONTEXT) {
        let mut lines = Vec::new();
        for part in group {
            lines.extend(of(&part, &old[first..], &new[first..], first));
        }
        more += lines.len().saturating_sub(left);
        lines.truncate(left);
        left -= lines.len();
        if !lines.is_empty() {
            told.push(lines);
        }
    }
    (told, more)
}

fn of(part: &DiffOp, old: &[&str], new: &[&str], first: usize) -> Vec<TextLine> {
    let number = |at: usize| u32::try_from(first + at + 1).unwrap_or(u32::MAX);
    let side = |side: TextSide, texts: Vec<String>, range: Range<usize>| {
        texts.into_iter().zip(range).map(move |(text, at)| TextLine { side, number: number(at), text: cut_line(text) })
    };
    let texts = |all: &[&str], range: &Range<usize>| all[range.clone()].iter().map(|&line| line.to_owned()).collect();
    let (_, before, after) = part.as_tag_tuple();
    if matches!(part, DiffOp::Equal { .. }) {
        return side(TextSide::Both, texts(new, &after), after).collect();
    }
    let (gone, come) = from_where_they_differ(texts(old, &before), texts(new, &after));
    side(TextSide::Was, gone, before).chain(side(TextSide::Is, come, after)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str, most: usize) -> (Vec<String>, usize) {
        let (hunks, more) = hunks(before, after, most, None);
        let line = |line: &TextLine| {
            let sign = match line.side {
                TextSide::Was => '-',
                TextSide::Is => '+',
                TextSide::Both => ' ',
            };
            format!("{}{sign}{}", line.number, line.text)
        };
        (hunks.iter().map(|hunk| hunk.iter().map(line).collect::<Vec<_>>().join("|")).collect(), more)
    }

    /// A text of a hundred lines.
    fn hundred() -> String {
        (1..=100).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\n") + "\n"
    }

    #[test]
    fn lines_stand_with_their_numbers_among_those_around_them() {
        let text = hundred();
        let other = text.replace("line 50\n", "fifty\nand a half\n").replace("line 98\n", "");
        assert_eq!(
            told(&text, &other, 100),
            (
                vec![
                    "47 line 47|48 line 48|49 line 49|50-line 50|50+fifty|51+and a half|52 line 51|53 line 52|54 line 53"
                        .to_owned(),
                    "96 line 95|97 line 96|98 line 97|98-line 98|99 line 99|100 line 100".to_owned(),
                ],
                0
            )
        );
        assert_eq!(told(&text, &text, 100), (Vec::new(), 0));
        assert_eq!(told("a\nb\n", "b\n", 100).0, ["1-a|1 b"]);
        assert_eq!(told("", "b\n", 100).0, ["1+b"]);
    }

    #[test]
    fn what_is_told_is_bounded() {
        let text = hundred();
        let (hunks, more) = told(&text, "", 30);
        assert_eq!((hunks.len(), hunks[0].matches('|').count() + 1, more), (1, 30, 70));
        let (line, _) = told(&"x".repeat(10_000), &format!("{}y", "x".repeat(9_999)), 30);
        assert!(line[0].len() < 1_000 && line[0].contains("x|1+…x"), "{line:?}");
    }
}
