//! The log of a run or of one of its steps.

use domain::runs::{LogLevel, LogLine, Run};
use leptos::prelude::*;

use crate::ui::{LogRow, LogTone, LogView, Moment};

/// The log of the step that is shown, or of the whole run.
#[component]
pub(super) fn LogPanel(run: Run, shown: String, lines: Vec<LogLine>) -> impl IntoView {
    let step = run.steps.iter().find(|step| step.id == shown);
    let is_live = !run.summary.status.is_over() && step.is_none_or(|step| step.ended_at.is_none());
    let title = step.map_or_else(|| "All steps".to_owned(), |step| step.name.clone());
    let attempt = step.map(|step| step.attempt).filter(|attempt| *attempt > 0);
    let number = run.summary.number;
    let is_empty = lines.is_empty();
    let rows: Vec<LogRow> = (1_u32..).zip(&lines).map(|(number, line)| row(number, line)).collect();
    view! {
        <section class="flex min-h-96 min-w-0 flex-col bg-base-100 lg:min-h-[calc(100dvh-3.25rem)]" aria-label="Log of the run">
            <header class="flex min-h-13 flex-wrap items-center gap-3 border-b border-base-300 px-4 py-2 text-table">
                <h2 class="font-medium">{title}</h2>
                {attempt.map(|attempt| view! { <span class="tag">"attempt "{attempt}</span> })}
                <span class="ml-auto flex items-center gap-4 text-muted">
                    {is_live.then(|| view! {
                        <span class="inline-flex items-center gap-1.5">
                            <span class="size-1.5 rounded-full bg-success" aria-hidden="true"></span>"live"
                        </span>
                    })}
                    {step.is_some().then(|| view! { <a class="text-link" href=format!("/runs/{number}?step=all") data-noscroll="true">"All steps"</a> })}
                </span>
            </header>
            {is_empty.then(|| view! { <p class="px-4 py-6 text-table text-muted">"Nothing was said yet."</p> })}
            <LogView lines=rows live=is_live/>
            {is_live.then(|| view! { <noscript inner_html=RELOAD></noscript> })}
        </section>
    }
}

/// Without a script, the page is as old as its last load.
const RELOAD: &str = r#"<p class="px-4 pb-4 text-table"><a href="">Reload</a> to see what was said since.</p>"#;

fn row(number: u32, line: &LogLine) -> LogRow {
    let tone = match line.level {
        LogLevel::Error => LogTone::Error,
        LogLevel::Warn => LogTone::Warning,
        LogLevel::Info if line.status.is_some() || line.step.is_none() => LogTone::Quiet,
        LogLevel::Info => LogTone::Plain,
    };
    LogRow { number, time: Moment::from(line.at).time(), text: line.text.clone(), tone }
}
