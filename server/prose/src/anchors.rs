//! Names of places on a page: those that MkDocs gives its headings, those that GitHub gives them, and links that lead to none.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use crate::{
    escape,
    page::Heading,
    sanitise::{ID_PREFIX, Remarks},
    tree::short,
};

/// The longest name, in letters; titles are cut off there too.
const LONGEST: usize = 300;

/// The name of a heading as Python-Markdown makes it; nothing for one without letters of ASCII.
pub(crate) fn slug(title: &str) -> String {
    let is_kept = |letter: &char| letter.is_ascii_alphanumeric() || "_- ".contains(*letter);
    let spaced = title.nfkd().map(|letter| if letter.is_ascii_whitespace() { ' ' } else { letter });
    let kept: String = spaced.filter(is_kept).collect();
    let mut out = String::with_capacity(kept.len());
    for letter in kept.trim().chars() {
        let letter = if letter == ' ' { '-' } else { letter.to_ascii_lowercase() };
        if letter != '-' || !out.ends_with('-') {
            out.push(letter);
        }
    }
    cut(&out)
}

/// The name of a heading as GitHub makes it, in whichever script.
fn github(title: &str) -> String {
    let is_kept = |letter: &char| letter.is_alphanumeric() || "_- ".contains(*letter);
    let name: String = title.trim().to_lowercase().chars().filter(is_kept).collect();
    cut(&name.replace(' ', "-"))
}

/// A name that leads to the first heading with this title.
pub fn anchor(title: &str) -> String {
    let slug = slug(title);
    if slug.is_empty() { github(title) } else { slug }
}

/// A name that an author chose, without what is no part of one.
pub(crate) fn own(name: &str) -> String {
    cut(&name.chars().filter(|letter| letter.is_alphanumeric() || "-_.:".contains(*letter)).collect::<String>())
}

fn cut(name: &str) -> String {
    short(name, LONGEST).trim_end_matches('…').to_owned()
}

/// The names of a page's headings.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
    /// The last number behind each name, so that a thousand headings of one name are not counted a thousand times.
    last: HashMap<String, usize>,
}

impl Names {
    /// Makes a name that no other heading has: numbered as Python-Markdown does it, from `_1`.
    pub(crate) fn unique(&mut self, name: String) -> String {
        let mut name = name;
        if name.is_empty() || self.taken.contains(&name) {
            let numbered = name.rsplit_once('_').and_then(|(base, number)| Some((base, number.parse().ok()?)));
            let (base, number) = numbered.unwrap_or((name.as_str(), 0_usize));
            let last = self.last.entry(base.to_owned()).or_default();
            *last = number.max(*last);
            let base = base.to_owned();
            while name.is_empty() || self.taken.contains(&name) {
                *last = last.saturating_add(1);
                name = format!("{base}_{last}");
            }
        }
        self.taken.insert(name.clone());
        format!("{ID_PREFIX}{name}")
    }
}

/// Adds the names that GitHub gives headings where nothing else has them, and tells of links that lead to no place on the page.
pub(crate) fn settled(html: String, headings: &[Heading], remarks: &Remarks) -> String {
    let mut there: HashSet<Cow<'_, str>> = HashSet::new();
    let mut links: Vec<&str> = Vec::new();
    for (_, tag) in tags(&html) {
        there.extend([" id=\"", " name=\""].into_iter().filter_map(|word| value(tag, word)).map(Cow::Borrowed));
        links.extend(value(tag, " href=\"#").filter(|_| tag.starts_with("<a ")));
    }
    let also = also(headings, &there);
    let named: HashSet<&str> = also.values().map(String::as_str).collect();
    let mut out = String::with_capacity(html.len());
    let mut copied = 0;
    for (at, tag) in tags(&html) {
        let is_heading = tag.starts_with("<h") && tag.as_bytes().get(2).is_some_and(u8::is_ascii_digit);
        if let Some(name) = value(tag, " id=\"").filter(|_| is_heading).and_then(|id| also.get(id)) {
            out.push_str(&html[copied..at + tag.len()]);
            out.push_str("<span id=\"");
            out.push_str(name);
            out.push_str("\"></span>");
            copied = at + tag.len();
        } else if let Some(link) = value(tag, " href=\"#").filter(|_| tag.starts_with("<a "))
            && let Some(meant) = meant(link, |name| there.contains(name) || named.contains(name))
        {
            out.push_str(&html[copied..at]);
            out.push_str(&tag.replacen(&format!(" href=\"#{link}\""), &format!(" href=\"#{meant}\""), 1));
            copied = at + tag.len();
        }
    }
    there.extend(also.values().map(|name| Cow::Borrowed(name.as_str())));
    for link in links {
        let name = percent_decode_str(link).decode_utf8_lossy();
        let is_there = there.contains(link) || there.contains(&name) || ["", "doc-top"].contains(&link);
        if !is_there && meant(link, |name| there.contains(name)).is_none() {
            let name = short(name.strip_prefix(ID_PREFIX).unwrap_or(&name), 80);
            remarks.add(format!("the link `#{name}` leads to no place on this page"));
        }
    }
    out.push_str(&html[copied..]);
    out
}

