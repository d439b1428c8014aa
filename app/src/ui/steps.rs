//! Steps, across for a form and down for a run.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// Where a step stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StepState {
    /// Its turn has not come.
    #[default]
    Ahead,
    /// It is the one now.
    Current,
    /// It waits for something.
    Waiting,
    /// It did what it should.
    Done,
    /// It could not.
    Failed,
    /// It was left out, or stopped.
    Skipped,
}

/// A step of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepMark {
    /// The word.
    pub name: String,
    /// Where it stands.
    pub state: StepState,
    /// The way back to it, if there is one.
    pub href: Option<String>,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRow {
    /// What it does, for people.
    pub name: String,
    /// What it does, for machines, such as `publish:git`.
    pub detail: String,
    /// Where it stands.
    pub state: StepState,
    /// At the right: how long it took, or when it goes on.
    pub note: String,
    /// Its log.
    pub href: Option<String>,
    /// Whether its log is shown.
    pub shown: bool,
}

fn mark(number: usize, state: StepState) -> AnyView {
    let (class, glyph, word) = match state {
        StepState::Ahead => ("border border-base-content/25 text-muted", None, "not started"),
        StepState::Current => ("bg-primary text-primary-content", None, "now"),
        StepState::Waiting => {
            ("border border-dashed border-base-content/40 text-muted", Some(Glyph::Hourglass), "waiting")
        }
        StepState::Done => ("bg-success text-success-content", Some(Glyph::Check), "done"),
        StepState::Failed => ("bg-error text-error-content", Some(Glyph::Cross), "failed"),
        StepState::Skipped => ("border border-base-content/25 text-muted", Some(Glyph::Minus), "skipped"),
    };
    view! {
        <span class=format!("grid size-5 flex-none place-items-center rounded-full text-meta leading-none font-medium {class}")>
            {match glyph {
                Some(glyph) => view! { <Icon glyph class="size-3"/> }.into_any(),
                None => view! { <span aria-hidden="true">{number}</span> }.into_any(),
            }}
            <span class="sr-only">{word}</span>
        </span>
    }
    .into_any()
}

/// The steps of a form, across.
///
/// - `steps`: in order.
#[component]
pub fn Steps(steps: Vec<StepMark>) -> impl IntoView {
    let items = steps.into_iter().enumerate().map(|(at, StepMark { name, state, href })| {
        let current = (state == StepState::Current).then_some("step");
        let words = if state == StepState::Ahead { "text-muted" } else { "font-medium" };
        let words = match href {
            Some(href) => view! { <a class="hover:underline underline-offset-3" href=href>{name}</a> }.into_any(),
            None => view! { <span class=words>{name}</span> }.into_any(),
        };
        view! {
            <li class="flex items-center gap-2 not-first:before:mr-1 not-first:before:h-px not-first:before:w-6 not-first:before:bg-base-content/20 sm:not-first:before:w-8" aria-current=current>
                {mark(at + 1, state)}
                {words}
            </li>
        }
    });
    view! { <ol class="mb-4 flex flex-wrap items-center gap-x-3 gap-y-2 text-table">{items.collect_view()}</ol> }
}

/// The steps of a run, down, each leading to its log.
///
/// - `steps`: in order.
#[component]
pub fn StepsDown(steps: Vec<StepRow>) -> impl IntoView {
    let items = steps.into_iter().enumerate().map(|(at, StepRow { name, detail, state, note, href, shown })| {
        let words = if state == StepState::Ahead { "text-muted" } else { "font-medium" };
        let frame = if shown { "surface -mx-2 px-2 py-1.5" } else { "-mx-2 border border-transparent px-2 py-1.5" };
        let inner = view! {
            <span class="flex items-baseline justify-between gap-3">
                <span class=format!("min-w-0 break-words {words}")>{name}</span>
                <span class="flex-none text-meta text-muted">{note}</span>
            </span>
            <span class="block truncate font-mono text-meta text-muted">{detail}</span>
        };
        let body = match href {
            Some(href) => view! { <a class=format!("block min-w-0 flex-1 rounded-box {frame}") href=href aria-current=shown.then_some("true") data-noscroll="true">{inner}</a> }.into_any(),
            None => view! { <div class=format!("min-w-0 flex-1 {frame}")>{inner}</div> }.into_any(),
        };
        view! {
            <li class="relative flex gap-4 pb-1 not-last:before:absolute not-last:before:top-7 not-last:before:bottom-[-0.375rem] not-last:before:left-[9.5px] not-last:before:w-px not-last:before:bg-base-300">
                <span class="relative pt-2">{mark(at + 1, state)}</span>
                {body}
            </li>
        }
    });
    view! { <ol class="text-table">{items.collect_view()}</ol> }
}
