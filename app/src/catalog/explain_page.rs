//! "Explain this": what would become of a pasted text or of an address, document by document. Nothing is recorded.

use domain::catalog::{FileProblem, Outcome, Prospect, ProspectTie, Severity, SourceKind, Verdict};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    functions::{look_at, why_not_register},
    source_files::{Complaint, unsaid},
    views::{Explained, relation_words},
};
use crate::{
    AppError,
    ui::{
        Button, ButtonKind, Choice, CodeBlock, EntityLink, Glyph, Icon, LineNote, LinkButton, Load, Mark, MayNot, Page,
        ProblemNote, SelectField, Status, TextField, fetch,
    },
};

/// Two plain forms: a text goes with the request, an address stands in the page's own. Both work without a script.
#[component]
pub(crate) fn ExplainPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let target = query.get_str("target").unwrap_or_default().trim().to_owned();
            let kind = query.get_str("kind").and_then(|kind| kind.parse().ok()).unwrap_or(SourceKind::Url);
            (kind, target)
        })
    });
    let explained = fetch(
        move || asked.get(),
        |(kind, target)| async move {
            let refused = why_not_register().await?;
            // What is wrong with what was asked about is the answer to the question, not a failure of the page.
            match look_at(kind, target).await {
                Ok(explained) => Ok((refused, Ok(explained))),
                Err(
                    error @ (AppError::Rejected(_)
                    | AppError::NotFound(_)
                    | AppError::Unavailable(_)
                    | AppError::Conflict(_)
                    | AppError::Denied { .. }),
                ) => Ok((refused, Err(error))),
                Err(error) => Err(error),
            }
        },
    );
    view! {
        <Page title="Explain a file" answer=|| "What would become of it, and why. Nothing is recorded">
            <Load of=explained let:told>
                {
                    let ((kind, target), (refused, explained)) = (asked.get_untracked(), told);
                    view! { <Asked kind target refused explained/> }
                }
            </Load>
        </Page>
    }
    .into_any()
}

#[component]
fn Asked(
    kind: SourceKind,
    target: String,
    refused: (String, String),
    explained: Result<Explained, AppError>,
) -> impl IntoView {
    let (text, look, problem) = match explained {
        Ok(explained) => (explained.text, Some(explained.look), None),
        Err(why) => (None, None, Some(why)),
    };
    let (may_not, not_on_disk) = refused;
    let mut choices = vec![Choice::new("url", "Web address of a file"), Choice::new("git", "Git repository")];
    if not_on_disk.is_empty() {
        choices.push(Choice::new("file", "File, folder or glob on the server"));
    }
    let by_address = if may_not.is_empty() {
        view! {
            <form action="/sources/explain" method="GET" class="surface grid gap-4 p-4 sm:p-5">
                <SelectField name="kind" label="What it is" choices value=kind.as_str() required=true/>
                <TextField name="target" label="Or where it is" value=target.clone() required=true mono=true max_length=2000 placeholder="https://github.com/acme/fares/blob/main/catalog-info.yaml"/>
                <div class="flex flex-wrap gap-3">
                    <Button submit=true glyph=Glyph::Eye>"Explain the address"</Button>
                    <LinkButton href="/sources/new" glyph=Glyph::Upload>"Register a source"</LinkButton>
                </div>
            </form>
        }
        .into_any()
    } else {
        view! { <div class="surface px-4 py-1 sm:px-5"><MayNot why=may_not/></div> }.into_any()
    };
    let notes = notes(text.is_some(), look.as_ref().map(|look| look.verdicts.as_slice()).unwrap_or_default());
    let was_asked = text.is_some() || !target.is_empty();
    let pasted = text.clone().unwrap_or_default();
    let shown = text.map(|text| view! { <CodeBlock text language="Your text" notes/> });
    let answer = look.filter(|_| was_asked).map(|look| {
        let count = look.verdicts.len();
        let files = (look.files.len() > 1).then(|| format!(" in {} files", look.files.len()));
        let lost: Vec<_> = look
            .files
            .into_iter()
            .filter(|file| !file.problems.is_empty() && !look.verdicts.iter().any(|verdict| verdict.path == file.path))
            .map(|file| view! { <div class="surface p-4"><code class="font-mono text-meta break-all">{file.path}</code>{complaints(file.problems)}</div> })
            .collect();
        let nothing = (count == 0 && lost.is_empty()).then(|| view! { <div class="surface p-4 text-table">"There is no document in it: a document is a mapping with `apiVersion`, `kind` and `metadata`."</div> });
        let summary = summary(&look.verdicts);
        view! {
            <section aria-label="Verdicts" class="grid grid-cols-1 gap-4">
                <div role="status"><h2 class="text-heading font-semibold">{summary}{files}</h2></div>
                {nothing}
                {lost}
                {look.verdicts.into_iter().map(|verdict| view! { <Document verdict/> }).collect_view()}
            </section>
        }
    });
    view! {
        <div class="grid items-start gap-4 lg:grid-cols-2">
            <form action="/sources/explain" method="POST" class="surface grid gap-3 p-4 sm:p-5">
                <TextField name="text" label="A text: one or more documents" value=pasted required=true mono=true lines=12 placeholder="apiVersion: backstage.io/v1alpha1"/>
                <div><Button submit=true kind=ButtonKind::Primary glyph=Glyph::Eye>"Explain the text"</Button></div>
            </form>
            {by_address}
        </div>
        <div class="mt-4 grid grid-cols-1 items-start gap-4">
            {problem.map(|why| view! { <div class="surface p-4"><ProblemNote text=why/></div> })}
            {answer}
            {shown}
        </div>
    }
}

