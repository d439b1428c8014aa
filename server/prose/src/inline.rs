//! What MkDocs adds to Markdown within lines: insertions, edits that are proposed, keys, abbreviations, signs.

use std::collections::HashMap;

use crate::{escape, shared::Shared};

/// How many abbreviations one page may explain, and how long each may be.
const ABBREVIATIONS: usize = 500;
const LONGEST: usize = 500;

/// How far a mark may reach, in bytes: every line costs what its length does.
const REACH: usize = 4 * 1024;

/// How many remarks one part of a page may cause.
const REMARKS: usize = 40;

fn near(text: &str) -> &str {
    &text[..text.floor_char_boundary(REACH)]
}

/// A line with the marks of MkDocs written as HTML, but for what stands in code, in addresses and in tags; and what of it is not
/// rendered.
pub(crate) fn marked(line: &str, remarks: &mut Vec<String>, shared: &mut Shared) -> String {
    if !line.contains(['^', '{', '+', ':', '$']) {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len() + 32);
    let (mut at, mut before) = (0, ' ');
    while at < line.len() {
        let rest = &line[at..];
        if let Some(length) = verbatim(rest, before) {
            out.push_str(&rest[..length]);
            at += length;
            before = '`';
            continue;
        }
        let footnote = if rest.starts_with("[^") { shared.reference(rest) } else { None };
        if let Some((html, length)) = footnote.or_else(|| mark(rest, before)) {
            out.push_str(&html);
            at += length;
            before = '>';
            continue;
        }
        if let Some(remark) = not_rendered(rest, before)
            && remarks.len() < REMARKS
            && !remarks.contains(&remark)
        {
            remarks.push(remark);
        }
        let letter = rest.chars().next().unwrap_or_default();
        out.push(letter);
        at += letter.len_utf8();
        before = letter;
    }
    out
}

/// How much of the text is code, an address, a tag, or a sign that is meant as it is.
fn verbatim(rest: &str, before: char) -> Option<usize> {
    match rest.as_bytes() {
        [b'`', ..] => {
            let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
            // Without a run of the same length, the code goes on in the next line, or is none.
            code(rest).map(|length| if length == ticks { rest.len() } else { length })
        }
        [b'\\', _, ..] => code(rest),
        [b'(', ..] if before == ']' => near(rest).find(')').map(|end| end + 1),
        [b'<', next, ..] if next.is_ascii_alphabetic() || b"/!".contains(next) => {
            near(rest).find('>').map(|end| end + 1)
        }
        _ if rest.starts_with("https://") || rest.starts_with("http://") => {
            Some(rest.find(|letter: char| letter.is_whitespace() || letter == '>').unwrap_or(rest.len()))
        }
        _ => None,
    }
}

