//! Bringing results in line with the catalog: reads `changes` from where the last evaluation stopped, and judges again what
//! they can have altered.
//!
//! An evaluation can be repeated, interrupted, and run by several workers: each step holds the row of the progress while it
//! writes, and writes nothing if someone else has moved it or has judged the same entity in the meantime.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::{
    catalog::{Entity, EntityRef, Query, flatten},
    identity::{Caller, Permission, Target},
};

use super::{
    affected::{Affected, far},
    expression,
    facts::{self, Neighbour, Neighbours},
    judge::{Clock, Judge},
    record::Written,
    renames, rows,
    scope::{self, Standard},
    store,
};
use crate::{Error, Result, Services, catalog, changes, identity};

/// How many changes one step takes.
const STEP: u64 = 200;
/// How many entities are judged at once.
const BATCH: usize = 400;
/// How long judging one batch may take.
const TIME: Duration = Duration::from_secs(80);
/// How often rules that ask for the time are judged again.
const SWEEP: TimeDelta = TimeDelta::hours(24);

/// Brings all results in line with the changes up to now, and those that depend on the time once a day.
pub async fn evaluate(services: &Services, caller: &Caller) -> Result<()> {
    identity::may(services, caller, Permission::ManageSources, Target::Platform).await?;
    loop {
        let progress = store::progress(&services.db, &caller.tenant).await?;
        let pass = Pass { services, caller, from: progress.seq };
        let last = changes::last(services, caller).await?;
        if last <= progress.seq {
            let is_due = progress.swept_at.is_none_or(|at| now() - at >= SWEEP);
            return if is_due { sweep(services, caller).await } else { Ok(()) };
        }
        // Answers come from the catalog's index: it must know what the changes up to `last` tell of.
        services.catalog.catch_up(services, &caller.tenant).await?;
        let standards = scope::standards(services, caller).await?;
        let done = if standards.is_empty() || pass.is_far_behind(last).await? {
            pass.everything(&standards, last).await?
        } else {
            pass.step(&standards, last).await?
        };
        if !done {
            tracing::debug!(from = progress.seq, "another worker was faster");
        }
    }
}

/// Judges by the rules that ask for the time, whatever changed.
pub async fn sweep(services: &Services, caller: &Caller) -> Result<()> {
    identity::may(services, caller, Permission::ManageSources, Target::Platform).await?;
    let from = store::progress(&services.db, &caller.tenant).await?.seq;
    services.catalog.catch_up(services, &caller.tenant).await?;
    let pass = Pass { services, caller, from };
    for judge in judges(&scope::standards(services, caller).await?) {
        if judge.uses_now() && !pass.whole(&judge).await? {
            // Whoever was faster comes by here again.
            return Ok(());
        }
    }
    store::swept(&services.db, &caller.tenant, now()).await
}

/// The moment, as exactly as both databases keep it.
pub(super) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

fn judges(standards: &[Standard]) -> Vec<Arc<Judge>> {
    standards.iter().filter_map(|standard| standard.judge.clone().ok()).collect()
}

/// One evaluation, from a certain change on.
#[derive(Clone, Copy)]
struct Pass<'a> {
    services: &'a Services,
    caller: &'a Caller,
    from: i64,
}

