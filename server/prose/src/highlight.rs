//! Code with its words marked by kind, as HTML whose classes a stylesheet colours: `hl-k`, `hl-s`, `hl-c` and a few more.

mod simple;

use std::{collections::BTreeMap, fmt::Write as _, sync::LazyLock};

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use crate::{escape::escape_into, fence::Fence, notes};

/// How much code of one block is coloured; more is shown without colours.
const LARGEST: usize = 256 * 1024;

/// How long a line may be to be coloured: generated code is not read.
const LONGEST: usize = 4 * 1024;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Which words look like what. The first that fits the innermost scope decides; an empty class means no colour.
static KINDS: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
    let kinds = [
        ("comment", "hl-c"),
        ("punctuation.definition.comment", "hl-c"),
        ("entity.name.tag", "hl-t"),
        ("entity.other.attribute-name", "hl-t"),
        ("support.type.property-name", "hl-t"),
        ("entity.name.function", "hl-f"),
        ("support.function", "hl-f"),
        ("variable.function", "hl-f"),
        ("entity.name", "hl-y"),
        ("support.type", "hl-y"),
        ("support.class", "hl-y"),
        ("storage.type", "hl-k"),
        ("storage.modifier", "hl-k"),
        ("keyword.operator", ""),
        ("keyword", "hl-k"),
        ("string", "hl-s"),
        ("constant.character", "hl-s"),
        ("constant", "hl-n"),
        ("markup.inserted", "hl-i"),
        ("markup.deleted", "hl-d"),
        ("markup.heading", "hl-k"),
    ];
    kinds.into_iter().filter_map(|(scope, class)| Some((Scope::new(scope).ok()?, class))).collect()
});

/// A key of JSON is a text first; what tells it apart stands further out.
static KEY: LazyLock<Option<Scope>> = LazyLock::new(|| Scope::new("meta.structure.dictionary.key.json").ok());

/// The HTML of each line of `text`, coloured as far as its language is known and it is not too large.
pub fn lines(text: &str, language: &str) -> Vec<String> {
    let is_large = text.len() > LARGEST || text.lines().any(|line| line.len() > LONGEST);
    let language = language.to_lowercase();
    if is_large || ["", "text", "plain", "txt", "none"].contains(&language.as_str()) {
        return text.lines().map(crate::escape).collect();
    }
    match syntax(&language) {
        Some(syntax) => coloured(text, syntax).unwrap_or_else(|| simple::lines(text, &language)),
        None => simple::lines(text, &language),
    }
}

/// A block of code; with `numbers`, each line can be linked as `#L1`, counted from that number.
pub fn block(text: &str, language: &str, numbers: Option<u32>) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    out.push_str("<pre class=\"code\" tabindex=\"0\"><code>");
    for (number, line) in (numbers.unwrap_or(1)..).zip(lines(text, language)) {
        if numbers.is_some() {
            let _ = write!(
                out,
                "<span class=\"code-line\" id=\"L{number}\"><a class=\"code-number\" href=\"#L{number}\" tabindex=\"-1\" \
                 aria-label=\"Line {number}\" data-line=\"{number}\"></a><span>{line}\n</span></span>"
            );
        } else {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out.push_str("</code></pre>");
    out
}

/// A block of code as its fence wants it: with numbers, lines that stand out, and the `notes` below it referred to. Neither numbers nor
/// signs of notes are taken along by whoever copies the code.
pub(crate) fn listing(text: &str, language: &str, fence: &Fence, notes: u32) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut referred: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let (line, numbers) = notes::taken(line, notes).unwrap_or((line, Vec::new()));
        bare.push_str(line);
        bare.push('\n');
        if !numbers.is_empty() {
            referred.insert(number, numbers);
        }
    }
    if !fence.has_lines() && referred.is_empty() {
        return block(text, language, None);
    }
    let mut out = String::with_capacity(text.len() * 2);
    out.push_str("<pre class=\"code\" tabindex=\"0\"><code>");
    for (at, line) in (1_u32..).zip(lines(&bare, language)) {
        let lit = if fence.is_lit(at) { " code-lit" } else { "" };
        let _ = write!(out, "<span class=\"code-line{lit}\">");
        if let Some((first, step)) = fence.numbers {
            let number = first.saturating_add(at - 1);
            let shown = if number.is_multiple_of(step) { number.to_string() } else { String::new() };
            let _ = write!(out, "<span class=\"code-number\" aria-hidden=\"true\" data-line=\"{shown}\"></span>");
        }
        let _ = write!(out, "<span>{line}");
        for note in referred.get(&at).into_iter().flatten() {
            let _ = write!(out, " <span class=\"code-note\">({note})</span>");
        }
        out.push_str("\n</span></span>");
    }
    out.push_str("</code></pre>");
    out
}

fn syntax(language: &str) -> Option<&'static SyntaxReference> {
    let token = match language {
        "shell" | "console" | "shell-session" | "zsh" => "bash",
        "typescript" | "ts" | "tsx" | "jsx" | "mjs" => "js",
        "json5" | "jsonc" | "avro" => "json",
        "c++" => "cpp",
        "golang" => "go",
        "yml" => "yaml",
        "py3" | "python3" => "python",
        "csharp" => "cs",
        "http" | "graphql" | "protobuf" | "proto" | "toml" | "hcl" => return None,
        other => other,
    };
    SYNTAXES.find_syntax_by_token(token).filter(|syntax| syntax.name != "Plain Text")
}

