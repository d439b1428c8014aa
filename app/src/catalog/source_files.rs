//! The files of a source, and what became of each.

use std::collections::HashSet;

use domain::{
    catalog::{FileProblem, Outcome, Severity, SourceFile},
    letters::lower,
};
use leptos::prelude::*;

use super::inbox_views::text_page;
use crate::ui::{Empty, FilterBar, Glyph, Icon, Mark, Panel, Status, coded};

/// How many files without a complaint stand in the open, and how many are listed at all: the inbox tells of all others that need
/// someone.
const OPEN: usize = 20;
const MOST: usize = 1_000;

/// Those of these files whose path holds a text, the ones that need someone first, as many as a page lists; and how many there are.
pub(crate) fn listed(mut files: Vec<SourceFile>, find: &str) -> (Vec<SourceFile>, usize) {
    let find = lower(find.trim());
    files.retain(|file| find.is_empty() || lower(&file.path).contains(&find));
    files.sort_by(|left, right| {
        let is_told = |file: &SourceFile| !file.problems.is_empty();
        is_told(right)
            .cmp(&is_told(left))
            .then_with(|| right.outcome.cmp(&left.outcome))
            .then_with(|| left.path.cmp(&right.path))
    });
    let count = files.len();
    files.truncate(MOST);
    (files, count)
}

/// The field that a problem is about, where its message does not begin with it.
pub(super) fn unsaid(problem: &FileProblem) -> Option<&str> {
    let field = problem.field.as_deref()?;
    let message = problem.message.trim_start_matches('`');
    (!message.starts_with(field)).then_some(field)
}

/// The files, those that need someone first; of many, those that are well are folded up, unless they are what was looked for.
///
/// - `files`: as [`listed`] has them, of `count`; `source`: its id, if it is registered; `texts`: files whose text can be opened;
///   `find`: what their paths hold; `all`: how many there are without that.
#[component]
pub(super) fn Files(
    files: Vec<SourceFile>,
    count: usize,
    #[prop(optional, into)] source: String,
    #[prop(optional)] texts: Vec<String>,
    #[prop(optional, into)] find: String,
    #[prop(optional)] all: usize,
) -> impl IntoView {
    let mut files = files;
    if count == 0 && find.is_empty() {
        return view! { <Panel title="Files"><Empty glyph=Glyph::FileText title="No file was looked at yet"/></Panel> }
            .into_any();
    }
    let texts: HashSet<String> = texts.into_iter().collect();
    let told = files.iter().filter(|file| !file.problems.is_empty()).count();
    let (left_out, kept) = (count.saturating_sub(files.len()), files.len());
    let row = |file: SourceFile| {
        let text = texts.contains(&file.path).then(|| text_page(&source, &file.path));
        view! { <File file text/> }
    };
    let well = if find.is_empty() && kept > told + OPEN { files.split_off(told) } else { Vec::new() };
    let rows = files.into_iter().map(row).collect_view();
    let folded = (!well.is_empty()).then(|| {
        let words = format!("{} files without a complaint", well.len());
        let well = well.into_iter().map(row).collect_view();
        view! {
            <details class="fold border-t border-base-300 px-4 py-2 text-table">
                <summary class="text-muted hover:text-base-content">{words}</summary>
                <ul class="-mx-4 mt-2 border-t border-base-300">{well}</ul>
            </details>
        }
    });
    let left_out = (left_out > 0).then(|| {
        view! { <p class="border-t border-base-300 px-4 py-2 text-meta text-muted">{format!("{left_out} more files are not listed here; look for a part of their path")}</p> }
    });
    let look = (all > OPEN || !find.is_empty()).then(|| {
        let (action, clear) = (format!("/sources/{source}"), (!find.is_empty()).then(|| format!("/sources/{source}")));
        view! { <FilterBar action text=find.clone() name="file" placeholder="Filter files by path…" clear/> }
    });
    let none = (count == 0).then(|| {
        view! { <p class="px-4 py-2.5 text-table text-muted">"No file's path holds that"</p> }
    });
    view! {
        <Panel title="Files" flush=true action=move || view! { {count} }>
            {look.map(|look| view! { <div class="px-4 pt-3">{look}</div> })}
            {none}
            <ul>{rows}</ul>
            {folded}
            {left_out}
        </Panel>
    }
    .into_any()
}

#[component]
fn File(file: SourceFile, text: Option<String>) -> impl IntoView {
    let SourceFile { path, outcome, entities, problems, parent } = file;
    let (mark, label) = match outcome {
        Outcome::Found if entities == 1 => (Mark::Good, "1 thing".to_owned()),
        Outcome::Found => (Mark::Good, format!("{entities} things")),
        Outcome::Skipped => (Mark::Stopped, "Skipped".to_owned()),
        Outcome::Warned => (Mark::Warning, "Warned".to_owned()),
        Outcome::Rejected => (Mark::Bad, "Rejected".to_owned()),
    };
    let led = parent.map(|parent| view! { <span class="text-meta text-muted">" from "{parent}</span> });
    let name = match text.clone() {
        Some(href) => view! { <a class="text-link font-mono text-meta" href=href>{path}</a> }.into_any(),
        None => view! { <code class="font-mono text-meta">{path}</code> }.into_any(),
    };
    let problems = problems.into_iter().map(|problem| {
        let at = text.clone().zip(problem.line).map(|(text, line)| format!("{text}#line-{line}"));
        view! { <li><Complaint problem href=at/></li> }
    });
    view! {
        <li class="border-t border-base-300 px-4 py-2.5 text-table first:border-t-0">
            <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
                <p class="min-w-0 break-all">{name}{led}</p>
                <Status mark label/>
            </div>
            <ul class="mt-1.5 grid gap-1.5 empty:hidden">{problems.collect_view()}</ul>
        </li>
    }
}

/// What is wrong, where, and how to mend it.
///
/// - `href`: where the line can be seen.
#[component]
pub(super) fn Complaint(problem: FileProblem, #[prop(optional_no_strip)] href: Option<String>) -> impl IntoView {
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
    let place = place.map(|place| match href {
        Some(href) => {
            view! { <a class="tag mr-1.5 font-mono hover:border-base-content/40" href=href>{place}</a> }.into_any()
        }
        None => view! { <span class="tag mr-1.5 font-mono">{place}</span> }.into_any(),
    });
    let field = unsaid(&problem).map(str::to_owned);
    let field = field.map(|field| view! { <code class="font-mono text-meta">{field}</code>" " });
    view! {
        <div class="flex items-start gap-2">
            <Icon glyph class/>
            <p class="min-w-0 break-words">{place}{field}{coded(problem.message)}</p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, outcome: Outcome) -> SourceFile {
        SourceFile { path: path.to_owned(), outcome, entities: 1, problems: Vec::new(), parent: None }
    }

    #[test]
    fn a_file_among_thousands_is_found_by_a_part_of_its_path() {
        let mut files: Vec<_> = (0..3_000).map(|number| file(&format!("a/{number:04}.yaml"), Outcome::Found)).collect();
        files.push(file("z/Quay.yaml", Outcome::Rejected));
        let (first, count) = listed(files.clone(), "");
        assert_eq!((first.len(), count, first[0].path.as_str()), (MOST, 3_001, "z/Quay.yaml"));
        let found =
            |find: &str| -> Vec<String> { listed(files.clone(), find).0.into_iter().map(|file| file.path).collect() };
        assert_eq!(found(" quay"), ["z/Quay.yaml"]);
        assert_eq!(found("2999"), ["a/2999.yaml"]);
        assert!(found("nowhere").is_empty());
    }
}
