//! Registering a source: first what would become of it, then the deed.

use domain::catalog::SourceKind;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    functions::{RegisterSource, preview_source, why_not_register},
    source_fields::{KINDS, SourceFields, question, said},
    source_files::{Files, listed},
    source_trust::NewTrust,
    views::Preview,
};
use crate::{
    AppError,
    ui::{AskForm, Button, ButtonKind, Glyph, Icon, Load, MayNot, Page, Panel, ProblemNote, Tab, Tabs, fetch},
};

/// A form with two steps: look, then register. The first is an address, so it works without a script and can be shared.
#[component]
pub(crate) fn RegisterPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(question));
    let kind = Memo::new(move |_| asked.with(|(kind, _)| *kind));
    let preview = fetch(
        move || asked.get(),
        |(kind, target)| async move {
            if target.is_empty() {
                return Ok(None);
            }
            // What is wrong with a target is the answer to the question, not a failure of the page.
            match preview_source(kind, target).await {
                Ok(preview) => Ok(Some(Ok(preview))),
                Err(
                    error @ (AppError::Rejected(_)
                    | AppError::NotFound(_)
                    | AppError::Unavailable(_)
                    | AppError::Conflict(_)
                    | AppError::Denied { .. }),
                ) => Ok(Some(Err(error))),
                Err(error) => Err(error),
            }
        },
    );
    let refused = fetch(|| (), |()| why_not_register());
    let tabs = move || {
        let tab = |(one, label): (SourceKind, &str)| Tab {
            label: label.to_owned(),
            href: format!("/sources/new?kind={one}"),
            count: None,
            current: one == kind.get(),
        };
        let tabs = KINDS.map(tab).to_vec();
        view! { <Tabs label="What the source is" tabs/> }
    };
    let fields = move || {
        let kind = kind.get();
        let said = query.with_untracked(said);
        view! { <SourceFields kind said/> }
    };
    view! {
        <Page title="Register a source" answer=|| "Files that you have for Backstage are read as they are" narrow=true>
            <div class="mb-4">{tabs}</div>
            <Load of=refused let:refused>
                {
                    let (any, on_disk) = refused;
                    move || {
                        let is_on_disk = kind.get() == SourceKind::File;
                        let why = if any.is_empty() && is_on_disk { on_disk.clone() } else { any.clone() };
                        if !why.is_empty() {
                            return view! { <div class="surface px-4 py-1 sm:px-5"><MayNot why/></div> }.into_any();
                        }
                        view! {
                            <AskForm action="/sources/new" attr:class="surface grid gap-4 p-4 sm:p-5">
                                {fields}
                                <div><Button submit=true glyph=Glyph::Eye>"Look at it"</Button></div>
                                <p class="prose-links text-table text-muted">"Only a text at hand? " <a href="/sources/explain">"Have it explained"</a> ": each document, what is wrong with it, and where."</p>
                            </AskForm>
                        }
                        .into_any()
                    }
                }
            </Load>
            <div class="mt-4">
                <Load of=preview skeleton=|| view! { <p role="status" class="text-table text-muted">"Reading…"</p> } let:preview>
                    {preview.map(|preview| {
                        let (kind, target) = asked.get_untracked();
                        view! { <Outcome kind target preview/> }
                    })}
                </Load>
            </div>
        </Page>
    }
    .into_any()
}

#[component]
fn Outcome(kind: SourceKind, target: String, preview: Result<Preview, AppError>) -> impl IntoView {
    let register = ServerAction::<RegisterSource>::new();
    let problem = move || register.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    match preview {
        Err(why) => view! { <div class="surface p-4"><ProblemNote text=why/></div> }.into_any(),
        Ok(Preview { files, entities, source, same, others, may_trust }) => {
            let count = entities.len();
            let (files, read) = listed(files, "");
            let things = |count: usize| if count == 1 { "1 thing".to_owned() } else { format!("{count} things") };
            let are = |count: usize| format!("{} {}", things(count), if count == 1 { "is" } else { "are" });
            let (same, others) = (same as usize, others as usize);
            let said = [
                Some(format!("{} would enter the catalog.", things(count.saturating_sub(same + others)))),
                (same > 0).then(|| format!("{} there already, by these very files.", are(same))),
                (others > 0).then(|| format!("{} there as other files say, and would stay so.", are(others))),
                Some("Nothing has been recorded yet.".to_owned()),
            ];
            let words = said.into_iter().flatten().collect::<Vec<_>>().join(" ");
            let there = source.map(|id| {
                view! { <p class="text-body"><a class="text-link" href=format!("/sources/{id}")>"It is a source already"</a>"."</p> }
            });
            let is_new = there.is_none();
            let has_people = entities.iter().any(|found| ["user", "group"].contains(&found.reference.kind()));
            let trusted = has_people.then(|| view! { <NewTrust kind may=may_trust/> });
            let rows = entities.into_iter().take(200).map(|found| {
                view! {
                    <li class="flex min-h-9 items-center gap-2.5 border-t border-base-300 px-4 py-1 text-table first:border-t-0">
                        <Icon glyph=Glyph::of(found.reference.kind(), &found.kind_type) class="text-muted"/>
                        <span class="min-w-0 flex-1 truncate">{found.title}</span>
                        <span class="text-muted">{found.reference.kind().to_owned()}</span>
                    </li>
                }
            });
            view! {
                <div class="grid gap-4">
                    <div class="surface flex flex-wrap items-center justify-between gap-3 p-4">
                        <p class="text-body">{words}</p>
                        {there}
                        {is_new.then(|| view! {
                            <ActionForm action=register>
                                <input type="hidden" name="kind" value=kind.as_str()/>
                                <input type="hidden" name="target" value=target/>
                                {trusted}
                                <Button submit=true kind=ButtonKind::Primary glyph=Glyph::Upload pending=register.pending()>"Register"</Button>
                            </ActionForm>
                        })}
                        {problem}
                    </div>
                    {(count > 0).then(|| view! { <Panel title="Things" flush=true action=move || view! { {count} }><ul class="max-h-96 overflow-y-auto" tabindex="0">{rows.collect_view()}</ul></Panel> })}
                    <Files files count=read/>
                </div>
            }
            .into_any()
        }
    }
}
