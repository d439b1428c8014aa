//! The last syncs of a source, drawn.

use leptos::prelude::*;

use super::inbox_views::Bar;
use crate::ui::{Moment, When};

/// Instead of numbers that would tell of what a policy hides.
const NARROWED: &str = "what it did is not for you to see";

/// A bar for each sync, the last at the right: how much was read, how much of it changed, how much was rejected; a hatched
/// one could not read its source.
///
/// - `bars`: oldest first; `tall`: as on the page of the source.
#[component]
pub(super) fn SyncBars(bars: Vec<Bar>, #[prop(optional)] tall: bool) -> impl IntoView {
    let most = bars.iter().map(|bar| bar.read.max(bar.changed)).max().unwrap_or(0).max(1);
    let failed = bars.iter().filter(|bar| bar.problem.is_some()).count();
    let changed: u32 = bars.iter().map(|bar| bar.changed).sum();
    let label = format!("The last {} syncs: {changed} changes, {failed} could not read the source", bars.len());
    let drawn = bars.into_iter().map(|bar| {
        // What is not nothing can be seen.
        let part = |count: u32| if count == 0 { 0 } else { (u64::from(count) * 100 / u64::from(most)).clamp(8, 100) };
        let title = words(&bar);
        let inside = if bar.problem.is_some() {
            view! { <span class="hatched block h-full w-full rounded-[2px]"></span> }.into_any()
        } else {
            let (changed, rejected) = (part(bar.changed), part(bar.rejected));
            view! {
                <span class="absolute inset-x-0 bottom-0 h-(--part) rounded-[2px] bg-base-content/20" style=format!("--part:{}%", part(bar.read))></span>
                <span class="absolute inset-x-0 bottom-0 h-(--part) rounded-[2px] bg-primary" style=format!("--part:{changed}%")></span>
                <span class="absolute inset-x-0 top-0 h-(--part) rounded-[2px] bg-error" style=format!("--part:{rejected}%")></span>
            }
            .into_any()
        };
        view! { <span class="relative block h-full w-1.5 flex-none" title=title>{inside}</span> }
    });
    let height = if tall { "flex h-16 items-end gap-1 overflow-x-auto" } else { "flex h-6 items-end gap-0.5" };
    view! { <span role="img" aria-label=label class=height>{drawn.collect_view()}</span> }
}

fn words(bar: &Bar) -> String {
    let at = Moment(bar.at).exact();
    match &bar.problem {
        Some(why) => format!("{at}: {why}"),
        None if bar.is_narrowed => format!("{at}: {NARROWED}, in {}", bar.took),
        None => format!("{at}: {} read, {} changed, {} rejected, in {}", bar.read, bar.changed, bar.rejected, bar.took),
    }
}

/// The same as a table.
#[component]
pub(super) fn SyncTable(bars: Vec<Bar>) -> impl IntoView {
    let rows = bars.into_iter().rev().map(|bar| {
        let outcome = match bar.problem {
            Some(why) => view! { <td class="px-2 text-error break-words" colspan="3">{why}</td> }.into_any(),
            None if bar.is_narrowed => view! { <td class="px-2 text-muted" colspan="3">{NARROWED}</td> }.into_any(),
            None => view! {
                <td class="px-2 text-right">{bar.read}</td>
                <td class="px-2 text-right">{bar.changed}</td>
                <td class="px-2 text-right">{bar.rejected}</td>
            }
            .into_any(),
        };
        view! {
            <tr>
                <th scope="row" class="pr-2 text-left font-normal text-muted"><When at=Moment(bar.at)/></th>
                <td class="px-2 text-right whitespace-nowrap">{bar.took}</td>
                {outcome}
            </tr>
        }
    });
    let heads = ["Took", "Read", "Changed", "Rejected"]
        .map(|word| view! { <th scope="col" class="px-2 text-right font-medium">{word}</th> });
    view! {
        <details class="mt-2">
            <summary class="text-link inline-block text-meta">"As a table"</summary>
            <div class="mt-2 max-h-80 overflow-auto" tabindex="0" role="region" aria-label="The last syncs">
                <table class="text-table">
                    <thead><tr><th scope="col" class="text-left font-medium">"When"</th>{heads.into_iter().collect_view()}</tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}
