//! One source: its state, and what became of every file.

use domain::catalog::{Conflict, Outcome, Severity, SourceFile, SourceTrace};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    functions::{RemoveSource, SyncSource, get_source},
    sources_page::state,
};
use crate::ui::{
    Button, ButtonKind, Empty, EntityLink, Glyph, Icon, Load, Mark, Page, Panel, ProblemNote, Status, ToastKind,
    Toasts, When, fetch, live,
};

/// One source.
#[component]
pub(crate) fn SourcePage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get_str("id").unwrap_or_default().to_owned()));
    let sync = ServerAction::<SyncSource>::new();
    let version = live(move |kind, subject| {
        kind.starts_with("source-") && id.try_with_untracked(|id| subject.ends_with(id.as_str())) == Some(true)
    });
    let trace = fetch(move || (id.get(), version.get()), |(id, _)| get_source(id));
    let toasts = expect_context::<Toasts>();
    Effect::new(move || match sync.value().get() {
        Some(Ok(())) => toasts.say(ToastKind::Done, "A worker fetches the source now"),
        Some(Err(error)) => toasts.say(ToastKind::Failed, error.to_string()),
        None => {}
    });
    view! {
        <Load of=trace let:trace>
            <Trace trace sync/>
        </Load>
    }
    .into_any()
}

#[component]
fn Trace(trace: SourceTrace, sync: ServerAction<SyncSource>) -> impl IntoView {
    let SourceTrace { source, files, conflicts } = trace;
    let (mark, label) = state(&source);
    let id = source.id.to_string();
    let synced = source.synced_at;
    let answer = move || {
        let synced = match synced {
            Some(at) => view! { " · synced " <When at sentence=true/> }.into_any(),
            None => " · never synced".into_any(),
        };
        view! { <span class="inline-flex flex-wrap items-center gap-x-1"><Status mark label=label.clone()/>{synced}</span> }
    };
    let pending = sync.pending();
    let to_sync = id.clone();
    let actions = move || {
        let id = to_sync.clone();
        view! {
            <ActionForm action=sync>
                <input type="hidden" name="id" value=id/>
                <Button submit=true glyph=Glyph::RefreshCw pending>"Sync now"</Button>
            </ActionForm>
        }
    };
    let problem = source.problem.clone().map(|why| {
        view! {
            <div class="mb-4 rounded-box border border-error/60 bg-base-100 px-4 py-3">
                <ProblemNote text=why/>
                <p class="mt-1 text-meta text-muted">"What it declared when it could last be read stays in the catalog."</p>
            </div>
        }
    });
    let told = [
        ("things", source.entities.to_string()),
        ("files", source.files.to_string()),
        ("rejected", source.rejected.to_string()),
        ("warned", source.warned.to_string()),
    ]
    .map(|(word, number)| view! { <div class="surface px-4 py-3"><p class="text-heading font-semibold">{number}</p><p class="text-table text-muted">{word}</p></div> });
    view! {
        <Page title=source.target.clone() answer actions>
            {problem}
            <div class="mb-4 grid grid-cols-2 gap-4 sm:grid-cols-4">{told.into_iter().collect_view()}</div>
            <div class="grid gap-4">
                <Files files/>
                <Conflicts conflicts/>
                <Removal id entities=source.entities target=source.target/>
            </div>
        </Page>
    }
}

/// Every file, those that need someone first.
#[component]
pub(super) fn Files(files: Vec<SourceFile>) -> impl IntoView {
    let mut files = files;
    files.sort_by(|left, right| right.outcome.cmp(&left.outcome).then_with(|| left.path.cmp(&right.path)));
    let count = files.len();
    if count == 0 {
        return view! { <Panel title="Files"><Empty glyph=Glyph::FileText title="No file was looked at yet"/></Panel> }
            .into_any();
    }
    let rows = files.into_iter().map(|file| view! { <File file/> }).collect_view();
    view! { <Panel title="Files" flush=true action=move || view! { {count} }><ul>{rows}</ul></Panel> }.into_any()
}

