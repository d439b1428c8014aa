//! The audit log.

use std::{collections::HashMap, fmt::Write as _};

use prose::escape;
use serde_json::Value;
use services::{
    Result, Services,
    audit::{self, AuditEntry, AuditFilter, StreamState},
    identity::{Caller, RoleName},
};

use super::{
    Written, code,
    html::{field, note, panel, table, when, words},
    tabs, value,
};

const PAGE: u64 = 100;

pub(super) async fn page(services: &Services, caller: &Caller, asked: &HashMap<String, String>) -> Result<Written> {
    let mut html = tabs("/audit");
    let mut moment = |name: &str| {
        let text = value(asked, name);
        if text.is_empty() {
            return None;
        }
        let whole = if name == "since" && text.len() == 10 { format!("{text}T00:00") } else { text.to_owned() };
        match domain::read_moment(&whole) {
            Ok(at) => Some(at),
            Err(why) => {
                html += &note("error", "That is no moment", &[why]);
                None
            }
        }
    };
    let filter = AuditFilter {
        since: moment("since"),
        until: moment("until"),
        actor: value(asked, "actor").to_owned(),
        kind: value(asked, "kind").to_owned(),
        subject: value(asked, "subject").to_owned(),
        through: value(asked, "through").to_owned(),
    };
    let before: Option<i64> = value(asked, "before").parse().ok();
    let entries = audit::entries(services, caller, &filter, before, PAGE).await?;
    let query = |more: &[(&str, &str)]| -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in ["actor", "kind", "subject", "through", "since", "until"] {
            if !value(asked, name).is_empty() {
                query.append_pair(name, value(asked, name));
            }
        }
        for (name, value) in more {
            query.append_pair(name, value);
        }
        query.finish()
    };
    let _ = write!(
        html,
        "<form method=\"get\" action=\"/audit\" class=\"surface grid gap-4 p-4 sm:grid-cols-2 lg:grid-cols-3 sm:p-5\">{}{}{}{}{}{}\
         <div class=\"flex flex-wrap items-end gap-3\"><button class=\"btn btn-primary\">Show</button></div></form>",
        field(
            "actor",
            "Who",
            &filter.actor,
            "<code>user:default/ada</code>, <code>machine:NAME</code>, <code>administrator</code>"
        ),
        field(
            "kind",
            "What",
            &filter.kind,
            "<code>signed-in</code>, <code>refused</code>, <code>policy-saved</code>, <code>source-removed</code>"
        ),
        field(
            "subject",
            "About what",
            &filter.subject,
            "A reference, <code>source:ID</code>, <code>policy:NAME</code>; of a person or team, their roles as well"
        ),
        field(
            "through",
            "With what",
            &filter.through,
            "One token or session, or a pipeline's job: <code>token ID</code>, <code>repo:saltmarsh/tides</code>"
        ),
        field("since", "Since", value(asked, "since"), "A day or a moment: <code>2026-11-26</code>"),
        field("until", "Until", value(asked, "until"), "A day or a moment"),
    );
    if let Some(state) = audit::stream_state(services, caller).await? {
        html += &streamed(&state);
    }
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    html += &if rows.is_empty() {
        note("info", "No entry fits", &[])
    } else {
        panel("What was done", &table("Audit log", &["When", "Who", "From", "What", "About", "Besides"], &rows))
    };
    if let Some(last) = entries.last().filter(|last| last.seq > 1 && entries.len() as u64 == PAGE) {
        let _ = write!(
            html,
            "<p><a class=\"btn\" href=\"/audit?{}\">Older entries</a></p>",
            escape(&query(&[("before", &last.seq.to_string())]))
        );
    }
    let _ = write!(
        html,
        "<p class=\"text-table text-muted\">All of it: <a class=\"text-link underline\" rel=\"external\" href=\"/api/v1/audit.jsonl?{0}\">JSON \
         lines</a>, <a class=\"text-link underline\" rel=\"external\" href=\"/api/v1/audit.csv?{0}\">CSV</a>. Each entry's hash contains \
         the one before it; <code class=\"font-mono\">causeway doctor</code> verifies them all.</p>",
        escape(&query(&[]))
    );
    Ok(Written {
        title: "Audit log".to_owned(),
        answer: "Who did what, from where. It can be exported, and not changed".to_owned(),
        html,
    })
}

