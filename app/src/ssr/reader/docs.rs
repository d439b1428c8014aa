//! The documentation of an entity: pages at the left, one of them, its headings at the right.

use std::{fmt::Write as _, sync::Arc};

use prose::{Page as Rendered, escape};
use services::{
    Error, Result, Services,
    docs::{self, Hits, Page, Site},
    domain::catalog::Entity,
    identity::Caller,
};

use super::{
    counted,
    links::{SiteLinks, page_href},
    navigation, note, sentence,
};
use crate::catalog::views::Place;

/// The side of an entity that shows its documentation.
pub(in crate::ssr) async fn html(
    services: &Services,
    caller: &Caller,
    entity: &Entity,
    place: &Place,
) -> Result<String> {
    let base = format!("{}/docs", entity.reference.path());
    let site = match docs::site(services, caller, &entity.reference).await {
        Ok(site) => site,
        // The entity is there, and so is its page; only the docs cannot be shown.
        Err(error @ (Error::NotFound(_) | Error::Rejected(_) | Error::Unavailable { .. })) => {
            return Ok(absent(&error.to_string()));
        }
        Err(error) => return Err(error),
    };
    let find = place.find.trim();
    if !find.is_empty() {
        let hits = docs::search(services, caller, &site, find).await?;
        return Ok(framed(&site, &base, "", find, &found(&site, &base, find, &hits), "", entity));
    }
    let page = docs::page(services, caller, &site, &place.item).await?;
    let links = Arc::new(SiteLinks::new(&site, base.clone(), &page.path));
    let markdown = page.markdown.clone();
    let rendered = tokio::task::spawn_blocking(move || prose::page(&markdown, 1, links)).await;
    let rendered = rendered.map_err(|error| Error::Internal(format!("rendering a page of docs failed: {error}")))?;
    let content = content(&site, &base, &page, &rendered);
    Ok(framed(&site, &base, &page.path, "", &content, &contents(&rendered), entity))
}

fn absent(why: &str) -> String {
    format!(
        "<div class=\"surface px-4 py-10 text-center\"><p class=\"text-body font-medium\">Its docs cannot be shown</p>\
         <p class=\"mx-auto mt-2 max-w-xl text-table text-muted break-words\">{}</p></div>",
        escape(&sentence(why))
    )
}

fn framed(
    site: &Site,
    base: &str,
    current: &str,
    find: &str,
    content: &str,
    contents: &str,
    entity: &Entity,
) -> String {
    let mut notes = String::new();
    if let Some(problem) = &site.problem {
        notes.push_str(&note(
            "warning",
            &format!("the docs could not be read again, so this is how they were last: {problem}"),
        ));
    }
    let shared = if site.owner == entity.reference {
        String::new()
    } else {
        format!(
            "<p class=\"px-3 pt-3 text-meta text-muted\">Shared by <a class=\"text-link underline underline-offset-3\" href=\"{}\">{}</a></p>",
            escape(&site.owner.path()),
            escape(&site.owner.short())
        )
    };
    let name = if site.name.is_empty() { "Docs" } else { &site.name };
    let toc = if contents.is_empty() {
        String::new()
    } else {
        format!("<nav aria-label=\"On this page\" class=\"reader-toc\">{contents}</nav>")
    };
    format!(
        "<div class=\"grid min-w-0 gap-4\">{notes}<div class=\"reader reader-docs\"><details class=\"reader-nav\"><summary class=\"surface px-4 py-2 text-table font-medium\">Pages</summary>\
         <div class=\"surface reader-pane\">{shared}<form method=\"get\" action=\"{}\" role=\"search\" class=\"p-3\">\
         <input class=\"input w-full\" type=\"search\" name=\"find\" value=\"{}\" aria-label=\"Search these docs\" placeholder=\"Search {}\" maxlength=\"100\"></form>\
         <nav aria-label=\"Pages of the docs\">{}</nav></div></details>\
         <div class=\"grid min-w-0 content-start gap-4\">{content}</div>{toc}</div></div>",
        escape(base),
        escape(find),
        escape(name),
        navigation::html(site, base, current),
    )
}

