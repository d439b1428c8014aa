//! What was, and what is.

use domain::catalog::{Difference, FieldChange, TextLine, TextSide};
use leptos::prelude::*;

/// Fields that changed, each with what was so before and what is so after; signs and words say which, not colour alone.
///
/// - `difference`.
#[component]
pub fn Diff(difference: Difference) -> impl IntoView {
    let side =
        |lines: Vec<String>, side: TextSide| lines.into_iter().map(|text| view! { <Line side text/> }).collect_view();
    let hunk = |lines: Vec<TextLine>| {
        let lines = lines.into_iter().map(|TextLine { side, number, text }| view! { <Line side number text/> });
        view! { <ul class="border-t border-base-300 first:border-t-0">{lines.collect_view()}</ul> }
    };
    let fields = difference.fields.into_iter().map(|FieldChange { path, before, after, hunks, more }| {
        let list = (!(before.is_empty() && after.is_empty()))
            .then(|| view! { <ul>{side(before, TextSide::Was)} {side(after, TextSide::Is)}</ul> });
        let hunks = hunks.into_iter().map(hunk).collect_view();
        let more = (more > 0).then(|| view! { <p class="px-2 text-muted">{format!("… and {more} more")}</p> });
        view! {
            <div class="min-w-0">
                <dt class="font-mono text-meta text-muted break-all">{path}</dt>
                <dd class="mt-0.5 overflow-clip rounded-field border border-base-300 font-mono text-meta">{list} {hunks} {more}</dd>
            </div>
        }
    });
    let fields = fields.collect_view();
    let more = (difference.more > 0)
        .then(|| view! { <p class="text-meta text-muted">{format!("{} more fields changed", difference.more)}</p> });
    view! { <dl class="grid gap-2">{fields}</dl> {more} }
}

/// A line of a field: of before, of after, or of both, with its number where it stands in a text.
#[component]
fn Line(side: TextSide, #[prop(optional)] number: Option<u32>, text: String) -> impl IntoView {
    let (sign, word, class) = match side {
        TextSide::Was => ("−", "was ", "flex gap-2 px-2 bg-error/10"),
        TextSide::Is => ("+", "is ", "flex gap-2 px-2 bg-success/10"),
        TextSide::Both => ("\u{a0}", "", "flex gap-2 px-2 text-muted"),
    };
    let number =
        number.map(|number| view! { <span class="w-10 flex-none text-right text-muted select-none">{number}</span> });
    view! {
        <li class=class>
            {number}
            <span aria-hidden="true" class="select-none">{sign}</span>
            <span class="sr-only">{word}</span>
            <span class="min-w-0 whitespace-pre-wrap break-all">{text}</span>
        </li>
    }
}
