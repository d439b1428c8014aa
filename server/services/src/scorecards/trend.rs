//! The past, from the moves recorded and the present: each point undoes what happened after it.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::scorecards::{Scale, Standing, TrendPoint};

use super::{rows, store::moved};

/// How far a trend reaches back.
pub(super) const WINDOW: TimeDelta = TimeDelta::days(180);
/// How many points it has at most.
const POINTS: i32 = 60;

/// How many entities stand at each of [`Scale::standings`].
pub(super) fn counts(scale: &Scale, standings: impl Iterator<Item = Standing>) -> Vec<u32> {
    let mut counts = vec![0; scale.levels.len() + 1];
    for standing in standings {
        if let Some(count) = slot(standing).and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
    }
    counts
}

fn slot(standing: Standing) -> Option<usize> {
    (standing != Standing::NotEvaluated).then_some(usize::from(standing.reached()))
}

/// The moments of a trend that begins with `first`: days, or finer while there is little to look back on.
pub(super) fn moments(first: DateTime<Utc>, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let span = now - first;
    let steps = [
        TimeDelta::minutes(1),
        TimeDelta::minutes(10),
        TimeDelta::hours(1),
        TimeDelta::hours(6),
        TimeDelta::days(1),
        TimeDelta::days(3),
    ];
    let step = steps.into_iter().find(|step| *step * POINTS >= span).unwrap_or(TimeDelta::days(7));
    // The first moment is in the middle of the first evaluation, so the trend begins one step after it.
    let mut moments: Vec<DateTime<Utc>> = (1..=POINTS).map(|at| first + step * at).filter(|at| *at < now).collect();
    moments.push(now);
    moments
}

/// The trend of what stands at `present` after `moves`, which are in order of time.
pub(super) fn trend<'a>(
    scale: &Scale,
    present: Vec<u32>,
    moves: impl DoubleEndedIterator<Item = &'a moved::Model>,
    moments: &[DateTime<Utc>],
) -> Vec<TrendPoint> {
    let mut counts = present;
    let mut later = moves.rev().peekable();
    let mut points: Vec<TrendPoint> = moments
        .iter()
        .rev()
        .map(|at| {
            while let Some(undone) = later.next_if(|moved| moved.at > *at) {
                let mut change = |kept: &Option<String>, up: bool| {
                    let standing = kept.as_deref().map(|kept| rows::standing(scale, kept));
                    if let Some(count) = standing.and_then(slot).and_then(|at| counts.get_mut(at)) {
                        *count = if up { *count + 1 } else { count.saturating_sub(1) };
                    }
                };
                change(&undone.reached, false);
                change(&undone.left, true);
            }
            TrendPoint { at: *at, counts: counts.clone() }
        })
        .collect();
    points.reverse();
    points
}

/// The moves of each group, in order of time.
pub(super) fn by_group(
    moves: &[moved::Model],
    group: impl Fn(&moved::Model) -> Vec<Option<String>>,
) -> HashMap<Option<String>, Vec<&moved::Model>> {
    let mut groups: HashMap<Option<String>, Vec<&moved::Model>> = HashMap::new();
    for moved in moves {
        for group in group(moved) {
            groups.entry(group).or_default().push(moved);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use domain::scorecards::{Color, Level};
    use sea_orm::prelude::Uuid;
    use serde_json::json;

    use super::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(days)
    }

    fn moved(days: i64, left: Option<&str>, reached: Option<&str>) -> moved::Model {
        moved::Model {
            tenant: "t".into(),
            id: Uuid::nil(),
            scorecard: "s".into(),
            entity: "e".into(),
            owner: None,
            system: None,
            at: at(days),
            left: left.map(Into::into),
            reached: reached.map(Into::into),
            why: json!([]),
        }
    }

    #[test]
    fn the_past_is_the_present_without_what_happened_since() {
        let level = |name: &str| Level { name: name.into(), title: name.into(), color: Color::Gold };
        let scale = Scale { floor: "No level".into(), levels: vec![level("bronze"), level("silver")] };
        let moves = [
            moved(0, None, Some("-floor")),
            moved(0, None, Some("bronze")),
            moved(2, Some("-floor"), Some("silver")),
            moved(3, Some("bronze"), None),
        ];
        let moments = moments(at(0), at(4));
        assert_eq!(moments.len(), 16);
        let trend = trend(&scale, vec![0, 0, 1], moves.iter(), &[at(1), at(2), at(4)]);
        let counts: Vec<Vec<u32>> = trend.into_iter().map(|point| point.counts).collect();
        assert_eq!(counts, [vec![1, 1, 0], vec![0, 1, 1], vec![0, 0, 1]]);
    }
}
