//! One rule: who holds it, who does not, and how to mend it.

use domain::scorecards::{Judged, Outcome, RuleDetail, RuleReport, Scale, Standing};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    drawn::{StandingLevel, counted, mark, path, prose},
    functions::get_rule,
};
use crate::ui::{
    Column, DataTable, Empty, Fact, Facts, Glyph, Icon, Load, OwnerLink, PageHead, Panel, Status, When, fetch, live,
};

/// How many rows the page shows.
const SHOWN: usize = 300;

/// One rule of a scorecard.
#[component]
pub(crate) fn RulePage() -> impl IntoView {
    let params = use_params_map();
    let asked = Memo::new(move |_| {
        let part = |name: &str| params.with(|params| params.get_str(name).unwrap_or_default().to_owned());
        (part("name"), part("id"))
    });
    let version = live(|kind, _| kind == "scorecard-evaluated");
    let page = fetch(move || (asked.get(), version.get()), |((name, id), _)| get_rule(name, id));
    view! {
        <Load of=page let:detail>
            <RuleView detail/>
        </Load>
    }
    .into_any()
}

#[component]
fn RuleView(detail: RuleDetail) -> impl IntoView {
    let RuleDetail { card, rule, tally, entities } = detail;
    let base = path(&card.reference);
    let counts: Vec<String> = [Outcome::Pass, Outcome::Fail, Outcome::Unknown, Outcome::Exempt]
        .into_iter()
        .filter(|outcome| tally.count(*outcome) > 0)
        .map(|outcome| match outcome {
            Outcome::Pass => format!("holds for {}", tally.count(outcome)),
            Outcome::Fail => format!("fails for {}", tally.count(outcome)),
            other => format!("{} for {}", other.label(), tally.count(other)),
        })
        .collect();
    let counts = if counts.is_empty() { "concerns nothing yet".to_owned() } else { counts.join(", ") };
    let (href, title) = (base.clone(), card.title.clone());
    let answer = move || {
        let (href, title) = (href.clone(), title.clone());
        view! { {counts.clone()}" · a rule of "<span class="prose-links"><a href=href>{title}</a></span> }.into_any()
    };
    let mending = rule.remediation.clone().map(|remediation| {
        let more = remediation.url.map(|url| {
            view! { <p class="mt-2"><a class="text-link inline-flex items-center gap-1" href=url rel="external noopener noreferrer">"Read more"<Icon glyph=Glyph::ArrowUpRight class="size-3.5"/></a></p> }
        });
        view! { <Panel title="How to mend it"><p class="text-body break-words">{prose(&remediation.text)}</p>{more}</Panel> }
    });
    let when = rule.when.clone().map(|when| view! { <Expression label="Applies where" text=when/> });
    let message = rule.message.clone().map(|message| view! { <Fact term="Says, where it fails">{message}</Fact> });
    let category = rule.category.clone().map(|category| view! { <Fact term="About">{category}</Fact> });
    let elsewhere = tally.count(Outcome::NotApplicable);
    let elsewhere = (elsewhere > 0).then(|| {
        let words = format!("It does not apply to {}.", counted(elsewhere, "other entity", "other entities"));
        view! { <p class="mt-3 text-table text-muted">{words}</p> }
    });
    let entities: Vec<_> =
        entities.into_iter().filter(|(_, report)| report.outcome != Outcome::NotApplicable).collect();
    let hidden = entities.len().saturating_sub(SHOWN);
    let more = (hidden > 0).then(|| {
        let results = format!("{base}/results");
        view! { <p class="mt-3 text-table text-muted">{counted(u32::try_from(hidden).unwrap_or(u32::MAX), "more", "more")}" in "<span class="prose-links"><a href=results>"all results"</a></span></p> }
    });
    let content = if entities.is_empty() {
        view! { <div class="surface"><Empty glyph=Glyph::Medal title="No entity was judged by it yet"/></div> }
            .into_any()
    } else {
        let columns = vec![
            Column::plain("Name"),
            Column::plain("Owner").class("hidden sm:table-cell"),
            Column::plain("Result"),
            Column::plain("Why").class("hidden md:table-cell"),
            Column::plain("Since").class("hidden sm:table-cell"),
        ];
        let rows =
            entities.into_iter().take(SHOWN).map(|(judged, report)| view! { <Row judged report/> }).collect_view();
        view! { <DataTable caption="Entities and what became of the rule" columns>{rows}</DataTable> {more} }.into_any()
    };
    view! {
        <div class="px-4 pt-5 pb-16 sm:px-6">
            <PageHead title=rule.title.clone() answer/>
            <div class="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
                <div class="min-w-0">{content}{elsewhere}</div>
                <div class="grid min-w-0 gap-4 max-lg:-order-1">
                    {mending}
                    <Panel title="The rule">
                        <Facts>
                            <Fact term="Level"><RuleLevel scale=card.scale level=rule.level/></Fact>
                            {category}
                            <Fact term="Worth">{counted(rule.weight, "point", "points")}</Fact>
                            {message}
                        </Facts>
                        {when}
                        <Expression label="Holds where" text=rule.expression/>
                    </Panel>
                </div>
            </div>
        </div>
    }
}

#[component]
fn Expression(label: &'static str, text: String) -> impl IntoView {
    view! {
        <h3 class="mt-3 mb-1 text-table text-muted">{label}</h3>
        <pre class="rounded-field bg-base-200 px-3 py-2 font-mono text-meta break-words whitespace-pre-wrap">{text}</pre>
    }
}

#[component]
fn RuleLevel(scale: Scale, level: u8) -> impl IntoView {
    view! { <StandingLevel scale standing=Standing::Level(level)/> }
}

#[component]
fn Row(judged: Judged, report: RuleReport) -> impl IntoView {
    let href = format!("{}/scorecards", judged.entity.path());
    let last = report.last_definite.map(|last| format!("; when last seen: {}", last.label())).unwrap_or_default();
    let why = format!("{}{last}", report.reason);
    view! {
        <tr class="h-11 border-t border-base-300 first:border-t-0 hover:bg-base-200">
            <td class="max-w-64 py-1.5 pr-2 pl-4">
                <a class="row-link block truncate font-medium hover:underline underline-offset-3" href=href>{judged.title}</a>
                <span class="block text-meta text-muted break-words md:hidden">{prose(&why)}</span>
            </td>
            <td class="hidden px-2 sm:table-cell"><OwnerLink owner=judged.owner plain=true/></td>
            <td class="px-2"><Status mark=mark(report.outcome) label=report.outcome.label()/></td>
            <td class="hidden px-2 text-muted break-words md:table-cell">{prose(&why)}</td>
            <td class="hidden pr-4 pl-2 text-muted sm:table-cell"><When at=report.since/></td>
        </tr>
    }
}
