//! Adding results up for a manager: who stands where, who moved, who needs help.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    catalog::EntityRef,
    scorecards::{
        Card, Direction, HeatMap, HeatRow, Move, Outcome, Overview, RuleTally, Scale, Scorecard, Share, Standing,
        TeamRow,
    },
};

use super::{
    rows,
    scope::Standard,
    store::{Brief, moved},
    teams::Owners,
    trend,
};
use crate::Result;

/// What counts as lately.
pub(super) const LATELY: TimeDelta = TimeDelta::days(30);
const MOVES: usize = 8;
const HEAT_ROWS: usize = 12;

/// A scorecard and its distribution.
pub(super) fn card(standard: &Standard, briefs: &[Brief]) -> Card {
    let document = &standard.entity.document;
    let reference = standard.entity.reference.clone();
    let scorecard = standard.judge.as_ref().ok().map(|judge| &judge.scorecard);
    let scale = scorecard.map(Scale::of).unwrap_or_default();
    let standings = || briefs.iter().map(|brief| rows::standing(&scale, &brief.standing));
    Card {
        title: standard.entity.title().to_owned(),
        description: document["metadata"]["description"].as_str().unwrap_or_default().to_owned(),
        owner: scorecard.and_then(|scorecard| scorecard.owner.clone()).or_else(|| standard.entity.owner()),
        draft: scorecard.is_some_and(|scorecard| scorecard.draft),
        problems: standard.judge.as_ref().err().map(|problems| problems.to_vec()).unwrap_or_default(),
        rules: count(scorecard.map_or(0, |scorecard| scorecard.rules.len())),
        shares: shares(&scale, standings()),
        judged: count(briefs.len()),
        not_evaluated: count(standings().filter(|standing| *standing == Standing::NotEvaluated).count()),
        unknown: briefs.iter().map(|brief| u32::try_from(brief.unknown).unwrap_or_default()).sum(),
        evaluated_at: briefs.iter().map(|brief| brief.evaluated_at).max(),
        reference,
        scale,
    }
}

fn shares(scale: &Scale, standings: impl Iterator<Item = Standing>) -> Vec<Share> {
    let counts = trend::counts(scale, standings);
    scale.standings().into_iter().zip(counts).map(|(standing, count)| Share { standing, count }).collect()
}

/// Everything on the page of a scorecard. Results and moves are already narrowed to what was asked for.
pub(super) fn overview(
    card: Card,
    scorecard: Option<&Scorecard>,
    (briefs, moves): (&[Brief], &[moved::Model]),
    owners: &Owners,
    now: DateTime<Utc>,
) -> Result<Overview> {
    let scale = card.scale.clone();
    let target = Standing::of(u8::try_from(scale.levels.len().min(2)).unwrap_or(1));
    let moments = moves.first().map(|first| trend::moments(first.at, now)).unwrap_or_default();
    let present = trend::counts(&scale, briefs.iter().map(|brief| rows::standing(&scale, &brief.standing)));
    let trend = trend::trend(&scale, present, moves.iter(), &moments);
    let target_then = trend.first().map(|point| {
        let above = point.counts.iter().skip(usize::from(target.reached())).sum();
        (above, point.counts.iter().sum())
    });
    let told: Vec<Move> = moves.iter().map(|moved| told(&scale, moved)).collect::<Result<_>>()?;
    let lately = || told.iter().filter(|moved| moved.at >= now - LATELY && moved.direction() != Direction::Across);
    let towards = |wanted: Direction| count(lately().filter(|moved| moved.direction() == wanted).count());
    let groups = Groups { scale: &scale, briefs, moves, moments: &moments, now };
    Ok(Overview {
        target,
        target_then,
        moved_up: towards(Direction::Up),
        moved_down: towards(Direction::Down),
        unknown_entities: count(briefs.iter().filter(|brief| brief.unknown > 0).count()),
        one_away: count(briefs.iter().filter(|brief| brief.steps == 1).count()),
        last: last(briefs)?,
        moves_total: count(lately().count()),
        moves: lately().rev().take(MOVES).cloned().collect(),
        teams: groups
            .rows(|brief| owners.groups(brief.owner.as_deref()), |moved| owners.groups(moved.owner.as_deref())),
        systems: groups.rows(|brief| vec![brief.system.clone()], |moved| vec![moved.system.clone()]),
        rules: scorecard.map(|scorecard| tallies(scorecard, briefs)).unwrap_or_default(),
        heat: scorecard.map(|scorecard| heat(scorecard, &scale, briefs)).transpose()?.unwrap_or_default(),
        trend,
        card,
    })
}

/// The entity whose change called for the last evaluation, if it was about few.
fn last(briefs: &[Brief]) -> Result<Option<EntityRef>> {
    const FEW: usize = 3;
    let Some(last) = briefs.iter().max_by_key(|brief| brief.evaluated_at) else { return Ok(None) };
    let together = briefs.iter().filter(|brief| last.evaluated_at - brief.evaluated_at < TimeDelta::seconds(2)).count();
    if together > FEW { Ok(None) } else { rows::reference(&last.entity).map(Some) }
}

