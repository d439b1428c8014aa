//! What stands behind one item of a definition.

use std::fmt::Write as _;

use definitions::{Code, Cut, Detail, Fact, Field, Item, Section, Tone};
use prose::{escape, highlight};

use super::{asking, encoded};

/// How much Markdown of descriptions one page renders; more is shown as it is written.
const DESCRIBED: usize = 256 * 1024;

/// Writes the parts of one page.
pub(super) struct Writer<'a> {
    /// The address of the definition's page.
    pub(super) path: &'a str,
    described: usize,
}

/// The class of a badge.
fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Read => "badge-op badge-op-read",
        Tone::Make => "badge-op badge-op-make",
        Tone::Change => "badge-op badge-op-change",
        Tone::Remove => "badge-op badge-op-remove",
        Tone::Plain => "badge-op",
    }
}

pub(super) fn badge(item: &Item) -> String {
    format!("<span class=\"{}\">{}</span>", tone(item.tone), escape(&item.badge))
}

impl<'a> Writer<'a> {
    pub(super) fn new(path: &'a str) -> Self {
        Self { path, described: 0 }
    }

    pub(super) fn href(&self, id: &str) -> String {
        escape(&asking(self.path, &format!("item={}", encoded(id))))
    }

    /// A description, which is Markdown by anyone.
    pub(super) fn description(&mut self, markdown: &str) -> String {
        let markdown = markdown.trim();
        if markdown.is_empty() {
            return String::new();
        }
        self.described += markdown.len();
        if self.described > DESCRIBED {
            return format!("<p class=\"break-words\">{}</p>", escape(&markdown.chars().take(300).collect::<String>()));
        }
        // Most of them are one plain sentence.
        let is_plain = markdown.len() < 400
            && markdown.chars().all(|letter| letter.is_alphanumeric() || " .,;:'()/%?!-".contains(letter))
            && !markdown.contains("://")
            && !markdown.starts_with('-')
            && !markdown.contains("www.");
        if is_plain {
            return format!("<p>{}</p>", escape(markdown));
        }
        prose::text(markdown)
    }

    pub(super) fn detail(&mut self, detail: &Detail, calls: bool) -> String {
        let item = &detail.item;
        let mut out = format!(
            "<header class=\"min-w-0\"><h2 class=\"flex flex-wrap items-center gap-x-3 gap-y-1 text-heading font-semibold\">{}<span class=\"min-w-0 font-mono break-all\">{}</span>{}</h2>",
            badge(item),
            escape(&item.title),
            if item.deprecated { "<span class=\"tag text-warning\">Deprecated</span>" } else { "" },
        );
        if !item.summary.is_empty() && !detail.description.starts_with(item.summary.trim_end_matches('…')) {
            let _ = write!(out, "<p class=\"mt-1 text-body text-muted break-words\">{}</p>", escape(&item.summary));
        }
        out.push_str("</header>");
        if !detail.description.trim().is_empty() {
            let _ = write!(out, "<div class=\"prose\">{}</div>", self.description(&detail.description));
        }
        out.push_str(&facts_list(&detail.facts));
        for section in &detail.sections {
            out.push_str(&self.section(section));
        }
        if let Some(call) = detail.call.as_ref().filter(|_| calls) {
            let _ = write!(
                out,
                "<section class=\"surface min-w-0 overflow-clip\"><h3 class=\"px-4 py-3 text-body font-semibold\">{}</h3>\
                 <p class=\"px-4 pb-3 text-table text-muted\">Copy it into a terminal. Secrets are taken from variables of your shell.</p>{}</section>",
                escape(&call.title),
                highlight::block(&call.text, call.language, None),
            );
        }
        out
    }

    fn section(&mut self, section: &Section) -> String {
        let mut out = format!(
            "<section class=\"surface min-w-0 overflow-clip\"><header class=\"flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3\"><h3 class=\"text-body font-semibold break-words\">{}</h3>",
            escape(&section.title)
        );
        if !section.note.is_empty() {
            let _ = write!(
                out,
                "<code class=\"font-mono text-meta text-muted break-all\">{}</code>",
                escape(&section.note)
            );
        }
        out.push_str("</header>");
        if !section.description.trim().is_empty() {
            let _ = write!(
                out,
                "<div class=\"prose px-4 pb-3 text-table\">{}</div>",
                self.description(&section.description)
            );
        }
        if !section.facts.is_empty() {
            let _ = write!(out, "<div class=\"px-4 pb-3\">{}</div>", facts_list(&section.facts));
        }
        if !section.fields.is_empty() {
            let _ = write!(
                out,
                "<div class=\"border-t border-base-300 px-4 py-1\">{}</div>",
                self.fields(&section.fields, 0)
            );
        }
        for (number, code) in section.examples.iter().enumerate() {
            out.push_str(&example(code, number == 0 && section.fields.len() < 12));
        }
        out.push_str("</section>");
        out
    }

