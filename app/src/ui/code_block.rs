//! Code, with line numbers.

use leptos::prelude::*;

/// How many lines one block shows at most: a page stays a page.
const MAX_LINES: usize = 3_000;

/// A block of code or of a document. Lines can be marked and explained.
///
/// - `text`; `language`: its name, shown; `marks`: lines with what is wrong there; `numbers`: whether lines are numbered; `first`: the
///   number of the first line, if the text is a part of a longer one. A marked line can be linked to: `#line-7`.
#[component]
pub fn CodeBlock(
    #[prop(into)] text: String,
    #[prop(optional, into)] language: String,
    #[prop(optional)] marks: Vec<(u32, String)>,
    #[prop(default = true)] numbers: bool,
    #[prop(default = 1)] first: u32,
) -> impl IntoView {
    let total = text.lines().count();
    let left_out = total.saturating_sub(MAX_LINES);
    let lines = (first..)
        .zip(text.lines().take(MAX_LINES))
        .map(|(number, line)| {
            let notes: Vec<_> = marks.iter().filter(|(at, _)| *at == number).map(|(_, note)| note.clone()).collect();
            let class = if notes.is_empty() { "flex gap-4 px-4" } else { "flex gap-4 px-4 bg-error/10" };
            let id = (!notes.is_empty()).then(|| format!("line-{number}"));
            let notes = notes.into_iter().map(|note| view! { <span class="block px-4 pl-15 font-sans text-table text-error whitespace-normal">{note}</span> });
            view! {
                <span class=class id=id>
                    {numbers.then(|| view! { <span class="w-7 flex-none text-right text-muted select-none" aria-hidden="true">{number}</span> })}
                    <span>{line.to_owned()}"\n"</span>
                </span>
                {notes.collect_view()}
            }
        })
        .collect_view();
    view! {
        <div class="surface overflow-clip">
            {(!language.is_empty()).then(|| view! { <div class="border-b border-base-300 px-4 py-1.5 text-meta text-muted">{language}</div> })}
            <pre class="overflow-x-auto py-3 font-mono text-meta leading-5" tabindex="0"><code class="flex min-w-max flex-col">{lines}</code></pre>
            {(left_out > 0).then(|| view! { <p class="border-t border-base-300 px-4 py-1.5 text-meta text-muted">{format!("{left_out} more lines are not shown")}</p> })}
        </div>
    }
}
