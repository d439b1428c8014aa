//! Cutting a stream of YAML at its document markers.

/// The text of one document, from its `---` on.
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// The line it begins at, from 1.
    pub(super) line: u32,
}

/// The documents of a text, those without content left out.
pub(super) fn documents(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut start_line) = (0, 1);
    let mut offset = 0;
    for (line, number) in text.split_inclusive('\n').zip(1_u32..) {
        let begins = is_marker(line, "---");
        if begins || is_marker(line, "...") {
            push(&mut pieces, &text[start..offset], start_line);
            // An end marker belongs to neither document.
            (start, start_line) = if begins { (offset, number) } else { (offset + line.len(), number + 1) };
        }
        offset += line.len();
    }
    push(&mut pieces, &text[start..], start_line);
    pieces
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str, line: u32) {
    let says_nothing = |line: &str| {
        let line = line.trim();
        // `%YAML 1.2` stands before its document and changes nothing for us.
        line.is_empty() || line.starts_with('#') || line.starts_with('%')
    };
    let body = text.strip_prefix("---").unwrap_or(text);
    if !body.lines().all(says_nothing) {
        pieces.push(Piece { text, line });
    }
}
