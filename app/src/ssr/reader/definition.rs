//! The definition of an API: what there is at the left, one thing at the right.

use std::fmt::Write as _;

use definitions::{Definition, Group, Item, Overview};
use prose::escape;
use services::{Error, Result, Services, catalog, catalog::ReadDefinition, domain::catalog::Entity, identity::Caller};

use super::{
    asking, counted,
    detail::{Writer, badge, facts_list},
    encoded, note, remotes, source,
};
use crate::catalog::views::{Place, at_moment};

/// How many items the navigation shows at once; beyond, only those of the group that is open.
const LISTED: usize = 150;

/// How many items one group or one search shows.
const MOST: usize = 400;

/// The side of an API that shows its definition.
pub(in crate::ssr) async fn html(
    services: &Services,
    caller: &Caller,
    entity: &Entity,
    place: &Place,
) -> Result<String> {
    let text = entity.text("/spec/definition").unwrap_or_default();
    let path = at_moment(&format!("{}/api", entity.reference.path()), &place.as_of);
    let answers = remotes::html(entity);
    if text.trim().is_empty() {
        return Ok(answers.unwrap_or_else(|| remotes::nothing(entity)));
    }
    let answers = answers.unwrap_or_default();
    let read = catalog::definition(services, caller, entity).await?;
    let kind = entity.text("/spec/type").unwrap_or_default().to_owned();
    let calls = services.settings.call_commands;
    let (text, place) = (text.to_owned(), place.clone());
    let drawn = tokio::task::spawn_blocking(move || drawn(&read, &kind, &text, &path, &place, calls)).await;
    let drawn = drawn.map_err(|error| Error::Internal(format!("drawing a definition failed: {error}")))?;
    drawn.map(|drawn| answers + &drawn)
}

fn drawn(read: &ReadDefinition, kind: &str, text: &str, path: &str, place: &Place, calls: bool) -> Result<String> {
    let definition = match &read.read {
        Some(Ok(definition)) if !place.source => definition,
        other => {
            let mut out = match other {
                Some(Ok(definition)) => head(&definition.overview, path, true),
                Some(Err(problem)) => {
                    let name = name(read, kind);
                    note("error", &format!("this definition cannot be shown as {name}: {problem}"))
                }
                None => String::new(),
            };
            out.push_str(&source_html(read, kind, text, path, place));
            return Ok(format!("<div class=\"grid min-w-0 gap-4\">{out}</div>"));
        }
    };
    let mut writer = Writer::new(path);
    let find = place.find.trim();
    let content = if !find.is_empty() {
        found(definition, &writer, find)
    } else if let Some(name) = place.item.strip_prefix("group:") {
        let group = definition.overview.groups.iter().find(|group| group.name == name);
        let group = group.ok_or_else(|| missing(name))?;
        group_html(group, &mut writer)
    } else if place.item.is_empty() {
        overview(&definition.overview, &mut writer)
    } else {
        let detail = definition.detail(&place.item).ok_or_else(|| missing(&place.item))?;
        writer.detail(&detail, calls)
    };
    Ok(format!(
        "<div class=\"grid min-w-0 gap-4\">{}<div class=\"reader\">{}<div class=\"grid min-w-0 content-start gap-4\">{content}</div></div></div>",
        head(&definition.overview, path, false),
        navigation(&definition.overview, path, place),
    ))
}

/// What the language is called.
fn name<'a>(read: &ReadDefinition, kind: &'a str) -> &'a str {
    match read.language {
        Some(language) => language.name(),
        None => kind,
    }
}

fn missing(name: &str) -> Error {
    let shown: String = name.chars().take(200).collect();
    Error::NotFound(format!("the definition has no `{shown}`; it may have been renamed"))
}

fn source_html(read: &ReadDefinition, kind: &str, text: &str, path: &str, place: &Place) -> String {
    use definitions::Language;
    let is_json = text.trim_start().starts_with('{');
    let language = match (read.language, kind) {
        (Some(Language::GraphQl), _) => "graphql",
        (Some(Language::Protobuf), _) => "protobuf",
        _ if is_json => "json",
        (Some(_), _) | (None, "") => "yaml",
        (None, "trpc") => "ts",
        (None, other) => other,
    };
    let name = name(read, kind);
    let label = format!("{name} · {}", counted(text.lines().count(), "line", "lines"));
    source::html(text, language, &label, place.from, &asking(path, "view=source&from="))
}

