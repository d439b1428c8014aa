//! A log, line by line.

use leptos::prelude::*;

/// How loud a line is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogTone {
    /// As it comes.
    #[default]
    Plain,
    /// Details.
    Quiet,
    /// Something to look at.
    Warning,
    /// Something failed.
    Error,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Its number in the log.
    pub number: u32,
    /// When it was written: `07:52:11`.
    pub time: String,
    /// What it says.
    pub text: String,
    /// How loud it is.
    pub tone: LogTone,
}

/// A log with line numbers and times; new lines are told to assistive technology while it is live.
///
/// - `lines`: followed; `live`: whether more is to come.
#[component]
pub fn LogView(#[prop(into)] lines: Signal<Vec<LogRow>>, #[prop(optional, into)] live: Signal<bool>) -> impl IntoView {
    let row = |LogRow { number, time, text, tone }: LogRow| {
        let (ground, words) = match tone {
            LogTone::Plain => ("", ""),
            LogTone::Quiet => ("", "text-muted"),
            LogTone::Warning => ("bg-warning/10", "text-warning"),
            LogTone::Error => ("bg-error/10", "text-error"),
        };
        view! {
            <li class=format!("flex gap-3 px-4 leading-5 {ground}")>
                <span class="w-7 flex-none text-right text-muted select-none" aria-hidden="true">{number}</span>
                <span class="hidden flex-none text-muted select-none sm:inline">{time}</span>
                <span class=format!("min-w-0 break-words whitespace-pre-wrap {words}")>{text}</span>
            </li>
        }
    };
    view! {
        <div class="overflow-x-auto py-3 font-mono text-meta" role="log" aria-live=move || if live.get() { "polite" } else { "off" } tabindex="0" aria-label="Log">
            <ol>
                <For each=move || lines.get() key=|line| line.number children=row/>
            </ol>
            {move || live.get().then(|| view! { <span aria-hidden="true" class="ml-15 inline-block h-4 w-0.5 animate-pulse bg-info"></span> })}
        </div>
    }
}