/// A recorded move in the scorecard's words.
pub(super) fn told(scale: &Scale, moved: &moved::Model) -> Result<Move> {
    let standing = |kept: &Option<String>| kept.as_deref().map(|kept| rows::standing(scale, kept));
    Ok(Move {
        at: moved.at,
        entity: rows::reference(&moved.entity)?,
        owner: rows::optional(moved.owner.as_deref()),
        from: standing(&moved.left),
        to: standing(&moved.reached),
        why: serde_json::from_value(moved.why.clone())?,
    })
}

struct Groups<'a> {
    scale: &'a Scale,
    briefs: &'a [Brief],
    moves: &'a [moved::Model],
    moments: &'a [DateTime<Utc>],
    now: DateTime<Utc>,
}

impl Groups<'_> {
    /// One row for each group, the one that needs help most first.
    fn rows(
        &self,
        of: impl Fn(&Brief) -> Vec<Option<String>>,
        moved_of: impl Fn(&moved::Model) -> Vec<Option<String>>,
    ) -> Vec<TeamRow> {
        let mut groups: BTreeMap<Option<String>, Vec<&Brief>> = BTreeMap::new();
        for brief in self.briefs {
            for group in of(brief) {
                groups.entry(group).or_default().push(brief);
            }
        }
        let moves = trend::by_group(self.moves, moved_of);
        let mut rows: Vec<TeamRow> = groups
            .into_iter()
            .map(|(group, briefs)| {
                let moves = moves.get(&group).map(Vec::as_slice).unwrap_or_default();
                let standings = || briefs.iter().map(|brief| rows::standing(self.scale, &brief.standing));
                let present = trend::counts(self.scale, standings());
                let trend = trend::trend(self.scale, present, moves.iter().copied(), self.moments);
                TeamRow {
                    group: rows::optional(group.as_deref()),
                    shares: shares(self.scale, standings()),
                    not_evaluated: count(standings().filter(|s| *s == Standing::NotEvaluated).count()),
                    trend: trend.iter().map(domain::scorecards::TrendPoint::mean).collect(),
                    net: self.net(moves),
                }
            })
            .collect();
        rows.sort_by_key(|row| (row.mean(), std::cmp::Reverse(row.count())));
        rows
    }

    fn net(&self, moves: &[&moved::Model]) -> i32 {
        let lately = moves.iter().filter(|moved| moved.at >= self.now - LATELY);
        lately
            .filter_map(|moved| told(self.scale, moved).ok())
            .map(|moved| match moved.direction() {
                Direction::Up => 1,
                Direction::Down => -1,
                Direction::Across => 0,
            })
            .sum()
    }
}

/// How each rule fares.
pub(super) fn tallies(scorecard: &Scorecard, briefs: &[Brief]) -> Vec<RuleTally> {
    let mut counts: HashMap<(&str, Outcome), u32> = HashMap::new();
    for brief in briefs {
        for key in rows::read_outcomes(&brief.outcomes) {
            *counts.entry(key).or_default() += 1;
        }
    }
    scorecard
        .rules
        .iter()
        .map(|rule| RuleTally {
            id: rule.id.clone(),
            title: rule.title.clone(),
            level: rule.level,
            category: rule.category.clone(),
            counts: Outcome::ALL
                .into_iter()
                .filter_map(|outcome| Some((outcome, *counts.get(&(rule.id.as_str(), outcome))?)))
                .collect(),
        })
        .collect()
}

/// The weakest entities against the rules.
fn heat(scorecard: &Scorecard, scale: &Scale, briefs: &[Brief]) -> Result<HeatMap> {
    let mut weakest: Vec<&Brief> = briefs.iter().filter(|brief| brief.failing + brief.unknown > 0).collect();
    weakest.sort_by_key(|brief| (std::cmp::Reverse((brief.failing, brief.unknown)), brief.entity.as_str()));
    weakest.truncate(HEAT_ROWS);
    let rows = weakest.into_iter().map(|brief| {
        let outcomes: HashMap<&str, Outcome> = rows::read_outcomes(&brief.outcomes).collect();
        let cell =
            |rule: &domain::scorecards::Rule| outcomes.get(rule.id.as_str()).copied().unwrap_or(Outcome::NotApplicable);
        Ok(HeatRow { judged: rows::judged(scale, brief)?, cells: scorecard.rules.iter().map(cell).collect() })
    });
    Ok(HeatMap {
        rules: scorecard.rules.iter().map(|rule| (rule.id.clone(), rule.title.clone())).collect(),
        rows: rows.collect::<Result<_>>()?,
    })
}

/// Which moves and results belong to a team or system.
pub(super) fn is_of(wanted: Option<&EntityRef>, kept: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| kept == Some(wanted.to_string().as_str()))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
