//! What MkDocs adds to Markdown in blocks: admonitions, folds, tabs. They are taken out before the text is rendered, and a mark is
//! left in their place.

use std::fmt::Write as _;

use crate::{
    blocks::{self, Block},
    html, inline,
    shared::Shared,
};

/// Around the number of a part that is put in after sanitising. Neither stands in any text: they are taken out of it first.
pub(crate) const OPEN: char = '\u{e000}';
pub(crate) const CLOSE: char = '\u{e001}';
/// Around the number of a heading.
pub(crate) const HEADING: char = '\u{e002}';
pub(crate) const HEADING_END: char = '\u{e003}';

/// How many markers of quotes and lists one line may begin with.
const NESTED: usize = 24;

/// The longest row of a table in which code is looked for, in bytes.
const ROW: usize = 16 * 1024;

/// How many tabs stand beside each other.
const TABS: usize = 20;

/// How an admonition begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fold {
    No,
    Closed,
    Open,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Container {
    Note {
        kind: String,
        title: Option<String>,
        fold: Fold,
        body: String,
    },
    Tabs(Vec<(String, String)>),
    /// What stands in an element of HTML.
    Inner(String),
}

/// A text without its containers, the containers, and what is not supported.
#[derive(Debug, Default)]
pub(crate) struct Extracted {
    pub(crate) text: String,
    pub(crate) containers: Vec<Container>,
    /// Each container as it is written, for where a mark turns out to be in code.
    pub(crate) sources: Vec<String>,
    pub(crate) remarks: Vec<String>,
    /// Names and their meanings, which hold for the whole page.
    pub(crate) abbreviations: Vec<(String, String)>,
}

enum Head {
    Note { kind: String, title: Option<String>, fold: Fold },
    Tab(String),
}

/// Takes the containers out of a text.
pub(crate) fn extract(text: &str, shared: &mut Shared) -> Extracted {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Extracted { text: String::with_capacity(text.len() + 64), ..Extracted::default() };
    let mut fence: Option<(u8, usize, usize)> = None;
    let mut in_list = false;
    let mut in_table = false;
    // Tabs go on as long as only blank lines are between them.
    let mut tabs_at: Option<(usize, usize)> = None;
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let (indent, trimmed) = indented(line);
        at += 1;
        if let Some((mark, length, column)) = fence {
            let run = trimmed.bytes().take_while(|byte| *byte == mark).count();
            if run >= length && indent < column + 4 && trimmed.bytes().skip(run).all(|byte| byte.is_ascii_whitespace())
            {
                fence = None;
            }
            push(&mut found.text, line);
            continue;
        }
        let is_text = indent < 4 || in_list;
        if is_text && let Some((mark, length)) = opens_fence(trimmed) {
            fence = Some((mark, length, indent));
            tabs_at = None;
            push(&mut found.text, line);
            continue;
        }
        let begun = if is_text { begun(&lines, at, indent, trimmed, &mut found) } else { None };
        if let Some((part, next)) = begun {
            let source = lines[at - 1..next].join("\n");
            at = next;
            match (part, tabs_at) {
                (Part::Tab(title, body), Some((index, column))) if column == indent => {
                    if let Some(Container::Tabs(tabs)) = found.containers.get_mut(index)
                        && tabs.len() < TABS
                    {
                        tabs.push((title, body));
                        found.sources[index].push_str("\n\n");
                        found.sources[index].push_str(&source);
                    }
                    continue;
                }
                (Part::Tab(title, body), _) => {
                    tabs_at = Some((found.containers.len(), indent));
                    found.containers.push(Container::Tabs(vec![(title, body)]));
                }
                (Part::Whole(container), _) => {
                    tabs_at = None;
                    found.containers.push(container);
                }
            }
            found.sources.push(source);
            let number = found.containers.len() - 1;
            let _ = writeln!(found.text, "\n{:indent$}{OPEN}{number}{CLOSE}\n", "");
            continue;
        }
        if is_text
            && trimmed.starts_with('<')
            && let Some(element) = html::element(&lines, at - 1)
        {
            tabs_at = None;
            found.sources.push(lines[at - 1..element.next].join("\n"));
            at = element.next;
            let number = found.containers.len();
            found.containers.push(Container::Inner(element.body));
            let (tag, name, after) = (element.tag, element.name, element.after);
            let _ = writeln!(found.text, "\n{:indent$}{tag}{OPEN}{number}{CLOSE}</{name}>\n\n{after}", "");
            continue;
        }
        if trimmed.is_empty() {
            in_table = false;
            push(&mut found.text, line);
            continue;
        }
        // What stands above has the attributes: of them, a name that links lead to is all that counts.
        if is_text && let Some(name) = inline::attributes(trimmed) {
            if !name.is_empty() {
                let _ = writeln!(found.text, "{:indent$}<span id=\"{name}\"></span>", "");
            }
            continue;
        }
        tabs_at = None;
        if is_list_item(trimmed) {
            in_list = true;
        } else if indent == 0 {
            in_list = false;
        }
        in_table |= line.contains('|') && lines.get(at).is_some_and(|next| is_below_header(next));
        if is_text && in_table && line.len() < ROW && line.contains('`') {
            let row = with_whole_code(line);
            plain(&row, row.trim_start(), (&lines, at), &mut found, shared);
        } else if is_text {
            plain(line, trimmed, (&lines, at), &mut found, shared);
        } else {
            push(&mut found.text, line);
        }
    }
    found
}