fn complaints(problems: Vec<FileProblem>) -> impl IntoView {
    let problems = problems.into_iter().map(|problem| view! { <li><Complaint problem/></li> });
    view! { <ul class="mt-1.5 grid gap-1.5 empty:hidden">{problems.collect_view()}</ul> }
}

/// How many of each.
fn summary(verdicts: &[Verdict]) -> String {
    let count = |outcome: Outcome| verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
    let parts = [
        (count(Outcome::Found), "accepted"),
        (count(Outcome::Warned), "accepted with a warning"),
        (count(Outcome::Rejected), "rejected"),
        (count(Outcome::Skipped), "left out"),
    ];
    let told: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if told.is_empty() { "No document".to_owned() } else { told.join(", ") }
}

/// The lines of a text with what is wrong there.
fn notes(is_text: bool, verdicts: &[Verdict]) -> Vec<LineNote> {
    let problems = verdicts.iter().filter(|_| is_text).flat_map(|verdict| &verdict.problems);
    problems
        .filter_map(|problem| {
            let field = unsaid(problem).map(|field| format!("`{field}`: ")).unwrap_or_default();
            let is_error = problem.severity == Severity::Error;
            Some(LineNote { line: problem.line?, text: format!("{field}{}", problem.message), is_error })
        })
        .collect()
}

#[component]
fn Document(verdict: Verdict) -> impl IntoView {
    let Verdict { path, line, outcome, entity, problems } = verdict;
    let (mark, label) = match outcome {
        Outcome::Found => (Mark::Good, "Accepted"),
        Outcome::Skipped => (Mark::Stopped, "Left out"),
        Outcome::Warned => (Mark::Warning, "Accepted, with a warning"),
        Outcome::Rejected => (Mark::Bad, "Rejected"),
    };
    let title = match &entity {
        Some(entity) => entity.title.clone(),
        None => format!("Document at line {line}"),
    };
    let place = format!("{path}:{line}");
    view! {
        <article class="surface min-w-0 p-4 text-table">
            <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
                <h3 class="min-w-0 text-body font-semibold break-words">{title}</h3>
                <Status mark label/>
            </div>
            <p class="text-meta text-muted break-all"><code class="font-mono">{place}</code></p>
            {complaints(problems)}
            {entity.map(|entity| view! { <Entity entity/> })}
        </article>
    }
}

#[component]
fn Entity(entity: Prospect) -> impl IntoView {
    let Prospect { reference, is_known, is_read, claimed_by, ties, document, .. } = entity;
    let fate = match (claimed_by.is_some(), is_known) {
        (true, _) => "It would not enter: the name is taken",
        (false, _) if is_read => "It is in the catalog, from this very file",
        (false, true) => "It would bring up to date what is in the catalog",
        (false, false) => "It would be new in the catalog",
    };
    let name = reference.to_string();
    let link = is_known.then(|| view! { ": " <EntityLink to=reference/> });
    let rows = ties.into_iter().map(|ProspectTie { field, relation, target, is_found }| {
        let missing = (!is_found).then(|| view! { <span class="inline-flex items-center gap-1 text-warning"><Icon glyph=Glyph::TriangleAlert class="size-3.5"/>"not in the catalog"</span> });
        view! {
            <li class="flex flex-wrap items-center gap-x-2">
                <span class="text-muted">{relation_words(&relation)}</span>
                <EntityLink to=target.clone() label=target.to_string()/>
                {missing}
                <code class="font-mono text-meta text-muted">{field}</code>
            </li>
        }
    });
    view! {
        <p class="mt-2"><code class="font-mono text-meta">{name}</code> " · " {fate}{link}</p>
        <ul class="mt-2 grid gap-1 empty:hidden">{rows.collect_view()}</ul>
        <details class="fold mt-2">
            <summary class="text-muted hover:text-base-content">"As it would be served"</summary>
            <div class="mt-2"><CodeBlock text=document/></div>
        </details>
    }
}
