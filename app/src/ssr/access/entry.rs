//! One entry of the audit log: who did what from where, and what it was before and after.

use std::fmt::Write as _;

use prose::escape;
use serde_json::Value;
use services::{
    Error, Result, Services,
    audit::{self, AuditEntry},
    changes,
    domain::{catalog::Difference, changes::Change},
    identity::Caller,
};

use super::{
    Written,
    audit::{about, details},
    code,
    html::{note, panel, when, words},
    tabs,
};

pub(super) async fn page(services: &Services, caller: &Caller, seq: &str, from: &str) -> Result<Written> {
    let number = seq.parse().map_err(|_| {
        let said: String = seq.chars().take(40).collect();
        Error::NotFound(format!("entries of the audit log have numbers, which `{said}` is not"))
    })?;
    let from = from.parse().ok();
    let (entry, changes, next) = audit::entry(services, caller, number, from).await?;
    let span = changes.first().zip(changes.last()).zip(entry.changes);
    let span = span.map(|((from, to), (first, _))| (from.seq - first + 1, to.seq - first + 1));
    let count = entry.changes.map_or(0, |(first, last)| u64::try_from(last - first + 1).unwrap_or_default());
    let answer = format!("{} by {}", entry.kind, entry.actor);
    // Documents can be large, and comparing them takes the processor.
    let told = tokio::task::spawn_blocking(move || {
        let mut html = tabs("/audit") + &facts(&entry);
        for change in &changes {
            html += &panel(&format!("{}: {}", change.kind, change.subject), &states(change));
        }
        html
    });
    let mut html = told.await.map_err(|error| Error::Internal(format!("comparing states failed: {error}")))?;
    if let Some((first, last)) = span.filter(|_| next.is_some() || from.is_some()) {
        html += &note("info", &format!("It was one deed with {count} changes; here are {first} to {last}"), &[]);
    }
    if let Some(next) = next {
        // Writing into a text cannot fail.
        let _ =
            write!(html, "<p><a class=\"btn\" href=\"/audit?entry={number}&amp;from={next}\">The next changes</a></p>");
    }
    html += "<p><a class=\"btn\" href=\"/audit\">The whole log</a></p>";
    Ok(Written { title: format!("Entry {number}"), answer, html })
}

/// All that an entry says.
fn facts(entry: &AuditEntry) -> String {
    let mut rows: Vec<(&str, String)> = vec![("When", when(entry.at)), ("Who", code(&entry.actor))];
    let mut fact = |name: &'static str, value: Option<&str>| {
        rows.extend(value.filter(|value| !value.is_empty()).map(|value| (name, code(value))));
    };
    fact("Came in by", Some(&entry.entry));
    fact("From", entry.address.as_deref());
    fact("Request", entry.request.as_deref());
    fact("What", Some(&entry.kind));
    rows.push(("About", about(&entry.subject)));
    let details: Vec<(&String, String)> = details(entry).collect();
    rows.extend(details.iter().map(|(name, value)| {
        let value = if *name == "why" { words(value) } else { code(value) };
        (name.as_str(), value)
    }));
    rows.push(("Hash", code(&entry.hash)));
    let rows = rows.iter().map(|(name, value)| {
        format!("<div class=\"grid gap-x-4 sm:grid-cols-[8rem_minmax(0,1fr)]\"><dt class=\"text-muted\">{}</dt><dd>{value}</dd></div>", escape(name))
    });
    format!("<dl class=\"surface grid gap-1.5 p-4 text-table\">{}</dl>", rows.collect::<Vec<_>>().concat())
}

/// The fields that a change altered, with what stood there before and what stands there after.
fn states(change: &Change) -> String {
    if change.kind == changes::HIDDEN {
        return "<p class=\"px-4 pb-4 text-table text-muted\">What it is about is not for you to see.</p>".to_owned();
    }
    let difference = Difference::between(
        change.before.as_ref().unwrap_or(&Value::Null),
        change.after.as_ref().unwrap_or(&Value::Null),
    );
    if difference.fields.is_empty() {
        return "<p class=\"px-4 pb-4 text-table text-muted\">No state is kept of it.</p>".to_owned();
    }
    let lines = |lines: &[String]| {
        let items = lines
            .iter()
            .map(|line| format!("<span class=\"block whitespace-pre-wrap break-words\">{}</span>", escape(line)));
        let items = items.collect::<Vec<_>>().concat();
        if items.is_empty() { "<span class=\"text-muted\">nothing</span>".to_owned() } else { items }
    };
    let mut rows = String::new();
    for field in &difference.fields {
        let path = if field.path.is_empty() { "the whole" } else { &field.path };
        let _ = write!(
            rows,
            "<tr class=\"border-t border-base-300\"><th scope=\"row\" class=\"px-4 py-2 text-left align-top font-normal\">{}</th><td \
             class=\"px-4 py-2 align-top font-mono text-meta\">{}</td><td class=\"px-4 py-2 align-top font-mono text-meta\">{}</td></tr>",
            code(path),
            lines(&field.before),
            lines(&field.after)
        );
        if field.more > 0 {
            let _ = write!(
                rows,
                "<tr><td></td><td colspan=\"2\" class=\"px-4 pb-2 text-muted\">… and {} more</td></tr>",
                field.more
            );
        }
    }
    let more = if difference.more > 0 {
        format!("<p class=\"px-4 py-2 text-table text-muted\">{} more fields differ.</p>", difference.more)
    } else {
        String::new()
    };
    format!(
        "<div class=\"relative overflow-x-auto\" role=\"region\" tabindex=\"0\" aria-label=\"Before and after, of {0}\"><table class=\"w-full \
         border-collapse text-table\"><caption class=\"sr-only\">Before and after, of {0}</caption><thead class=\"text-left text-meta \
         text-muted\"><tr><th scope=\"col\" class=\"h-8 px-4 font-medium\">Field</th><th scope=\"col\" class=\"h-8 px-4 \
         font-medium\">Before</th><th scope=\"col\" class=\"h-8 px-4 font-medium\">After</th></tr></thead><tbody>{rows}</tbody></table></div>{more}",
        escape(&change.subject)
    )
}
