//! The pages of a site of documentation at the left, and what comes before and after.

use std::fmt::Write as _;

use prose::escape;
use services::docs::{NavItem, NavTarget, Site};

use super::links::page_href;

/// The navigation of a site as nested lists.
pub(super) fn html(site: &Site, base: &str, current: &str) -> String {
    let mut out = String::from("<ul class=\"pb-3\">");
    items(&site.nav, site, base, current, 0, &mut out);
    out.push_str("</ul>");
    out
}

fn items(list: &[NavItem], site: &Site, base: &str, current: &str, depth: u8, out: &mut String) {
    for item in list {
        match &item.to {
            NavTarget::Page(path) => {
                let mark = if path == current { " aria-current=\"page\"" } else { "" };
                let href = page_href(base, path, site.home.as_deref());
                let _ = write!(
                    out,
                    "<li><a class=\"reader-link\" href=\"{}\"{mark}>{}</a></li>",
                    escape(&href),
                    escape(&item.title)
                );
            }
            NavTarget::Link(url) => {
                let _ = write!(
                    out,
                    "<li><a class=\"reader-link\" href=\"{}\" rel=\"external noopener noreferrer\">{} ↗</a></li>",
                    escape(url),
                    escape(&item.title)
                );
            }
            NavTarget::Section(inner) => {
                let open = if depth == 0 || holds(inner, current) { " open" } else { "" };
                let _ = write!(
                    out,
                    "<li><details class=\"fold\"{open}><summary class=\"reader-group\">{}</summary><ul class=\"pl-3\">",
                    escape(&item.title)
                );
                items(inner, site, base, current, depth.saturating_add(1), out);
                out.push_str("</ul></details></li>");
            }
        }
    }
}

fn holds(list: &[NavItem], current: &str) -> bool {
    list.iter().any(|item| match &item.to {
        NavTarget::Page(path) => path == current,
        NavTarget::Section(inner) => holds(inner, current),
        NavTarget::Link(_) => false,
    })
}

/// The pages in the order of the navigation.
fn pages<'a>(list: &'a [NavItem], out: &mut Vec<(&'a str, &'a str)>) {
    for item in list {
        match &item.to {
            NavTarget::Page(path) => out.push((path, &item.title)),
            NavTarget::Section(inner) => pages(inner, out),
            NavTarget::Link(_) => {}
        }
    }
}

/// Links to the page before and the one after.
pub(super) fn beside(site: &Site, base: &str, current: &str) -> String {
    let mut all = Vec::new();
    pages(&site.nav, &mut all);
    let Some(at) = all.iter().position(|(path, _)| *path == current) else { return String::new() };
    let link = |to: Option<&(&str, &str)>, word: &str, class: &str| {
        to.map_or_else(
            || "<span></span>".to_owned(),
            |(path, title)| {
                format!(
                    "<a class=\"min-w-0 {class}\" href=\"{}\"><span class=\"block text-meta text-muted\">{word}</span><span class=\"text-link break-words\">{}</span></a>",
                    escape(&page_href(base, path, site.home.as_deref())),
                    escape(title)
                )
            },
        )
    };
    let before = at.checked_sub(1).and_then(|before| all.get(before));
    if before.is_none() && all.get(at + 1).is_none() {
        return String::new();
    }
    format!(
        "<nav aria-label=\"Pages beside this one\" class=\"no-print flex justify-between gap-4 border-t border-base-300 pt-4 text-table\">{}{}</nav>",
        link(before, "Previous", ""),
        link(all.get(at + 1), "Next", "text-right")
    )
}
