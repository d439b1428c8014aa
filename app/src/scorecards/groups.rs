//! Results added up by team, by system and by rule.

use domain::scorecards::{EntityFilter, Outcome, RuleTally, Scale, TeamRow};
use leptos::prelude::*;

use super::drawn::{StandingLevel, parts};
use crate::ui::{DistributionBar, Panel, Share, Sparkline, Tone};

/// One row for each team or system, the one that needs help most first.
#[component]
pub(super) fn GroupsPanel(
    title: &'static str,
    part: &'static str,
    base: String,
    scale: Scale,
    rows: Vec<TeamRow>,
    filter: EntityFilter,
) -> impl IntoView {
    let direct = filter.direct;
    let rows = rows.into_iter().map(|row| {
        let count = row.count();
        let bar = parts(&scale, &row.shares, row.not_evaluated);
        let name = row.group.as_ref().map_or_else(|| "none".to_owned(), domain::catalog::EntityRef::short);
        let label = format!("The mean level of {name} over time");
        let head = match row.group.clone() {
            Some(group) => {
                let mut filter = EntityFilter { direct: direct && part == "team", ..EntityFilter::default() };
                if part == "team" { filter.team = Some(group) } else { filter.system = Some(group) }
                view! { <a class="row-link font-medium hover:underline underline-offset-3" href=filter.at(&base)>{name}</a> }.into_any()
            }
            None => view! { <span class="text-muted">{name}</span> }.into_any(),
        };
        let (class, net) = match row.net {
            0 => ("text-muted", "0".to_owned()),
            up @ 1.. => ("text-success", format!("+{up}")),
            down => ("text-error", format!("−{}", down.unsigned_abs())),
        };
        let trend: Vec<f64> = row.trend.iter().map(|mean| f64::from(*mean)).collect();
        let line = (trend.len() > 1).then(|| view! { <Sparkline values=trend label/> });
        view! {
            <tr class="h-11 border-t border-base-300 first:border-t-0">
                <th scope="row" class="max-w-44 py-1 pr-3 pl-4 text-left font-normal"><span class="flex gap-1.5"><span class="min-w-0 truncate">{head}</span><span class="text-muted">{count}</span></span></th>
                <td class="w-2/5 min-w-24 px-2"><DistributionBar shares=bar/></td>
                <td class="hidden w-24 px-2 sm:table-cell">{line}</td>
                <td class=format!("w-12 pr-4 text-right tabular-nums {class}")>{net}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let heads = ["Distribution", "Over time", "Moved in 30 days"];
    let other = EntityFilter { direct: !direct, ..filter }.at(&base);
    let action = move || {
        let below = (part == "team").then(|| {
            let (words, link) = if direct { ("each alone", "with the teams below") } else { ("with the teams below each", "each alone") };
            view! { <span class="prose-links">" · "{words}" · "<a href=other.clone() data-noscroll="true">"show "{link}</a></span> }
        });
        view! { "who needs help first" {below} }.into_any()
    };
    view! {
        <Panel title flush=true action>
            <table class="w-full border-collapse text-table">
                <caption class="sr-only">{title}", who needs help first"</caption>
                <thead class="sr-only"><tr><th scope="col">"Name"</th>{heads.map(|head| view! { <th scope="col">{head}</th> }).into_iter().collect_view()}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </Panel>
    }
}

/// One row for each rule, as the document orders them.
#[component]
pub(super) fn RulesPanel(base: String, scale: Scale, rules: Vec<RuleTally>) -> impl IntoView {
    let rows = rules.into_iter().map(|rule| {
        let share = |outcome: Outcome, tone: Tone| Share { name: outcome.label().to_owned(), tone, count: rule.count(outcome) };
        let bar = vec![
            share(Outcome::Pass, Tone::Green),
            share(Outcome::Warn, Tone::Amber),
            share(Outcome::Exempt, Tone::Sea),
            share(Outcome::Fail, Tone::Red),
            share(Outcome::Unknown, Tone::Unknown),
        ];
        let failing = rule.count(Outcome::Fail);
        let unknown = rule.count(Outcome::Unknown);
        let words = match (failing, unknown) {
            (0, 0) => "holds".to_owned(),
            (failing, 0) => format!("{failing} fail"),
            (0, unknown) => format!("{unknown} unknown"),
            (failing, unknown) => format!("{failing} fail, {unknown} unknown"),
        };
        let href = format!("{base}/rules/{}", rule.id);
        let standing = domain::scorecards::Standing::Level(rule.level);
        view! {
            <tr class="h-11 border-t border-base-300 first:border-t-0">
                <th scope="row" class="py-1.5 pr-3 pl-4 text-left font-normal">
                    <a class="row-link font-medium hover:underline underline-offset-3" href=href>{rule.title.clone()}</a>
                    <span class="block"><StandingLevel scale=scale.clone() standing/></span>
                </th>
                <td class="w-1/4 min-w-20 px-2"><DistributionBar shares=bar/></td>
                <td class="pr-4 text-right whitespace-nowrap text-muted">{words}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Panel title="Rules" flush=true>
            <table class="w-full border-collapse text-table">
                <caption class="sr-only">"Rules, and for how many entities they hold"</caption>
                <thead class="sr-only"><tr><th scope="col">"Rule"</th><th scope="col">"Distribution"</th><th scope="col">"Fails"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </Panel>
    }
}
