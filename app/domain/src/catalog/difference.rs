//! What changed between two states of a document, small enough to read.

mod hunks;

use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::hunks::{TextLine, TextSide};

/// How many fields are told.
const FIELDS: usize = 60;
/// How many lines of a field are told on each side.
const LINES: usize = 20;
/// How many lines are told in all where the whole is asked for.
const WHOLE: usize = 1_000;
/// How many letters of a line are told.
const LETTERS: usize = 300;
/// How many letters are told before the first that differs.
const AROUND: usize = 60;
/// Stands for lines that are as they were.
const BETWEEN: &str = "…";
/// How deep a document is looked into.
const DEPTH: usize = 20;

/// A field that is another than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Where it stands, such as `spec.owner`.
    pub path: String,
    /// What is no longer so: values, items of a list, lines of a text.
    pub before: Vec<String>,
    /// What is so now.
    pub after: Vec<String>,
    /// In place of these two, of a text of which the whole is asked for: every place where it is another.
    pub hunks: Vec<Vec<TextLine>>,
    /// How many lines are not told.
    pub more: u32,
}

/// Fields that differ, in the order of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The first of them.
    pub fields: Vec<FieldChange>,
    /// How many more there are.
    pub more: u32,
    /// Whether the whole says more of them.
    pub is_part: bool,
}

impl Difference {
    /// What differs between two documents; what the server counts for itself does not matter.
    pub fn between(before: &Value, after: &Value) -> Self {
        Self::within(before, after, None)
    }

    /// The same, where lines of texts are held against each other until a moment: what is left then is told as a whole.
    pub fn within(before: &Value, after: &Value, until: Option<Instant>) -> Self {
        Self::told(before, after, Comparison { told: Self::default(), until, whole: None })
    }

    /// The same with all lines that differ, as far as a page can hold them, and texts place by place.
    pub fn whole(before: &Value, after: &Value, until: Option<Instant>) -> Self {
        Self::told(before, after, Comparison { told: Self::default(), until, whole: Some(WHOLE) })
    }

    fn told(before: &Value, after: &Value, mut comparison: Comparison) -> Self {
        comparison.compare("", before, after, 0);
        comparison.told
    }
}

struct Comparison {
    told: Difference,
    until: Option<Instant>,
    /// How many lines may still be told, where the whole is asked for.
    whole: Option<usize>,
}

impl Comparison {
    fn tell(&mut self, path: &str, before: Vec<String>, after: Vec<String>) {
        let (before, after) = from_where_they_differ(before, after);
        let most = self.whole.unwrap_or(LINES);
        let more = before.len().saturating_sub(most) + after.len().saturating_sub(most);
        let side = |lines: Vec<String>| lines.into_iter().take(most).map(cut_line).collect();
        self.push(path, (side(before), side(after)), Vec::new(), more);
    }

    fn texts(&mut self, path: &str, before: &str, after: &str) {
        if let Some(most) = self.whole {
            let (hunks, more) = hunks::hunks(before, after, most, self.until);
            self.push(path, (Vec::new(), Vec::new()), hunks, more);
        } else {
            let (before, after) = lines(before, after, self.until);
            self.told.is_part |= before.len() + after.len() > 2;
            self.tell(path, before, after);
        }
    }

    fn push(
        &mut self,
        path: &str,
        (before, after): (Vec<String>, Vec<String>),
        hunks: Vec<Vec<TextLine>>,
        more: usize,
    ) {
        if let Some(left) = &mut self.whole {
            let told = before.len() + after.len() + hunks.iter().map(Vec::len).sum::<usize>();
            *left = left.saturating_sub(told);
        } else {
            self.told.is_part |= more > 0;
        }
        if self.told.fields.len() >= FIELDS {
            self.told.more += 1;
        } else {
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            self.told.fields.push(FieldChange { path: path.to_owned(), before, after, hunks, more });
        }
    }

    fn compare(&mut self, path: &str, before: &Value, after: &Value, depth: usize) {
        if before == after || matches!(path, "metadata.etag" | "metadata.uid") {
            return;
        }
        let nothing = Map::new();
        match (before, after) {
            // What comes or goes as a whole is told field by field.
            (Value::Object(before), Value::Object(after)) if depth < DEPTH => self.objects(path, before, after, depth),
            (Value::Object(before), Value::Null) if depth < DEPTH && !before.is_empty() => {
                self.objects(path, before, &nothing, depth);
            }
            (Value::Null, Value::Object(after)) if depth < DEPTH && !after.is_empty() => {
                self.objects(path, &nothing, after, depth);
            }
            (Value::Array(before), Value::Array(after)) => self.arrays(path, before, after),
            (Value::Array(before), Value::Null) => self.arrays(path, before, &[]),
            (Value::Null, Value::Array(after)) => self.arrays(path, &[], after),
            (Value::String(before), Value::String(after)) if before.contains('\n') || after.contains('\n') => {
                self.texts(path, before, after);
            }
            (before, after) => self.tell(path, words(before), words(after)),
        }
    }

