//! The little Markdown that templates write about what they made: paragraphs, lists, code, strong words, links.

use leptos::prelude::*;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    Code(String),
    Items(Vec<String>),
    Words(String),
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Inline {
    Plain(String),
    Strong(String),
    Code(String),
    Link { text: String, href: String },
}

/// Text with its Markdown drawn; what is not known stays as it is written, and nothing in it is HTML.
#[component]
pub(super) fn Prose(text: String) -> impl IntoView {
    let blocks: Vec<_> = blocks(&text)
        .into_iter()
        .map(|block| match block {
            Block::Code(code) => view! {
                <pre class="overflow-x-auto rounded-box border border-base-300 bg-base-100 px-3 py-2 font-mono text-meta" tabindex="0"><code>{code}</code></pre>
            }
            .into_any(),
            Block::Items(items) => {
                let items: Vec<_> = items.iter().map(|item| view! { <li>{drawn(item)}</li> }).collect();
                view! { <ul class="list-disc pl-5">{items}</ul> }.into_any()
            }
            Block::Words(words) => view! { <p class="break-words">{drawn(&words)}</p> }.into_any(),
        })
        .collect();
    view! { <div class="flex flex-col gap-2 text-table">{blocks}</div> }
}

fn drawn(words: &str) -> Vec<AnyView> {
    inlines(words)
        .into_iter()
        .map(|part| match part {
            Inline::Plain(text) => view! { {text} }.into_any(),
            Inline::Strong(text) => view! { <strong class="font-semibold">{text}</strong> }.into_any(),
            Inline::Code(text) => view! { <code class="font-mono text-meta">{text}</code> }.into_any(),
            Inline::Link { text, href } => {
                view! { <a class="text-link" href=href rel="external">{text}</a> }.into_any()
            }
        })
        .collect()
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            let code: Vec<_> = lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")).collect();
            blocks.push(Block::Code(code.join("\n")));
        } else if let Some(item) = item(trimmed) {
            match blocks.last_mut() {
                Some(Block::Items(items)) => items.push(item.to_owned()),
                _ => blocks.push(Block::Items(vec![item.to_owned()])),
            }
        } else if !trimmed.is_empty() {
            let mut words = trimmed.trim_start_matches('#').trim_start().to_owned();
            let goes_on = |next: &&str| {
                let next = next.trim();
                !next.is_empty() && !next.starts_with("```") && item(next).is_none()
            };
            while let Some(next) = lines.next_if(goes_on) {
                words.push(' ');
                words.push_str(next.trim());
            }
            blocks.push(Block::Words(words));
        }
    }
    blocks
}

fn item(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))
}

fn inlines(words: &str) -> Vec<Inline> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = words;
    while let Some(first) = rest.chars().next() {
        let Some((part, after)) = marked(rest) else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        if !plain.is_empty() {
            parts.push(Inline::Plain(std::mem::take(&mut plain)));
        }
        parts.push(part);
        rest = after;
    }
    if !plain.is_empty() {
        parts.push(Inline::Plain(plain));
    }
    parts
}

/// What stands at the start of `text`, if it is marked up, and what comes after it.
fn marked(text: &str) -> Option<(Inline, &str)> {
    let enclosed = |mark: &str| {
        let (inner, after) = text.strip_prefix(mark)?.split_once(mark)?;
        (!inner.is_empty()).then(|| (inner.to_owned(), after))
    };
    if let Some((inner, after)) = enclosed("**") {
        return Some((Inline::Strong(inner), after));
    }
    if let Some((inner, after)) = enclosed("`") {
        return Some((Inline::Code(inner), after));
    }
    let (words, after) = text.strip_prefix('[')?.split_once("](")?;
    let (href, after) = after.split_once(')')?;
    let is_safe = ["https://", "http://", "/"].iter().any(|start| href.starts_with(start));
    is_safe.then(|| (Inline::Link { text: words.to_owned(), href: href.to_owned() }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_templates_write_is_drawn() {
        let found = blocks("**quay-signs** exists.\nClone it:\n\n```sh\ngit clone x\n```\n- one\n- two");
        assert_eq!(
            found,
            [
                Block::Words("**quay-signs** exists. Clone it:".into()),
                Block::Code("git clone x".into()),
                Block::Items(vec!["one".into(), "two".into()]),
            ]
        );
        assert_eq!(
            inlines("**a** and `b`, see [c](https://x.y)"),
            [
                Inline::Strong("a".into()),
                Inline::Plain(" and ".into()),
                Inline::Code("b".into()),
                Inline::Plain(", see ".into()),
                Inline::Link { text: "c".into(), href: "https://x.y".into() },
            ]
        );
    }

    #[test]
    fn what_is_not_marked_up_stays_as_it_is() {
        for text in ["2 ** 3", "[x](javascript:alert(1))", "a ` b", "**", "[a](b"] {
            assert_eq!(inlines(text), [Inline::Plain(text.into())], "{text}");
        }
    }
}