/// Where a link leads that leads to no name of the page as it stands: to the top, or to what an author called as it is called here.
fn meant(link: &str, is_there: impl Fn(&str) -> bool) -> Option<&str> {
    if is_there(link) {
        return None;
    }
    let own = link.strip_prefix(ID_PREFIX)?;
    if own == "top" { Some("") } else { Some(own).filter(|own| own.starts_with(ID_PREFIX) && is_there(own)) }
}

/// The names of GitHub for headings that have another one here, by the one that they have.
fn also<'a>(headings: &'a [Heading], there: &HashSet<Cow<'_, str>>) -> HashMap<Cow<'a, str>, String> {
    let mut times: HashMap<String, usize> = HashMap::new();
    let mut given: HashSet<String> = HashSet::new();
    let mut out = HashMap::new();
    for heading in headings {
        let name = github(&heading.text);
        let time = times.entry(name.clone()).or_default();
        let name = if *time == 0 { name } else { format!("{name}-{time}") };
        *time += 1;
        let id = escape(&format!("{ID_PREFIX}{name}"));
        if !name.is_empty() && id != heading.id && !there.contains(id.as_str()) && given.insert(id.clone()) {
            out.insert(Cow::Owned(escape(&heading.id)), id);
        }
    }
    out
}

/// The tags of clean HTML, each with its place. What is no tag has no `<` there.
fn tags(html: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + html[from..].find('<')?;
        let mut is_quoted = false;
        let end = html[at..].bytes().position(|byte| {
            is_quoted ^= byte == b'"';
            byte == b'>' && !is_quoted
        });
        let end = end.map_or(html.len(), |end| at + end + 1);
        from = end;
        Some((at, &html[at..end]))
    })
}

/// The value of an attribute, by the beginning of how it is written.
fn value<'a>(tag: &'a str, begin: &str) -> Option<&'a str> {
    Some(tag.split_once(begin)?.1.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{NoLinks, page};

    #[test]
    fn headings_have_the_names_that_python_markdown_gives_them() {
        let page = page(
            "# Übersicht & Größe\n# Café (v2.0): what's new?\n# 日本語\n# 日本語\n# a_b -- c\n# Second\n# Other\n# Second\n# Second\n# x_1\n# x_1\n# Own {#Foo.Bar}\n# Trailing - #\n",
            0,
            Arc::new(NoLinks),
        );
        let ids: Vec<&str> = page.headings.iter().map(|heading| heading.id.strip_prefix("doc-").unwrap()).collect();
        let expected = [
            "ubersicht-groe",
            "cafe-v20-whats-new",
            "_1",
            "_2",
            "a_b-c",
            "second",
            "other",
            "second_1",
            "second_2",
            "x_1",
            "x_2",
            "Foo.Bar",
            "trailing-",
        ];
        assert_eq!(ids, expected);
        for github in ["übersicht--größe", "日本語", "日本語-1", "a_b----c", "second-1", "second-2", "own"] {
            assert!(page.html.contains(&format!("<span id=\"doc-{github}\"></span>")), "{github}: {}", page.html);
        }
        assert_eq!((anchor("日本語"), anchor("Größe")), ("日本語".to_owned(), "groe".to_owned()));
    }

    #[test]
    fn a_name_stands_once_and_a_link_to_none_is_told_of() {
        let text = "# Twice\n# Twice\n# Twice 1\n<a name=\"old\"></a><p id=\"new\">x</p>\n\n\
            [a](#old) [b](#new) [c](#twice-1) [d](#größe) [e](#top) [f](#) [g](#twice_1)\n\n## Größe\n\n\
            [x](#nowhere) `[y](#code)` <a title='href=\"#z\"'>z</a>\n";
        let page = page(text, 0, Arc::new(NoLinks));
        assert_eq!(page.html.matches("id=\"doc-twice-1\"").count(), 1, "{}", page.html);
        assert!(page.html.contains("<a name=\"doc-old\"") && page.html.contains("href=\"#\""), "{}", page.html);
        assert_eq!(page.remarks, ["the link `#nowhere` leads to no place on this page"]);
    }

    #[test]
    fn a_heading_that_begins_as_our_names_do_is_found() {
        let text = "## Doc review process\n## Review\n<p id=\"doc-own\">x</p>\n\n\
            [a](#doc-review-process) [b](#doc-review) [c](#doc-own) [d](#doc-nowhere)\n";
        let page = page(text, 0, Arc::new(NoLinks));
        for link in ["#doc-doc-review-process\">a", "#doc-review\">b", "#doc-own\">c"] {
            let link = link.replace("\">", "\" rel=\"external noopener noreferrer\">");
            assert!(page.html.contains(&link), "{link}: {}", page.html);
        }
        assert_eq!(page.remarks, ["the link `#doc-nowhere` leads to no place on this page"]);
    }

    #[test]
    fn a_thousand_headings_of_one_name_cost_a_thousand_steps() {
        let page = page(&"# same\n".repeat(1_500), 0, Arc::new(NoLinks));
        assert_eq!(page.headings.last().unwrap().id, "doc-same_1499");
    }
}