    fn objects(&mut self, path: &str, before: &Map<String, Value>, after: &Map<String, Value>, depth: usize) {
        let new = after.keys().filter(|key| !before.contains_key(*key));
        for key in before.keys().chain(new) {
            let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let side = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or(Value::Null);
            self.compare(&below, &side(before), &side(after), depth + 1);
        }
    }

    /// Items that came and went; where none did, they stand in another order.
    fn arrays(&mut self, path: &str, before: &[Value], after: &[Value]) {
        let (old, new): (Vec<String>, Vec<String>) =
            (before.iter().map(item).collect(), after.iter().map(item).collect());
        let (gone, come) = (without(&old, &new), without(&new, &old));
        if gone.is_empty() && come.is_empty() {
            self.tell(path, vec![old.join(", ")], vec![new.join(", ")]);
        } else {
            self.tell(path, gone, come);
        }
    }
}

/// The items of `all` that `others` does not have, as often as it has them more.
fn without(all: &[String], others: &[String]) -> Vec<String> {
    let mut counts = std::collections::HashMap::<&str, usize>::new();
    for other in others {
        *counts.entry(other).or_default() += 1;
    }
    let left = all.iter().filter(|item| match counts.get_mut(item.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    left.cloned().collect()
}

fn item(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) if fields.len() == 2 => {
            // A relation reads as a sentence.
            match (fields.get("type").and_then(Value::as_str), fields.get("targetRef").and_then(Value::as_str)) {
                (Some(kind), Some(target)) => format!("{kind} {target}"),
                _ => value.to_string(),
            }
        }
        other => other.to_string(),
    }
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => text.lines().map(str::to_owned).collect(),
        other => vec![other.to_string()],
    }
}

/// The lines that one of two texts has and the other has not, in their order; where others stand between them, a dash of dots does.
fn lines(before: &str, after: &str, until: Option<Instant>) -> (Vec<String>, Vec<String>) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = |left: &mut dyn Iterator<Item = (&&str, &&str)>| left.take_while(|(left, right)| left == right).count();
    let first = same(&mut old.iter().zip(&new));
    let last = same(&mut old[first..].iter().rev().zip(new[first..].iter().rev()));
    let (old, new) = (&old[first..old.len() - last], &new[first..new.len() - last]);
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for part in similar::capture_diff_slices_deadline(similar::Algorithm::Myers, old, new, until) {
        let (_, before, after) = part.as_tag_tuple();
        if matches!(part, similar::DiffOp::Equal { .. }) {
            for side in [&mut gone, &mut come] {
                side.push(BETWEEN.to_owned());
            }
        } else {
            gone.extend(old[before].iter().map(|line| (*line).to_owned()));
            come.extend(new[after].iter().map(|line| (*line).to_owned()));
        }
    }
    (without_ends(gone), without_ends(come))
}

/// Dots where nothing of a side stands before or behind them say nothing.
fn without_ends(mut lines: Vec<String>) -> Vec<String> {
    lines.dedup_by(|next, line| next == BETWEEN && line == BETWEEN);
    while lines.last().is_some_and(|line| line == BETWEEN) {
        lines.pop();
    }
    if lines.first().is_some_and(|line| line == BETWEEN) {
        lines.remove(0);
    }
    lines
}

/// Long lines that begin alike, from shortly before they differ: what is told of them would be the same otherwise.
fn from_where_they_differ(mut before: Vec<String>, mut after: Vec<String>) -> (Vec<String>, Vec<String>) {
    if before.len() == after.len() {
        for (left, right) in before.iter_mut().zip(&mut after) {
            let same = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
            if same + AROUND > LETTERS {
                for line in [left, right] {
                    *line = format!("…{}", line.chars().skip(same - AROUND).collect::<String>());
                }
            }
        }
    }
    (before, after)
}