/// How far the log was sent to its webhook.
fn streamed(state: &StreamState) -> String {
    let sent = state.sent.map_or_else(|| "nothing yet".to_owned(), when);
    let waits = match state.behind {
        0 => "no entry waits".to_owned(),
        1 => "1 entry waits".to_owned(),
        many => format!("{many} entries wait"),
    };
    let failed = match &state.failed {
        Some((at, why)) if state.failures > 0 => {
            let next = state.next.map_or_else(String::new, |next| format!(", tried again {}", when(next)));
            let often =
                if state.failures == 1 { "Failed once".to_owned() } else { format!("Failed {} times", state.failures) };
            format!("<p class=\"text-error break-words\">{often}, last {}: {}{next}</p>", when(*at), escape(why))
        }
        Some((at, why)) => {
            format!("<p class=\"text-muted break-words\">Works again; last failure {}: {}</p>", when(*at), escape(why))
        }
        None => String::new(),
    };
    let inner = format!(
        "<div class=\"grid gap-1 px-4 pb-3 text-table\"><p class=\"break-words\">To {}, up to entry {}; {waits}. Last sent: \
         {sent}</p>{failed}</div>",
        code(&state.target),
        state.seq
    );
    panel("Sent to a webhook", &inner)
}

fn row(entry: &AuditEntry) -> Vec<String> {
    let from = [Some(entry.entry.clone()).filter(|entry| !entry.is_empty()), entry.address.clone()];
    let from = from.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let said = details(entry).filter(|(name, _)| !matches!(name.as_str(), "count" | "permission"));
    let besides: Vec<String> = said
        // A sentence says what it is.
        .map(|(name, value)| if name == "why" { value } else { format!("{name}: {value}") })
        .collect();
    let changed = match entry.changes {
        Some((first, last)) if first == last => "Before and after".to_owned(),
        Some((first, last)) => format!("{} changes", last - first + 1),
        None => "All of it".to_owned(),
    };
    vec![
        format!("<span id=\"e{}\">{}</span>", entry.seq, when(entry.at)),
        code(&entry.actor),
        escape(&from),
        escape(&entry.kind),
        about(&entry.subject),
        format!(
            "<a class=\"text-link underline whitespace-nowrap\" href=\"/audit?entry={}\">{changed}<span class=\"sr-only\"> of entry {}</span></a> \
             <span class=\"text-meta text-muted break-words\">{}</span>",
            entry.seq,
            entry.seq,
            words(&besides.join(" · "))
        ),
    ]
}

/// What an entry is about; policies lead to their page, which also keeps what was taken away.
pub(super) fn about(subject: &str) -> String {
    match subject.strip_prefix("policy:") {
        Some(name) if name.parse::<RoleName>().is_ok() => {
            format!("<a class=\"text-link underline\" href=\"/policies/{}\">{}</a>", escape(name), code(subject))
        }
        _ => code(subject),
    }
}

/// What else an entry says, without what only vouches for its changes.
pub(super) fn details(entry: &AuditEntry) -> impl Iterator<Item = (&String, String)> {
    let details = entry.detail.as_object().into_iter().flatten().filter(|(name, _)| {
        // The states stand on the page of the entry, field by field.
        !["digest", "by", "before", "after"].contains(&name.as_str())
    });
    let told = of_role(entry).chain(details).map(|(name, value)| match value {
        Value::Null => (name, String::new()),
        Value::String(text) => (name, text.clone()),
        Value::Array(refs) if name == "refs" => (name, refs.iter().map(moved).collect::<Vec<_>>().join(", ")),
        value => (name, value.to_string()),
    });
    told.filter(|(_, value)| !value.is_empty())
}

/// To whom a role was given, or from whom it was taken, and why where nobody did it by hand.
fn of_role(entry: &AuditEntry) -> impl Iterator<Item = (&String, &Value)> {
    let state = match entry.kind.as_str() {
        "role-given" => &entry.detail["after"],
        "role-taken" => &entry.detail["before"],
        _ => &Value::Null,
    };
    state.as_object().into_iter().flatten().filter(|(name, _)| ["to", "why"].contains(&name.as_str()))
}

/// Where a push moved a branch or a tag.
fn moved(told: &Value) -> String {
    let commit = |name: &str| told[name].as_str().map_or("nothing", |id| id.get(..10).unwrap_or(id));
    format!("{} from {} to {}", told["ref"].as_str().unwrap_or_default(), commit("before"), commit("after"))
}
