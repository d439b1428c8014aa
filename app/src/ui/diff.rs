//! What was, and what is.

use domain::catalog::{Difference, FieldChange};
use leptos::prelude::*;

/// Fields that changed, each with what was so before and what is so after; signs and words say which, not colour alone.
///
/// - `difference`.
#[component]
pub fn Diff(difference: Difference) -> impl IntoView {
    let side = |lines: Vec<String>, sign: &'static str, word: &'static str, class: &'static str| {
        let lines = lines.into_iter().map(|line| {
            view! {
                <li class=format!("flex gap-2 px-2 {class}")>
                    <span aria-hidden="true" class="select-none">{sign}</span>
                    <span class="sr-only">{word}</span>
                    <span class="min-w-0 whitespace-pre-wrap break-all">{line}</span>
                </li>
            }
        });
        lines.collect_view()
    };
    let fields = difference.fields.into_iter().map(|FieldChange { path, before, after }| {
        view! {
            <div class="min-w-0">
                <dt class="font-mono text-meta text-muted break-all">{path}</dt>
                <dd><ul class="mt-0.5 overflow-clip rounded-field border border-base-300 font-mono text-meta">
                    {side(before, "−", "was ", "bg-error/10")}
                    {side(after, "+", "is ", "bg-success/10")}
                </ul></dd>
            </div>
        }
    });
    let fields = fields.collect_view();
    let more = (difference.more > 0)
        .then(|| view! { <p class="text-meta text-muted">{format!("{} more fields changed", difference.more)}</p> });
    view! { <dl class="grid gap-2">{fields}</dl> {more} }
}
