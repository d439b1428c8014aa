//! What results mean: the level, the points, and what would raise them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    document::{Rule, Scorecard},
    outcome::{Outcome, RuleResult},
};

/// How far an entity has come on a scorecard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No rule concerns it: neither good nor bad.
    NotEvaluated,
    /// Below the first level.
    Floor,
    /// At the level with this place in [`Scorecard::levels`].
    Level(u8),
}

impl Standing {
    /// How many levels are reached.
    pub fn reached(self) -> u8 {
        match self {
            Self::NotEvaluated | Self::Floor => 0,
            Self::Level(at) => at + 1,
        }
    }

    /// The standing with this many levels reached.
    pub fn of(reached: u8) -> Self {
        reached.checked_sub(1).map_or(Self::Floor, Self::Level)
    }

    /// What people call it on this scorecard.
    pub fn title(self, scorecard: &Scorecard) -> &str {
        match self {
            Self::NotEvaluated => "Not evaluated",
            Self::Floor => &scorecard.floor,
            Self::Level(at) => scorecard.levels.get(usize::from(at)).map_or("?", |level| &level.title),
        }
    }
}

/// What was earned of what could be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Points {
    /// The weights of the rules that hold.
    pub earned: u32,
    /// The weights of the rules that concern the entity.
    pub possible: u32,
}

/// The shortest way up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NextSteps {
    /// Where the entity stands once they are done.
    pub reaches: Standing,
    /// The rules that must hold for it, by id.
    pub rules: Vec<String>,
}

/// The highest level whose rules, and those of all levels below, hold.
///
/// A rule that does not apply is left out; a level without rules is passed. An unknown result counts as the last definite
/// one. Without one it blocks the way up, but takes nothing away from what was `before`: a rule nobody can see yet does
/// not demote. If no rule applies, there is nothing to say.
pub fn stand(scorecard: &Scorecard, results: &[RuleResult], before: Option<Standing>) -> Standing {
    stand_by(scorecard, scorecard.rules.iter(), results, before)
}

/// The standing in each category, by the rules of that category alone. The overall standing is the lowest of them.
pub fn category_standings(scorecard: &Scorecard, results: &[RuleResult]) -> BTreeMap<String, Standing> {
    let mut categories: BTreeMap<String, Vec<&Rule>> = BTreeMap::new();
    for rule in &scorecard.rules {
        categories.entry(rule.category.clone().unwrap_or_default()).or_default().push(rule);
    }
    categories
        .into_iter()
        .map(|(category, rules)| {
            let standing = stand_by(scorecard, rules.into_iter(), results, None);
            (category, standing)
        })
        .collect()
}

/// What was earned of what could be.
pub fn points(scorecard: &Scorecard, results: &[RuleResult]) -> Points {
    let mut points = Points::default();
    for rule in &scorecard.rules {
        let outcome = effective(results, &rule.id);
        if outcome.is_applicable() {
            points.possible += rule.weight;
            points.earned += if outcome.holds() { rule.weight } else { 0 };
        }
    }
    points
}

/// The rules that, once they hold, raise the entity above `standing`; `None` at the top or where nothing applies.
pub fn next_steps(scorecard: &Scorecard, results: &[RuleResult], standing: Standing) -> Option<NextSteps> {
    let target = match standing {
        Standing::NotEvaluated => return None,
        other => Standing::of(other.reached() + 1),
    };
    if usize::from(target.reached()) > scorecard.levels.len() {
        return None;
    }
    let needed = |rule: &&Rule| rule.level < target.reached();
    let rules: Vec<String> = scorecard
        .rules
        .iter()
        .filter(needed)
        .filter(|rule| {
            let outcome = effective(results, &rule.id);
            outcome.is_applicable() && !outcome.holds()
        })
        .map(|rule| rule.id.clone())
        .collect();
    // Levels above may already hold, so that mending these few carries further than one step.
    let mended: Vec<RuleResult> = results
        .iter()
        .cloned()
        .map(|mut result| {
            if rules.contains(&result.rule) {
                result.outcome = Outcome::Pass;
            }
            result
        })
        .collect();
    let reaches = stand(scorecard, &mended, Some(standing)).max(target);
    Some(NextSteps { reaches, rules })
}

