//! What a run made, so far or in the end, and what it was asked.

use domain::{
    catalog::EntityRef,
    runs::{OutputLink, OutputText, Run},
};
use leptos::prelude::*;
use serde_json::Value;

use super::prose::Prose;
use crate::ui::{EntityLink, Fact, Facts, Glyph, Icon};

/// A thing that a step made.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Made {
    Entity(EntityRef),
    Repository { name: String, href: String },
}

/// What the steps say that they made: entities and repositories.
fn made(run: &Run) -> Vec<Made> {
    let mut made = Vec::new();
    for step in &run.steps {
        let text = |key: &str| step.output.get(key).and_then(Value::as_str);
        if let Some(reference) = text("entityRef").and_then(|reference| reference.parse().ok()) {
            made.push(Made::Entity(reference));
        }
        if let Some(remote) = text("remoteUrl").filter(|remote| remote.starts_with("http")) {
            let page = remote.trim_end_matches(".git");
            let name = page.rsplit('/').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("/");
            made.push(Made::Repository { name, href: page.to_owned() });
        }
    }
    made
}

/// Links to what the run made so far.
#[component]
pub(super) fn MadeSoFar(run: Run) -> impl IntoView {
    let items: Vec<_> = made(&run)
        .into_iter()
        .map(|made| {
            let link = match made {
                Made::Entity(to) => view! { <EntityLink to/> }.into_any(),
                Made::Repository { name, href } => view! {
                    <a class="text-link inline-flex min-w-0 items-center gap-1.5" href=href rel="external">
                        <Icon glyph=Glyph::GitBranch/><span class="truncate">{name}</span>
                    </a>
                }
                .into_any(),
            };
            view! { <li class="flex min-w-0">{link}</li> }
        })
        .collect();
    (!items.is_empty()).then(|| {
        let heading = if run.summary.status.is_over() { "Made" } else { "Made so far" };
        view! {
            <section class="mt-6">
                <h2 class="mb-2 text-table font-medium text-muted">{heading}</h2>
                <ul class="flex flex-col gap-2 text-table">{items}</ul>
            </section>
        }
    })
}

/// What the template says about what was made.
#[component]
pub(super) fn Results(links: Vec<OutputLink>, text: Vec<OutputText>) -> impl IntoView {
    let links: Vec<_> = links
        .into_iter()
        .filter_map(|link| {
            let href = link.href()?;
            let title = if link.title.is_empty() { href.clone() } else { link.title.clone() };
            // Pages of the portal are followed in place, all others are left to the browser.
            let rel = link.entity_ref.is_none().then_some("external");
            // What stands in the catalog is what people came for.
            let class = if link.entity_ref.is_some() { "btn btn-primary" } else { "btn" };
            Some(view! { <a class=class href=href rel=rel>{title}<Icon glyph=Glyph::ArrowRight/></a> })
        })
        .collect();
    let text: Vec<_> = text
        .into_iter()
        .map(|text| {
            view! {
                <div class="mt-4">
                    <h2 class="mb-1 text-table font-medium">{text.title}</h2>
                    <Prose text=text.content/>
                </div>
            }
        })
        .collect();
    (!links.is_empty() || !text.is_empty()).then(|| {
        view! {
            <section class="mt-5" aria-label="Result">
                <div class="flex flex-wrap gap-2">{links}</div>
                {text}
            </section>
        }
    })
}

/// The answers to the template's form.
#[component]
pub(super) fn Answers(values: Value) -> impl IntoView {
    let facts: Vec<_> = values
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            view! { <Fact term=name.clone()>{text}</Fact> }
        })
        .collect();
    let none = facts.is_empty();
    view! {
        <details class="group mt-6 text-table">
            <summary class="inline-flex cursor-pointer items-center gap-1 font-medium text-muted">
                <Icon glyph=Glyph::ChevronRight class="group-open:rotate-90"/>"Answers"
            </summary>
            <div class="mt-2">
                {if none {
                    view! { <p class="text-muted">"The template asked nothing."</p> }.into_any()
                } else {
                    view! { <Facts>{facts}</Facts> }.into_any()
                }}
            </div>
        </details>
    }
}
