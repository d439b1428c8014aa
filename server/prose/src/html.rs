//! HTML whose content is Markdown: elements with the attribute `markdown`, as Python-Markdown's `md_in_html` has it.

/// Elements that may have it.
const NAMES: [&str; 17] = [
    "div",
    "section",
    "article",
    "aside",
    "details",
    "figure",
    "figcaption",
    "blockquote",
    "center",
    "main",
    "header",
    "footer",
    "nav",
    "p",
    "span",
    "td",
    "li",
];

/// An element, its Markdown, and the line after it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Element {
    /// The tag as it is written, without the attribute.
    pub(crate) tag: String,
    pub(crate) name: &'static str,
    pub(crate) body: String,
    /// What follows the end on its line.
    pub(crate) after: String,
    pub(crate) next: usize,
}

/// The element that begins with the line at `at`; one that is never ended holds the rest.
pub(crate) fn element(lines: &[&str], at: usize) -> Option<Element> {
    let line = lines.get(at)?.trim_start();
    let rest = line.strip_prefix('<')?;
    let name = NAMES.into_iter().find(|name| {
        let after = rest.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).and(rest.get(name.len()..));
        after.is_some_and(|after| after.starts_with([' ', '\t']))
    })?;
    let (attributes, mut inner) = ended(&rest[name.len()..])?;
    let tag = format!("<{name}{}>", without_mark(attributes)?);
    let mut body = String::new();
    let mut open = 1_usize;
    let mut next = at + 1;
    loop {
        if let Some((before, after)) = close(inner, name, &mut open) {
            body.push_str(before);
            let after = after.split_once('>').map_or("", |(_, after)| after).trim().to_owned();
            return Some(Element { tag, name, body: dedented(&body), after, next });
        }
        body.push_str(inner);
        body.push('\n');
        let Some(line) = lines.get(next) else {
            return Some(Element { tag, name, body: dedented(&body), after: String::new(), next });
        };
        inner = line;
        next += 1;
    }
}

/// The attributes of a tag, and what follows it on the line.
fn ended(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '>') => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

/// How long the attributes of a tag may be to be looked through.
const ATTRIBUTES: usize = 2_000;

/// Attributes without the one that marks; nothing if there is none, or it says no.
fn without_mark(attributes: &str) -> Option<String> {
    if attributes.len() > ATTRIBUTES {
        return None;
    }
    let at = attributes.to_ascii_lowercase().match_indices("markdown").map(|(at, _)| at).find(|&at| {
        let before = attributes[..at].chars().next_back().is_some_and(char::is_whitespace);
        let after = attributes[at + "markdown".len()..].chars().next();
        // Within quotes it is a word of another attribute.
        let quotes = attributes[..at].matches('"').count();
        before
            && quotes.is_multiple_of(2)
            && after.is_none_or(|after| after.is_whitespace() || after == '=' || after == '/')
    })?;
    let (before, after) = (&attributes[..at], &attributes[at + "markdown".len()..]);
    let Some(value) = after.strip_prefix('=') else { return Some(format!("{before}{after}")) };
    let (value, after) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split_once(quote)?,
        _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
    };
    (value != "0").then(|| format!("{before}{after}"))
}

/// Where the element ends in a line, if it does.
fn close<'a>(line: &'a str, name: &str, open: &mut usize) -> Option<(&'a str, &'a str)> {
    let small = line.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = small[from..].find('<') {
        let at = from + found;
        let is_end = small[at + 1..].starts_with('/');
        let word = &small[at + 1 + usize::from(is_end)..];
        let is_named =
            word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '>', '/']));
        if is_named && is_end {
            *open -= 1;
            if *open == 0 {
                return Some((&line[..at], &line[at..]));
            }
        } else if is_named {
            *open += 1;
        }
        from = at + 1;
    }
    None
}

/// Lines without the indentation that all of them have.
fn dedented(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    // What stands on the line of the tag has none to give away.
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let least = rest.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let mut out = first.trim_start().to_owned();
    for line in rest.lines() {
        out.push('\n');
        out.push_str(line.get(least..).unwrap_or_default());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<(String, String, String, usize)> {
        let lines: Vec<&str> = text.lines().collect();
        element(&lines, 0).map(|found| (found.tag, found.body, found.after, found.next))
    }

    #[test]
    fn an_element_that_asks_for_it_is_found_with_what_it_holds() {
        let some =
            |tag: &str, body: &str, after: &str, next| Some((tag.to_owned(), body.to_owned(), after.to_owned(), next));
        assert_eq!(
            told("<div class=\"grid cards\" markdown>\n\n- a\n\n</div>\nx"),
            some("<div class=\"grid cards\" >", "\n\n- a\n", "", 5)
        );
        assert_eq!(told("<DIV markdown=\"1\">**a**</div> tail"), some("<div >", "**a**", "tail", 1));
        assert_eq!(
            told("<div markdown='block'>\n  <div>\n    x\n  </div>\n</div>"),
            some("<div >", "\n<div>\n  x\n</div>", "", 5)
        );
        assert_eq!(told("<div markdown>\nnever"), some("<div >", "\nnever", "", 2));
        for none in [
            "<div>",
            "<div markdown=\"0\">",
            "<div title=\" markdown \">",
            "<divx markdown>",
            "<div markdown",
            "text <div markdown>",
            "<script markdown>",
        ] {
            assert_eq!(told(none), None, "{none}");
        }
    }
}