    fn fields(&mut self, fields: &[Field], depth: u8) -> String {
        let mut out = String::from("<ul class=\"fields\">");
        for field in fields {
            out.push_str(&self.field(field, depth));
        }
        out.push_str("</ul>");
        out
    }

    fn field(&mut self, field: &Field, depth: u8) -> String {
        let mut out = String::from("<li><div class=\"flex flex-wrap items-baseline gap-x-2.5 gap-y-0.5\">");
        if !field.name.is_empty() {
            let struck = if field.deprecated { " line-through" } else { "" };
            let _ =
                write!(out, "<code class=\"font-mono font-semibold break-all{struck}\">{}</code>", escape(&field.name));
        }
        if !field.kind.is_empty() {
            let kind = escape(&field.kind);
            match &field.link {
                Some(link) => {
                    let _ = write!(
                        out,
                        "<a class=\"text-link underline underline-offset-3\" href=\"{}\">{kind}</a>",
                        self.href(link)
                    );
                }
                None => {
                    let _ = write!(out, "<span class=\"text-muted break-words\">{kind}</span>");
                }
            }
        }
        if field.required {
            out.push_str("<span class=\"text-meta font-medium text-warning\">required</span>");
        }
        if field.deprecated {
            out.push_str("<span class=\"text-meta font-medium text-warning\">deprecated</span>");
        }
        out.push_str("</div>");
        if !field.description.trim().is_empty() {
            let _ = write!(out, "<div class=\"prose mt-0.5\">{}</div>", self.description(&field.description));
        }
        if !field.facts.is_empty() {
            out.push_str("<p class=\"mt-0.5 flex flex-wrap gap-x-4 text-meta text-muted\">");
            for Fact { term, text } in &field.facts {
                let _ = write!(
                    out,
                    "<span class=\"wrap-anywhere\">{}: <code class=\"font-mono\">{}</code></span>",
                    escape(term),
                    escape(text)
                );
            }
            out.push_str("</p>");
        }
        match &field.cut {
            Some(Cut::Cycle) => out.push_str(
                "<p class=\"mt-0.5 text-meta text-muted\">Contains itself; it is written out further up.</p>",
            ),
            Some(Cut::Deep) => {
                out.push_str("<p class=\"mt-0.5 text-meta text-muted\">Goes deeper than this page shows.</p>");
            }
            Some(Cut::Many) => {
                out.push_str("<p class=\"mt-0.5 text-meta text-muted\">The rest is left out: this page is full.</p>");
            }
            None => {}
        }
        if !field.children.is_empty() {
            let open = if depth == 0 && field.children.len() < 40 { " open" } else { "" };
            let words = super::counted(field.children.len(), "part", "parts");
            let _ = write!(
                out,
                "<details class=\"fold mt-1\"{open}><summary class=\"text-meta text-muted\">{words}</summary>{}</details>",
                self.fields(&field.children, depth.saturating_add(1))
            );
        }
        out.push_str("</li>");
        out
    }
}

/// A text that leads there if it is an address of the web as a whole.
pub(super) fn linked(text: &str) -> String {
    let is_address = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme))
        && !text.contains(|letter: char| letter.is_whitespace() || "…{}".contains(letter));
    let shown = escape(text);
    if !is_address {
        return shown;
    }
    format!(
        "<a class=\"text-link underline underline-offset-3\" rel=\"external noopener noreferrer\" href=\"{shown}\">{shown}</a>"
    )
}

/// Facts as a list of terms.
pub(super) fn facts_list(facts: &[Fact]) -> String {
    if facts.is_empty() {
        return String::new();
    }
    let mut out = String::from("<dl class=\"grid grid-cols-[minmax(5rem,auto)_1fr] gap-x-4 gap-y-1.5 text-table\">");
    for Fact { term, text } in facts {
        let _ = write!(
            out,
            "<dt class=\"text-muted\">{}</dt><dd class=\"min-w-0 font-mono text-meta leading-5 wrap-anywhere\">{}</dd>",
            escape(term),
            linked(text)
        );
    }
    out.push_str("</dl>");
    out
}

fn example(code: &Code, open: bool) -> String {
    let open = if open { " open" } else { "" };
    format!(
        "<details class=\"fold border-t border-base-300 px-4 py-2\"{open}><summary class=\"text-table text-muted break-words\">{}</summary>{}</details>",
        escape(&code.title),
        highlight::block(&code.text, code.language, None)
    )
}
