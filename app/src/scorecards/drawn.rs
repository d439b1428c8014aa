//! The words and colours of standings and outcomes.

use domain::{
    catalog::EntityRef,
    scorecards::{Card, Outcome, Scale, Share, Standing},
};
use leptos::prelude::*;

use crate::ui::{Level, Mark, ProblemNote, Share as Part, Tone};

/// How a standing is coloured.
pub(super) fn tone(scale: &Scale, standing: Standing) -> Tone {
    match standing {
        Standing::NotEvaluated => Tone::Unknown,
        other => scale.color(other).map_or(Tone::Floor, |color| Tone::named(color.as_str())),
    }
}

/// How an outcome is marked.
pub(super) fn mark(outcome: Outcome) -> Mark {
    Mark::of_result(outcome.as_str())
}

/// A standing as a level.
#[component]
pub(super) fn StandingLevel(scale: Scale, standing: Standing) -> impl IntoView {
    let name = scale.title(standing).to_owned();
    view! { <Level tone=tone(&scale, standing) name/> }
}

/// The parts of a distribution, the best first.
pub(super) fn parts(scale: &Scale, shares: &[Share], not_evaluated: u32) -> Vec<Part> {
    let part = |standing: Standing, count: u32| Part {
        name: scale.title(standing).to_owned(),
        tone: tone(scale, standing),
        count,
    };
    let evaluated = shares.iter().rev().map(|share| part(share.standing, share.count));
    evaluated.chain([part(Standing::NotEvaluated, not_evaluated)]).collect()
}

/// The page of a scorecard.
pub(super) fn path(scorecard: &EntityRef) -> String {
    format!("/scorecards/{}", domain::scorecards::slug(scorecard))
}

/// `1 rule`, `3 rules`.
pub(super) fn counted(count: u32, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// `70`, of `70 %`; nothing of nothing is nothing.
pub(super) fn percent(part: u32, whole: u32) -> u32 {
    (part * 100 + whole / 2).checked_div(whole).unwrap_or(0)
}

/// Text with its `code` set as such; the rest of Markdown stays as it was written.
pub(super) fn prose(text: &str) -> AnyView {
    text.split('`')
        .enumerate()
        .map(|(at, part)| {
            let part = part.to_owned();
            if at % 2 == 1 {
                view! { <code class="font-mono text-[0.92em] break-words">{part}</code> }.into_any()
            } else {
                view! { {part} }.into_any()
            }
        })
        .collect_view()
        .into_any()
}

/// What is wrong with a scorecard's document, if anything is.
#[component]
pub(super) fn Problems(card: Card) -> impl IntoView {
    let source = card.reference.path();
    (!card.problems.is_empty()).then(|| {
        let notes = card.problems.into_iter().map(|problem| {
            let text = problem.to_string();
            view! { <li><ProblemNote text/></li> }
        });
        view! {
            <section class="surface mb-4 border-error/50 px-4 py-3" aria-label="What is wrong with the scorecard">
                <p class="text-body font-medium">"This scorecard cannot be evaluated; its last results stand"</p>
                <ul class="mt-2 flex flex-col gap-1.5">{notes.collect_view()}</ul>
                <p class="mt-2 text-table"><a class="text-link" href=format!("{source}/yaml")>"Open its document"</a></p>
            </section>
        }
    })
}
