//! Who moved, and why.

use domain::scorecards::{Direction, EntityFilter, Move, Scale};
use leptos::prelude::*;

use super::drawn::StandingLevel;
use crate::ui::{EntityLink, Glyph, Icon, Panel, When};

#[component]
pub(super) fn MovesPanel(
    moves: Vec<Move>,
    total: u32,
    scale: Scale,
    base: String,
    filter: EntityFilter,
) -> impl IntoView {
    let all = EntityFilter { moved: true, ..filter }.at(&format!("{base}/results"));
    let content = if moves.is_empty() {
        view! { <p class="text-table text-muted">"Nothing has changed its level in 30 days."</p> }.into_any()
    } else {
        let rows = moves.into_iter().map(|moved| view! { <MoveRow moved scale=scale.clone()/> });
        view! { <ul class="-my-1 divide-y divide-base-300">{rows.collect_view()}</ul> }.into_any()
    };
    let action = move || {
        let all = all.clone();
        (total > 0).then(|| view! { <a class="text-link" href=all>"All "{total}</a> }).into_any()
    };
    view! { <Panel title="Moved in 30 days" action>{content}</Panel> }
}

#[component]
fn MoveRow(moved: Move, scale: Scale) -> impl IntoView {
    let (glyph, class, word) = match moved.direction() {
        Direction::Up => (Glyph::TrendingUp, "mt-0.5 text-success", "up: "),
        Direction::Down => (Glyph::TrendingDown, "mt-0.5 text-error", "down: "),
        Direction::Across => (Glyph::Minus, "mt-0.5 text-muted", ""),
    };
    let owner = moved.owner.as_ref().map(domain::catalog::EntityRef::short).unwrap_or_default();
    let why = moved.why.join("; ");
    let level = |standing: Option<domain::scorecards::Standing>| {
        standing.map(|standing| view! { <StandingLevel scale=scale.clone() standing/> })
    };
    let (from, to) = (level(moved.from), level(moved.to));
    view! {
        <li class="flex items-start gap-3 py-2 text-table">
            <Icon glyph class/>
            <div class="min-w-0 flex-1">
                <p class="truncate">
                    <span class="sr-only">{word}</span>
                    <span class="font-medium"><EntityLink to=moved.entity plain=true/></span>
                    " "
                    <span class="text-muted">{owner}</span>
                </p>
                <p class="text-muted break-words">{why}" · "<When at=moved.at/></p>
            </div>
            <p class="flex flex-none items-center gap-1.5">
                {from}
                <Icon glyph=Glyph::ArrowRight class="size-3.5 text-muted"/>
                <span class="sr-only">"to"</span>
                {to}
            </p>
        </li>
    }
}