/// What it is, and how to look at it.
fn head(overview: &Overview, path: &str, is_source: bool) -> String {
    let mut words = vec![escape(&overview.form)];
    if !overview.version.is_empty() {
        words.push(format!("version {}", escape(&overview.version)));
    }
    let one_of = |name: &str| {
        let kinds = [
            ("Schemas", "schema"),
            ("Messages", "message"),
            ("Types", "type"),
            ("Interfaces", "interface"),
            ("Inputs", "input"),
            ("Unions", "union"),
            ("Enumerations", "enumeration"),
            ("Scalars", "scalar"),
            ("Directives", "directive"),
            ("Extensions", "extension"),
        ];
        kinds.iter().find(|(many, _)| *many == name).map(|(_, one)| *one)
    };
    let operations: usize =
        overview.groups.iter().filter(|group| one_of(&group.name).is_none()).map(|group| group.items.len()).sum();
    if operations > 0 {
        words.push(counted(operations, "operation", "operations"));
    }
    for group in &overview.groups {
        if let Some(one) = one_of(&group.name) {
            words.push(counted(group.items.len(), one, &group.name.to_lowercase()));
        }
    }
    let side = |label: &str, href: &str, current: bool| {
        let current = if current { " aria-current=\"page\"" } else { "" };
        format!("<a class=\"reader-side\" href=\"{}\"{current}>{label}</a>", escape(href))
    };
    format!(
        "<div class=\"flex flex-wrap items-center justify-between gap-x-6 gap-y-2\"><p class=\"text-table text-muted\">{}</p>\
         <nav aria-label=\"How to look at the definition\" class=\"flex gap-1\">{}{}</nav></div>",
        words.join(" · "),
        side("Reader", path, !is_source),
        side("Source", &asking(path, "view=source"), is_source),
    )
}

fn navigation(overview: &Overview, path: &str, place: &Place) -> String {
    let total: usize = overview.groups.iter().map(|group| group.items.len()).sum();
    let moment = match place.as_of.as_str() {
        "" => String::new(),
        moment => format!("<input type=\"hidden\" name=\"asOf\" value=\"{}\">", escape(moment)),
    };
    let mut out = format!(
        "<details class=\"reader-nav\"><summary class=\"surface px-4 py-2 text-table font-medium\">Contents</summary>\
         <div class=\"surface reader-pane\"><form method=\"get\" action=\"{4}\" role=\"search\" class=\"p-3\">{5}\
         <input class=\"input w-full\" type=\"search\" name=\"find\" value=\"{1}\" aria-label=\"Find in this definition\" placeholder=\"Find in {2}\" maxlength=\"100\"></form>\
         <nav aria-label=\"Contents of the definition\"><ul class=\"pb-3\"><li><a class=\"reader-link\" href=\"{0}\"{3}>Overview</a></li>",
        escape(path),
        escape(&place.find),
        counted(total, "entry", "entries"),
        if place.item.is_empty() && place.find.is_empty() { " aria-current=\"page\"" } else { "" },
        // A form takes what its own address asks for away.
        escape(path.split('?').next().unwrap_or_default()),
        moment,
    );
    for group in &overview.groups {
        let is_open =
            place.item == format!("group:{}", group.name) || group.items.iter().any(|item| item.id == place.item);
        let current = if place.item == format!("group:{}", group.name) { " aria-current=\"page\"" } else { "" };
        let _ = write!(
            out,
            "<li><a class=\"reader-group\" href=\"{}\"{current}><span class=\"min-w-0 flex-1 break-words\">{}</span><span class=\"font-normal text-muted\">{}</span></a>",
            escape(&asking(path, &format!("item={}", encoded(&format!("group:{}", group.name))))),
            escape(&group.name),
            group.items.len(),
        );
        if total <= LISTED || is_open {
            out.push_str("<ul>");
            // Around the one that is open, so that it is always in sight.
            let at = group.items.iter().position(|item| item.id == place.item).unwrap_or_default();
            let from = at.saturating_sub(LISTED / 2);
            for item in group.items.iter().skip(from).take(LISTED) {
                out.push_str(&link(item, path, item.id == place.item));
            }
            if group.items.len() > LISTED {
                let _ = write!(
                    out,
                    "<li class=\"px-3 py-1 text-meta text-muted\">{} to {} of {}; find the others by name</li>",
                    from + 1,
                    (from + LISTED).min(group.items.len()),
                    group.items.len()
                );
            }
            out.push_str("</ul>");
        }
        out.push_str("</li>");
    }
    out.push_str("</ul></nav></div></details>");
    out
}

fn link(item: &Item, path: &str, is_current: bool) -> String {
    format!(
        "<li><a class=\"reader-link\" href=\"{}\"{}>{}<span class=\"min-w-0 flex-1 break-words{}\">{}</span></a></li>",
        escape(&asking(path, &format!("item={}", encoded(&item.id)))),
        if is_current { " aria-current=\"page\"" } else { "" },
        badge(item),
        if item.deprecated { " line-through" } else { "" },
        escape(if item.summary.is_empty() || !item.title.starts_with('/') { &item.title } else { &item.summary }),
    )
}

