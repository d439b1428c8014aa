//! Turns the Nunjucks that Backstage templates are written in into the engine's own dialect.
//!
//! Only what stands inside `${{ … }}` and `{% … %}` is touched, token by token, and no line is added or removed, so that
//! the engine's line numbers are those of the author. Text, comments and `raw` blocks pass through untouched.

mod sums;
mod tokens;

use std::borrow::Cow;

use tokens::{Kind, Token, tokens};

/// The marks around an expression; those around blocks and comments are the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// `${{ … }}`, as everywhere in Backstage.
    Dollar,
    /// `{{ … }}`, in skeletons that were written for Cookiecutter.
    Cookiecutter,
}

impl Marks {
    pub(super) fn start(self) -> &'static str {
        match self {
            Self::Dollar => "${{",
            Self::Cookiecutter => "{{",
        }
    }
}

/// The template in the engine's dialect.
pub(super) fn template(source: &str, marks: Marks) -> Cow<'_, str> {
    if !source.contains(marks.start()) && !source.contains("{%") {
        return Cow::Borrowed(source);
    }
    let mut out = String::with_capacity(source.len() + 64);
    let mut rest = source;
    while let Some((at, mark)) = next_mark(rest, marks) {
        out.push_str(&rest[..at + mark.len()]);
        rest = &rest[at + mark.len()..];
        if mark == "{#" {
            let end = rest.find("#}").map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if let Some(after) = raw(rest, mark, &mut out) {
            rest = after;
        } else {
            let end = if mark == "{%" { "%}" } else { "}}" };
            let (tokens, length) = tokens(rest, end);
            tag(&tokens, mark == "{%", &mut out);
            rest = &rest[length..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The names of the filters that the tags of `source` use.
pub(super) fn filters(source: &str, marks: Marks) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = source;
    while let Some((at, mark)) = next_mark(rest, marks) {
        rest = &rest[at + mark.len()..];
        if mark == "{#" {
            rest = rest.find("#}").map_or("", |end| &rest[end + 2..]);
        } else if let Some(after) = raw(rest, mark, &mut String::new()) {
            rest = after;
        } else {
            let (tokens, length) = tokens(rest, if mark == "{%" { "%}" } else { "}}" });
            let words: Vec<&Token<'_>> = tokens.iter().filter(|token| token.kind != Kind::Space).collect();
            names.extend(words.windows(3).filter_map(|words| match words {
                // `||` is no filter, but something to be told of by the parser.
                [before, bar, name] if bar.is_sign("|") && !before.is_sign("|") && name.kind == Kind::Name => {
                    Some(name.text)
                }
                _ => None,
            }));
            rest = &rest[length..];
        }
    }
    names
}

/// The expression inside `source`, in the engine's dialect, if the whole of `source` is one `${{ … }}`.
pub(super) fn whole_expression(source: &str) -> Option<String> {
    let inner = source.strip_prefix(Marks::Dollar.start())?;
    let (tokens, length) = tokens(inner, "}}");
    if inner.get(length..)? != "}}" {
        return None;
    }
    let mut out = String::with_capacity(length + 16);
    // The marks that eat white space around a tag have none to eat here.
    let tokens = match tokens.as_slice() {
        [first, rest @ ..] if first.is_sign("-") => rest,
        all => all,
    };
    let tokens = match tokens {
        [rest @ .., last] if last.is_sign("-") => rest,
        all => all,
    };
    tag(tokens, false, &mut out);
    Some(out)
}

fn next_mark(text: &str, marks: Marks) -> Option<(usize, &'static str)> {
    [marks.start(), "{%", "{#"].into_iter().filter_map(|mark| Some((text.find(mark)?, mark))).min_by_key(|(at, _)| *at)
}

/// Copies a `raw` or `verbatim` block whose opening mark was just copied; returns what follows its end.
fn raw<'a>(rest: &'a str, mark: &str, out: &mut String) -> Option<&'a str> {
    if mark != "{%" {
        return None;
    }
    let (open, name) = bare_tag(rest, &["raw", "verbatim"])?;
    let closing = if name == "raw" { ["endraw"] } else { ["endverbatim"] };
    let mut from = open;
    loop {
        let at = from + rest[from..].find("{%")? + 2;
        if let Some((length, _)) = bare_tag(&rest[at..], &closing) {
            out.push_str(&rest[..open].replace("verbatim", "raw"));
            out.push_str(&rest[open..at]);
            out.push_str(&rest[at..at + length].replace("verbatim", "raw"));
            return Some(&rest[at + length..]);
        }
        from = at;
    }
}

/// Whether a block that just opened holds nothing but one of `names`; its length, with the closing mark.
fn bare_tag<'n>(rest: &str, names: &[&'n str]) -> Option<(usize, &'n str)> {
    let end = rest.find("%}")?;
    let inner = rest[..end].trim_start_matches(['-', '+']).trim_end_matches(['-', '+']).trim();
    names.iter().find(|name| inner == **name).map(|name| (end + 2, *name))
}

