//! Finding words in the pages of one site.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::rows::file;

/// How many words are looked for.
const WORDS: usize = 8;

/// How many places are told.
const HITS: usize = 40;

/// How many letters stand around a word that was found.
const AROUND: usize = 90;

/// A place where a text occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The page.
    pub path: String,
    /// What the page is called.
    pub title: String,
    /// The heading above the place; empty at the top of a page.
    pub heading: String,
    /// The words around it, as a reader of the page sees them.
    pub around: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// The best places.
    pub best: Vec<Hit>,
    /// How many there are in all.
    pub total: usize,
}

/// The words that are looked for, in small letters.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().take(WORDS).map(|word| word.chars().take(60).collect::<String>().to_lowercase()).collect()
}

/// Sections that have every word, those with a word in their heading first.
pub(super) fn search(pages: &[file::Model], words: &[String]) -> Hits {
    let mut hits: Vec<(u8, Hit)> = Vec::new();
    for page in pages {
        let text = String::from_utf8_lossy(&page.content);
        for (heading, body) in sections(&text) {
            let (title, small_heading, small) =
                (page.title.to_lowercase(), heading.to_lowercase(), body.to_lowercase());
            let has = |word: &String| title.contains(word) || small_heading.contains(word) || small.contains(word);
            if !words.iter().all(has) {
                continue;
            }
            let in_body = words.iter().find_map(|word| small.find(word.as_str()));
            let in_heading = words.iter().any(|word| small_heading.contains(word));
            // A word of the title is found once, at the top of its page.
            if in_body.is_none() && !in_heading && !heading.is_empty() {
                continue;
            }
            let rank = if words.iter().all(|word| small_heading.contains(word)) {
                0
            } else if in_heading || heading.is_empty() && words.iter().any(|word| title.contains(word)) {
                1
            } else {
                2
            };
            let hit = Hit {
                path: page.path.clone(),
                title: plain(&page.title).trim().to_owned(),
                heading: plain(heading).trim().to_owned(),
                around: around_first(&body, words),
            };
            hits.push((rank, hit));
        }
    }
    hits.sort_by_key(|(rank, _)| *rank);
    let total = hits.len();
    Hits { best: hits.into_iter().map(|(_, hit)| hit).take(HITS).collect(), total }
}

/// A page cut at its headings.
fn sections(text: &str) -> Vec<(&str, String)> {
    let mut found = vec![("", String::new())];
    let mut in_code = false;
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().peekable();
    // What stands before the text is for machines.
    if lines.peek().is_some_and(|line| line.trim_end() == "---") && text.contains("\n---") {
        lines.next();
        lines.by_ref().find(|line| line.trim_end() == "---");
    }
    for line in lines {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            in_code = !in_code;
            continue;
        }
        let heading = line.trim_start_matches('#');
        let depth = line.len() - heading.len();
        if !in_code && (1..=6).contains(&depth) && heading.starts_with(' ') {
            let heading = heading.trim().trim_end_matches('#').trim();
            found.push((heading.split(" {#").next().unwrap_or(heading), String::new()));
        } else if let Some((_, body)) = found.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    found
}

/// What Markdown has for machines: links and images, HTML, attributes, boxes, marks of emphasis and code.
static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let marks = [
        r"!?\[(?<link>[^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])",
        r"</?[a-zA-Z][^>\n]*>",
        r"\{[:.#][^}\n]*\}",
        r"(?m:^[ \t]*/{3,}[^|\n]*(?:\|[ \t]*(?<block>[^\n]*))?)",
        r#"(?m:^[ \t]*(?:!!!|\?\?\?\+?|===\+?)(?:[ \t]+[a-z][a-z-]*)*(?:[ \t]*"(?<box>[^"\n]*)")?)"#,
        r"\*{1,3}|`+|~~|==|\|",
        r"(?m:^[ \t]*(?:[-*+>]|:?-{3,}:?)[ \t]+)",
    ];
    Regex::new(&marks.join("|")).ok()
});

/// A text of Markdown without its marks, as far as an excerpt needs it.
fn plain(body: &str) -> String {
    let Some(marks) = &*MARKS else { return body.to_owned() };
    let kept = |found: &Captures<'_>| {
        let words = ["link", "box", "block"].into_iter().find_map(|name| found.name(name));
        words.map_or_else(String::new, |words| words.as_str().to_owned())
    };
    marks.replace_all(body, kept).into_owned()
}