fn content(site: &Site, base: &str, page: &Page, rendered: &Rendered) -> String {
    let mut out = String::from("<article class=\"surface min-w-0 px-4 py-5 sm:px-7\">");
    // A page begins with its title; MkDocs takes it from the navigation where the text has none.
    if rendered.headings.first().is_none_or(|heading| heading.level != 2) {
        let _ = write!(out, "<h2 class=\"text-heading font-semibold break-words\">{}</h2>", escape(&page.title));
    }
    let _ = write!(out, "<div class=\"prose doc\">{}</div></article>", rendered.html);
    let remarks: Vec<&String> = rendered.remarks.iter().chain(&site.remarks).collect();
    if !remarks.is_empty() {
        let count = counted(remarks.len(), "thing is", "things are");
        let _ = write!(
            out,
            "<details class=\"note note-info fold\"><summary class=\"note-title\">{count} not shown as the author may have meant</summary><ul class=\"list-disc pl-5\">"
        );
        for remark in remarks {
            let _ = write!(out, "<li class=\"break-words\">{}</li>", escape(&sentence(remark)));
        }
        out.push_str("</ul></details>");
    }
    let changed = page.changed_at.format("%-d %b %Y, %H:%M UTC");
    let _ = write!(
        out,
        "<p class=\"flex flex-wrap gap-x-4 gap-y-1 text-meta text-muted\"><span>Last change seen <time datetime=\"{}\">{changed}</time></span>",
        page.changed_at.to_rfc3339()
    );
    if let Some(revision) = &site.revision {
        let _ = write!(
            out,
            "<span>Revision <code class=\"font-mono\">{}</code></span>",
            escape(&revision.chars().take(10).collect::<String>())
        );
    }
    if let Some(edit) = page.edit.as_ref().filter(|edit| edit.starts_with("https://") || edit.starts_with("http://")) {
        let _ = write!(
            out,
            "<a class=\"text-link\" rel=\"external noopener noreferrer\" href=\"{}\">Edit this page</a>",
            escape(edit)
        );
    }
    out.push_str("</p>");
    out.push_str(&navigation::beside(site, base, &page.path));
    out
}

/// The headings of a page, two levels of them.
fn contents(rendered: &Rendered) -> String {
    let listed: Vec<_> = rendered.headings.iter().filter(|heading| (3..=4).contains(&heading.level)).take(80).collect();
    if listed.len() < 2 {
        return String::new();
    }
    let mut out = String::from("<p class=\"pb-1 text-meta font-medium\">On this page</p><ul>");
    for heading in listed {
        let indent = if heading.level == 4 { " pl-3" } else { "" };
        let _ = write!(
            out,
            "<li class=\"{indent}\"><a class=\"block py-1 text-muted hover:text-base-content break-words\" href=\"#{}\">{}</a></li>",
            escape(&heading.id),
            escape(&heading.text)
        );
    }
    out.push_str("</ul>");
    out
}

fn found(site: &Site, base: &str, find: &str, hits: &Hits) -> String {
    if hits.best.is_empty() {
        return format!(
            "<h2 class=\"text-heading font-semibold\">Nothing found</h2><p class=\"text-body text-muted break-words\">No page of these docs has “{}”.</p>",
            escape(find)
        );
    }
    let cut = if hits.best.len() < hits.total {
        format!(
            "<p class=\"text-table text-muted\">The best {} are shown; add a word to find fewer.</p>",
            hits.best.len()
        )
    } else {
        String::new()
    };
    let mut out = format!(
        "<h2 class=\"text-heading font-semibold break-words\">{} with “{}”</h2>{cut}<ul class=\"surface overflow-clip\">",
        counted(hits.total, "place", "places"),
        escape(find)
    );
    for hit in &hits.best {
        let page = page_href(base, &hit.path, site.home.as_deref());
        let anchor =
            if hit.heading.is_empty() { String::new() } else { format!("#doc-{}", prose::anchor(&hit.heading)) };
        let heading = if hit.heading.is_empty() || hit.heading == hit.title {
            String::new()
        } else {
            format!(" › {}", escape(&hit.heading))
        };
        let _ = write!(
            out,
            "<li class=\"border-t border-base-300 px-4 py-2.5 text-table first:border-t-0\"><a class=\"text-link font-medium break-words\" href=\"{}{}\">{}{heading}</a><p class=\"mt-0.5 text-muted break-words\">{}</p></li>",
            escape(&page),
            escape(&anchor),
            escape(&hit.title),
            escape(&hit.around)
        );
    }
    out.push_str("</ul>");
    out
}