/// How long the code is that a text begins with: of one that ends in it. A run of ticks that ends nowhere is as long as itself.
pub(crate) fn code(rest: &str) -> Option<usize> {
    match rest.as_bytes() {
        [b'\\', _, ..] => Some(1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
        [b'`', ..] => {
            let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
            let mut from = ticks;
            while let Some(found) = rest[from..].find('`') {
                let run = rest[from + found..].bytes().take_while(|byte| *byte == b'`').count();
                from += found + run;
                if run == ticks {
                    return Some(from);
                }
            }
            Some(ticks)
        }
        _ => None,
    }
}

/// A mark at the beginning of the text, as HTML, and how long it is.
fn mark(rest: &str, before: char) -> Option<(String, usize)> {
    const CRITIC: [(&str, &str, &str); 4] =
        [("{++", "++}", "ins"), ("{--", "--}", "del"), ("{==", "==}", "mark"), ("{>>", "<<}", "small")];
    let rest = near(rest);
    for (open, close, tag) in CRITIC {
        if let Some(inner) = rest.strip_prefix(open) {
            let end = inner.find(close)?;
            return Some((format!("<{tag}>{}</{tag}>", &inner[..end]), open.len() + end + close.len()));
        }
    }
    if let Some(inner) = rest.strip_prefix("{~~") {
        let end = inner.find("~~}")?;
        let (old, new) = inner[..end].split_once("~>")?;
        return Some((format!("<del>{old}</del><ins>{new}</ins>"), end + 6));
    }
    if let Some(inner) = rest.strip_prefix("^^") {
        let end = inner.find("^^").filter(|&end| end > 0)?;
        let words = &inner[..end];
        let is_tight = !words.starts_with([' ', '^']) && !words.ends_with(' ');
        return is_tight.then(|| (format!("<ins>{words}</ins>"), end + 4));
    }
    let inner = rest.strip_prefix("++").filter(|_| !before.is_alphanumeric() && before != '+')?;
    let end = inner.find("++").filter(|&end| end > 0 && !inner[end + 2..].starts_with('+'))?;
    let keys: Option<Vec<String>> = inner[..end].split('+').map(key).collect();
    Some((format!("<span>{}</span>", keys?.join("+")), end + 4))
}

/// A key of a keyboard by its name, or by what stands on it in quotes.
fn key(name: &str) -> Option<String> {
    if let Some(shown) = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        return (!shown.is_empty()).then(|| format!("<kbd>{}</kbd>", escape(shown)));
    }
    let is_name = !name.is_empty()
        && name.len() <= 30
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !is_name {
        return None;
    }
    let known = match name.to_lowercase().as_str() {
        "arrow-up" | "up" => "↑",
        "arrow-down" | "down" => "↓",
        "arrow-left" | "left" => "←",
        "arrow-right" | "right" => "→",
        "esc" | "escape" => "Esc",
        "del" | "delete" => "Del",
        "ins" | "insert" => "Ins",
        "ctrl" | "control" => "Ctrl",
        "cmd" | "command" | "meta" => "Cmd",
        "win" | "windows" => "Win",
        "plus" => "+",
        "minus" | "hyphen" => "-",
        other => {
            let words: Vec<String> = other.split(['-', '_']).map(capitalised).collect();
            return Some(format!("<kbd>{}</kbd>", words.join(" ")));
        }
    };
    Some(format!("<kbd>{known}</kbd>"))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// What begins here and is shown as it is written, in words.
fn not_rendered(rest: &str, before: char) -> Option<String> {
    const EDITS: [&str; 5] = ["{++", "{--", "{==", "{>>", "{~~"];
    if let Some(open) = EDITS.iter().find(|open| rest.starts_with(**open)) {
        return Some(format!("`{open}` does not end in the same line; it is shown as it is written"));
    }
    if rest.starts_with("{{") && before != '$' && before != '{' {
        return Some("`{{ … }}` is filled in by a plugin, which is not run".into());
    }
    if rest.starts_with("$$") && before != '$' {
        return Some("formulas are shown as they are written".into());
    }
    let icon = near(rest).strip_prefix(':').filter(|_| !before.is_alphanumeric())?;
    let is_icon = ["material-", "fontawesome-", "octicons-", "simple-"].iter().any(|set| icon.starts_with(set));
    let end = icon.find(':').filter(|_| is_icon)?;
    let is_name = icon[..end].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_name.then(|| format!("icons such as `:{}:` are not drawn", &icon[..end.min(60)]))
}

/// The name in a line that is nothing but attributes of what stands above: `{ .annotate #name }`; empty if it has none.
pub(crate) fn attributes(trimmed: &str) -> Option<&str> {
    let inner = trimmed.strip_prefix('{')?.strip_suffix('}')?.trim_start_matches(':').trim();
    let is_attribute = |word: &str| word.len() > 1 && (word.starts_with(['.', '#']) || word.contains('='));
    // A value in quotes may hold blanks.
    let outside: String = inner.split('"').step_by(2).collect();
    if inner.is_empty() || !outside.split_whitespace().all(is_attribute) {
        return None;
    }
    let name = outside_name(inner).filter(|name| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)) && name.len() <= 200
    });
    Some(name.unwrap_or_default())
}

fn outside_name(inner: &str) -> Option<&str> {
    inner.split('"').step_by(2).flat_map(str::split_whitespace).find_map(|word| word.strip_prefix('#'))
}

/// The name and the meaning that `*[NAME]: meaning` explains.
pub(crate) fn abbreviation(trimmed: &str) -> Option<(&str, &str)> {
    let (name, meaning) = trimmed.strip_prefix("*[")?.split_once("]:")?;
    let (name, meaning) = (name.trim(), meaning.trim());
    (!name.is_empty() && !name.contains(']')).then_some((name, meaning))
}

/// Abbreviations of a page, by their first letter, the longest first.
#[derive(Debug, Default)]
pub(crate) struct Abbreviations {
    by_letter: HashMap<char, Vec<(String, String)>>,
    count: usize,
}

impl Abbreviations {
    pub(crate) fn add(&mut self, name: &str, meaning: &str) {
        let Some(first) = name.chars().next() else { return };
        if self.count >= ABBREVIATIONS || name.len() > LONGEST {
            return;
        }
        self.count += 1;
        let names = self.by_letter.entry(first).or_default();
        names.retain(|(known, _)| known != name);
        names.push((name.to_owned(), crate::tree::short(meaning, LONGEST)));
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }

