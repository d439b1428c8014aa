//! What is changed between reading Markdown and writing HTML: headings get names, code leaves, boxes of tasks become signs.

use std::sync::LazyLock;

use comrak::{
    Arena, Options,
    nodes::{AstNode, ListType, NodeCode, NodeHtmlBlock, NodeValue},
    parse_document,
};

use crate::{
    anchors::{self, Names},
    containers::{CLOSE, HEADING, HEADING_END, OPEN},
    fence::Fence,
    inline::{Abbreviations, Part},
    page::Heading,
    sanitise::{Remarks, scheme},
};

/// How many headings one page may have.
const HEADINGS: usize = 2_000;

/// A block of code.
#[derive(Debug)]
pub(crate) struct CodeBlock {
    pub(crate) fence: Fence,
    pub(crate) text: String,
    /// How many notes stand right below it.
    pub(crate) notes: u32,
}

/// What is collected over all parts of a page.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) headings: Vec<Heading>,
    pub(crate) names: Names,
    pub(crate) abbreviations: Abbreviations,
}

pub(crate) static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.superscript = true;
    extension.subscript = true;
    extension.footnotes = true;
    extension.description_lists = true;
    extension.alerts = true;
    extension.shortcodes = true;
    extension.highlight = true;
    // HTML of authors goes through: the sanitiser decides about it.
    options.render.r#unsafe = true;
    options
});

/// Reads `text`, changes what has to be changed, and writes HTML. Code is collected in `blocks`, whose marks are numbered from `first`.
pub(crate) fn rendered(
    text: &str,
    first: usize,
    shift: u8,
    blocks: &mut Vec<CodeBlock>,
    collected: &mut Collected,
    remarks: &Remarks,
) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &OPTIONS);
    let all: Vec<&AstNode<'_>> = root.descendants().collect();
    for node in all {
        let value = node.data().value.clone();
        match value {
            NodeValue::Heading(heading) => {
                let title = words(node);
                let (title, own) = with_own_id(title, node);
                let level = heading.level.saturating_add(shift).min(6);
                if let NodeValue::Heading(heading) = &mut node.data_mut().value {
                    heading.level = level;
                }
                if collected.headings.len() < HEADINGS {
                    let id = collected.names.unique(own.unwrap_or_else(|| anchors::slug(&title)));
                    let number = collected.headings.len();
                    collected.headings.push(Heading { level, id, text: title });
                    node.prepend(inline(&arena, NodeValue::Text(format!("{HEADING}{number}{HEADING_END}").into())));
                }
            }
            NodeValue::CodeBlock(block) => {
                let number = first + blocks.len();
                let (fence, notes) = (Fence::parse(&block.info), listed_below(node));
                blocks.push(CodeBlock { fence, notes, text: block.literal });
                let literal = format!("<p>{OPEN}{number}{CLOSE}</p>\n");
                node.data_mut().value = NodeValue::HtmlBlock(NodeHtmlBlock { block_type: 6, literal });
            }
            NodeValue::TaskItem(task) => {
                let sign = if task.symbol.is_some() { "☑" } else { "☐" };
                let sign = format!("<span class=\"doc-box\">{sign}</span> ");
                if let Some(paragraph) =
                    node.first_child().filter(|first| matches!(first.data().value, NodeValue::Paragraph))
                {
                    paragraph.prepend(inline(&arena, NodeValue::HtmlInline(sign)));
                }
            }
            NodeValue::Image(image) if scheme(&image.url).is_some() => {
                remarks
                    .add(format!("the image `{}` is on another server; it is shown as a link", short(&image.url, 120)));
                if node.first_child().is_none() {
                    node.append(inline(&arena, NodeValue::Text(short(&image.url, 80).into())));
                }
                let in_link = node.ancestors().skip(1).any(|outer| matches!(outer.data().value, NodeValue::Link(_)));
                node.data_mut().value = if in_link { NodeValue::Emph } else { NodeValue::Link(image) };
            }
            NodeValue::Code(code) => {
                if let Some(bare) = without_language(&code.literal) {
                    node.data_mut().value = NodeValue::Code(NodeCode { literal: bare.to_owned(), ..code });
                }
            }
            NodeValue::Text(text) if text.starts_with('{') => {
                let follows = node.previous_sibling().is_some_and(|before| {
                    matches!(before.data().value, NodeValue::Link(_) | NodeValue::Image(_) | NodeValue::Code(_))
                });
                if follows && let Some(end) = attributes_end(&text) {
                    node.data_mut().value = NodeValue::Text(text[end..].to_owned().into());
                }
            }
            NodeValue::Text(text) => {
                let Some(parts) = collected.abbreviations.explained(&text) else { continue };
                let is_address =
                    |outer: &AstNode<'_>| matches!(outer.data().value, NodeValue::Link(_) | NodeValue::Image(_));
                if node.ancestors().skip(1).any(is_address) {
                    continue;
                }
                for part in parts {
                    node.insert_before(inline(
                        &arena,
                        match part {
                            Part::Plain(text) => NodeValue::Text(text.into()),
                            Part::Html(html) => NodeValue::HtmlInline(html),
                        },
                    ));
                }
                node.detach();
            }
            _ => {}
        }
    }
    let mut html = String::new();
    // Writing into a String does not fail.
    let _ = comrak::format_html(root, &OPTIONS, &mut html);
    html
}

