//! Where one entity stands, on its own page.

use domain::scorecards::{EntityReport, LevelReport, Outcome, RuleReport, Standing};
use leptos::prelude::*;

use super::drawn::{StandingLevel, counted, mark, path, prose, tone};
use crate::ui::{Empty, Glyph, Icon, Ladder, LadderLevel, LadderRule, Moment, Panel, Remedy, When};

/// The ladder of the entity's first scorecard, for its overview; nothing where no scorecard is about it.
///
/// - `reports`: all that the entity has; `all`: the page that shows them all.
#[component]
pub(crate) fn LadderPanel(reports: Vec<EntityReport>, all: String) -> impl IntoView {
    let count = u32::try_from(reports.len()).unwrap_or(u32::MAX);
    reports.into_iter().next().map(|report| {
        let title = report.title.clone();
        let action = move || {
            view! { <a class="text-link" href=all.clone()>{counted(count, "scorecard", "scorecards")}</a> }.into_any()
        };
        view! { <Panel title action><EntityLadder report/></Panel> }
    })
}

/// The levels of a scorecard for an entity, the highest first, with what keeps it from them.
///
/// - `report`; `whole`: with the rules that hold as well.
#[component]
pub(crate) fn EntityLadder(report: EntityReport, #[prop(optional)] whole: bool) -> impl IntoView {
    let (scale, scorecard) = (report.scale.clone(), path(&report.scorecard));
    if report.standing == Standing::NotEvaluated {
        return view! { <p class="text-table text-muted">"Not evaluated: none of its rules concerns this."</p> }
            .into_any();
    }
    let levels = report.levels.into_iter().map(|level| {
        let name = scale.title(level.standing).to_owned();
        let summary = summary(&level);
        let rules = level
            .rules
            .into_iter()
            .filter(|rule| whole || needs_attention(rule))
            .map(|rule| ladder_rule(&scorecard, rule))
            .collect();
        LadderLevel { name, tone: tone(&scale, level.standing), reached: level.reached, summary, rules }
    });
    view! { <Ladder levels=levels.collect()/> }.into_any()
}

fn needs_attention(rule: &RuleReport) -> bool {
    !matches!(rule.outcome, Outcome::Pass | Outcome::NotApplicable | Outcome::Exempt)
}

fn summary(level: &LevelReport) -> String {
    if level.applicable == 0 {
        return "nothing is asked".to_owned();
    }
    let since = level.since.map(|since| format!(", since {}", Moment::from(since).date())).unwrap_or_default();
    format!("{} of {} hold{since}", level.held, level.applicable)
}

fn ladder_rule(scorecard: &str, rule: RuleReport) -> LadderRule {
    let reason = reason(&rule);
    let href = format!("{scorecard}/rules/{}", rule.id);
    let remedy = needs_attention(&rule).then(|| Remedy { text: "Mend it".to_owned(), href: Some(href) });
    LadderRule { mark: mark(rule.outcome), title: rule.title, reason, remedy }
}

fn reason(rule: &RuleReport) -> String {
    let reason = rule.reason.replace('`', "");
    match (rule.outcome, rule.last_definite) {
        (Outcome::Unknown, Some(last)) => format!("unknown: {reason}; when last seen: {}", last.label()),
        (Outcome::Unknown, None) => format!("unknown: {reason}"),
        (Outcome::NotApplicable, _) => "not applicable".to_owned(),
        _ => reason,
    }
}

/// Every scorecard that is about an entity, with every rule: a side of the entity's page.
///
/// - `reports`.
#[component]
pub(crate) fn ScorecardsSide(reports: Vec<EntityReport>) -> impl IntoView {
    if reports.is_empty() {
        return view! {
            <div class="surface">
                <Empty glyph=Glyph::Medal title="No scorecard is about it">
                    <p>"A scorecard's filter says which entities it is about."</p>
                    <a class="text-link" href="/scorecards">"All scorecards"</a>
                </Empty>
            </div>
        }
        .into_any();
    }
    let reports = reports.into_iter().map(|report| view! { <Report report/> });
    view! { <div class="grid items-start gap-4 xl:grid-cols-2">{reports.collect_view()}</div> }.into_any()
}

#[component]
fn Report(report: EntityReport) -> impl IntoView {
    let href = path(&report.scorecard);
    let title = report.title.clone();
    let points = report.points;
    let next = report.next.clone().map(|next| {
        let reaches = report.scale.title(next.reaches).to_owned();
        let steps: Vec<_> = next.rules.iter().filter_map(|id| report.rule(id)).map(|rule| {
            let href = format!("{href}/rules/{}", rule.id);
            let how = rule.remediation.as_ref().map(|remediation| {
                view! { <span class="block text-muted break-words">{prose(&remediation.text)}</span> }
            });
            view! { <li><a class="font-medium hover:underline underline-offset-3" href=href>{rule.title.clone()}</a>{how}</li> }
        }).collect();
        let count = u32::try_from(next.rules.len()).unwrap_or(u32::MAX);
        view! {
            <div class="mb-4 rounded-box bg-base-200 px-3 py-2.5 text-table">
                <p class="flex items-center gap-1.5 font-medium"><Icon glyph=Glyph::TrendingUp class="text-primary"/>{counted(count, "step", "steps")}" to "{reaches}</p>
                <ol class="mt-1.5 flex list-decimal flex-col gap-1.5 pl-5">{steps}</ol>
            </div>
        }
    });
    let draft = report.draft.then(|| view! { <span class="tag">"Draft, counts nowhere"</span> });
    let standing = report.standing;
    let (scale, since, evaluated_at) = (report.scale.clone(), report.since, report.evaluated_at);
    let open = path(&report.scorecard);
    let action = move || view! { <a class="text-link" href=open.clone()>"Open scorecard"</a> }.into_any();
    view! {
        <Panel title action>
            <p class="mb-3 flex flex-wrap items-center gap-x-2 gap-y-1 text-table text-muted">
                <StandingLevel scale standing/>
                {draft}
                <span>"since "<When at=since/>" · "{points.earned}" of "{points.possible}" points · evaluated "<When at=evaluated_at sentence=true/></span>
            </p>
            {next}
            <EntityLadder report whole=true/>
        </Panel>
    }
}
