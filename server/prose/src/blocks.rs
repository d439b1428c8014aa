//! Blocks between slashes, as `pymdownx.blocks` has them: `/// tip | Title` … `///`.

use crate::containers::{Container, Fold, indented};

/// What such a block may be called, beside `tab`, `details` and `admonition`.
const NOTES: [&str; 18] = [
    "note",
    "abstract",
    "info",
    "tip",
    "success",
    "question",
    "warning",
    "failure",
    "danger",
    "bug",
    "example",
    "quote",
    "hint",
    "important",
    "caution",
    "attention",
    "error",
    "new",
];

/// How many lines a block may have.
const LINES: usize = 1_000;

/// A block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Container(Container),
    Tab(String, String),
    /// Of a kind that is not rendered.
    Foreign(String),
}

/// The block that begins with the line at `at`; nothing if it never ends, or if it is none.
pub(crate) fn block(lines: &[&str], at: usize) -> Option<(Block, usize)> {
    let (indent, trimmed) = indented(lines.get(at)?);
    let slashes = trimmed.bytes().take_while(|byte| *byte == b'/').count();
    let head = trimmed[slashes..].strip_prefix(' ').filter(|_| slashes >= 3)?;
    let (name, title) = match head.split_once('|') {
        Some((name, title)) => (name.trim(), Some(title.trim().to_owned())),
        None => (head.trim(), None),
    };
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if !is_name {
        return None;
    }
    let fence = &trimmed[..slashes];
    let end = (at + 1..lines.len()).take(LINES).find(|&line| lines[line].trim() == fence)?;
    let mut inner = &lines[at + 1..end];
    // Options are indented, at once below the head.
    let (mut kind, mut open) = (None, false);
    while let Some((key, value)) = inner.first().and_then(|line| option(line, indent)) {
        match key {
            "type" => kind = Some(value.trim_matches(['"', '\'']).to_lowercase()),
            "open" => open = value.eq_ignore_ascii_case("true"),
            _ => {}
        }
        inner = &inner[1..];
    }
    let mut body = String::new();
    for line in inner {
        let (column, text) = indented(line);
        body.extend(std::iter::repeat_n(' ', column.saturating_sub(indent)));
        body.push_str(text);
        body.push('\n');
    }
    let block = match name {
        "tab" => Block::Tab(title.unwrap_or_default(), body),
        "details" => {
            let fold = if open { Fold::Open } else { Fold::Closed };
            Block::Container(Container::Note { kind: kind.unwrap_or_else(|| "note".into()), title, fold, body })
        }
        "admonition" => {
            let kind = kind.unwrap_or_else(|| "note".into());
            Block::Container(Container::Note { kind, title, fold: Fold::No, body })
        }
        name if NOTES.contains(&name) => {
            Block::Container(Container::Note { kind: name.to_owned(), title, fold: Fold::No, body })
        }
        name => Block::Foreign(name.to_owned()),
    };
    Some((block, end + 1))
}

fn option(line: &str, indent: usize) -> Option<(&str, &str)> {
    let (column, text) = indented(line);
    let (key, value) = text.split_once(':').filter(|_| column >= indent + 4)?;
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_key.then_some((key, value.trim()))
}