fn inline<'a>(arena: &'a Arena<'a>, value: NodeValue) -> &'a AstNode<'a> {
    arena.alloc(value.into())
}

/// How much stands in the ordered list right below a node.
fn listed_below<'a>(node: &'a AstNode<'a>) -> u32 {
    let below = node
        .next_sibling()
        .filter(|below| matches!(&below.data().value, NodeValue::List(list) if list.list_type == ListType::Ordered));
    below.map_or(0, |list| u32::try_from(list.children().count()).unwrap_or(u32::MAX))
}

/// The words of a node, without any markup.
fn words<'a>(node: &'a AstNode<'a>) -> String {
    let mut out = String::new();
    for inner in node.descendants() {
        match &inner.data().value {
            NodeValue::Text(text) => out.push_str(text),
            NodeValue::Code(code) => out.push_str(&code.literal),
            NodeValue::ShortCode(code) => out.push_str(&code.emoji),
            NodeValue::SoftBreak | NodeValue::LineBreak => out.push(' '),
            _ => {}
        }
    }
    short(out.trim(), 300)
}

/// Inline code without the word that says which language it is in: `#!rust let x;`.
fn without_language(code: &str) -> Option<&str> {
    let (language, bare) = code.strip_prefix("#!")?.split_once(' ')?;
    let is_word =
        !language.is_empty() && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-+#".contains(&byte));
    is_word.then_some(bare)
}

/// `Title {#own-id}`: takes the name out of the heading.
fn with_own_id<'a>(title: String, node: &'a AstNode<'a>) -> (String, Option<String>) {
    let Some((before, attributes)) = title.rsplit_once('{').filter(|(_, rest)| rest.ends_with('}')) else {
        return (title, None);
    };
    let inner = attributes.trim_end_matches('}').trim_start_matches(':').trim();
    if inner.is_empty() || !inner.starts_with(['#', '.']) {
        return (title, None);
    }
    let id = inner.split_whitespace().find_map(|word| word.strip_prefix('#')).map(anchors::own);
    if let Some(last) = node.last_child() {
        let value = last.data().value.clone();
        if let NodeValue::Text(text) = value
            && let Some((kept, _)) = text.rsplit_once('{')
        {
            last.data_mut().value = NodeValue::Text(kept.trim_end().to_owned().into());
        }
    }
    (before.trim_end().to_owned(), id)
}

/// Where `{ .class #id key=value }` ends.
fn attributes_end(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    let inner = text[1..end].trim_start_matches(':').trim();
    let is_attribute = |word: &str| word.starts_with(['.', '#']) || word.contains('=');
    (!inner.is_empty() && inner.split_whitespace().all(is_attribute)).then_some(end + 1)
}

/// The beginning of a text.
pub(crate) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
