//! From judgements to rows and back.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use domain::{
    catalog::{Entity, EntityRef},
    scorecards::{Judged, Outcome, RuleResult, Scale, Scorecard, Standing, next_steps, points, stand},
};

use super::{
    facts::Neighbours,
    judge::{Clock, Found, Judge},
    store::{Brief, result},
};
use crate::{Error, Result};

/// The row of an entity on a scorecard, as it is judged now.
pub(super) fn row(
    tenant: &str,
    judge: &Judge,
    entity: &Entity,
    neighbours: &Neighbours,
    before: Option<&result::Model>,
    clock: Clock,
) -> Result<result::Model> {
    let scorecard = &judge.scorecard;
    let scale = Scale::of(scorecard);
    let earlier = before.map(found).transpose()?.unwrap_or_default();
    let found = judge.judge(&entity.document, neighbours, &earlier, clock);
    let results: Vec<RuleResult> = found.iter().map(|found| found.result.clone()).collect();
    let stood = before.and_then(|row| scale.standing(&row.standing));
    let standing = stand(scorecard, &results, stood);
    let points = points(scorecard, &results);
    let steps = next_steps(scorecard, &results, standing).map_or(0, |steps| steps.rules.len());
    let count = |wanted: Outcome| results.iter().filter(|result| result.outcome == wanted).count();
    Ok(result::Model {
        tenant: tenant.to_owned(),
        scorecard: scorecard.reference.to_string(),
        entity: entity.reference.to_string(),
        title: entity.title().to_owned(),
        owner: entity.owner().map(Into::into),
        system: entity.system().map(Into::into),
        standing: scale.slug(standing).to_owned(),
        since: before.filter(|_| stood == Some(standing)).map_or(clock.now, |row| row.since),
        earned: number(points.earned)?,
        possible: number(points.possible)?,
        failing: number(count(Outcome::Fail))?,
        unknown: number(count(Outcome::Unknown))?,
        steps: number(steps)?,
        outcomes: outcomes(&results),
        results: serde_json::to_value(&found)?,
        evaluated_at: clock.now,
    })
}

fn number(number: impl TryInto<i32>) -> Result<i32> {
    number.try_into().map_err(|_| Error::Internal("a count of rules does not fit its column".into()))
}

/// The results of a row.
pub(super) fn found(row: &result::Model) -> Result<Vec<Found>> {
    Ok(serde_json::from_value(row.results.clone())?)
}

/// `owner=pass docs=fail`: all that roll-ups need to read.
fn outcomes(results: &[RuleResult]) -> String {
    let mut text = String::new();
    for result in results {
        let space = if text.is_empty() { "" } else { " " };
        // Writing into a text cannot fail.
        let _ = write!(text, "{space}{}={}", result.rule, result.outcome);
    }
    text
}

/// The outcome of each rule, from what [`outcomes`] wrote.
pub(super) fn read_outcomes(text: &str) -> impl Iterator<Item = (&str, Outcome)> {
    text.split(' ').filter_map(|part| {
        let (rule, outcome) = part.rsplit_once('=')?;
        let outcome = Outcome::ALL.into_iter().find(|known| known.as_str() == outcome)?;
        Some((rule, outcome))
    })
}

/// A standing as it is kept: by name, so that it survives a level put between two others.
pub(super) fn standing(scale: &Scale, kept: &str) -> Standing {
    scale.standing(kept).unwrap_or(Standing::Floor)
}

/// A row as lists show it.
pub(super) fn judged(scale: &Scale, brief: &Brief) -> Result<Judged> {
    Ok(Judged {
        entity: reference(&brief.entity)?,
        title: brief.title.clone(),
        owner: optional(brief.owner.as_deref()),
        system: optional(brief.system.as_deref()),
        standing: standing(scale, &brief.standing),
        since: brief.since,
        failing: u32::try_from(brief.failing).unwrap_or_default(),
        unknown: u32::try_from(brief.unknown).unwrap_or_default(),
    })
}

/// A row without the results of its rules.
pub(super) fn brief(row: &result::Model) -> Brief {
    Brief {
        scorecard: row.scorecard.clone(),
        entity: row.entity.clone(),
        title: row.title.clone(),
        owner: row.owner.clone(),
        system: row.system.clone(),
        standing: row.standing.clone(),
        since: row.since,
        failing: row.failing,
        unknown: row.unknown,
        steps: row.steps,
        outcomes: row.outcomes.clone(),
        evaluated_at: row.evaluated_at,
    }
}

/// A reference that we wrote ourselves.
pub(super) fn reference(text: &str) -> Result<EntityRef> {
    text.parse().map_err(|error| Error::Internal(format!("a reference in the database: {error}")))
}

/// A reference that may be missing.
pub(super) fn optional(text: Option<&str>) -> Option<EntityRef> {
    text.and_then(|text| text.parse().ok())
}

/// Since when all of `rules` hold, if they do.
pub(super) fn held_since<'a>(results: impl Iterator<Item = &'a RuleResult>) -> Option<DateTime<Utc>> {
    let mut latest = None;
    for result in results {
        if result.effective().is_applicable() {
            if !result.effective().holds() {
                return None;
            }
            latest = latest.max(Some(result.since));
        }
    }
    latest
}

/// The scorecard's rules of one level.
pub(super) fn rules_of(scorecard: &Scorecard, level: u8) -> impl Iterator<Item = &domain::scorecards::Rule> {
    scorecard.rules.iter().filter(move |rule| rule.level == level)
}
