//! The words of a protobuf file, with the comments before and after them.

use crate::model::{Place, Problem};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// A name, perhaps with dots, or a number.
    Name(&'a str),
    /// A text in quotes, without them.
    Text(&'a str),
    Sign(char),
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    pub(super) word: Word<'a>,
    pub(super) at: usize,
    /// The comment that stands right before it.
    pub(super) before: String,
    /// The comment that follows it on its line.
    pub(super) after: String,
}

pub(super) fn problem(text: &str, at: usize, message: &str) -> Problem {
    Problem { message: format!("cannot be read as protobuf: {message}"), place: Some(Place::of(text, at)) }
}

/// The words of a file; the last one is its end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Problem> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let (mut at, mut comment, mut is_new_line) = (0, String::new(), true);
    // Whether nothing stands on the line so far, not even a comment.
    let mut is_blank = true;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let rest = &text[at..];
        let first = bytes[at];
        if first == b'\n' {
            // A blank line parts a comment from what follows.
            if is_blank {
                comment.clear();
            }
            (is_new_line, is_blank) = (true, true);
            at += 1;
        } else if first.is_ascii_whitespace() {
            at += 1;
        } else if rest.starts_with("//") || rest.starts_with("/*") {
            let is_line = rest.starts_with("//");
            let length = if is_line {
                rest.find('\n').unwrap_or(rest.len())
            } else {
                rest.find("*/").map(|end| end + 2).ok_or_else(|| problem(text, at, "a comment is never closed"))?
            };
            let words = if is_line { rest[2..length].trim().to_owned() } else { block(&rest[2..length - 2]) };
            match tokens.last_mut() {
                Some(last) if !is_new_line && last.after.is_empty() => last.after = words,
                _ => {
                    if !comment.is_empty() {
                        comment.push('\n');
                    }
                    comment.push_str(&words);
                }
            }
            at += length;
            is_blank = is_line;
            if is_line {
                // The end of a comment's line is no blank line.
                is_new_line = true;
                at += usize::from(at < bytes.len());
            }
        } else {
            let (word, length) = word(text, at)?;
            tokens.push(Token { word, at, before: std::mem::take(&mut comment), after: String::new() });
            (is_new_line, is_blank) = (false, false);
            at += length;
        }
    }
    tokens.push(Token { word: Word::End, at: text.len(), before: String::new(), after: String::new() });
    Ok(tokens)
}

fn block(words: &str) -> String {
    let lines = words.lines().map(|line| line.trim().trim_start_matches('*').trim());
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn word(text: &str, at: usize) -> Result<(Word<'_>, usize), Problem> {
    let rest = &text[at..];
    let first = rest.as_bytes()[0];
    if first == b'"' || first == b'\'' {
        let mut is_escaped = false;
        for (offset, byte) in rest.bytes().enumerate().skip(1) {
            match byte {
                b'\n' => break,
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                byte if byte == first => return Ok((Word::Text(&rest[1..offset]), offset + 1)),
                _ => {}
            }
        }
        return Err(problem(text, at, "a text is never closed"));
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    if is_name(first) {
        let length = rest.bytes().position(|byte| !is_name(byte)).unwrap_or(rest.len());
        return Ok((Word::Name(&rest[..length]), length));
    }
    let letter = rest.chars().next().unwrap_or_default();
    if "{}()[]<>=;,-+:/".contains(letter) {
        return Ok((Word::Sign(letter), letter.len_utf8()));
    }
    Err(problem(text, at, &format!("`{letter}` has no meaning here")))
}
