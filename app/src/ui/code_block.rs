//! Code, with line numbers.

use leptos::prelude::*;

use super::coded;

/// How many lines one block shows at most: a page stays a page.
const MAX_LINES: usize = 3_000;

/// What is wrong at a line.
#[derive(Debug, Clone)]
pub struct LineNote {
    /// The line's number.
    pub line: u32,
    /// What, and how to mend it.
    pub text: String,
    /// Whether it must be mended, or only should.
    pub is_error: bool,
}

/// A block of code or of a document. Lines can be marked and explained.
///
/// - `text`; `language`: its name, shown; `notes`: what is wrong at which lines; `numbers`: whether lines are numbered; `first`: the
///   number of the first line, if the text is a part of a longer one. A marked line can be linked to: `#line-7`.
#[component]
pub fn CodeBlock(
    #[prop(into)] text: String,
    #[prop(optional, into)] language: String,
    #[prop(optional)] notes: Vec<LineNote>,
    #[prop(default = true)] numbers: bool,
    #[prop(default = 1)] first: u32,
) -> impl IntoView {
    let total = text.lines().count();
    let left_out = total.saturating_sub(MAX_LINES);
    let lines = (first..)
        .zip(text.lines().take(MAX_LINES))
        .map(|(number, line)| {
            let here: Vec<&LineNote> = notes.iter().filter(|note| note.line == number).collect();
            let class = match here.iter().any(|note| note.is_error) {
                true => "flex gap-4 px-4 bg-error/10",
                false if here.is_empty() => "flex gap-4 px-4",
                false => "flex gap-4 px-4 bg-warning/10",
            };
            let id = (!here.is_empty()).then(|| format!("line-{number}"));
            let told = here.into_iter().map(|note| {
                let tone = if note.is_error { "text-error" } else { "text-warning" };
                view! { <span class=format!("sticky left-0 block w-[100cqw] px-4 pl-15 font-sans text-table wrap-anywhere whitespace-normal {tone}")>{coded(note.text.clone())}</span> }
            });
            let told = told.collect_view();
            view! {
                <span class=class id=id>
                    {numbers.then(|| view! { <span class="w-7 flex-none text-right text-muted select-none" aria-hidden="true">{number}</span> })}
                    <span>{line.to_owned()}"\n"</span>
                </span>
                {told}
            }
        })
        .collect_view();
    view! {
        <div class="surface overflow-clip">
            {(!language.is_empty()).then(|| view! { <div class="border-b border-base-300 px-4 py-1.5 text-meta text-muted">{language}</div> })}
            <pre class="@container overflow-x-auto py-3 font-mono text-meta leading-5" tabindex="0"><code class="flex min-w-max flex-col">{lines}</code></pre>
            {(left_out > 0).then(|| view! { <p class="border-t border-base-300 px-4 py-1.5 text-meta text-muted">{format!("{left_out} more lines are not shown")}</p> })}
        </div>
    }
}
