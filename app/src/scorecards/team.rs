//! How what a team or a person owns stands, on their page and on the first one.

use domain::{
    catalog::EntityRef,
    scorecards::{EntityFilter, Judged, Outcome, RuleTally, Scale, Share},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::drawn::{StandingLevel, counted, parts, path};
use crate::ui::{DistributionBar, EntityLink, Panel};

/// What some owners have on one scorecard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnedView {
    /// The scorecard.
    pub(crate) scorecard: EntityRef,
    /// What people call it.
    pub(crate) title: String,
    /// The names of its levels.
    pub(crate) scale: Scale,
    /// How many of theirs stand where.
    pub(crate) shares: Vec<Share>,
    /// How many of theirs no rule concerns.
    pub(crate) not_evaluated: u32,
    /// The rules that fail most with theirs.
    pub(crate) rules: Vec<RuleTally>,
    /// Those of theirs that need help first.
    pub(crate) weakest: Vec<Judged>,
}

/// How theirs stand: levels, the rules that fail, who needs help first.
///
/// - `owned`; `filter`: what the links lead to.
#[component]
pub(crate) fn OwnedPanel(owned: OwnedView, filter: EntityFilter) -> impl IntoView {
    let OwnedView { scorecard, title, scale, shares, not_evaluated, rules, weakest } = owned;
    let base = path(&scorecard);
    let open = filter.at(&base);
    let bar = parts(&scale, &shares, not_evaluated);
    let legend = bar.iter().filter(|part| part.count > 0).map(|part| format!("{} {}", part.count, part.name));
    let legend = legend.collect::<Vec<_>>().join(" · ");
    let failing = rules.into_iter().map(|rule| {
        let (fail, unknown) = (rule.count(Outcome::Fail), rule.count(Outcome::Unknown));
        let outcome = if fail > 0 { Outcome::Fail } else { Outcome::Unknown };
        let of = EntityFilter { outcome: Some(outcome), rule: Some(rule.id.clone()), ..filter.clone() };
        let words = if fail > 0 { counted(fail, "fails", "fail") } else { format!("{unknown} unknown") };
        let tone = if fail > 0 { "text-error" } else { "text-muted" };
        view! {
            <li class="flex items-baseline justify-between gap-3 border-t border-base-300 px-4 py-1.5 first:border-t-0">
                <a class="min-w-0 hover:underline underline-offset-3" href=format!("{base}/rules/{}", rule.id)>{rule.title}</a>
                <a class=format!("flex-none whitespace-nowrap hover:underline underline-offset-3 {tone}") href=of.at(&format!("{base}/results"))>{words}</a>
            </li>
        }
    });
    let failing = failing.collect_view();
    let weakest = view! { <Weakest weakest scale/> };
    view! {
        <Panel title flush=true action=move || view! { <a class="text-link" href=open.clone()>"Open scorecard"</a> }>
            <div class="px-4 py-3">
                <DistributionBar shares=bar/>
                <p class="mt-1.5 text-meta text-muted">{legend}</p>
            </div>
            <div class="grid border-t border-base-300 text-table lg:grid-cols-2">
                <div class="min-w-0 empty:hidden">
                    <h3 class="px-4 pt-2.5 text-meta font-medium text-muted">"Rules that do not hold"</h3>
                    <ul class="pb-1.5 empty:after:block empty:after:px-4 empty:after:py-1.5 empty:after:content-['All_hold.']">{failing}</ul>
                </div>
                <div class="min-w-0 border-base-300 max-lg:border-t lg:border-l">
                    <h3 class="px-4 pt-2.5 text-meta font-medium text-muted">"Who needs help first"</h3>
                    {weakest}
                </div>
            </div>
        </Panel>
    }
}

/// Those that need help first, each with its level and how many rules it fails.
///
/// - `weakest`: in order; `scale`: the scorecard's.
#[component]
pub(crate) fn Weakest(weakest: Vec<Judged>, scale: Scale) -> impl IntoView {
    if weakest.is_empty() {
        return view! { <p class="px-4 py-1.5 text-table text-muted">"Nobody: every rule holds."</p> }.into_any();
    }
    let rows = weakest.into_iter().map(|judged| {
        let words = match (judged.failing, judged.unknown) {
            (0, unknown) => format!("{unknown} unknown"),
            (failing, _) => format!("{failing} to mend"),
        };
        view! {
            <li class="flex min-h-9 items-center justify-between gap-3 border-t border-base-300 px-4 py-1 text-table first:border-t-0">
                <EntityLink to=judged.entity.clone() label=judged.title/>
                <span class="flex flex-none items-center gap-3">
                    <a class="text-muted hover:underline underline-offset-3" href=format!("{}/scorecards", judged.entity.path())>{words}</a>
                    <StandingLevel scale=scale.clone() standing=judged.standing/>
                </span>
            </li>
        }
    });
    view! { <ul>{rows.collect_view()}</ul> }.into_any()
}