#[component]
fn File(file: SourceFile) -> impl IntoView {
    let SourceFile { path, outcome, entities, problems, parent } = file;
    let (mark, label) = match outcome {
        Outcome::Found if entities == 1 => (Mark::Good, "1 thing".to_owned()),
        Outcome::Found => (Mark::Good, format!("{entities} things")),
        Outcome::Skipped => (Mark::Stopped, "Skipped".to_owned()),
        Outcome::Warned => (Mark::Warning, "Warned".to_owned()),
        Outcome::Rejected => (Mark::Bad, "Rejected".to_owned()),
    };
    let led = parent.map(|parent| view! { <span class="text-meta text-muted">" from "{parent}</span> });
    let problems = problems.into_iter().map(|problem| {
        let (glyph, class) = match problem.severity {
            Severity::Error => (Glyph::CircleX, "text-error mt-px"),
            Severity::Warning => (Glyph::TriangleAlert, "text-warning mt-px"),
            Severity::Info => (Glyph::Info, "text-muted mt-px"),
        };
        let place = match (problem.line, problem.column) {
            (Some(line), Some(column)) => Some(format!("line {line}, column {column}")),
            (Some(line), None) => Some(format!("line {line}")),
            _ => None,
        };
        // Most messages name the field themselves.
        let field = problem.field.filter(|field| !problem.message.starts_with(field.as_str()));
        let field = field.map(|field| view! { <code class="font-mono text-meta">{field}</code>" " });
        view! {
            <li class="flex items-start gap-2">
                <Icon glyph class/>
                <p class="min-w-0 break-words">
                    {place.map(|place| view! { <span class="tag mr-1.5 font-mono">{place}</span> })}
                    {field}
                    {problem.message}
                </p>
            </li>
        }
    });
    view! {
        <li class="border-t border-base-300 px-4 py-2.5 text-table first:border-t-0">
            <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
                <p class="min-w-0 break-all"><code class="font-mono text-meta">{path}</code>{led}</p>
                <Status mark label/>
            </div>
            <ul class="mt-1.5 grid gap-1.5 empty:hidden">{problems.collect_view()}</ul>
        </li>
    }
}

/// Declarations that do not stand because another was there before.
#[component]
fn Conflicts(conflicts: Vec<Conflict>) -> impl IntoView {
    (!conflicts.is_empty()).then(|| {
        let rows = conflicts.into_iter().map(|conflict| {
            view! {
                <li class="border-t border-base-300 px-4 py-2.5 text-table first:border-t-0">
                    <EntityLink to=conflict.reference/>
                    <p class="text-meta text-muted break-all">
                        <code class="font-mono">{conflict.owner_path}</code>
                        " stands; "
                        <code class="font-mono">{conflict.path}</code>
                        " declares it too. Rename one, or take it out of the file."
                    </p>
                </li>
            }
        });
        view! { <Panel title="Declared twice" flush=true><ul>{rows.collect_view()}</ul></Panel> }
    })
}

/// Taking the source away, with what goes with it.
#[component]
fn Removal(id: String, entities: u32, target: String) -> impl IntoView {
    let remove = ServerAction::<RemoveSource>::new();
    let problem =
        move || remove.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error.to_string()/> });
    view! {
        <details class="surface no-print px-4 py-3 text-table">
            <summary class="text-muted hover:text-base-content">"Remove this source…"</summary>
            <p class="mt-3 max-w-prose break-words">
                {format!("Removing `{target}` takes {entities} things out of the catalog. Their history stays. Nothing is changed at the source itself.")}
            </p>
            <ActionForm action=remove attr:class="mt-3">
                <input type="hidden" name="id" value=id/>
                <Button submit=true kind=ButtonKind::Danger glyph=Glyph::Trash pending=remove.pending()>"Remove the source"</Button>
            </ActionForm>
            {problem}
        </details>
    }
}
