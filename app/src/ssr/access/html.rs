//! Pieces that several of these pages are made of.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use prose::escape;
use uuid::Uuid;

/// A frame with a heading.
pub(super) fn panel(title: &str, inner: &str) -> String {
    format!(
        "<section class=\"surface min-w-0 overflow-clip\"><header class=\"px-4 py-3\"><h2 class=\"text-body \
         font-semibold break-words\">{}</h2></header>{inner}</section>",
        escape(title)
    )
}

/// A table; cells are HTML. On a telephone each row is a list of its cells, with what stands above their columns before them.
pub(super) fn table(caption: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    let labels = heads;
    let heads = heads
        .iter()
        .map(|head| {
            format!(
                "<th scope=\"col\" role=\"columnheader\" class=\"h-8 px-4 font-medium whitespace-nowrap\">{}</th>",
                escape(head)
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let rows = rows
        .iter()
        .map(|row| {
            let cells = row
                .iter()
                .zip(labels)
                .map(|(cell, label)| {
                    let nothing = if cell.is_empty() { " max-sm:hidden" } else { "" };
                    format!(
                        "<td role=\"cell\" class=\"px-4 py-2 align-top min-w-24 max-sm:block max-sm:py-1{nothing}\"><span \
                         class=\"block text-meta text-muted sm:hidden\" aria-hidden=\"true\">{}</span>{cell}</td>",
                        escape(label)
                    )
                })
                .collect::<Vec<_>>()
                .concat();
            format!("<tr role=\"row\" class=\"border-t border-base-300 max-sm:block max-sm:py-2\">{cells}</tr>")
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<div class=\"relative overflow-x-auto\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\"><table role=\"table\" \
         class=\"w-full table-auto border-collapse text-left text-table max-sm:block\"><caption \
         class=\"sr-only\">{0}</caption><thead role=\"rowgroup\" class=\"text-meta text-muted max-sm:sr-only\"><tr \
         role=\"row\">{heads}</tr></thead><tbody role=\"rowgroup\" class=\"max-sm:block\">{rows}</tbody></table></div>",
        escape(caption)
    )
}

/// A moment, exact.
pub(in crate::ssr) fn when(at: DateTime<Utc>) -> String {
    format!(
        "<time class=\"whitespace-nowrap tabular-nums\" datetime=\"{}\">{}</time>",
        at.to_rfc3339(),
        at.format("%-d %b %Y, %H:%M:%S UTC")
    )
}

/// A field of one line.
pub(super) fn field(name: &str, label: &str, value: &str, help: &str) -> String {
    format!(
        "<div class=\"flex flex-col gap-1\"><label for=\"f-{name}\" class=\"text-table font-medium\">{label}</label><input \
         id=\"f-{name}\" name=\"{name}\" maxlength=\"2000\" class=\"input w-full font-mono\" value=\"{}\" \
         aria-describedby=\"h-{name}\"><p id=\"h-{name}\" class=\"text-meta text-muted\">{help}</p></div>",
        escape(value)
    )
}

/// A field of many lines.
pub(super) fn area(name: &str, label: &str, value: &str, lines: usize, is_closed: bool) -> String {
    let closed = if is_closed { " readonly" } else { "" };
    format!(
        "<div class=\"flex flex-col gap-1\"><label for=\"f-{name}\" class=\"text-table font-medium\">{label}</label><textarea \
         id=\"f-{name}\" name=\"{name}\" rows=\"{lines}\" spellcheck=\"false\" class=\"textarea w-full font-mono \
         text-meta\"{closed}>\n{}</textarea></div>",
        escape(value)
    )
}

/// Something wrong, or something to know.
pub(in crate::ssr) fn note(tone: &str, title: &str, lines: &[String]) -> String {
    let role = if tone == "error" { " role=\"alert\"" } else { " role=\"status\"" };
    let items =
        lines.iter().map(|line| format!("<li class=\"break-words\">{}</li>", words(line))).collect::<Vec<_>>().concat();
    let list = if lines.is_empty() { String::new() } else { format!("<ul class=\"list-disc pl-5\">{items}</ul>") };
    format!("<div class=\"note note-{tone}\"{role}><p class=\"note-title\">{}</p>{list}</div>", escape(title))
}

/// A list that one chooses from.
pub(super) fn select(name: &str, label: &str, choices: &[(String, String)], chosen: &str) -> String {
    let options = choices
        .iter()
        .map(|(value, words)| {
            let state = if value == chosen { " selected" } else { "" };
            format!("<option value=\"{}\"{state}>{}</option>", escape(value), escape(words))
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<div class=\"flex flex-col gap-1\"><label for=\"f-{name}\" class=\"text-table font-medium\">{label}</label><select \
         id=\"f-{name}\" name=\"{name}\" class=\"select w-full\">{options}</select></div>"
    )
}

/// Names in backticks, as code; the page of a source leads there.
pub(in crate::ssr) fn words(text: &str) -> String {
    let mut html = String::new();
    for (at, part) in text.split('`').enumerate() {
        let is_source = part.strip_prefix("/sources/").is_some_and(|id| id.parse::<Uuid>().is_ok());
        let part = escape(part);
        if at % 2 == 0 {
            html.push_str(&part);
        } else if is_source {
            let _ = write!(html, "<a class=\"text-link underline break-all\" href=\"{part}\">{part}</a>");
        } else {
            let _ = write!(html, "<code class=\"font-mono text-meta break-all\">{part}</code>");
        }
    }
    html
}
