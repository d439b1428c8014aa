//! The text of a file that should be mended, with the lines marked.

use domain::catalog::{KeptText, Severity};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{inbox_functions::get_text, inbox_tabs::many, source_files::Complaint};
use crate::ui::{CodeBlock, LineNote, Load, Page, Panel, fetch, live};

/// A file of a source as it was when it was last read.
#[component]
pub(crate) fn FilePage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| {
        let id = params.with(|params| params.get_str("id").unwrap_or_default().to_owned());
        (id, query.with(|query| query.get_str("path").unwrap_or_default().to_owned()))
    });
    let version = live(move |kind, subject| {
        kind == "source-synced" && asked.try_with_untracked(|(id, _)| subject.ends_with(id.as_str())) == Some(true)
    });
    let text = fetch(move || (asked.get(), version.get()), |((id, path), _)| get_text(id, path));
    view! {
        <Load of=text let:text>
            <Text text source=asked.get_untracked().0/>
        </Load>
    }
    .into_any()
}

#[component]
fn Text(text: KeptText, source: String) -> impl IntoView {
    let KeptText { path, first_line, text, problems, view } = text;
    let count = u32::try_from(problems.len()).unwrap_or(u32::MAX);
    let answer = move || {
        let view =
            view.clone().map(|href| view! { " · " <a rel="external noopener noreferrer" href=href>"see the file"</a> });
        view! {
            <span class="prose-links">
                {many(count, "problem", "problems")}" · as it was read last, by "
                <a href=format!("/sources/{source}")>"its source"</a>{view}
            </span>
        }
    };
    let notes = problems
        .iter()
        .filter(|problem| problem.severity != Severity::Info)
        .filter_map(|problem| {
            let is_error = problem.severity == Severity::Error;
            Some(LineNote { line: problem.line?, text: problem.message.clone(), is_error })
        })
        .collect();
    let listed = problems.into_iter().map(|problem| {
        let href = problem.line.map(|line| format!("#line-{line}"));
        view! { <li><Complaint problem href/></li> }
    });
    view! {
        <Page title=path answer>
            <div class="grid gap-4 *:min-w-0">
                <Panel title="What is wrong"><ul class="grid gap-1.5 text-table">{listed.collect_view()}</ul></Panel>
                <CodeBlock text notes first=first_line/>
            </div>
        </Page>
    }
}
