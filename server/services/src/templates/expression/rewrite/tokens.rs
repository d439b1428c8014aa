//! The pieces of what stands inside a tag: names, numbers, texts, regular expressions, signs.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Space,
    Name,
    Number,
    Text,
    Regex,
    Sign,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

impl Token<'_> {
    pub(super) fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        self.kind == Kind::Name && self.text == name
    }
}

/// The tokens up to `end` outside of brackets and strings, and where they end.
pub(super) fn tokens<'a>(text: &'a str, end: &str) -> (Vec<Token<'a>>, usize) {
    let mut tokens: Vec<Token<'a>> = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if depth == 0 && rest.starts_with(end) {
            break;
        }
        let before = tokens.iter().rev().find(|token| token.kind != Kind::Space);
        let (kind, length) = token(rest, before);
        match &rest[..length] {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        tokens.push(Token { kind, text: &rest[..length] });
        at += length;
    }
    (tokens, at)
}

fn token(rest: &str, before: Option<&Token<'_>>) -> (Kind, usize) {
    let first = rest.chars().next().unwrap_or(' ');
    let run = |accept: fn(char) -> bool| rest.find(|c| !accept(c)).unwrap_or(rest.len());
    if first.is_whitespace() {
        return (Kind::Space, run(char::is_whitespace));
    }
    if first == 'r'
        && rest[1..].starts_with('/')
        && !before.is_some_and(|token| token.is_sign("."))
        && let Some(length) = regex(rest)
    {
        return (Kind::Regex, length);
    }
    if first.is_alphabetic() || first == '_' || first == '$' {
        return (Kind::Name, run(|c| c.is_alphanumeric() || c == '_' || c == '$'));
    }
    if first.is_ascii_digit() {
        return (Kind::Number, run(|c| c.is_ascii_alphanumeric()));
    }
    if first == '"' || first == '\'' {
        return (Kind::Text, quoted(rest, first));
    }
    let sign = ["===", "!==", "==", "!=", "<=", ">=", "//", "**"].into_iter().find(|sign| rest.starts_with(sign));
    (Kind::Sign, sign.map_or(first.len_utf8(), str::len))
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// The length of `r/pattern/flags`.
fn regex(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(2) {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '/' => {
                let flags = &rest[at + 1..];
                return Some(at + 1 + flags.find(|c| !matches!(c, 'g' | 'i' | 'm' | 'y')).unwrap_or(flags.len()));
            }
            _ => {}
        }
    }
    None
}