/// A tab, or a container that is whole.
enum Part {
    Tab(String, String),
    Whole(Container),
}

/// What begins with the line before `at`, and the line after it.
fn begun(lines: &[&str], at: usize, indent: usize, trimmed: &str, found: &mut Extracted) -> Option<(Part, usize)> {
    if trimmed.starts_with("///") {
        return match blocks::block(lines, at - 1)? {
            (Block::Tab(title, body), next) => Some((Part::Tab(title, body), next)),
            (Block::Container(container), next) => Some((Part::Whole(container), next)),
            (Block::Foreign(name), _) => {
                found.remarks.push(format!("the block `/// {name}` is shown as it is written"));
                None
            }
        };
    }
    let head = head(trimmed)?;
    let (body, next) = body(lines, at, indent + 4);
    Some(match head {
        Head::Tab(title) => (Part::Tab(title, body), next),
        Head::Note { kind, title, fold } => (Part::Whole(Container::Note { kind, title, fold, body }), next),
    })
}

/// A line that is neither code nor a container.
fn plain(line: &str, trimmed: &str, (lines, next): (&[&str], usize), found: &mut Extracted, shared: &mut Shared) {
    if trimmed == "[TOC]" {
        // The headings stand beside the page.
        return;
    }
    if let Some((name, meaning)) = inline::abbreviation(trimmed) {
        found.abbreviations.push((name.to_owned(), meaning.to_owned()));
        return;
    }
    if trimmed.starts_with("--8<--") {
        found.remarks.push("`--8<--` takes in other files, which is not done".into());
        return;
    }
    if trimmed.starts_with("::: ") {
        found.remarks.push(format!("`{}` is filled in by a plugin, which is not run", crate::tree::short(trimmed, 60)));
        push(&mut found.text, &format!("`{}`", trimmed.replace('`', "")));
        return;
    }
    if trimmed.starts_with("{%") {
        found.remarks.push("`{% … %}` is filled in by a plugin, which is not run".into());
    }
    let is_definition =
        |line: &str| line.trim_start().strip_prefix(':').is_some_and(|rest| rest.starts_with([' ', '\t']));
    // Python-Markdown lets a definition follow its term at once.
    if is_definition(line)
        && next >= 2
        && lines.get(next - 2).is_some_and(|before| !before.trim().is_empty() && !is_definition(before))
    {
        found.text.push('\n');
    }
    let marked = inline::marked(line, &mut found.remarks, shared);
    push(&mut found.text, &clamped(&marked));
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// The column at which a line's text begins, and the text.
pub(crate) fn indented(line: &str) -> (usize, &str) {
    let mut column = 0;
    for (at, letter) in line.char_indices() {
        match letter {
            ' ' => column += 1,
            '\t' => column = (column / 4 + 1) * 4,
            _ => return (column, &line[at..]),
        }
    }
    (column, "")
}

pub(crate) fn opens_fence(trimmed: &str) -> Option<(u8, usize)> {
    let mark = *trimmed.as_bytes().first().filter(|byte| b"`~".contains(byte))?;
    let length = trimmed.bytes().take_while(|byte| *byte == mark).count();
    let is_code_span = mark == b'`' && trimmed[length..].contains('`');
    (length >= 3 && !is_code_span).then_some((mark, length))
}

/// Whether a line is the one between the header of a table and its rows.
fn is_below_header(line: &str) -> bool {
    line.contains('-') && line.contains('|') && line.bytes().all(|byte| b"|:- \t".contains(&byte))
}

/// A row of a table in which no `|` within code begins a cell.
fn with_whole_code(row: &str) -> String {
    let mut out = String::with_capacity(row.len() + 8);
    let mut at = 0;
    while at < row.len() {
        let rest = &row[at..];
        let length = inline::code(rest).unwrap_or_else(|| rest.chars().next().map_or(1, char::len_utf8));
        if rest.starts_with('`') && length > 1 {
            let mut before = ' ';
            for letter in rest[..length].chars() {
                if letter == '|' && before != '\\' {
                    out.push('\\');
                }
                out.push(letter);
                before = letter;
            }
        } else {
            out.push_str(&rest[..length]);
        }
        at += length;
    }
    out
}

/// Whether what is indented below a line is a part of it.
pub(crate) fn holds(trimmed: &str) -> bool {
    // What a term is defined as stands behind a colon.
    let is_definition = trimmed.strip_prefix(':').is_some_and(|rest| rest.starts_with([' ', '\t']));
    is_definition || is_list_item(trimmed) || head(trimmed).is_some()
}

fn is_list_item(trimmed: &str) -> bool {
    let rest = trimmed.strip_prefix(['-', '*', '+']).or_else(|| {
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        (1..10).contains(&digits).then(|| trimmed[digits..].strip_prefix(['.', ')'])).flatten()
    });
    rest.is_some_and(|rest| rest.starts_with([' ', '\t']))
}

fn head(trimmed: &str) -> Option<Head> {
    if let Some(rest) = trimmed.strip_prefix("===") {
        let rest = rest.trim_start_matches(['!', '+']).strip_prefix(' ')?;
        return Some(Head::Tab(quoted(rest)?.to_owned()));
    }
    let (fold, rest) = if let Some(rest) = trimmed.strip_prefix("!!!") {
        (Fold::No, rest)
    } else if let Some(rest) = trimmed.strip_prefix("???+") {
        (Fold::Open, rest)
    } else {
        (Fold::Closed, trimmed.strip_prefix("???")?)
    };
    let rest = rest.strip_prefix(' ')?.trim();
    let (words, title) = match rest.find('"') {
        Some(quote) => (&rest[..quote], Some(quoted(&rest[quote..])?.to_owned())),
        None => (rest, None),
    };
    let kind = words.split_whitespace().next().unwrap_or("note").to_lowercase();
    let is_word = kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_word.then_some(Head::Note { kind, title, fold })
}

/// What stands in the quotes that a text begins and ends with.
fn quoted(text: &str) -> Option<&str> {
    text.trim().strip_prefix('"')?.strip_suffix('"')
}

/// The lines from `at` on that belong to a container, without their indentation, and where they end.
fn body(lines: &[&str], mut at: usize, column: usize) -> (String, usize) {
    let mut out = String::new();
    let mut end = at;
    let mut kept = 0;
    while let Some(line) = lines.get(at) {
        let (indent, trimmed) = indented(line);
        if trimmed.is_empty() {
            out.push('\n');
        } else if indent >= column {
            out.extend(std::iter::repeat_n(' ', indent - column));
            push(&mut out, trimmed);
            kept = out.len();
            end = at + 1;
        } else {
            break;
        }
        at += 1;
    }
    out.truncate(kept);
    (out, end)
}

/// A line that begins with more quotes and lists than anyone means, with the rest of them taken literally.
fn clamped(line: &str) -> String {
    let (mut markers, mut at) = (0, 0);
    let bytes = line.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' => {}
            b'>' => markers += 1,
            b'-' | b'+' | b'*' if bytes.get(at + 1).is_some_and(u8::is_ascii_whitespace) => markers += 1,
            b'0'..=b'9' => {
                while bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
                    at += 1;
                }
                if !bytes.get(at + 1).is_some_and(|byte| b".)".contains(byte)) {
                    break;
                }
                at += 1;
                markers += 1;
            }
            _ => break,
        }
        if markers > NESTED {
            return format!("{}\\{}", &line[..at], &line[at..]);
        }
        at += 1;
    }
    line.to_owned()
}
