//! A text as it is written, in pages, with lines that can be linked.

use std::fmt::Write as _;

use prose::{escape, highlight};

/// How many lines one page shows.
const LINES: usize = 800;

/// How much text one page shows, in bytes.
const BYTES: usize = 384 * 1024;

/// How long a shown line is.
const LONGEST: usize = 3_000;

/// A text from line `from` on; `more` is an address that ends where the number of another first line belongs.
pub(in crate::ssr) fn html(text: &str, language: &str, label: &str, from: u32, more: &str) -> String {
    let total = text.lines().count();
    let first = usize::try_from(from).unwrap_or(1).clamp(1, total.max(1));
    let (mut shown, mut lines, mut is_cut) = (String::new(), 0, false);
    for line in text.lines().skip(first - 1).take(LINES) {
        if shown.len() > BYTES {
            break;
        }
        match line.char_indices().nth(LONGEST) {
            Some((at, _)) => {
                is_cut = true;
                shown.push_str(&line[..at]);
                shown.push_str(" …");
            }
            None => shown.push_str(line),
        }
        shown.push('\n');
        lines += 1;
    }
    let last = first + lines.max(1) - 1;
    let mut out = String::from(
        "<div class=\"surface min-w-0 overflow-clip\"><div class=\"flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-base-300 px-4 py-1.5 text-meta text-muted\">",
    );
    let _ = write!(out, "<span>{}</span>", escape(label));
    if total > lines {
        let _ = write!(
            out,
            "<nav aria-label=\"Pages of the source\" class=\"flex gap-4\"><span>Lines {first} to {last} of {total}</span>"
        );
        if first > 1 {
            let _ = write!(
                out,
                "<a class=\"text-link\" href=\"{}{}\">Previous</a>",
                escape(more),
                first.saturating_sub(LINES).max(1)
            );
        }
        if last < total {
            let _ = write!(out, "<a class=\"text-link\" href=\"{}{}\">Next</a>", escape(more), last + 1);
        }
        out.push_str("</nav>");
    }
    out.push_str("</div>");
    out.push_str(&highlight::block(&shown, language, u32::try_from(first).ok()));
    if is_cut {
        let _ = write!(
            out,
            "<p class=\"border-t border-base-300 px-4 py-1.5 text-meta text-muted\">Lines of more than {LONGEST} letters are cut short.</p>"
        );
    }
    out.push_str("</div>");
    out
}