fn stand_by<'a>(
    scorecard: &Scorecard,
    rules: impl Iterator<Item = &'a Rule>,
    results: &[RuleResult],
    before: Option<Standing>,
) -> Standing {
    let top = u8::try_from(scorecard.levels.len()).unwrap_or(u8::MAX);
    let (mut surely, mut perhaps, mut applies) = (top, top, false);
    for rule in rules {
        let outcome = effective(results, &rule.id);
        if !outcome.is_applicable() {
            continue;
        }
        applies = true;
        if !outcome.holds() {
            surely = surely.min(rule.level);
            if outcome.is_definite() {
                perhaps = perhaps.min(rule.level);
            }
        }
    }
    if !applies {
        return Standing::NotEvaluated;
    }
    let before = before.map_or(0, Standing::reached);
    Standing::of(surely.max(perhaps.min(before)))
}

/// A rule without a result has not been judged yet, which is not a failure.
fn effective(results: &[RuleResult], rule: &str) -> Outcome {
    results.iter().find(|result| result.rule == rule).map_or(Outcome::Unknown, RuleResult::effective)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        catalog::{EntityRef, Filter},
        scorecards::{Color, Level},
    };

    const LEVELS: u8 = 3;

    fn scorecard(levels: &[u8]) -> Scorecard {
        Scorecard {
            reference: EntityRef::new("scorecard", "default", "s"),
            title: String::new(),
            description: String::new(),
            owner: None,
            filter: Filter::default(),
            floor: "No level".into(),
            levels: (0..LEVELS)
                .map(|at| Level { name: at.to_string(), title: at.to_string(), color: Color::Gold })
                .collect(),
            rules: levels
                .iter()
                .enumerate()
                .map(|(at, level)| Rule {
                    id: format!("r{at}"),
                    title: String::new(),
                    level: *level,
                    category: (at % 2 == 0).then(|| "even".into()),
                    weight: 1 + u32::from(*level),
                    when: None,
                    expression: String::new(),
                    message: None,
                    remediation: None,
                })
                .collect(),
            draft: false,
        }
    }

    fn results(outcomes: &[(Outcome, Option<Outcome>)]) -> Vec<RuleResult> {
        outcomes
            .iter()
            .enumerate()
            .map(|(at, (outcome, last))| RuleResult {
                rule: format!("r{at}"),
                outcome: *outcome,
                reason: String::new(),
                since: DateTime::UNIX_EPOCH,
                last_definite: *last,
            })
            .collect()
    }

    fn standing(levels: &[u8], outcomes: &[Outcome], before: Option<Standing>) -> Standing {
        let outcomes: Vec<_> = outcomes.iter().map(|outcome| (*outcome, None)).collect();
        stand(&scorecard(levels), &results(&outcomes), before)
    }

    #[test]
    fn a_higher_level_does_not_make_up_for_a_lower_one() {
        use Outcome::{Fail, Pass};
        assert_eq!(standing(&[0, 1, 2], &[Fail, Pass, Pass], None), Standing::Floor);
        assert_eq!(standing(&[0, 1, 2], &[Pass, Pass, Fail], None), Standing::Level(1));
        assert_eq!(standing(&[0, 1, 2], &[Pass, Pass, Pass], None), Standing::Level(2));
    }

    #[test]
    fn a_level_without_rules_is_passed() {
        assert_eq!(standing(&[2], &[Outcome::Fail], None), Standing::Level(1));
    }

    #[test]
    fn where_nothing_applies_there_is_nothing_to_say() {
        assert_eq!(standing(&[0, 1], &[Outcome::NotApplicable; 2], Some(Standing::Level(1))), Standing::NotEvaluated);
    }

    #[test]
    fn an_unknown_rule_blocks_the_way_up_and_takes_nothing_away() {
        use Outcome::{Fail, Pass, Unknown};
        assert_eq!(standing(&[0, 1, 2], &[Pass, Unknown, Pass], None), Standing::Level(0));
        assert_eq!(standing(&[0, 1, 2], &[Pass, Unknown, Pass], Some(Standing::Level(1))), Standing::Level(1));
        assert_eq!(standing(&[0, 1, 2], &[Fail, Unknown, Pass], Some(Standing::Level(1))), Standing::Floor);
    }

    #[test]
    fn next_steps_carry_as_far_as_what_already_holds() {
        use Outcome::{Fail, Pass};
        let outcomes = results(&[(Fail, None), (Pass, None), (Fail, None)]);
        let steps = next_steps(&scorecard(&[0, 1, 2]), &outcomes, Standing::Floor).unwrap();
        assert_eq!(steps, NextSteps { reaches: Standing::Level(1), rules: vec!["r0".into()] });
        assert_eq!(next_steps(&scorecard(&[0]), &results(&[(Pass, None)]), Standing::Level(2)), None);
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop::sample::select(Outcome::ALL.to_vec())
    }

    fn definite() -> impl Strategy<Value = Option<Outcome>> {
        prop::option::of(prop::sample::select(vec![Outcome::Pass, Outcome::Warn, Outcome::Fail, Outcome::Exempt]))
    }

    fn before() -> impl Strategy<Value = Option<Standing>> {
        prop::option::of((0..=LEVELS).prop_map(Standing::of))
    }

    type Case = Vec<(u8, (Outcome, Option<Outcome>))>;

    fn case() -> impl Strategy<Value = Case> {
        prop::collection::vec((0..LEVELS, (outcome(), definite())), 1..8)
    }

    fn apart(case: &Case) -> (Scorecard, Vec<RuleResult>) {
        let levels: Vec<u8> = case.iter().map(|(level, _)| *level).collect();
        let outcomes: Vec<_> = case.iter().map(|(_, outcome)| *outcome).collect();
        (scorecard(&levels), results(&outcomes))
    }

    proptest! {
        #[test]
        fn mending_a_rule_never_lowers_the_level(case in case(), before in before(), at in any::<prop::sample::Index>()) {
            let (scorecard, mut results) = apart(&case);
            let (was, had) = (stand(&scorecard, &results, before), points(&scorecard, &results));
            let at = at.index(results.len());
            prop_assume!(results[at].outcome.is_applicable());
            results[at].outcome = Outcome::Pass;
            prop_assert!(stand(&scorecard, &results, before) >= was);
            prop_assert!(points(&scorecard, &results).earned >= had.earned);
        }

        #[test]
        fn a_level_implies_those_below(case in case()) {
            let (scorecard, results) = apart(&case);
            let reached = stand(&scorecard, &results, None).reached();
            for rule in scorecard.rules.iter().filter(|rule| rule.level < reached) {
                let outcome = effective(&results, &rule.id);
                prop_assert!(outcome.holds() || !outcome.is_applicable());
            }
        }

        #[test]
        fn unknown_with_a_passing_last_definite_equals_pass(case in case(), before in before(), at in any::<prop::sample::Index>()) {
            let (scorecard, mut results) = apart(&case);
            let at = at.index(results.len());
            results[at].outcome = Outcome::Unknown;
            results[at].last_definite = Some(Outcome::Pass);
            let unknown = stand(&scorecard, &results, before);
            results[at].outcome = Outcome::Pass;
            prop_assert_eq!(stand(&scorecard, &results, before), unknown);
        }

        #[test]
        fn losing_sight_of_a_rule_never_lowers_the_level(case in case(), at in any::<prop::sample::Index>()) {
            let (scorecard, mut results) = apart(&case);
            let was = stand(&scorecard, &results, None);
            prop_assume!(was != Standing::NotEvaluated);
            let at = at.index(results.len());
            prop_assume!(results[at].outcome.is_applicable());
            results[at].outcome = Outcome::Unknown;
            results[at].last_definite = None;
            prop_assert!(stand(&scorecard, &results, Some(was)) >= was);
        }

        #[test]
        fn what_does_not_apply_is_as_if_it_were_not_there(case in case(), before in before(), level in 0..LEVELS) {
            let (scorecard, results) = apart(&case);
            let mut longer = case.clone();
            longer.push((level, (Outcome::NotApplicable, None)));
            let (longer_scorecard, longer_results) = apart(&longer);
            prop_assert_eq!(stand(&scorecard, &results, before), stand(&longer_scorecard, &longer_results, before));
            prop_assert_eq!(points(&scorecard, &results), points(&longer_scorecard, &longer_results));
        }

        #[test]
        fn the_next_steps_do_raise_the_level(case in case(), before in before()) {
            let (scorecard, mut results) = apart(&case);
            let standing = stand(&scorecard, &results, before);
            if let Some(steps) = next_steps(&scorecard, &results, standing) {
                for result in results.iter_mut().filter(|result| steps.rules.contains(&result.rule)) {
                    result.outcome = Outcome::Pass;
                }
                let raised = stand(&scorecard, &results, Some(standing));
                prop_assert!(raised > standing);
                prop_assert_eq!(raised, steps.reaches);
            }
        }

        #[test]
        fn the_overall_level_is_the_lowest_of_the_categories(case in case()) {
            let (scorecard, results) = apart(&case);
            let lowest = category_standings(&scorecard, &results)
                .into_values()
                .filter(|standing| *standing != Standing::NotEvaluated)
                .min()
                .unwrap_or(Standing::NotEvaluated);
            prop_assert_eq!(stand(&scorecard, &results, None), lowest);
        }
    }
}
