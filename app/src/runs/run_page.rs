//! One run: what it does, what it did, what it said.

use domain::runs::{Run, RunStatus, Step, StepStatus};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    CancelRun, RetryRun, RunView, duration, get_run,
    list_page::RunMark,
    log_panel::LogPanel,
    result::{Answers, MadeSoFar, Results},
    stream::follow,
};
use crate::{
    AppError,
    ui::{
        Button, ButtonKind, Clock, EntityLink, Glyph, LinkButton, Load, MayNot, Moment, ProblemNote, StepRow,
        StepState, StepsDown, When, fetch, live,
    },
};

/// One run, live.
#[component]
pub(crate) fn RunPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let number =
        Memo::new(move |_| params.with(|params| params.get("number").and_then(|text| text.parse().ok()).unwrap_or(0)));
    let step = Memo::new(move |_| query.with(|query| query.get("step").unwrap_or_default()));
    let (cancel, retry) = (ServerAction::<CancelRun>::new(), ServerAction::<RetryRun>::new());
    let subject = StoredValue::new(String::new());
    let moved =
        live(move |kind, about| kind == "run-moved" && subject.try_with_value(|own| own == about) == Some(true));
    let heard = RwSignal::new(0_u32);
    let run = fetch(
        move || (number.get(), step.get(), moved.get(), heard.get(), cancel.version().get(), retry.version().get()),
        |(number, step, ..)| get_run(number, step),
    );
    follow(run, heard);
    view! {
        <Load of=run let:view>
            {
                subject.set_value(format!("run:{}", view.run.summary.id));
                view! { <RunLayout view cancel retry/> }
            }
        </Load>
    }
    .into_any()
}

#[component]
fn RunLayout(view: RunView, cancel: ServerAction<CancelRun>, retry: ServerAction<RetryRun>) -> impl IntoView {
    let RunView { run, shown, lines, approval, may_not, .. } = view;
    view! {
        <Title text=format!("#{} {}", run.summary.number, run.summary.title)/>
        <div class="grid min-w-0 lg:grid-cols-[22rem_minmax(0,1fr)]">
            <div class="min-w-0 border-base-300 px-4 pt-5 pb-8 sm:px-5 lg:border-r">
                <RunHead run=run.clone()/>
                <div class="mt-4 empty:hidden" inner_html=approval></div>
                <div class="mt-4 mb-4 border-t-2 border-dashed border-accent" aria-hidden="true"></div>
                <StepsDown steps=step_rows(&run, &shown)/>
                <Results links=run.output.links.clone() text=run.output.text.clone()/>
                <Steering run=run.clone() may_not cancel retry/>
                <MadeSoFar run=run.clone()/>
                <Answers values=run.values.clone()/>
            </div>
            <LogPanel run shown lines/>
        </div>
    }
}

/// Answers first: how it stands, since when, what it is.
#[component]
fn RunHead(run: Run) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let summary = run.summary;
    let timed = summary.clone();
    let stands_since = match summary.status {
        RunStatus::Open => "since ",
        RunStatus::Processing => "started ",
        _ => "",
    };
    let at = summary.ended_at.or(summary.started_at).unwrap_or(summary.created_at);
    let is_stopping = summary.cancel_asked_at.is_some() && !summary.status.is_over();
    view! {
        <header>
            <div class="flex items-center justify-between gap-3 text-table" role="status">
                <span class="flex flex-wrap items-center gap-2">
                    <RunMark status=summary.status awaits=timed.awaits_approval()/>
                    <span class="text-meta text-muted">{if is_stopping { "stopping, " } else { stands_since }}<When at sentence=true/></span>
                </span>
                <span class="text-muted whitespace-nowrap tabular-nums">{move || duration::of_run(&timed, clock.now())}</span>
            </div>
            <h1 class="mt-1 text-[1.1875rem] leading-7 font-semibold break-words">{summary.title}</h1>
            <p class="text-table text-muted break-words">
                <EntityLink to=summary.template label=summary.template_title plain=true/>
                " · started by "{summary.created_by}" · #"{summary.number}
            </p>
            {summary.problem.map(|problem| view! { <div class="mt-3"><ProblemNote text=problem/></div> })}
        </header>
    }
}

fn step_rows(run: &Run, shown: &str) -> Vec<StepRow> {
    let number = run.summary.number;
    run.steps
        .iter()
        .map(|step| StepRow {
            name: step.name.clone(),
            detail: step.action.clone(),
            state: state(step),
            note: note(step),
            href: (step.attempt > 0).then(|| format!("/runs/{number}?step={}", encoded(&step.id))),
            shown: step.id == shown,
        })
        .collect()
}

fn state(step: &Step) -> StepState {
    match step.status {
        StepStatus::Open => StepState::Ahead,
        StepStatus::Processing => StepState::Current,
        StepStatus::Waiting => StepState::Waiting,
        StepStatus::Completed => StepState::Done,
        StepStatus::Failed => StepState::Failed,
        StepStatus::Skipped | StepStatus::Cancelled => StepState::Skipped,
    }
}

/// How long it took, and how often it was tried if more than once.
fn note(step: &Step) -> String {
    let tries = if step.attempt > 1 { format!("attempt {} · ", step.attempt) } else { String::new() };
    let time = match (step.status, step.due_at, step.ended_at) {
        (StepStatus::Waiting, Some(due), _) => format!("until {}", Moment::from(due).time()),
        (_, _, Some(ended)) => step.duration(ended).map(duration::took).unwrap_or_default(),
        (StepStatus::Processing, ..) => {
            step.started_at.map(|at| format!("since {}", Moment::from(at).time())).unwrap_or_default()
        }
        _ => String::new(),
    };
    format!("{tries}{time}")
}

/// What a person can do about the run now.
#[component]
fn Steering(
    run: Run,
    may_not: String,
    cancel: ServerAction<CancelRun>,
    retry: ServerAction<RetryRun>,
) -> impl IntoView {
    let summary = run.summary;
    let number = summary.number;
    let may = may_not.is_empty();
    let can_cancel = may && !summary.status.is_over() && summary.cancel_asked_at.is_none();
    let can_retry = may && summary.status == RunStatus::Failed;
    let again = format!("/create/{}/{}", summary.template.namespace(), summary.template.name());
    let failed = move |result: Option<Result<(), AppError>>| {
        result.and_then(Result::err).map(|error| view! { <ProblemNote text=error/> })
    };
    view! {
        <MayNot why=may_not/>
        <div class="no-print mt-5 flex flex-wrap gap-2 empty:hidden">
            {can_cancel.then(|| view! {
                <ActionForm action=cancel>
                    <input type="hidden" name="number" value=number.to_string()/>
                    <Button submit=true glyph=Glyph::CircleStop pending=cancel.pending()>"Cancel"</Button>
                </ActionForm>
            })}
            {can_retry.then(|| view! {
                <ActionForm action=retry>
                    <input type="hidden" name="number" value=number.to_string()/>
                    <Button submit=true kind=ButtonKind::Primary glyph=Glyph::RotateCcw pending=retry.pending()>"Retry from the failed step"</Button>
                </ActionForm>
            })}
            {summary.status.is_over().then(|| view! { <LinkButton href=again glyph=Glyph::SquarePlus>"Create another"</LinkButton> })}
        </div>
        {move || failed(cancel.value().get())}
        {move || failed(retry.value().get())}
    }
}

/// A step's id as an address carries it; ids are written by people.
fn encoded(id: &str) -> String {
    id.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|half| char::from_digit(u32::from(half), 16).unwrap_or('0')));
        }
        out
    })
}
