//! Finding words in the pages of one site.

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
    /// The words around it, as they are written.
    pub around: String,
}

/// The words that are looked for, in small letters.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().take(WORDS).map(|word| word.chars().take(60).collect::<String>().to_lowercase()).collect()
}

/// Sections that have every word, those with a word in their heading first.
pub(super) fn search(pages: &[file::Model], words: &[String]) -> Vec<Hit> {
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
                title: page.title.clone(),
                heading: heading.to_owned(),
                around: around(&body, in_body.unwrap_or_default()),
            };
            hits.push((rank, hit));
        }
    }
    hits.sort_by_key(|(rank, _)| *rank);
    hits.into_iter().map(|(_, hit)| hit).take(HITS).collect()
}

/// A page cut at its headings.
fn sections(text: &str) -> Vec<(&str, String)> {
    let mut found = vec![("", String::new())];
    let mut in_code = false;
    for line in text.lines() {
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
            let hits = search(&pages, &words(text));
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
    fn letters_that_grow_when_they_become_small_do_no_harm() {
        let text = "İ".repeat(300) + " word " + &"ẞ".repeat(300);
        let hits = search(&[page("a.md", "A", &text)], &words("word"));
        assert_eq!(hits.len(), 1);
    }
}
