//! How far a thing has come on a scorecard, and why.

use leptos::prelude::*;

use super::{Icon, Mark, Tone, level::Diamond};

/// How to mend what does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What to do.
    pub text: String,
    /// Where.
    pub href: Option<String>,
}

/// A rule of a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderRule {
    /// What became of it.
    pub mark: Mark,
    /// What is asked.
    pub title: String,
    /// Why it holds or not.
    pub reason: String,
    /// How to mend it, if it does not hold.
    pub remedy: Option<Remedy>,
}

/// A level and its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderLevel {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub tone: Tone,
    /// Whether the thing has reached it.
    pub reached: bool,
    /// Such as `2 of 5 hold`, `6 of 6 hold, since 14 Oct`.
    pub summary: String,
    /// The rules worth showing: all, or those that do not hold.
    pub rules: Vec<LadderRule>,
}

/// The levels of a scorecard, the highest first, with what keeps a thing from the next.
///
/// - `levels`: the highest first.
#[component]
pub fn Ladder(levels: Vec<LadderLevel>) -> impl IntoView {
    let levels = levels.into_iter().map(|LadderLevel { name, tone, reached, summary, rules }| {
        let rules = rules.into_iter().map(|rule| view! { <Evidence rule/> }).collect_view();
        view! {
            <li class="relative flex gap-3 pb-3 last:pb-0 not-last:before:absolute not-last:before:top-4 not-last:before:bottom-0 not-last:before:left-[6.5px] not-last:before:w-px not-last:before:bg-base-300">
                <span class="relative pt-0.5"><Diamond tone reached/></span>
                <div class="min-w-0 flex-1">
                    <p class="text-table">
                        <span class="font-semibold">{name}</span>
                        " "
                        <span class="text-muted">{summary}</span>
                        <span class="sr-only">{if reached { ", reached" } else { ", ahead" }}</span>
                    </p>
                    <ul class="mt-1.5 flex flex-col gap-1.5 empty:hidden">{rules}</ul>
                </div>
            </li>
        }
    });
    view! { <ol>{levels.collect_view()}</ol> }
}

/// One rule with its result, the reason, and how to mend it; a list item.
///
/// - `rule`.
#[component]
pub fn Evidence(rule: LadderRule) -> impl IntoView {
    let LadderRule { mark, title, reason, remedy } = rule;
    let (glyph, class) = mark.drawn();
    let word = match mark {
        Mark::Good => "holds: ",
        Mark::Warning => "holds, barely: ",
        Mark::Bad => "fails: ",
        Mark::NotApplicable => "not applicable: ",
        Mark::Exempt => "exempt: ",
        Mark::Waiting => "pending: ",
        Mark::Unknown | Mark::Running | Mark::Stopped => "unknown: ",
    };
    let remedy = remedy.map(|Remedy { text, href }| match href {
        Some(href) => view! { " " <span class="prose-links"><a href=href>{text}</a></span> }.into_any(),
        None => view! { <span class="block text-meta text-muted">{text}</span> }.into_any(),
    });
    view! {
        <li class="flex gap-2 text-table">
            <Icon glyph class/>
            <p class="min-w-0 break-words">
                <span class="sr-only">{word}</span>
                {title}
                {(!reason.is_empty()).then(|| view! { <span class="text-muted">" · "{reason}</span> })}
                {remedy}
            </p>
        </li>
    }
}
