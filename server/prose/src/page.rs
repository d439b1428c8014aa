//! A page of Markdown: rendered, sanitised, with its parts put in.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use crate::{
    anchors,
    containers::{self, CLOSE, Container, Fold, HEADING, HEADING_END, OPEN},
    diagram, escape, highlight, inline,
    sanitise::{self, Links, NoLinks, Remarks},
    shared::Shared,
    tree::{self, CodeBlock, Collected},
};

/// The largest text that is rendered, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// How much code of one page is coloured.
const COLOURED: usize = 512 * 1024;

/// How many diagrams of one page are drawn.
const DIAGRAMS: usize = 24;

/// How deep containers may stand in each other.
const DEPTH: u8 = 6;

/// A page that can be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Safe HTML.
    pub html: String,
    /// Its headings, in order.
    pub headings: Vec<Heading>,
    /// What could not be shown as its author meant it, and why.
    pub remarks: Vec<String>,
}

/// A heading of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// From 1, as it is in the HTML.
    pub level: u8,
    /// Its name in addresses.
    pub id: String,
    /// Its words.
    pub text: String,
}

/// Renders a page whose relative addresses `links` knows. Headings are moved down by `shift` levels.
pub fn page(markdown: &str, shift: u8, links: Arc<dyn Links>) -> Page {
    let remarks = Remarks::default();
    let mut end = markdown.len().min(LARGEST);
    while !markdown.is_char_boundary(end) {
        end -= 1;
    }
    if end < markdown.len() {
        remarks.add(format!("the text is longer than {} KiB; the rest of it is not shown", LARGEST / 1024));
    }
    let marks = [OPEN, CLOSE, HEADING, HEADING_END, '\0'];
    let text = without_front_matter(&markdown[..end]).replace(marks, "\u{fffd}");
    let (shared, text) = Shared::gather(&text);
    let collected = Collected::default();
    let mut writer = Writer { shift, links, remarks, shared, collected, coloured: 0, tabs: 0, diagrams: 0 };
    let mut html = writer.write(&text, 0);
    html.push_str(&writer.footnotes());
    let html = anchors::settled(html, &writer.collected.headings, &writer.remarks);
    Page { html, headings: writer.collected.headings, remarks: writer.remarks.take() }
}

/// Renders a short text that stands alone, such as a description.
pub fn text(markdown: &str) -> String {
    page(markdown, 3, Arc::new(NoLinks)).html
}

/// A text without the lines between `---` at its beginning, which are for machines.
fn without_front_matter(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) else { return text };
    let mut at = text.len() - rest.len();
    for line in rest.split_inclusive('\n') {
        at += line.len();
        if ["---", "..."].contains(&line.trim_end()) {
            return &text[at..];
        }
    }
    text
}

struct Writer {
    shift: u8,
    links: Arc<dyn Links>,
    remarks: Remarks,
    shared: Shared,
    collected: Collected,
    coloured: usize,
    tabs: usize,
    diagrams: usize,
}

impl Writer {
    fn write(&mut self, text: &str, depth: u8) -> String {
        let extracted = if depth < DEPTH {
            containers::extract(text, &mut self.shared)
        } else {
            self.remarks.add(
                "notes and tabs stand too deep in each other; the inner ones are shown as they are written".into(),
            );
            containers::Extracted { text: text.to_owned(), ..containers::Extracted::default() }
        };
        for remark in extracted.remarks {
            self.remarks.add(remark);
        }
        for (name, meaning) in &extracted.abbreviations {
            self.collected.abbreviations.add(name, meaning);
        }
        let first = extracted.containers.len();
        let mut blocks = Vec::new();
        let text = self.shared.with_addresses(extracted.text);
        let html = tree::rendered(&text, first, self.shift, &mut blocks, &mut self.collected, &self.remarks);
        let html = sanitise::clean(&html, &self.links, &self.remarks);
        let mut parts: Vec<String> = Vec::with_capacity(first + blocks.len());
        for container in extracted.containers {
            parts.push(self.container(container, depth));
        }
        for mut block in blocks {
            block.text = restored(&block.text, &extracted.sources);
            parts.push(self.code(&block));
        }
        self.assembled(&html, &parts)
    }

