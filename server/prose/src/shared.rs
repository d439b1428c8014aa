//! What a page says once and refers to anywhere: addresses by name, and footnotes. Notes and tabs are rendered one by one, so
//! both are gathered before.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::containers;

/// How many of each a page may have.
const MOST: usize = 2_000;

/// The longest name, in bytes.
const LABEL: usize = 300;

/// How far up is looked for what an indented line belongs to.
const ABOVE: usize = 100;

/// How many lines of a footnote within a quote are read.
const QUOTED: usize = 300;

#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Definitions as they are written, by name.
    addresses: HashMap<String, String>,
    footnotes: HashMap<String, Footnote>,
}

#[derive(Debug, Default)]
struct Footnote {
    text: String,
    /// Its place in the order in which footnotes are referred to.
    number: usize,
    uses: usize,
}

impl Shared {
    /// Gathers them from a page, which is left without its footnotes.
    pub(crate) fn gather(text: &str) -> (Self, String) {
        let lines: Vec<&str> = text.lines().collect();
        let mut shared = Self::default();
        let mut out = String::with_capacity(text.len());
        let mut fence: Option<(u8, usize)> = None;
        let mut order: Vec<&str> = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            let line = lines[at];
            let (indent, trimmed) = containers::indented(line);
            at += 1;
            match (fence, containers::opens_fence(trimmed)) {
                (Some((mark, length)), _) => {
                    let run = trimmed.bytes().take_while(|byte| *byte == mark).count();
                    if run >= length && trimmed[run..].trim().is_empty() {
                        fence = None;
                    }
                }
                (None, Some(opened)) => fence = Some(opened),
                (None, None) => {
                    if let Some((name, text, next)) = quoted(&lines, at - 1) {
                        at = next;
                        shared.footnote(name, text);
                        out.push_str(">\n");
                        continue;
                    }
                    if let Some((name, rest)) = definition(trimmed) {
                        match name.strip_prefix('^') {
                            Some(name) if indent < 4 || is_inside(&lines, at - 1, indent) => {
                                let (text, next) = body(&lines, at, indent, rest);
                                at = next;
                                shared.footnote(name, text);
                                out.push('\n');
                                continue;
                            }
                            Some(_) => {}
                            None => shared.address(name, rest, lines.get(at).copied()),
                        }
                    }
                    order.extend(labels(line).filter_map(|label| label.strip_prefix('^')));
                }
            }
            out.push_str(line);
            out.push('\n');
        }
        shared.number(order.into_iter().map(folded).collect());
        (shared, out)
    }

    /// Numbers footnotes in the order in which they are named, the text of a footnote behind all others.
    fn number(&mut self, mut names: VecDeque<String>) {
        let mut number = 0;
        while let Some(name) = names.pop_front() {
            if let Some(footnote) = self.footnotes.get_mut(&name).filter(|footnote| footnote.number == 0) {
                number += 1;
                footnote.number = number;
                names.extend(labels(&footnote.text).filter_map(|label| label.strip_prefix('^')).map(folded));
            }
        }
    }

    fn footnote(&mut self, name: &str, text: String) {
        if self.footnotes.len() < MOST {
            self.footnotes.entry(folded(name)).or_insert(Footnote { text, ..Footnote::default() });
        }
    }

    fn address(&mut self, name: &str, rest: &str, next: Option<&str>) {
        let rest = if rest.is_empty() { next.unwrap_or_default().trim() } else { rest };
        if is_address(rest) && self.addresses.len() < MOST {
            self.addresses.entry(folded(name)).or_insert_with(|| format!("[{name}]: {rest}"));
        }
    }

    /// A part of the page behind the addresses that it names.
    pub(crate) fn with_addresses(&self, text: String) -> String {
        if self.addresses.is_empty() {
            return text;
        }
        let mut named = HashSet::new();
        let mut out = String::new();
        for label in labels(&text).map(folded) {
            if let Some(definition) = self.addresses.get(&label)
                && named.insert(label)
            {
                out.push_str(definition);
                out.push_str("\n\n");
            }
        }
        if out.is_empty() { text } else { out + &text }
    }

    /// What stands for `[^name]` at the beginning of a text, and how long that is.
    pub(crate) fn reference(&mut self, rest: &str) -> Option<(String, usize)> {
        let label = labels(rest.get(..rest.floor_char_boundary(LABEL + 2))?).next()?;
        let name = label.strip_prefix('^').filter(|_| rest.starts_with(&format!("[{label}]")))?;
        let footnote = self.footnotes.get_mut(&folded(name)).filter(|footnote| footnote.number > 0)?;
        footnote.uses += 1;
        let (number, again) = (footnote.number, again(footnote.uses));
        let html = format!(
            "<sup class=\"footnote-ref\"><a href=\"#fn-{number}\" id=\"fnref-{number}{again}\">{number}</a></sup>"
        );
        Some((html, label.len() + 2))
    }

    /// The text of a footnote that was referred to and not taken yet.
    pub(crate) fn next(&mut self) -> Option<(usize, String)> {
        let wanted = self.footnotes.values_mut().filter(|footnote| footnote.uses > 0 && !footnote.text.is_empty());
        let next = wanted.min_by_key(|footnote| footnote.number)?;
        Some((next.number, std::mem::take(&mut next.text)))
    }

    /// The footnotes that were rendered, by number, as a list whose items lead back.
    pub(crate) fn list(&self, rendered: &BTreeMap<usize, String>) -> String {
        use std::fmt::Write as _;
        if rendered.is_empty() {
            return String::new();
        }
        let uses: HashMap<usize, usize> =
            self.footnotes.values().map(|footnote| (footnote.number, footnote.uses)).collect();
        let mut out = String::from("<section class=\"footnotes\">\n<ol>\n");
        for (place, (number, html)) in (1..).zip(rendered) {
            let value = if place == *number { String::new() } else { format!(" value=\"{number}\"") };
            let back = (1..=uses.get(number).copied().unwrap_or(1).min(20)).fold(String::new(), |mut out, time| {
                let _ = write!(
                    out,
                    " <a href=\"#doc-fnref-{number}{}\" class=\"footnote-backref\" aria-label=\"Back to where it is said\">↩</a>",
                    again(time)
                );
                out
            });
            let html = html.trim_end();
            let whole = match html.strip_suffix("</p>") {
                Some(inner) => format!("{inner}{back}</p>"),
                None => format!("{html}{back}"),
            };
            let _ = write!(out, "<li id=\"doc-fn-{number}\"{value}>\n{whole}\n</li>\n");
        }
        out + "</ol>\n</section>\n"
    }
}

