//! Whether someone agreed to a run, and the form for those who may. It is used once in a run's life, so the server writes it as
//! HTML, and `server/src/run_approval.rs` answers what it sends. All text goes through [`escape`].

use std::fmt::Write as _;

use leptos::prelude::use_context;
use prose::escape;
use serde::{Deserialize, Serialize};
use services::{
    Result, Services,
    domain::{
        catalog::EntityRef,
        runs::{Agreement, Approval, RunSummary},
    },
    identity::{Caller, Permission, Target},
    runs,
};

use super::{
    access::html::{note, when, words},
    refusal::{link, question},
};
use crate::Pasted;

/// A decision that could not be written down, to be shown again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    /// What is wrong.
    pub problem: String,
    /// Where a refusal is explained.
    pub ask: Option<String>,
    /// The note, as it was written.
    pub note: String,
}

/// What is told of the runs of a template before one is started.
pub(crate) fn ahead(template: &EntityRef, by: &str) -> String {
    let (by, ask) = (words(by), question(Permission::ApproveRun, Target::RunsOf(template)));
    format!(
        "Its runs wait for approval by {by}: nothing happens before. Whoever starts one cannot approve it, and can cancel it. \
         <a class=\"text-link underline\" href=\"{}\">Who can approve them</a>",
        escape(&ask)
    )
}

/// What was decided about a run, or the form for that.
pub(crate) async fn part(services: &Services, caller: &Caller, run: &RunSummary) -> Result<String> {
    let Some(approval) = &run.approval else { return Ok(String::new()) };
    let sent = use_context::<Pasted>().and_then(|Pasted(text)| serde_json::from_str::<Undecided>(&text).ok());
    let problem = sent.as_ref().map(|sent| {
        let ask = sent.ask.as_deref().map(link).unwrap_or_default();
        note("error", "Nothing was decided", std::slice::from_ref(&sent.problem)) + &ask
    });
    let rest = if run.awaits_approval() {
        form(services, caller, run, sent.map(|sent| sent.note).unwrap_or_default()).await?
    } else {
        decided(approval)
    };
    Ok(problem.unwrap_or_default() + &rest)
}

fn decided(approval: &Approval) -> String {
    let Approval { agreement, by, at, note } = approval;
    let (title, tone) = match agreement {
        Agreement::Approved => ("Approved", "success"),
        Agreement::Refused => ("Refused", "error"),
        Agreement::Waiting => ("Never approved", "muted"),
        Agreement::Withdrawn => ("Never approved: it was cancelled before", "muted"),
    };
    let by = by.as_ref().map(|by| format!(" by {}", escape(by))).unwrap_or_default();
    let at = at.map(|at| format!(", {}", when(at))).unwrap_or_default();
    let said =
        note.as_ref().map(|note| format!("<p class=\"mt-1 whitespace-pre-line break-words\">{}</p>", escape(note)));
    format!(
        "<div class=\"border-l-2 border-base-300 pl-3 text-table\"><p><span class=\"font-medium text-{tone}\">{title}</span>\
         <span class=\"text-muted\">{by}{at}</span></p>{}</div>",
        said.unwrap_or_default()
    )
}

async fn form(services: &Services, caller: &Caller, run: &RunSummary, said: String) -> Result<String> {
    let refused = super::why_not(Permission::ApproveRun, Target::Run(run.id)).await?;
    let by = runs::approvers(services, caller, run).await?;
    let number = run.number;
    let mut html = format!(
        "<section class=\"surface grid gap-3 p-4\" aria-labelledby=\"approval\"><div class=\"grid gap-1\"><h2 id=\"approval\" \
         class=\"text-body font-semibold\">Waits for approval</h2><p class=\"text-table text-muted break-words\">Nothing happens \
         until {} agrees. <a class=\"text-link underline\" href=\"/may?permission=approveRun&amp;on=run:{number}\">Who \
         can</a></p></div>",
        words(&by)
    );
    if let Some(why) = &refused {
        let _ = write!(
            html,
            "<p id=\"approval-why\" class=\"text-table break-words\"><span class=\"font-medium\">You may not decide:</span> \
             {}.</p>",
            words(why)
        );
    }
    let may = refused.is_none();
    let (state, described) = if may { ("", "") } else { (" disabled", " aria-describedby=\"approval-why\"") };
    if may {
        let _ = write!(
            html,
            "<form method=\"post\" action=\"/runs/{number}\" class=\"no-print grid gap-3\"><div class=\"grid gap-1\"><label \
             for=\"approval-note\" class=\"text-table font-medium\">Note</label><textarea id=\"approval-note\" name=\"note\" \
             rows=\"2\" maxlength=\"1000\" aria-describedby=\"approval-help\" class=\"textarea w-full\">\n{}</textarea><p \
             id=\"approval-help\" class=\"text-meta text-muted\">A refusal needs a reason; the run is then cancelled.</p></div>",
            escape(&said)
        );
    }
    let _ = write!(
        html,
        "<div class=\"no-print flex flex-wrap gap-2\"><button type=\"submit\" name=\"deed\" value=\"approve\" class=\"btn \
         btn-primary\"{state}{described}>Approve</button><button type=\"submit\" name=\"deed\" value=\"refuse\" \
         class=\"btn\"{state}{described}>Refuse</button></div>{}</section>",
        if may { "</form>" } else { "" }
    );
    Ok(html)
}
