//! Things × rules, as a table of fields.

use leptos::prelude::*;

use super::Mark;

/// A row: a thing and what became of each rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeatMapRow {
    /// The thing.
    pub label: String,
    /// Its owner, say.
    pub note: String,
    /// Its page.
    pub href: String,
    /// One per column.
    pub marks: Vec<Mark>,
}

/// A table of fields: green holds, red with a cross fails, hatched is unknown, dashed is not applicable, `E` is exempt.
///
/// - `caption`: what it shows; `columns`: short names, drawn aslant; `rows`.
#[component]
pub fn HeatMap(#[prop(into)] caption: String, columns: Vec<String>, rows: Vec<HeatMapRow>) -> impl IntoView {
    let hidden = caption.clone();
    let names = columns.clone();
    let heads = columns.into_iter().map(|name| {
        view! {
            <th scope="col" class="relative h-20 w-9 min-w-9 p-0 align-bottom font-normal">
                <span class="absolute bottom-1.5 left-1/2 origin-bottom-left -rotate-[38deg] text-meta whitespace-nowrap text-muted">{name}</span>
            </th>
        }
    });
    let rows = rows.into_iter().map(|HeatMapRow { label, note, href, marks }| {
        let cells = names
            .iter()
            .zip(marks)
            .map(|(rule, mark)| {
                let (class, sign, word) = field(mark);
                view! {
                    <td class="p-px">
                        <span class=format!("grid h-5 w-full min-w-8 place-items-center rounded-[4px] text-[0.6875rem] leading-none font-medium {class}") title=format!("{rule}: {word}")>
                            <span aria-hidden="true">{sign}</span>
                            <span class="sr-only">{word}</span>
                        </span>
                    </td>
                }
            })
            .collect_view();
        view! {
            <tr>
                <th scope="row" class="max-w-48 truncate py-px pr-3 text-left font-normal whitespace-nowrap">
                    <a class="font-medium hover:underline underline-offset-3" href=href>{label}</a>
                    " "
                    <span class="text-muted">{note}</span>
                </th>
                {cells}
            </tr>
        }
    });
    view! {
        <div class="relative overflow-x-auto pr-10" tabindex="0" role="region" aria-label=caption>
            <table class="border-collapse text-table">
                <caption class="sr-only">{hidden}</caption>
                <thead><tr><th class="p-0"><span class="sr-only">"Name"</span></th>{heads.collect_view()}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        <Legend/>
    }
}

/// A field's classes, its sign, and its word.
fn field(mark: Mark) -> (&'static str, &'static str, &'static str) {
    match mark {
        Mark::Good => ("bg-holds", "", "holds"),
        Mark::Warning => ("bg-holds border border-warning", "!", "holds, barely"),
        Mark::Bad => ("bg-fails text-error-content", "×", "fails"),
        Mark::Exempt => ("border border-info text-info", "E", "exempt"),
        Mark::NotApplicable => ("border border-dashed border-base-content/25", "", "not applicable"),
        Mark::Waiting => ("border border-base-content/30 text-muted", "…", "pending"),
        Mark::Unknown | Mark::Running | Mark::Stopped => ("hatched", "", "unknown"),
    }
}

#[component]
fn Legend() -> impl IntoView {
    let marks = [Mark::Good, Mark::Bad, Mark::Unknown, Mark::NotApplicable, Mark::Exempt].map(|mark| {
        let (class, sign, word) = field(mark);
        view! {
            <li class="flex items-center gap-1.5">
                <span aria-hidden="true" class=format!("grid size-4 place-items-center rounded-[3px] text-[0.625rem] leading-none {class}")>{sign}</span>
                {word}
            </li>
        }
    });
    view! { <ul class="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-meta text-muted">{marks.into_iter().collect_view()}</ul> }
}