fn overview(overview: &Overview, writer: &mut Writer<'_>) -> String {
    // Languages without a title still need a heading that the others stand below.
    let title = if overview.title.is_empty() { &overview.form } else { &overview.title };
    let mut out = format!("<h2 class=\"text-heading font-semibold break-words\">{}</h2>", escape(title));
    for remark in &overview.notes {
        let _ = write!(out, "<p class=\"text-table text-muted break-words\">{}</p>", escape(remark));
    }
    if !overview.description.trim().is_empty() {
        let _ = write!(out, "<div class=\"prose\">{}</div>", writer.description(&overview.description));
    }
    out.push_str(&facts_list(&overview.facts));
    if !overview.servers.is_empty() {
        out.push_str("<section class=\"surface min-w-0 overflow-clip\"><h3 class=\"px-4 py-3 text-body font-semibold\">Servers</h3><ul class=\"px-4 pb-3 text-table\">");
        for server in &overview.servers {
            let _ = write!(
                out,
                "<li class=\"py-1\"><span class=\"flex flex-wrap gap-x-3\"><code class=\"font-mono text-meta leading-5 break-all\">{}</code><span class=\"text-muted break-words\">{}</span></span>{}</li>",
                escape(&server.address),
                escape(&server.description),
                facts_list(&server.facts),
            );
        }
        out.push_str("</ul></section>");
    }
    if !overview.schemes.is_empty() {
        out.push_str("<section class=\"surface min-w-0 overflow-clip\"><h3 class=\"px-4 py-3 text-body font-semibold\">How callers show who they are</h3><ul class=\"px-4 pb-3 text-table\">");
        for scheme in &overview.schemes {
            let _ = write!(
                out,
                "<li class=\"py-1\"><span class=\"flex flex-wrap gap-x-3\"><code class=\"font-mono text-meta leading-5 break-all\">{}</code><span class=\"text-muted break-words\">{}</span></span><div class=\"prose\">{}</div>{}</li>",
                escape(&scheme.name),
                escape(&scheme.words),
                writer.description(&scheme.description),
                facts_list(&scheme.facts),
            );
        }
        out.push_str("</ul></section>");
    }
    let total: usize = overview.groups.iter().map(|group| group.items.len()).sum();
    for group in &overview.groups {
        if total <= MOST {
            out.push_str(&items(
                &group.name,
                &group.description,
                &group.items.iter().collect::<Vec<_>>(),
                writer,
                "h3",
            ));
        } else {
            let _ = write!(
                out,
                "<p class=\"text-table\"><a class=\"text-link\" href=\"{}\">{}</a> <span class=\"text-muted\">{}</span></p>",
                writer.href(&format!("group:{}", group.name)),
                escape(&group.name),
                counted(group.items.len(), "entry", "entries")
            );
        }
    }
    out
}

fn group_html(group: &Group, writer: &mut Writer<'_>) -> String {
    items(&group.name, &group.description, &group.items.iter().take(MOST).collect::<Vec<_>>(), writer, "h2")
        + &left_out(group.items.len().saturating_sub(MOST))
}

fn found(definition: &Definition, writer: &Writer<'_>, find: &str) -> String {
    let wanted = find.to_lowercase();
    let all = definition.overview.groups.iter().flat_map(|group| &group.items);
    let fits = |item: &&Item| {
        [&item.id, &item.title, &item.summary, &item.badge].iter().any(|text| text.to_lowercase().contains(&wanted))
    };
    let mut fitting: Vec<&Item> = all.filter(fits).collect();
    fitting.sort_by(|left, right| left.id.cmp(&right.id));
    fitting.dedup_by(|left, right| left.id == right.id);
    if fitting.is_empty() {
        return format!(
            "<h2 class=\"text-heading font-semibold\">Nothing found</h2><p class=\"text-body text-muted break-words\">No operation or type has “{}” in its name or summary.</p>",
            escape(find)
        );
    }
    let title = format!("{} with “{find}”", counted(fitting.len(), "entry", "entries"));
    let more = left_out(fitting.len().saturating_sub(MOST));
    fitting.truncate(MOST);
    let mut describer = Writer::new(writer.path);
    items(&title, "", &fitting, &mut describer, "h2") + &more
}

fn left_out(number: usize) -> String {
    if number == 0 {
        return String::new();
    }
    format!("<p class=\"text-table text-muted\">{number} more are not listed; find them by name.</p>")
}

fn items(title: &str, description: &str, items: &[&Item], writer: &mut Writer<'_>, level: &str) -> String {
    let mut out = format!(
        "<section class=\"surface min-w-0 overflow-clip\"><{level} class=\"px-4 py-3 text-body font-semibold break-words\">{}</{level}>",
        escape(title)
    );
    if !description.trim().is_empty() {
        let _ = write!(out, "<div class=\"prose px-4 pb-3 text-table\">{}</div>", writer.description(description));
    }
    if items.is_empty() {
        return out + "</section>";
    }
    out.push_str("<ul>");
    for item in items {
        let _ = write!(
            out,
            "<li class=\"border-t border-base-300\"><a class=\"flex flex-wrap items-baseline gap-x-3 gap-y-1 px-4 py-2 text-table hover:bg-base-200\" href=\"{}\">{}<span class=\"min-w-0 font-mono text-meta leading-5 break-all\">{}</span><span class=\"min-w-0 text-muted break-words\">{}</span>{}</a></li>",
            writer.href(&item.id),
            badge(item),
            escape(&item.title),
            escape(&item.summary),
            if item.deprecated { "<span class=\"text-meta font-medium text-warning\">deprecated</span>" } else { "" },
        );
    }
    out.push_str("</ul></section>");
    out
}