/// The words around the first word of a search, without marks if the word is there without them.
fn around_first(body: &str, words: &[String]) -> String {
    let at = |text: &str| {
        let small = text.to_lowercase();
        words.iter().find_map(|word| small.find(word.as_str()))
    };
    let (raw, bare) = (at(body), plain(body));
    match (at(&bare), raw) {
        (None, Some(raw)) => around(body, raw),
        (found, _) => around(&bare, found.unwrap_or_default()),
    }
}

/// The words around a place of a text in small letters, which may be a little longer or shorter than the text itself.
fn around(body: &str, at: usize) -> String {
    let letters =
        body.get(..at.min(body.len())).map_or_else(|| at.min(body.chars().count()), |before| before.chars().count());
    let from = letters.saturating_sub(AROUND / 2);
    let piece: String = body.chars().skip(from).take(AROUND * 2).collect();
    let piece = piece.split_whitespace().collect::<Vec<_>>().join(" ");
    let before = if from > 0 { "… " } else { "" };
    let after = if body.chars().count() > from + AROUND * 2 { " …" } else { "" };
    format!("{before}{piece}{after}")
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn page(path: &str, title: &str, text: &str) -> file::Model {
        file::Model {
            tenant: "default".into(),
            reference: "component:default/gate".into(),
            path: path.into(),
            kind: "page".into(),
            title: title.into(),
            hash: String::new(),
            edit: None,
            content: text.into(),
            changed_at: Utc::now(),
        }
    }

    #[test]
    fn sections_with_every_word_are_found_headings_first() {
        let pages = [
            page("a.md", "Gate", "# Gate\n\nOpens when it rains.\n\n## Nothing\n\n```\n# rain in code\n```\n"),
            page("b.md", "Runbook", "# Runbook\n\n## When it RAINS {#rain}\n\nClose the gate.\n"),
        ];
        let found = |text: &str| {
            let hits = search(&pages, &words(text)).best;
            hits.iter()
                .map(|hit| format!("{} {} | {}", hit.path, hit.heading, hit.around))
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(found("rains"), "b.md When it RAINS | Close the gate.\na.md Gate | Opens when it rains.");
        assert_eq!(found("gate RAINS close"), "b.md When it RAINS | Close the gate.");
        assert_eq!(found("nowhere"), "");
        assert!(words("  ").is_empty());
    }

    #[test]
    fn an_excerpt_reads_as_the_page_does() {
        let text = "---\ntitle: hidden quay\n---\n!!! warning \"Mind the step\"\n    See the **[berth plan](plans/berth.md \"x\")** of `quay` 7. {: .wide }\n\n- <b>Low</b> ![tide](t.png) | 3 |\n";
        let hits = search(&[page("a.md", "A", text)], &words("quay")).best;
        assert_eq!(hits[0].around, "Mind the step See the berth plan of quay 7. Low tide 3");
        // What only a mark says is shown as it is written.
        let hits = search(&[page("a.md", "A", "Look [here](quay.md).")], &words("quay.md")).best;
        assert_eq!(hits[0].around, "Look [here](quay.md).");
        assert!(search(&[page("a.md", "A", text)], &words("hidden")).best.is_empty());
    }

    #[test]
    fn headings_and_boxes_read_as_the_page_does_and_the_whole_number_is_known() {
        let text = "# [Plac](https://plac.example/)\n\n/// tip | Inspired **it** to\n\nhave words\n\n///\n";
        let pages: Vec<_> = (0..HITS + 5).map(|number| page(&format!("{number}.md"), "**Bold** title", text)).collect();
        let hits = search(&pages, &words("words"));
        assert_eq!((hits.best.len(), hits.total), (HITS, HITS + 5));
        let Hit { title, heading, around, .. } = &hits.best[0];
        assert_eq!(
            (title.as_str(), heading.as_str(), around.as_str()),
            ("Bold title", "Plac", "Inspired **it** to have words")
        );
    }

    #[test]
    fn letters_that_grow_when_they_become_small_do_no_harm() {
        let text = "İ".repeat(300) + " word " + &"ẞ".repeat(300);
        let hits = search(&[page("a.md", "A", &text)], &words("word"));
        assert_eq!(hits.total, 1);
    }
}