/// Each step says whether it was done; `false` means that another worker was faster.
impl Pass<'_> {
    /// Whether the catalog is shorter than the history up to `last` that was not read yet: before the first evaluation, or
    /// after much came in at once.
    async fn is_far_behind(self, last: i64) -> Result<bool> {
        if self.from == 0 {
            return Ok(true);
        }
        let far = far(catalog::total(self.services, self.caller).await?);
        // What tells of something else is counted with it, so this alone is no answer.
        Ok(last.abs_diff(self.from) >= far
            && changes::count_of_entities(self.services, &self.caller.tenant, self.from).await? >= far)
    }

    /// Everything by every scorecard.
    async fn everything(self, standards: &[Standard], last: i64) -> Result<bool> {
        for judge in judges(standards) {
            if !self.whole(&judge).await? {
                return Ok(false);
            }
        }
        let known: BTreeSet<String> = standards.iter().map(|standard| standard.entity.reference.to_string()).collect();
        let mut gone = store::scorecards(&self.services.db, &self.caller.tenant).await?;
        gone.retain(|scorecard| !known.contains(scorecard));
        self.finish(last, &gone, true).await
    }

    /// What the next changes have altered, none after `last`.
    async fn step(self, standards: &[Standard], last: i64) -> Result<bool> {
        let mut changes = changes::read(self.services, self.caller, self.from, STEP).await?;
        changes.retain(|change| change.seq <= last);
        let Some(last) = changes.last().map(|change| change.seq) else { return Ok(true) };
        let affected = Affected::by(&changes);
        drop(changes);
        renames::follow(&self.services.db, &self.caller.tenant, &affected.renames).await?;
        let mut gone = Vec::new();
        if !affected.entities.is_empty() {
            for reference in &affected.scorecards {
                match standards.iter().find(|standard| standard.entity.reference == *reference) {
                    // A broken one judges nothing; its last results stand until it is mended.
                    Some(Standard { judge: Err(_), .. }) => {}
                    Some(Standard { judge: Ok(judge), .. }) => {
                        if !self.whole(judge).await? {
                            return Ok(false);
                        }
                    }
                    None => gone.push(reference.to_string()),
                }
            }
            let judges = judges(standards);
            let entities: Vec<EntityRef> = affected.entities.into_iter().collect();
            for references in entities.chunks(BATCH) {
                if !self.these(&judges, references).await? {
                    return Ok(false);
                }
            }
        }
        self.finish(last, &gone, false).await
    }

    async fn finish(self, last: i64, gone: &[String], is_swept: bool) -> Result<bool> {
        let tx = self.services.begin(self.caller).await?;
        let tenant = &self.caller.tenant;
        if !store::advance(&*tx, tenant, self.from, last).await? {
            return Ok(false);
        }
        for scorecard in gone {
            store::forget(&*tx, tenant, scorecard).await?;
        }
        if is_swept {
            store::swept(&*tx, tenant, now()).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// All entities of one scorecard.
    async fn whole(self, judge: &Arc<Judge>) -> Result<bool> {
        let began = now();
        let judges = [Arc::clone(judge)];
        let limit = u32::try_from(BATCH).ok();
        let mut query = Query { filter: judge.scorecard.filter.clone(), limit, ..Query::default() };
        loop {
            let page = catalog::query(self.services, self.caller, &query).await?;
            let Ok(count @ 1..) = u32::try_from(page.items.len()) else { break };
            let references: Vec<EntityRef> = page.items.iter().map(|entity| entity.reference.clone()).collect();
            let found = page.items.into_iter().map(Some).collect();
            if !self.judge(&judges, &references, found).await? {
                return Ok(false);
            }
            query.offset += count;
            if query.offset >= page.total {
                break;
            }
        }
        // What the pages did not show is no longer meant, or slipped from one page to another while they were turned.
        loop {
            let limit = u64::try_from(BATCH).unwrap_or(u64::MAX);
            let tenant = &self.caller.tenant;
            let rest = store::untouched(&self.services.db, tenant, &judge.scorecard.reference, began, limit).await?;
            if rest.is_empty() {
                return Ok(true);
            }
            let references: Vec<EntityRef> = rest.iter().filter_map(|entity| entity.parse().ok()).collect();
            if !self.these(&judges, &references).await? {
                return Ok(false);
            }
        }
    }

    /// These entities by these scorecards.
    async fn these(self, judges: &[Arc<Judge>], references: &[EntityRef]) -> Result<bool> {
        if judges.is_empty() {
            return Ok(true);
        }
        let found = catalog::entities(self.services, self.caller, references).await?;
        self.judge(judges, references, found).await
    }

    async fn judge(self, judges: &[Arc<Judge>], asked: &[EntityRef], found: Vec<Option<Entity>>) -> Result<bool> {
        if judges.is_empty() || asked.is_empty() {
            return Ok(true);
        }
        let tenant = &self.caller.tenant;
        let scorecards: Vec<String> = judges.iter().map(|judge| judge.scorecard.reference.to_string()).collect();
        let entities: Vec<String> = asked.iter().map(ToString::to_string).collect();
        let before = store::of(&self.services.db, tenant, &scorecards, &entities).await?;
        let neighbours = self.neighbours(judges, &found).await?;
        let work = Work { tenant: tenant.to_string(), judges: judges.to_vec(), entities, found, before, neighbours };
        let written = tokio::task::spawn_blocking(move || expression::on_a_deep_stack(|| work.done()))
            .await
            .map_err(|error| Error::Internal(format!("judging entities: {error}")))???;

        let mut tx = self.services.begin(self.caller).await?;
        if !store::advance(&*tx, tenant, self.from, self.from).await? {
            return Ok(false);
        }
        let entities: Vec<String> = written.iter().map(|written| written.entity().to_owned()).collect();
        let current = store::of(&*tx, tenant, &scorecards, &entities).await?;
        let current = current.into_iter().map(|row| ((row.scorecard, row.entity), row.evaluated_at)).collect();
        let written: Vec<Written> = written.into_iter().filter(|written| written.follows(&current)).collect();
        super::record::record(&mut tx, tenant, judges, written).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What rules may know of the entities at the other ends of relations.
    async fn neighbours(self, judges: &[Arc<Judge>], found: &[Option<Entity>]) -> Result<Neighbours> {
        let targets: BTreeSet<EntityRef> = found
            .iter()
            .flatten()
            // A team may have thousands of relations that no rule asks about.
            .filter(|entity| {
                let entries = flatten(&entity.document);
                judges.iter().any(|judge| judge.scorecard.filter.matches(&entries))
            })
            .flat_map(|entity| facts::relations(&entity.document).map(|(_, target)| target))
            .collect();
        let targets: Vec<EntityRef> = targets.into_iter().collect();
        let mut neighbours = Neighbours::new();
        for targets in targets.chunks(BATCH * 4) {
            let entities = catalog::entities(self.services, self.caller, targets).await?;
            let known = entities.into_iter().flatten();
            neighbours.extend(known.map(|entity| (entity.reference, Neighbour::of(&entity.document))));
        }
        Ok(neighbours)
    }
}

/// Everything that one batch needs, to be carried off to a thread that may block.
struct Work {
    tenant: String,
    judges: Vec<Arc<Judge>>,
    entities: Vec<String>,
    found: Vec<Option<Entity>>,
    before: Vec<store::result::Model>,
    neighbours: Neighbours,
}

impl Work {
    fn done(self) -> Result<Vec<Written>> {
        let Self { tenant, judges, entities, found, before, neighbours } = self;
        let mut before: HashMap<(String, String), store::result::Model> =
            before.into_iter().map(|row| ((row.scorecard.clone(), row.entity.clone()), row)).collect();
        let until = Instant::now() + TIME;
        let mut written = Vec::new();
        for (key, entity) in entities.into_iter().zip(found) {
            let entries = entity.as_ref().map(|entity| flatten(&entity.document));
            for judge in &judges {
                let was = before.remove(&(judge.scorecard.reference.to_string(), key.clone()));
                let meant = entries.as_ref().is_some_and(|entries| judge.scorecard.filter.matches(entries));
                let is = match entity.as_ref().filter(|_| meant) {
                    Some(entity) => {
                        let clock = Clock { now: now(), until };
                        Some(rows::row(&tenant, judge, entity, &neighbours, was.as_ref(), clock)?)
                    }
                    None => None,
                };
                written.extend(Written::of(was, is));
            }
        }
        Ok(written)
    }
}
