//! Every run.

use domain::runs::{RunStatus, RunSummary};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{PAGE, RunList, duration, list_runs};
use crate::ui::{
    ButtonKind, Clock, Column, DataTable, Empty, EntityLink, Glyph, LinkButton, Load, Mark, Page, Status, Tab, Tabs,
    When, fetch, live,
};

/// Every run, newest first, filtered by where it stands.
#[component]
pub(crate) fn RunsPage() -> impl IntoView {
    let query = use_query_map();
    let status = Memo::new(move |_| query.with(|query| query.get("status").unwrap_or_default()));
    let page =
        Memo::new(move |_| query.with(|query| query.get("page").and_then(|page| page.parse().ok()).unwrap_or(0)));
    let version = live(|kind, _| kind.starts_with("run-"));
    let list = fetch(move || (status.get(), page.get(), version.get()), |(status, page, _)| list_runs(status, page));
    view! {
        <Load of=list let:list>
            {
                let answer = answer(&list);
                let tabs = tabs(&list, &status.get_untracked());
                let page = page.get_untracked();
                view! {
                    <Page
                        title="Runs"
                        answer=move || answer.clone()
                        actions=|| view! { <LinkButton href="/create" kind=ButtonKind::Primary glyph=Glyph::Plus>"Create"</LinkButton> }
                    >
                        <Tabs label="Runs by status" tabs/>
                        <div class="mt-4"><RunTable list=list.clone()/></div>
                        <Pages total=list.total page status=status.get_untracked()/>
                    </Page>
                }
            }
        </Load>
    }
    .into_any()
}

fn count(list: &RunList, statuses: &[RunStatus]) -> u32 {
    let sum: i64 = list.counts.iter().filter(|(status, _)| statuses.contains(status)).map(|(_, runs)| runs).sum();
    u32::try_from(sum).unwrap_or(u32::MAX)
}

fn waiting(list: &RunList) -> u32 {
    u32::try_from(list.awaited).unwrap_or(u32::MAX)
}

fn answer(list: &RunList) -> String {
    let all = count(list, &RunStatus::ALL);
    let waiting = waiting(list);
    let running = count(list, &[RunStatus::Open, RunStatus::Processing]).saturating_sub(waiting);
    let waiting = if waiting == 0 { String::new() } else { format!(", {waiting} waiting for approval") };
    match (all, running) {
        (0, _) => "Nothing was created from a template yet".to_owned(),
        (all, 0) => format!("{all} in all, none running now{waiting}"),
        (all, running) => format!("{running} running now{waiting}, {all} in all"),
    }
}

fn tabs(list: &RunList, shown: &str) -> Vec<Tab> {
    let counted = |label: &str, value: &str, count: u32| Tab {
        label: label.to_owned(),
        href: if value.is_empty() { "/runs".to_owned() } else { format!("/runs?status={value}") },
        count: Some(count),
        current: shown == value,
    };
    let tab = |label: &str, value: &str, statuses: &[RunStatus]| counted(label, value, count(list, statuses));
    let waiting = waiting(list);
    let running = count(list, &[RunStatus::Open, RunStatus::Processing]).saturating_sub(waiting);
    vec![
        tab("All", "", &RunStatus::ALL),
        counted("Running", "running", running),
        counted("Waits for approval", "waiting", waiting),
        tab("Completed", "completed", &[RunStatus::Completed]),
        tab("Failed", "failed", &[RunStatus::Failed]),
        tab("Cancelled", "cancelled", &[RunStatus::Cancelled]),
    ]
}

#[component]
fn RunTable(list: RunList) -> impl IntoView {
    if list.runs.is_empty() {
        return view! {
            <div class="surface">
                <Empty glyph=Glyph::Route title="No runs here">
                    <p>"A run makes what a template describes: a repository, its files, its place in the catalog."</p>
                    <LinkButton href="/create">"Choose a template"</LinkButton>
                </Empty>
            </div>
        }
        .into_any();
    }
    view! { <Rows runs=list.runs/> }.into_any()
}

/// The runs of one entity: those that made it, or that followed it.
///
/// - `runs`: newest first.
#[component]
pub(crate) fn EntityRuns(runs: Vec<RunSummary>) -> impl IntoView {
    if runs.is_empty() {
        return view! {
            <div class="surface">
                <Empty glyph=Glyph::Route title="No run made it">
                    <p>"What a template makes keeps its run here."</p>
                </Empty>
            </div>
        }
        .into_any();
    }
    view! { <Rows runs/> }.into_any()
}

#[component]
fn Rows(runs: Vec<RunSummary>) -> impl IntoView {
    let columns = vec![
        Column::plain("Run"),
        Column::plain("Status"),
        Column::plain("Template").class("hidden md:table-cell"),
        Column::plain("Started by").class("hidden lg:table-cell"),
        Column::plain("When"),
        Column::plain("Took").class("hidden sm:table-cell text-right"),
    ];
    let rows = runs.into_iter().map(|run| view! { <RunRow run/> }).collect_view();
    view! { <DataTable caption="Runs, newest first" columns>{rows}</DataTable> }
}

#[component]
fn RunRow(run: RunSummary) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let awaits = run.awaits_approval();
    let RunSummary { number, title, template, template_title, status, created_by, created_at, .. } = run.clone();
    view! {
        <tr class="h-11 border-t border-base-300 first:border-t-0 hover:bg-base-200">
            <td class="px-2 pl-4">
                <a class="row-link font-medium hover:underline underline-offset-3" href=format!("/runs/{number}")>{title}</a>
                <span class="block text-meta text-muted">"#"{number}</span>
            </td>
            <td class="px-2"><RunMark status awaits/></td>
            <td class="hidden px-2 md:table-cell"><EntityLink to=template label=template_title plain=true/></td>
            <td class="hidden px-2 lg:table-cell">{created_by}</td>
            <td class="px-2"><When at=created_at/></td>
            <td class="hidden px-2 pr-4 text-right tabular-nums sm:table-cell">{move || duration::of_run(&run, clock.now())}</td>
        </tr>
    }
}

/// Where a run stands, as a mark and a word.
#[component]
pub(super) fn RunMark(status: RunStatus, awaits: bool) -> impl IntoView {
    if awaits {
        return view! { <Status mark=Mark::Waiting label="Waits for approval"/> };
    }
    let mark = match status {
        RunStatus::Open => Mark::Waiting,
        RunStatus::Processing => Mark::Running,
        RunStatus::Completed => Mark::Good,
        RunStatus::Failed => Mark::Bad,
        RunStatus::Cancelled => Mark::Stopped,
    };
    view! { <Status mark label=status.label()/> }
}

#[component]
fn Pages(total: u64, page: u32, status: String) -> impl IntoView {
    let href = move |page: u32| {
        if status.is_empty() { format!("/runs?page={page}") } else { format!("/runs?status={status}&page={page}") }
    };
    let has_more = u64::from(page + 1) * u64::from(PAGE) < total;
    (page > 0 || has_more).then(|| {
        view! {
            <nav aria-label="Pages" class="mt-4 flex gap-2">
                {(page > 0).then(|| view! { <LinkButton href=href(page - 1)>"Newer"</LinkButton> })}
                {has_more.then(|| view! { <LinkButton href=href(page + 1)>"Older"</LinkButton> })}
            </nav>
        }
    })
}