/// Writes the tokens of one tag in the engine's dialect.
fn tag(tokens: &[Token<'_>], is_block: bool, out: &mut String) {
    let first = tokens.iter().position(|token| token.kind == Kind::Name);
    let loop_over = first.filter(|&at| is_block && tokens[at].text == "for").and_then(|at| loop_head(tokens, at));
    let as_text = concatenated(tokens);
    let sums = sums::find(tokens);
    let ends = |at: usize, out: &mut String| {
        out.extend(sums.closes.iter().filter(|&&place| place == at).map(|_| ')'));
        out.extend(as_text.iter().filter(|&&place| place == at).map(|_| "|__text"));
        if let Some(head) = loop_over.as_ref().filter(|head| head.end == at) {
            out.push_str(if head.unpacks { ")|__pairs " } else { ")|__each " });
        }
    };
    let mut brackets: Vec<&str> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        ends(at, out);
        out.extend(sums.opens.iter().filter(|&&place| place == at).map(|_| "__add("));
        match token.text {
            "(" | "[" | "{" => brackets.push(token.text),
            ")" | "]" | "}" => {
                brackets.pop();
            }
            _ => {}
        }
        let before = tokens[..at].iter().rev().find(|token| token.kind != Kind::Space);
        let after = tokens[at + 1..].iter().find(|token| token.kind != Kind::Space);
        let is_member = before.is_some_and(|token| token.is_sign("."));
        let is_key = brackets.last() == Some(&"{")
            && before.is_some_and(|token| token.is_sign("{") || token.is_sign(","))
            && after.is_some_and(|token| token.is_sign(":"));
        match token.kind {
            Kind::Name if is_key => {
                out.push('"');
                out.push_str(token.text);
                out.push('"');
            }
            Kind::Name if is_member && token.text == "length" && !after.is_some_and(|token| token.is_sign("(")) => {
                out.push_str("length()");
            }
            Kind::Name if is_member => out.push_str(token.text),
            Kind::Name if token.text == "null" => out.push_str("none"),
            Kind::Name if is_block && first == Some(at) && token.text == "elseif" => out.push_str("elif"),
            Kind::Text => text(token.text, out),
            Kind::Regex => regex_call(token.text, out),
            Kind::Sign if token.text == "===" => out.push_str("=="),
            Kind::Sign if token.text == "!==" => out.push_str("!="),
            Kind::Sign if sums.commas.contains(&at) => out.push(','),
            _ => out.push_str(token.text),
        }
        if loop_over.as_ref().is_some_and(|head| head.after == at) {
            out.push_str(" (");
        }
    }
    ends(tokens.len(), out);
}

struct LoopHead {
    /// The token `in`.
    after: usize,
    /// One past the last token of what is looped over.
    end: usize,
    /// Whether the loop names several variables.
    unpacks: bool,
}

fn loop_head(tokens: &[Token<'_>], start: usize) -> Option<LoopHead> {
    let after = start + tokens[start..].iter().position(|token| token.is_name("in"))?;
    let unpacks = tokens[start..after].iter().any(|token| token.is_sign(","));
    let mut end = tokens.len();
    while end > after + 1 && (tokens[end - 1].kind == Kind::Space || tokens[end - 1].is_sign("-")) {
        end -= 1;
    }
    (end > after + 1).then_some(LoopHead { after, end, unpacks })
}

/// The places before which `|__text` belongs: the ends of both operands of each `~`.
fn concatenated(tokens: &[Token<'_>]) -> Vec<usize> {
    let mut places = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| token.is_sign("~")) {
        let left = tokens[..at].iter().rposition(|token| token.kind != Kind::Space).map_or(at, |last| last + 1);
        if !places.contains(&left) {
            places.push(left);
        }
        places.push(operand_end(tokens, at + 1));
    }
    places
}

/// One past the operand that starts at `at`: a name, value or bracket with its members, calls and filters.
fn operand_end(tokens: &[Token<'_>], at: usize) -> usize {
    let skip = |mut at: usize| {
        while tokens.get(at).is_some_and(|token| token.kind == Kind::Space) {
            at += 1;
        }
        at
    };
    let mut at = skip(at);
    while tokens.get(at).is_some_and(|token| token.is_sign("-") || token.is_name("not")) {
        at = skip(at + 1);
    }
    let mut end = bracket_end(tokens, at).unwrap_or(at + 1).min(tokens.len());
    loop {
        let next = skip(end);
        let Some(token) = tokens.get(next) else { return end };
        end = match token.text {
            "." | "|" if token.kind == Kind::Sign => (skip(next + 1) + 1).min(tokens.len()),
            "(" | "[" => match bracket_end(tokens, next) {
                Some(end) => end,
                None => return tokens.len(),
            },
            _ => return end,
        };
    }
}

fn bracket_end(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return (place > at).then_some(place + 1);
        }
    }
    None
}