fn cut_line(mut line: String) -> String {
    if let Some((end, _)) = line.char_indices().nth(LETTERS) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Sorted: whether documents keep the order of their fields depends on how `serde_json` is built.
    fn told(before: &Value, after: &Value) -> Vec<String> {
        let told = Difference::between(before, after).fields.into_iter();
        let told = told.map(|field| format!("{}: {} -> {}", field.path, field.before.join("|"), field.after.join("|")));
        let mut told: Vec<String> = told.collect();
        told.sort();
        told
    }

    #[test]
    fn a_long_line_is_told_from_where_it_differs() {
        let of = |version: &str| json!({ "spec": { "definition": format!("{}ä{version}{}", "x".repeat(5_000), "y".repeat(5_000)) } });
        let said = told(&of("1"), &of("2"));
        let beginning = format!("…{}ä", "x".repeat(AROUND - 1));
        assert!(
            said[0].contains(&format!("{beginning}1y")) && said[0].contains(&format!("-> {beginning}2y")),
            "{said:?}"
        );
        assert!(said[0].len() < 1_000);
        let short = told(&json!({ "a": "one thing" }), &json!({ "a": "one thought" }));
        assert_eq!(short, ["a: one thing -> one thought"]);
    }

    #[test]
    fn fields_are_told_one_by_one() {
        let before = json!({
            "metadata": { "etag": "1", "annotations": { "a.b/c": "1", "d": "x" }, "tags": ["java", "edge"] },
            "spec": { "owner": "berths", "replicas": 2 },
            "relations": [{ "type": "ownedBy", "targetRef": "group:default/berths" }],
        });
        let after = json!({
            "metadata": { "etag": "2", "annotations": { "a.b/c": "2" }, "tags": ["edge", "rust"] },
            "spec": { "owner": "tides", "replicas": 2, "profile": { "email": "a@b" } },
            "relations": [{ "type": "ownedBy", "targetRef": "group:default/tides" }],
        });
        assert_eq!(
            told(&before, &after),
            [
                "metadata.annotations.a.b/c: 1 -> 2",
                "metadata.annotations.d: x -> ",
                "metadata.tags: java -> rust",
                "relations: ownedBy group:default/berths -> ownedBy group:default/tides",
                "spec.owner: berths -> tides",
                "spec.profile.email:  -> a@b",
            ]
        );
        assert_eq!(told(&before, &before), [""; 0]);
    }

    #[test]
    fn of_a_text_the_lines_that_differ_are_told() {
        let text = |middle: &str| json!({ "spec": { "definition": format!("a\nb\n{middle}\nc\nd\n") } });
        assert_eq!(told(&text("x"), &text("y\nz")), ["spec.definition: x -> y|z"]);
        assert_eq!(told(&json!({ "t": "a\na\n" }), &json!({ "t": "a\n" })), ["t: a -> "]);
        // Of two that lie far from each other both are, and nothing of what is as it was.
        let text = |first: &str, last: &str| json!({ "t": format!("a\n{first}\n{}{last}\nz", "same\n".repeat(500)) });
        assert_eq!(told(&text("one", "two"), &text("eins", "zwei")), ["t: one|…|two -> eins|…|zwei"]);
        assert_eq!(told(&text("one", "two"), &text("one\nmore", "zwei")), ["t: two -> more|…|zwei"]);
    }

    #[test]
    fn an_order_is_told_where_nothing_else_is() {
        assert_eq!(told(&json!({ "t": ["a", "b"] }), &json!({ "t": ["b", "a"] })), ["t: a, b -> b, a"]);
    }

    #[test]
    fn what_is_told_is_bounded() {
        let many =
            |value: &str| Value::Object((0..500).map(|at| (format!("f{at}"), json!(value.repeat(10_000)))).collect());
        let difference = Difference::between(&many("a"), &many("b"));
        assert_eq!((difference.fields.len(), difference.more), (FIELDS, 500 - 60));
        assert!(difference.fields.iter().all(|field| field.before[0].chars().count() == LETTERS + 1));
        let long = json!({ "t": (0..100).collect::<Vec<_>>() });
        let told = Difference::between(&json!({}), &long);
        assert_eq!((told.fields[0].after.len(), told.fields[0].more, told.is_part), (LINES, 80, true));
        let whole = Difference::whole(&json!({}), &long, None);
        assert_eq!((whole.fields[0].after.len(), whole.fields[0].more, whole.is_part), (100, 0, false));
        let whole = Difference::whole(&json!({}), &json!({ "t": (0..2_000).collect::<Vec<_>>(), "u": [1] }), None);
        let lines: usize = whole.fields.iter().map(|field| field.after.len()).sum();
        assert_eq!((lines, whole.fields.iter().map(|field| field.more).sum::<u32>()), (WHOLE, 1_001));
        let mut deep = (json!(1), json!(2));
        for _ in 0..100 {
            deep = (json!({ "x": deep.0 }), json!({ "x": deep.1 }));
        }
        assert_eq!(Difference::between(&deep.0, &deep.1).fields.len(), 1);
    }
}