    /// The text in parts, each plain or HTML: abbreviations explained, and signs in the place of what stands for them.
    /// Nothing if there is neither.
    pub(crate) fn explained(&self, text: &str) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let (mut plain, mut at, mut before) = (String::new(), 0, ' ');
        let mut is_changed = false;
        while let Some(letter) = text[at..].chars().next() {
            let rest = &text[at..];
            if let Some((name, meaning)) = self.found(rest, letter, before) {
                if !plain.is_empty() {
                    parts.push(Part::Plain(std::mem::take(&mut plain)));
                }
                parts.push(Part::Html(format!("<abbr title=\"{}\">{}</abbr>", escape(meaning), escape(name))));
                at += name.len();
                before = name.chars().last().unwrap_or(' ');
                is_changed = true;
                continue;
            }
            if let Some((written, sign)) = SIGNS.iter().find(|(written, _)| rest.starts_with(written))
                && !(before.is_alphanumeric() && written.starts_with(char::is_alphanumeric))
            {
                plain.push_str(sign);
                at += written.len();
                before = ' ';
                is_changed = true;
                continue;
            }
            plain.push(letter);
            at += letter.len_utf8();
            before = letter;
        }
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        is_changed.then_some(parts)
    }

    fn found(&self, rest: &str, letter: char, before: char) -> Option<(&str, &str)> {
        if before.is_alphanumeric() {
            return None;
        }
        let names = self.by_letter.get(&letter)?;
        let is_whole = |name: &str| {
            rest.strip_prefix(name).is_some_and(|after| !after.starts_with(|next: char| next.is_alphanumeric()))
        };
        let found = names.iter().find(|(name, _)| is_whole(name))?;
        Some((&found.0, &found.1))
    }
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Plain(String),
    Html(String),
}

/// What MkDocs shows for letters that stand for a sign.
const SIGNS: &[(&str, &str)] =
    &[("(tm)", "™"), ("(c)", "©"), ("(r)", "®"), ("+/-", "±"), ("<-->", "↔"), ("-->", "→"), ("<--", "←"), ("=/=", "≠")];

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        marked(line, &mut Vec::new(), &mut Shared::default())
    }

    #[test]
    fn marks_become_html() {
        for (line, expected) in [
            ("^^ins^^ and x^2^", "<ins>ins</ins> and x^2^"),
            (
                "{++add++} {--del--} {==m==} {>>why<<}",
                "<ins>add</ins> <del>del</del> <mark>m</mark> <small>why</small>",
            ),
            ("{~~old~>new~~}", "<del>old</del><ins>new</ins>"),
            ("++ctrl+alt++", "<span><kbd>Ctrl</kbd>+<kbd>Alt</kbd></span>"),
            ("++\"<\"+page-up++", "<span><kbd>&lt;</kbd>+<kbd>Page Up</kbd></span>"),
        ] {
            assert_eq!(shown(line), expected);
        }
    }

    #[test]
    fn what_only_looks_like_a_mark_stays() {
        for line in [
            "c++ and d++",
            "i++ + j++",
            "a++b++",
            "+++",
            "`++ctrl++` ``^^a`^^`` and `{++x++}",
            "[x](https://a.example/++b++) <a title=\"{++x++}\">",
            "https://a.example/^^x^^",
            "\\++ctrl++",
            "^^ x ^^",
            "^^^^",
            "{++ open",
            "2^^",
        ] {
            assert_eq!(shown(line), line);
        }
    }

    #[test]
    fn a_line_of_attributes_is_told_from_text() {
        for (line, expected) in [
            ("{ .annotate }", Some("")),
            ("{#field-a .x title=\"a b\"}", Some("field-a")),
            ("{: #a\"b }", Some("a")),
            ("{ #<b> }", Some("")),
            ("{}", None),
            ("{ a b }", None),
            ("{{ .x }}", None),
            ("{% .x %}", None),
            ("{ .x } y", None),
        ] {
            assert_eq!(attributes(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_not_rendered_is_told() {
        let mut told = Vec::new();
        for line in ["{++ open", "{{ name }} ${{ x }} `{{ y }}`", "$$x$$", ":material-ship: a:material-x:"] {
            marked(line, &mut told, &mut Shared::default());
        }
        told.dedup();
        insta::assert_snapshot!(told.join("\n"), @"
        `{++` does not end in the same line; it is shown as it is written
        `{{ … }}` is filled in by a plugin, which is not run
        formulas are shown as they are written
        icons such as `:material-ship:` are not drawn
        ");
    }

    #[test]
    fn abbreviations_are_explained_where_they_are_whole_words() {
        assert_eq!(abbreviation("*[HTML]: Hyper Text"), Some(("HTML", "Hyper Text")));
        assert_eq!(abbreviation("*[]: x"), None);
        let mut known = Abbreviations::default();
        known.add("CI", "Integration");
        known.add("CI/CD", "\"Both\"");
        let html = |text: &str| {
            let parts = known.explained(text)?;
            Some(
                parts
                    .into_iter()
                    .map(|part| match part {
                        Part::Plain(text) | Part::Html(text) => text,
                    })
                    .collect::<String>(),
            )
        };
        assert_eq!(html("SCI CIs aCI"), None);
        assert_eq!(
            html("CI, CI/CD (c)").as_deref(),
            Some("<abbr title=\"Integration\">CI</abbr>, <abbr title=\"&quot;Both&quot;\">CI/CD</abbr> ©")
        );
    }
}