fn coloured(text: &str, syntax: &SyntaxReference) -> Option<Vec<String>> {
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut lines = Vec::new();
    let mut whole = String::new();
    for line in text.lines() {
        whole.clear();
        whole.push_str(line);
        whole.push('\n');
        // A pattern that gives up does so for good: the rest would be coloured wrongly.
        let changes = state.parse_line(&whole, &SYNTAXES).ok()?;
        let mut out = String::with_capacity(line.len() * 2);
        // Pieces beside each other that look alike are one.
        let (mut start, mut from, mut look) = (0, 0, "");
        for (at, change) in changes {
            if at > from && class(&stack) != look {
                push(&whole[start..from], look, &mut out);
                (start, look) = (from, class(&stack));
            }
            from = at;
            stack.apply(&change).ok()?;
        }
        if class(&stack) != look {
            push(&whole[start..from], look, &mut out);
            (start, look) = (from, class(&stack));
        }
        push(&whole[start..], look, &mut out);
        lines.push(out);
    }
    Some(lines)
}

fn class(stack: &ScopeStack) -> &'static str {
    let scopes = stack.as_slice();
    if KEY.is_some_and(|key| scopes.iter().rev().take(4).any(|scope| *scope == key)) {
        return "hl-t";
    }
    let kind = |scope: &Scope| KINDS.iter().find(|(known, _)| known.is_prefix_of(*scope)).map(|(_, class)| *class);
    scopes.iter().rev().find_map(kind).unwrap_or_default()
}

/// Writes a piece of a line; the line's end is not part of it.
fn push(piece: &str, class: &str, out: &mut String) {
    let piece = piece.trim_end_matches('\n');
    if piece.is_empty() {
        return;
    }
    if class.is_empty() || piece.trim().is_empty() {
        escape_into(piece, out);
        return;
    }
    let _ = write!(out, "<span class=\"{class}\">");
    escape_into(piece, out);
    out.push_str("</span>");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_marked_by_kind() {
        insta::assert_snapshot!(lines("# a note\nkind: API\nport: 80", "yaml").join("\n"), @r#"
        <span class="hl-c"># a note</span>
        <span class="hl-t">kind</span>: <span class="hl-s">API</span>
        <span class="hl-t">port</span>: <span class="hl-n">80</span>
        "#);
        insta::assert_snapshot!(lines("{\"a\": [1, \"b\", true]}", "json").join("\n"), @r#"{<span class="hl-t">&quot;a&quot;</span>: [<span class="hl-n">1</span>, <span class="hl-s">&quot;b&quot;</span>, <span class="hl-n">true</span>]}"#);
        insta::assert_snapshot!(lines("fn main() { let x = \"<b>\"; } // end", "rust").join("\n"), @r#"<span class="hl-k">fn</span> <span class="hl-f">main</span>() { <span class="hl-k">let</span> x = <span class="hl-s">&quot;&lt;b&gt;&quot;</span>; } <span class="hl-c">// end</span>"#);
        insta::assert_snapshot!(lines("type A { b(c: Int = 3): [B!] @old } # no", "graphql").join("\n"), @r#"<span class="hl-k">type</span> <span class="hl-y">A</span> { <span class="hl-f">b</span>(<span class="hl-t">c</span>: <span class="hl-t">Int</span> = <span class="hl-n">3</span>): [<span class="hl-y">B</span>!] <span class="hl-f">@old</span> } <span class="hl-c"># no</span>"#);
        insta::assert_snapshot!(lines("[a]\nb = 'c' # d", "toml").join("\n"), @r#"
        [a]
        <span class="hl-t">b</span> = <span class="hl-s">&#39;c&#39;</span> <span class="hl-c"># d</span>
        "#);
    }

    #[test]
    fn lines_can_be_linked() {
        insta::assert_snapshot!(block("a\n<b>", "text", Some(7)), @r##"
        <pre class="code" tabindex="0"><code><span class="code-line" id="L7"><a class="code-number" href="#L7" tabindex="-1" aria-label="Line 7" data-line="7"></a><span>a
        </span></span><span class="code-line" id="L8"><a class="code-number" href="#L8" tabindex="-1" aria-label="Line 8" data-line="8"></a><span>&lt;b&gt;
        </span></span></code></pre>
        "##);
    }

    #[test]
    fn giants_are_shown_without_colours() {
        let long = format!("a: {}", "x".repeat(LONGEST));
        assert!(!lines(&long, "yaml")[0].contains("<span"));
        let large = "a: 1\n".repeat(LARGEST / 4);
        assert!(lines(&large, "yaml").iter().all(|line| line == "a: 1"));
    }

    proptest! {
        #[test]
        fn no_code_becomes_markup(text in "[<>&\"'a-z/*#:{}\\[\\] \n=]{0,120}", language in "(yaml|json|rust|js|html|bash|toml|graphql|md|nothing)") {
            for line in lines(&text, &language) {
                let bare = line.replace("</span>", "");
                let bare = bare.split("<span class=\"hl-").map(|part| part.split_once("\">").map_or(part, |(_, rest)| rest)).collect::<String>();
                prop_assert!(!bare.contains('<') && !bare.contains('>'), "{}", line);
            }
        }
    }
}
