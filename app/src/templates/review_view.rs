//! What the answers mean, beside them.

use domain::templates::{Check, Field, Review, Verdict};
use leptos::prelude::*;

use crate::ui::{Icon, Mark};

/// What was looked at while the answers were typed.
#[component]
pub(super) fn ReviewView(review: RwSignal<Review>, shown: Memo<Vec<Field>>) -> impl IntoView {
    let label = move |pointer: &str| {
        shown.with(|fields| fields.iter().find(|field| field.pointer == pointer).map(|field| field.label.clone()))
    };
    let checks = move || {
        let review = review.get();
        let wrong = review.problems.into_iter().map(|problem| Check {
            verdict: Verdict::Bad,
            text: format!("{} {}", label(&problem.pointer).unwrap_or_else(|| "An answer".into()), problem.message),
            remedy: None,
        });
        let checks: Vec<Check> = wrong.chain(review.checks).collect();
        if checks.is_empty() {
            return view! { <p class="text-table text-muted">"As you answer, this says what it means: whether a name is free, whether the owner is known."</p> }.into_any();
        }
        view! { <CheckList checks/> }.into_any()
    };
    view! {
        <section aria-live="polite">
            <h2 class="mb-3 text-body font-semibold">"Your answers"</h2>
            {checks}
        </section>
    }
}

/// Checks, each with its mark.
#[component]
pub(super) fn CheckList(checks: Vec<Check>) -> impl IntoView {
    let rows = checks.into_iter().map(|check| {
        let (mark, word) = match check.verdict {
            Verdict::Good => (Mark::Good, "holds"),
            Verdict::Warning => (Mark::Warning, "worth knowing"),
            Verdict::Bad => (Mark::Bad, "does not hold"),
        };
        let (glyph, class) = mark.drawn();
        view! {
            <li class="flex items-start gap-2.5">
                <span class=format!("flex-none {class}")><Icon glyph class="mt-px"/><span class="sr-only">{word}</span></span>
                <span class="min-w-0 break-words">
                    {check.text}
                    {check.remedy.map(|remedy| view! { <span class="block text-meta text-muted">{remedy}</span> })}
                </span>
            </li>
        }
    });
    view! { <ul class="flex flex-col gap-2 text-table">{rows.collect_view()}</ul> }
}