    /// Puts parts in the places of their marks, and names on headings.
    fn assembled(&self, html: &str, parts: &[String]) -> String {
        let mut out = String::with_capacity(html.len() + parts.iter().map(String::len).sum::<usize>());
        let (mut rest, mut in_tag) = (html, false);
        while let Some(at) = rest.find([OPEN, HEADING]) {
            let is_heading = rest[at..].starts_with(HEADING);
            let close = if is_heading { HEADING_END } else { CLOSE };
            let after = &rest[at + OPEN.len_utf8()..];
            let Some((number, tail)) = after.split_once(close) else { break };
            let mut before = &rest[..at];
            let mut tail = tail;
            let number = number.parse::<usize>().ok();
            // Within a tag a part would end it: only between tags is its place.
            in_tag = match (before.rfind('<'), before.rfind('>')) {
                (None, None) => in_tag,
                (opened, closed) => opened > closed,
            };
            if is_heading {
                let is_open = before.ends_with('>') && before.rfind("<h") == before.rfind('<');
                match number.and_then(|number| self.collected.headings.get(number)) {
                    Some(heading) if is_open && !in_tag => {
                        let _ = write!(out, "{} id=\"{}\">", &before[..before.len() - 1], escape(&heading.id));
                    }
                    _ => out.push_str(before),
                }
            } else {
                if let (Some(outside), Some(inside)) = (before.strip_suffix("<p>"), tail.strip_prefix("</p>")) {
                    (before, tail) = (outside, inside);
                }
                out.push_str(before);
                if !in_tag {
                    out.push_str(number.and_then(|number| parts.get(number)).map_or("", String::as_str));
                }
            }
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    /// The footnotes that were referred to. One may refer to others.
    fn footnotes(&mut self) -> String {
        let mut rendered = BTreeMap::new();
        while let Some((number, text)) = self.shared.next() {
            let html = self.write(&text, 1);
            rendered.insert(number, html);
        }
        self.shared.list(&rendered)
    }

    /// A line of Markdown without a paragraph around it.
    fn title(&mut self, text: &str) -> String {
        if !text.contains(['*', '_', '`', '[', '<', '~', '^', '=', ':', '+', '{', '\\']) {
            return escape(text);
        }
        let mut remarks = Vec::new();
        let marked = inline::marked(text, &mut remarks, &mut self.shared);
        let source = self.shared.with_addresses(marked);
        let (mut blocks, mut collected) = (Vec::new(), Collected::default());
        let html = tree::rendered(&source, 0, self.shift, &mut blocks, &mut collected, &self.remarks);
        let html = sanitise::clean(&html, &self.links, &self.remarks);
        for remark in remarks {
            self.remarks.add(remark);
        }
        let inner = html.trim().strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>"));
        inner.filter(|inner| blocks.is_empty() && !inner.contains("<p>")).map_or_else(|| escape(text), str::to_owned)
    }

    fn container(&mut self, container: Container, depth: u8) -> String {
        match container {
            Container::Note { kind, title, fold, body } => {
                let inner = self.write(&body, depth + 1);
                let tone = tone(&kind);
                let is_untitled = title.as_deref() == Some("") && fold != Fold::No;
                // What can be opened needs words to be opened by.
                let title = title.filter(|_| !is_untitled).unwrap_or_else(|| capitalised(&kind));
                if fold == Fold::No {
                    let title = if title.is_empty() {
                        String::new()
                    } else {
                        format!("<p class=\"note-title\">{}</p>", self.title(&title))
                    };
                    return format!("<div class=\"note note-{tone}\">{title}{inner}</div>");
                }
                let open = if fold == Fold::Open { " open" } else { "" };
                format!(
                    "<details class=\"note note-{tone}\"{open}><summary class=\"note-title\">{}</summary>{inner}</details>",
                    without_links(&self.title(&title))
                )
            }
            Container::Inner(body) => self.write(&body, depth + 1),
            Container::Tabs(tabs) => {
                self.tabs += 1;
                let group = self.tabs;
                let mut out = String::from("<fieldset class=\"tabs\"><legend>Choose one</legend>");
                for (number, (title, body)) in tabs.into_iter().enumerate() {
                    let title = self.title(&title);
                    let inner = self.write(&body, depth + 1);
                    let checked = if number == 0 { " checked" } else { "" };
                    let _ = write!(
                        out,
                        "<input type=\"radio\" name=\"tabs-{group}\" id=\"tabs-{group}-{number}\"{checked}>\
                         <label for=\"tabs-{group}-{number}\">{title}</label><div class=\"tab\">{inner}</div>"
                    );
                }
                out.push_str("</fieldset>");
                out
            }
        }
    }

    /// The images of a diagram, unless it is one too many or says something that cannot be drawn.
    fn drawn(&mut self, source: &str) -> Option<String> {
        self.diagrams += 1;
        if self.diagrams > DIAGRAMS {
            self.remarks
                .add(format!("only the first {DIAGRAMS} diagrams are drawn; the source of the others is shown"));
            return None;
        }
        let told = |why| self.remarks.add(format!("a diagram is not drawn: {why}; its source is shown"));
        diagram::images(source).map_err(told).ok()
    }

    fn code(&mut self, block: &CodeBlock) -> String {
        let fence = &block.fence;
        if fence.language == "mermaid"
            && let Some(images) = self.drawn(&block.text)
        {
            let source = highlight::block(&block.text, "mermaid", None);
            return format!(
                "<figure class=\"diagram\">{images}<details><summary>Source of the diagram</summary>{source}</details></figure>"
            );
        }
        if ["plantuml", "puml", "dot", "graphviz"].contains(&fence.language.as_str()) {
            self.remarks.add(format!("diagrams in `{}` are not drawn; their source is shown", fence.language));
        }
        if ["math", "latex"].contains(&fence.language.as_str()) {
            self.remarks.add("formulas are shown as they are written".into());
        }
        self.coloured += block.text.len();
        let language = if self.coloured > COLOURED { "text" } else { fence.language.as_str() };
        let title = if fence.title.is_empty() {
            String::new()
        } else {
            format!("<p class=\"code-title\">{}</p>", escape(&fence.title))
        };
        format!("{title}{}", highlight::listing(&block.text, language, fence, block.notes))
    }
}

/// Code in which marks stand, as it is written.
fn restored(text: &str, sources: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((number, tail)) = after.split_once(CLOSE) else { break };
        out.push_str(before);
        out.push_str(number.parse::<usize>().ok().and_then(|number| sources.get(number)).map_or("", String::as_str));
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// How the kind of a note looks; MkDocs knows many names for few things.
fn tone(kind: &str) -> &'static str {
    match kind {
        "tip" | "hint" | "important" | "success" | "check" | "done" => "success",
        "warning" | "caution" | "attention" | "question" | "help" | "faq" => "warning",
        "failure" | "fail" | "missing" | "danger" | "error" | "bug" => "error",
        "quote" | "cite" | "example" | "abstract" | "summary" | "tldr" => "plain",
        _ => "info",
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Clean HTML with the words of its links in their place: what folds is a button, and a button holds no link.
fn without_links(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let mut is_quoted = false;
        let end = rest[at..].find(|letter: char| {
            is_quoted ^= letter == '"';
            letter == '>' && !is_quoted
        });
        let (tag, tail) = rest[at..].split_at(end.map_or(rest.len() - at, |end| end + 1));
        if !(tag.starts_with("<a ") || tag == "<a>" || tag == "</a>") {
            out.push_str(tag);
        }
        rest = tail;
    }
    out + rest
}

#[cfg(test)]
mod tests;
