//! Colours for languages that have no grammar here: comments, texts, numbers, and the words that such languages share.

use super::push;

/// Words that mean the same in many languages.
const KEYWORDS: &[&str] = &[
    "abstract",
    "and",
    "as",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "def",
    "default",
    "do",
    "else",
    "enum",
    "export",
    "extend",
    "extends",
    "false",
    "final",
    "fn",
    "for",
    "from",
    "fun",
    "func",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "input",
    "interface",
    "internal",
    "let",
    "match",
    "message",
    "module",
    "mutation",
    "namespace",
    "new",
    "nil",
    "not",
    "null",
    "object",
    "on",
    "oneof",
    "open",
    "option",
    "optional",
    "or",
    "output",
    "override",
    "package",
    "private",
    "protected",
    "provider",
    "public",
    "query",
    "repeated",
    "required",
    "reserved",
    "resource",
    "return",
    "returns",
    "rpc",
    "scalar",
    "schema",
    "self",
    "service",
    "static",
    "stream",
    "struct",
    "subscription",
    "switch",
    "syntax",
    "then",
    "this",
    "throw",
    "trait",
    "true",
    "try",
    "type",
    "union",
    "use",
    "val",
    "var",
    "variable",
    "when",
    "where",
    "while",
    "with",
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "RUN",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// How comments begin.
fn comments(language: &str) -> &'static [&'static str] {
    match language {
        "graphql" | "toml" | "dockerfile" | "docker" | "nix" | "elixir" | "nginx" | "properties" | "env"
        | "powershell" | "ps1" => &["#"],
        "ini" => &[";", "#"],
        "hcl" | "terraform" | "tf" => &["#", "//"],
        "mermaid" => &["%%"],
        "http" | "csv" | "ascii" | "output" | "log" => &[],
        _ => &["//"],
    }
}

pub(super) fn lines(text: &str, language: &str) -> Vec<String> {
    let is_prose = matches!(language, "http" | "csv" | "ascii" | "output" | "log" | "mermaid" | "plantuml" | "dot");
    let comments = comments(language);
    let mut in_block = false;
    text.lines()
        .map(|line| if is_prose { crate::escape(line) } else { coloured(line, comments, &mut in_block) })
        .collect()
}

fn coloured(line: &str, comments: &[&str], in_block: &mut bool) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut at = 0;
    while at < line.len() {
        let rest = &line[at..];
        let (length, class) = if *in_block {
            let end = rest.find("*/").map(|end| end + 2);
            *in_block = end.is_none();
            (end.unwrap_or(rest.len()), "hl-c")
        } else if comments.iter().any(|mark| rest.starts_with(mark)) {
            (rest.len(), "hl-c")
        } else if comments.contains(&"//") && rest.starts_with("/*") {
            let end = rest[2..].find("*/").map(|end| end + 4);
            *in_block = end.is_none();
            (end.unwrap_or(rest.len()), "hl-c")
        } else {
            piece(rest)
        };
        push(&rest[..length], class, &mut out);
        at += length;
    }
    out
}

/// The length of the next piece, and its class.
fn piece(rest: &str) -> (usize, &'static str) {
    let first = rest.chars().next().unwrap_or_default();
    let run = |is: &dyn Fn(char) -> bool| rest.find(|letter| !is(letter)).unwrap_or(rest.len());
    match first {
        '"' | '\'' | '`' => {
            let mut is_escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, letter)| {
                let ends = *letter == first && !is_escaped;
                is_escaped = *letter == '\\' && !is_escaped;
                ends
            });
            match end {
                Some((at, _)) => (at + 1, "hl-s"),
                // An apostrophe in a comment or a lifetime.
                None => (1, ""),
            }
        }
        '0'..='9' => (run(&|letter| letter.is_ascii_alphanumeric() || "._".contains(letter)), "hl-n"),
        '@' | '$' => (run(&|letter| letter.is_alphanumeric() || "@$_".contains(letter)).max(1), "hl-f"),
        _ if first.is_alphabetic() || first == '_' => {
            let length = run(&|letter| letter.is_alphanumeric() || "_-".contains(letter));
            let after = rest[length..].trim_start();
            let word = &rest[..length];
            let class = if (after.starts_with(':') && !after.starts_with("::"))
                || (after.starts_with('=') && !after.starts_with("=="))
            {
                "hl-t"
            } else if KEYWORDS.contains(&word) {
                "hl-k"
            } else if rest[length..].starts_with('(') {
                "hl-f"
            } else if first.is_uppercase() {
                "hl-y"
            } else {
                ""
            };
            (length, class)
        }
        _ => (first.len_utf8(), ""),
    }
}
