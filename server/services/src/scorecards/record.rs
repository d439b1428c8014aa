//! Writing what an evaluation found, together with the changes that tell of it.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    changes::ChangeKind,
    identity::Tenant,
    scorecards::{Outcome, Scale, Standing},
};
use sea_orm::prelude::Uuid;
use serde_json::{Map, Value, json};

use super::{
    evaluate::now,
    judge::Judge,
    rows,
    store::{self, moved, result},
};
use crate::{
    Result,
    changes::{NewChange, Transaction},
};

/// How many reasons a move names.
const REASONS: usize = 3;

/// A row as it was and as it is to be.
pub(super) struct Written {
    was: Option<result::Model>,
    is: Option<result::Model>,
}

impl Written {
    /// `None` where there was and is nothing.
    pub(super) fn of(was: Option<result::Model>, is: Option<result::Model>) -> Option<Self> {
        (was.is_some() || is.is_some()).then_some(Self { was, is })
    }

    fn row(&self) -> &result::Model {
        self.is.as_ref().or(self.was.as_ref()).expect("there was or is a row, or it would not be written")
    }

    pub(super) fn entity(&self) -> &str {
        &self.row().entity
    }

    /// Whether the row still is what the judgement began with.
    pub(super) fn follows(&self, current: &HashMap<(String, String), DateTime<Utc>>) -> bool {
        let this = self.row();
        let current = current.get(&(this.scorecard.clone(), this.entity.clone())).copied();
        current == self.was.as_ref().map(|row| row.evaluated_at)
    }
}

/// Writes rows, moves and changes.
pub(super) async fn record(
    tx: &mut Transaction,
    tenant: &Tenant,
    judges: &[Arc<Judge>],
    written: Vec<Written>,
) -> Result<()> {
    let mut moves = Vec::new();
    for one in &written {
        let of = &one.row().scorecard;
        let judge = judges.iter().find(|judge| judge.scorecard.reference.to_string() == *of);
        // A draft is shown, but moves nobody and counts nowhere.
        let Some(judge) = judge.filter(|judge| !judge.scorecard.draft) else { continue };
        let altered = Altered::of(one);
        if altered.standing {
            moves.push(move_of(judge, one, &altered));
        }
        if altered.standing || !altered.rules.is_empty() {
            tx.record(change_of(judge, one, &altered));
        }
    }
    let (is, gone): (Vec<_>, Vec<_>) = written.into_iter().partition(|one| one.is.is_some());
    let gone: Vec<result::Model> = gone.into_iter().filter_map(|one| one.was).collect();
    store::upsert(&**tx, is.into_iter().filter_map(|one| one.is).collect()).await?;
    store::delete(&**tx, tenant, &gone).await?;
    store::insert_moves(&**tx, moves).await
}

/// What differs between two rows.
struct Altered {
    standing: bool,
    rules: Vec<Turn>,
}

/// A rule with its outcome before and after.
type Turn = (String, Option<Outcome>, Option<Outcome>);

impl Altered {
    fn of(written: &Written) -> Self {
        let standing = written.was.as_ref().map(|row| &row.standing) != written.is.as_ref().map(|row| &row.standing);
        let (Some(was), Some(is)) = (&written.was, &written.is) else { return Self { standing, rules: Vec::new() } };
        let before: Vec<(&str, Outcome)> = rows::read_outcomes(&was.outcomes).collect();
        let rules = rows::read_outcomes(&is.outcomes)
            .map(|(rule, outcome)| {
                let earlier = before.iter().find(|(of, _)| *of == rule).map(|(_, outcome)| *outcome);
                (rule.to_owned(), earlier, Some(outcome))
            })
            .filter(|(_, earlier, outcome)| earlier != outcome)
            .collect();
        Self { standing, rules }
    }
}

fn move_of(judge: &Judge, written: &Written, altered: &Altered) -> moved::Model {
    let row = written.row();
    let scale = Scale::of(&judge.scorecard);
    let standing = |row: Option<&result::Model>| row.map(|row| rows::standing(&scale, &row.standing));
    let (left, reached) = (standing(written.was.as_ref()), standing(written.is.as_ref()));
    moved::Model {
        tenant: row.tenant.clone(),
        id: Uuid::now_v7(),
        scorecard: row.scorecard.clone(),
        entity: row.entity.clone(),
        owner: row.owner.clone(),
        system: row.system.clone(),
        at: now(),
        left: written.was.as_ref().map(|row| row.standing.clone()),
        reached: written.is.as_ref().map(|row| row.standing.clone()),
        why: json!(reasons(judge, left, reached, altered)),
    }
}

/// The rules that made it so, in words.
fn reasons(judge: &Judge, left: Option<Standing>, reached: Option<Standing>, altered: &Altered) -> Vec<String> {
    let (Some(left), Some(reached)) = (left, reached) else { return Vec::new() };
    let up = reached > left;
    let told: Vec<String> = altered
        .rules
        .iter()
        .filter(|(_, _, outcome)| outcome.is_some_and(|outcome| outcome.holds() == up))
        .filter_map(|(rule, _, outcome)| {
            let rule = judge.scorecard.rule(rule)?;
            Some(match outcome {
                Some(Outcome::Unknown) => format!("{}: unknown", rule.title),
                _ if up => rule.title.clone(),
                _ => rule.message.clone().unwrap_or_else(|| format!("{}: no longer", rule.title)),
            })
        })
        .take(REASONS)
        .collect();
    if told.is_empty() { vec!["the scorecard changed".to_owned()] } else { told }
}

fn change_of(judge: &Judge, written: &Written, altered: &Altered) -> NewChange {
    let scale = Scale::of(&judge.scorecard);
    let state = |row: &result::Model, outcomes: Map<String, Value>| {
        json!({
            "scorecard": row.scorecard,
            "title": judge.scorecard.title,
            "level": row.standing,
            "levelTitle": scale.title(rows::standing(&scale, &row.standing)),
            "outcomes": outcomes,
        })
    };
    let outcomes = |pick: fn(&Turn) -> Option<Outcome>| {
        let outcomes = altered.rules.iter().filter_map(|turn| Some((turn.0.clone(), json!(pick(turn)?))));
        outcomes.collect::<Map<String, Value>>()
    };
    NewChange {
        source: String::new(),
        subject: written.row().entity.clone(),
        kind: ChangeKind::ScorecardEvaluated,
        before: written.was.as_ref().map(|row| state(row, outcomes(|turn| turn.1))),
        after: written.is.as_ref().map(|row| state(row, outcomes(|turn| turn.2))),
    }
}
