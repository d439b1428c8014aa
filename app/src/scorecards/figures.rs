//! The figures on top; each leads to the list it was counted from.

use domain::scorecards::{EntityFilter, Outcome, Overview};
use leptos::prelude::*;

use super::drawn::percent;
use crate::ui::{Glyph, Icon, Moment};

#[component]
pub(super) fn Figures(overview: Overview, base: String, filter: EntityFilter) -> impl IntoView {
    let results = format!("{base}/results");
    let scale = &overview.card.scale;
    let share = percent(overview.card.at_or_above(overview.target), overview.card.evaluated());
    let (first, last) = (overview.trend.first(), overview.trend.last());
    let since = first.map(|point| Moment::from(point.at).date());
    let today = last.map(|point| Moment::from(point.at).date());
    let then = overview.target_then.filter(|(_, of)| *of > 0).map(|(above, of)| percent(above, of));
    let moved = match (then, since) {
        (Some(then), Some(since)) if then < share => {
            view! { <span class="inline-flex items-center gap-1 text-success"><Icon glyph=Glyph::TrendingUp class="size-3.5"/>{format!("{} points since {since}", share - then)}</span> }.into_any()
        }
        (Some(then), Some(since)) if then > share => {
            view! { <span class="inline-flex items-center gap-1 text-error"><Icon glyph=Glyph::TrendingDown class="size-3.5"/>{format!("{} points since {since}", then - share)}</span> }.into_any()
        }
        (_, Some(since)) if today.as_ref() == Some(&since) => view! { <span class="text-muted">"recorded since "{since}</span> }.into_any(),
        (_, Some(since)) => view! { <span class="text-muted">"as on "{since}</span> }.into_any(),
        _ => ().into_any(),
    };
    let net = i64::from(overview.moved_up) - i64::from(overview.moved_down);
    let net = match net {
        0 => view! { <span class="text-muted">"net 0"</span> }.into_any(),
        1.. => view! { <span class="text-success">"net +"{net}</span> }.into_any(),
        _ => view! { <span class="text-error">"net −"{-net}</span> }.into_any(),
    };
    let at_least = EntityFilter { at_least: Some(scale.slug(overview.target).to_owned()), ..filter.clone() };
    let changed = EntityFilter { moved: true, ..filter.clone() };
    let unknown = EntityFilter { outcome: Some(Outcome::Unknown), ..filter.clone() };
    let one_away = EntityFilter { one_away: true, ..filter };
    let in_entities = match overview.unknown_entities {
        0 => "every rule could be seen".to_owned(),
        1 => "in 1 entity".to_owned(),
        many => format!("in {many} entities"),
    };
    view! {
        <ul class="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
            <Figure href=at_least.at(&results) label=format!("At {} or above", scale.title(overview.target)) figure=format!("{share} %")>{moved}</Figure>
            <Figure href=changed.at(&results) label="Moved up · down in 30 days" figure=format!("{} · {}", overview.moved_up, overview.moved_down)>{net}</Figure>
            <Figure href=unknown.at(&results) label="Unknown results" figure=overview.card.unknown.to_string()>
                <span class="text-muted">{in_entities}</span>
            </Figure>
            <Figure href=one_away.at(&results) label="One rule from the next level" figure=overview.one_away.to_string()>
                <span class="text-muted">"the shortest way up"</span>
            </Figure>
        </ul>
    }
}

#[component]
fn Figure(href: String, #[prop(into)] label: String, figure: String, children: Children) -> impl IntoView {
    view! {
        <li class="surface relative px-4 py-3 hover:border-base-content/30">
            <p class="text-table text-muted"><a class="after:absolute after:inset-0 after:rounded-box" href=href>{label}</a></p>
            <p class="mt-1 flex flex-wrap items-baseline gap-x-2 text-table">
                <span class="text-title font-semibold tabular-nums">{figure}</span>
                {children()}
            </p>
        </li>
    }
}