/// Writes a quoted text; Nunjucks lets a backslash stand before any character.
fn text(quoted: &str, out: &mut String) {
    if !quoted.contains('\\') {
        out.push_str(quoted);
        return;
    }
    let quote = &quoted[..1];
    let inner = quoted[1..].strip_suffix(quote).unwrap_or(&quoted[1..]);
    out.push_str(quote);
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match characters.next() {
            Some(escape @ ('n' | 't' | 'r' | '\\' | '"' | '\'')) => out.extend(['\\', escape]),
            Some(other) => out.push(other),
            None => out.push_str("\\\\"),
        }
    }
    out.push_str(quote);
}

fn regex_call(source: &str, out: &mut String) {
    let end = source.rfind('/').unwrap_or(source.len() - 1);
    let (pattern, flags) = (&source[2..end], &source[end + 1..]);
    out.push_str("__regex(\"");
    out.push_str(&pattern.replace('\\', "\\\\").replace('"', "\\\""));
    out.push_str("\", \"");
    out.push_str(flags);
    out.push_str("\")");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dollar(source: &str) -> String {
        template(source, Marks::Dollar).into_owned()
    }

    #[test]
    fn what_is_outside_of_tags_is_left_alone() {
        let helm = "{{ .Values.x === 1 }} {a: 1} ~ $ {{ \"x\" }}\n";
        assert_eq!(dollar(helm), helm);
        assert_eq!(dollar("{# a === b #}${{ a === b }}"), "{# a === b #}${{ a == b }}");
        let raw = "{%- raw -%}${{ secrets.X === 'y' }}{%- endraw -%}";
        assert_eq!(dollar(raw), raw);
        assert_eq!(dollar("{% verbatim %}${{ null }}{% endverbatim %}"), "{% raw %}${{ null }}{% endraw %}");
    }

    #[test]
    fn javascript_becomes_the_engines_dialect() {
        assert_eq!(dollar("{% if a !== null and b.length > 1 %}"), "{% if a != none and b.length() > 1 %}");
        assert_eq!(dollar("{% elseif x %}"), "{% elif x %}");
        assert_eq!(dollar("${{ {a: 1, 'b': {c: d}} }}"), "${{ {\"a\": 1, 'b': {\"c\": d}} }}");
        assert_eq!(dollar("{% for k, v in m %}"), "{% for k, v in ( m)|__pairs  %}");
        assert_eq!(dollar("${{ a ~ b.c|upper ~ 'x' }}"), "${{ a|__text ~ b.c|upper|__text ~ 'x'|__text }}");
        assert_eq!(dollar(r"${{ x.replace(r/[^a-z]\//g, '') }}"), r#"${{ x.replace(__regex("[^a-z]\\/", "g"), '') }}"#);
        assert_eq!(dollar(r"${{ 'a\-b\n' }}"), r"${{ 'a-b\n' }}");
        assert_eq!(dollar("${{ a.b + '/' + c(d + 1)|upper }}"), "${{ __add(a.b , '/' , c(__add(d , 1))|upper) }}");
        assert_eq!(dollar("{%+ if a + b == -1 +%}"), "{%+ if __add(a , b) == -1 +%}");
        assert_eq!(dollar("{% for a, b in x + y %}"), "{% for a, b in ( __add(x , y))|__pairs  %}");
        assert_eq!(dollar("${{ a - 1 + b }}"), "${{ a - 1 + b }}");
    }

    #[test]
    fn one_expression_is_told_from_text_with_expressions() {
        assert_eq!(whole_expression("${{ a.b }}").as_deref(), Some(" a.b "));
        assert_eq!(whole_expression("${{ '}}' }}").as_deref(), Some(" '}}' "));
        assert_eq!(whole_expression("${{ {a: {b: 1}} }}").as_deref(), Some(" {\"a\": {\"b\": 1}} "));
        for text in ["${{ a }} ", " ${{ a }}", "${{ a }}-${{ b }}", "a", "${{", "${{ a"] {
            assert_eq!(whole_expression(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_lines_stay(text in "(\\$\\{\\{|\\}\\}|\\{%|%\\}|raw|endraw|for|in|~|'|\"|r/|\\\\|[a-z.(){}\\[\\]|,:= \n-]|é){0,40}") {
            let rewritten = dollar(&text);
            prop_assert_eq!(rewritten.matches('\n').count(), text.matches('\n').count());
            let _ = whole_expression(&text);
        }
    }
}