/// Whether a text is an address, perhaps with a title: anything else would be shown where it is put.
fn is_address(rest: &str) -> bool {
    let end = match rest.strip_prefix('<') {
        Some(inner) => inner.find('>').map(|end| end + 2),
        None => Some(rest.find(char::is_whitespace).unwrap_or(rest.len())),
    };
    let Some(end) = end.filter(|end| *end > 0) else { return false };
    let title = rest[end..].trim();
    let is_quoted = |open: char, close: char| title.len() > 1 && title.starts_with(open) && title.ends_with(close);
    title.is_empty() || is_quoted('"', '"') || is_quoted('\'', '\'') || is_quoted('(', ')')
}

fn again(time: usize) -> String {
    if time > 1 { format!("-{time}") } else { String::new() }
}

/// A name as it is compared.
fn folded(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// What stands in brackets without any others in them.
fn labels(text: &str) -> impl Iterator<Item = &str> {
    let mut open = None;
    text.bytes().enumerate().filter_map(move |(at, byte)| match byte {
        b'[' => {
            open = Some(at + 1);
            None
        }
        b']' => {
            let label = &text[open.take()?..at];
            (!label.trim().is_empty() && label.len() <= LABEL).then_some(label)
        }
        _ => None,
    })
}

/// Name and rest of a line that defines something: `[name]: rest`.
fn definition(trimmed: &str) -> Option<(&str, &str)> {
    let (name, rest) = trimmed.strip_prefix('[')?.split_once("]:")?;
    let is_name = !name.contains(['[', ']']) && !name.trim_start_matches('^').trim().is_empty() && name.len() <= LABEL;
    is_name.then_some((name, rest.trim()))
}

/// A footnote that is defined within a quote: its name, its text, and the line after it.
fn quoted<'a>(lines: &[&'a str], at: usize) -> Option<(&'a str, String, usize)> {
    let inner = |line: &'a str| {
        let (indent, trimmed) = containers::indented(line);
        let rest = trimmed.strip_prefix('>').filter(|_| indent < 4)?;
        Some(rest.strip_prefix(' ').unwrap_or(rest))
    };
    let first = inner(lines[at])?;
    // Quotes within quotes say it in the innermost.
    let depth = 1 + std::iter::successors(inner(first), |rest| inner(rest)).count();
    let strip = |line: &'a str| (0..depth).try_fold(line, |rest, _| inner(rest));
    let (indent, trimmed) = containers::indented(strip(lines[at])?);
    let (name, rest) = definition(trimmed)?;
    let name = name.strip_prefix('^').filter(|_| indent < 4)?;
    let below: Vec<&str> = lines[at + 1..].iter().take(QUOTED).map_while(|line| strip(line)).collect();
    let (text, taken) = body(&below, 0, indent, rest);
    Some((name, text, at + 1 + taken))
}

/// Whether an indented line stands in a list or a container, and not in a block of code.
fn is_inside(lines: &[&str], at: usize, indent: usize) -> bool {
    let above = lines[..at].iter().rev().take(ABOVE).map(|line| containers::indented(line));
    let holder = above.into_iter().find(|(column, trimmed)| !trimmed.is_empty() && *column < indent);
    holder.is_some_and(|(_, trimmed)| containers::holds(trimmed))
}

/// A footnote's text from `rest` on, and the line after it.
fn body(lines: &[&str], mut at: usize, indent: usize, rest: &str) -> (String, usize) {
    let mut out = rest.to_owned();
    let mut is_paragraph = true;
    let margin = indent / 4 * 4 + 4;
    while let Some(line) = lines.get(at) {
        let (column, trimmed) = containers::indented(line);
        if trimmed.is_empty() {
            let blank = lines[at..].iter().take_while(|line| line.trim().is_empty()).count();
            let next = lines.get(at + blank).map(|line| containers::indented(line));
            if next.is_none_or(|(column, _)| column < margin) {
                break;
            }
            is_paragraph = false;
            out.push('\n');
            at += blank;
            continue;
        } else if column >= margin {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', column - margin));
            out.push_str(trimmed);
        } else if is_paragraph && !trimmed.starts_with(['[', '*', '#', '!', '?', '=', '`', '~', '<', '|', '>', '-']) {
            out.push('\n');
            out.push_str(trimmed);
        } else {
            break;
        }
        at += 1;
    }
    (out, at)
}
