//! The pages about permission and the audit log, written as HTML. All text goes through [`escape`].

mod audit;
mod entry;
pub(super) mod html;
mod may;
mod people;
mod policies;
mod roles;
mod unused;

use std::collections::HashMap;

use prose::escape;
use serde::{Deserialize, Serialize};
use services::{
    Error, Result,
    identity::{Permission, Target},
};

use super::{caller, refusal::link, reply, services};
use crate::{AppError, Pasted, access::Written};

/// What a form sent that could not be done, or was only tried, to be shown again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sent {
    /// Policies as they were written.
    pub text: String,
    /// Example cases as they were written.
    pub cases: String,
    /// What is wrong.
    pub problems: Vec<String>,
    /// Where a refusal is explained.
    pub ask: Option<String>,
    /// What it would come to: example cases that hold, who gains what, who loses what, whom it names without anybody being meant.
    pub tried: Option<Tried>,
    /// Whether that is of the document going, and not of what was written.
    pub without: bool,
    /// The name of a document, as it was written.
    pub name: String,
    /// A role and to whom, as they were written.
    pub grant: (String, String),
}

/// What a draft would come to.
pub type Tried = (usize, Vec<(String, String)>, Vec<(String, String)>, Vec<String>);

pub(crate) use self::people::page as people;

/// Writes the page at an address.
pub(crate) async fn page(path: &str, query: &str) -> std::result::Result<Written, AppError> {
    let sent = leptos::prelude::use_context::<Pasted>();
    let sent: Option<Sent> = sent.and_then(|Pasted(text)| serde_json::from_str(&text).ok());
    let asked: HashMap<String, String> =
        url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).into_owned().collect();
    reply(written(path, &asked, sent.as_ref()).await)
}

async fn written(path: &str, asked: &HashMap<String, String>, sent: Option<&Sent>) -> Result<Written> {
    let (services, caller) = (services(), caller());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["policies"] => policies::list(&services, &caller, sent).await,
        ["policies", name] => policies::one(&services, &caller, name, sent).await,
        ["roles", "unused"] => unused::page(&services, &caller, asked).await,
        ["roles"] => roles::page(&services, &caller, asked, sent).await,
        ["may"] => may::page(&services, &caller, asked).await,
        ["audit"] if !value(asked, "entry").is_empty() => {
            entry::page(&services, &caller, value(asked, "entry"), value(asked, "from")).await
        }
        ["audit"] => audit::page(&services, &caller, asked).await,
        _ => Err(Error::NotFound("there is no such page".to_owned())),
    }
}

/// A value that was asked for; empty if it was not.
fn value<'a>(asked: &'a HashMap<String, String>, name: &str) -> &'a str {
    asked.get(name).map_or("", |value| value.trim())
}

/// The tabs above all of these pages.
fn tabs(current: &str) -> String {
    let tabs = [
        ("/policies", "Policies"),
        ("/roles", "Roles"),
        ("/may", "Who may"),
        ("/people", "People"),
        ("/audit", "Audit log"),
    ];
    let items = tabs
        .iter()
        .map(|(href, label)| {
            let (class, state) = if *href == current {
                (
                    "tab-here inline-flex h-9 items-center border-b-2 border-primary font-medium",
                    " aria-current=\"page\"",
                )
            } else {
                ("inline-flex h-9 items-center border-b-2 border-transparent text-muted", "")
            };
            format!("<li class=\"flex-none\"><a class=\"{class}\" href=\"{href}\"{state}>{label}</a></li>")
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<nav aria-label=\"Permission\" class=\"no-print overflow-x-auto\"><ul class=\"flex min-w-max gap-6 border-b \
         border-base-300 text-table *:-mb-px\">{items}</ul></nav>"
    )
}

/// Why a form was not carried out; nothing if it was.
fn refused(sent: &Sent, title: &str) -> String {
    if sent.problems.is_empty() {
        return String::new();
    }
    let ask = sent.ask.as_deref().map(|ask| format!("<p class=\"text-table\">{}</p>", link(ask)));
    html::note("error", title, &sent.problems) + &ask.unwrap_or_default()
}

/// In place of a form that would be refused; nothing for whoever may.
async fn may_not(deed: &str, permission: Permission, target: Target<'_>) -> Result<String> {
    let why = super::may_not(deed, permission, target).await?;
    Ok(if why.is_empty() { why } else { format!("<p class=\"text-table text-muted break-words\">{why}</p>") })
}

/// A name. One that fits in a line is broken only where it must be, or a column would be as narrow as its letters.
fn code(text: &str) -> String {
    let breaks = if text.len() > 48 { "break-all" } else { "break-words" };
    format!("<code class=\"font-mono text-meta {breaks}\">{}</code>", escape(text))
}
