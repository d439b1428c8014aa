//! What people and machines ask about scorecards.

use std::collections::HashMap;

use domain::{
    catalog::{EntityRef, ReferenceDefaults},
    identity::{Caller, Permission, Target},
    scorecards::{
        Badge, Card, Direction, EntityFilter, EntityReport, Judged, LevelReport, Outcome, Overview, Points, Rule,
        RuleDetail, RuleReport, RuleResult, Scale, Scorecard, Standing, next_steps,
    },
};
use sea_orm::{ColumnTrait, Condition};

use super::{
    evaluate::now,
    overview::{self, is_of},
    rows,
    scope::{self, Standard},
    store::{self, Brief, result},
    teams::Owners,
    trend,
};
use crate::{Error, Result, Services, catalog, identity};

/// The scorecard that an address names: `name`, or `namespace~name` outside of the default namespace.
pub fn named(name: &str) -> Result<EntityRef> {
    let text = name.replacen('~', "/", 1);
    let defaults = ReferenceDefaults { kind: Some("scorecard"), namespace: domain::catalog::DEFAULT_NAMESPACE };
    EntityRef::parse(&text, defaults).map_err(|why| Error::NotFound(format!("there is no scorecard `{name}`: {why}")))
}

/// Every scorecard, with how many entities stand where. Broken ones and drafts are among them, marked.
pub async fn list(services: &Services, caller: &Caller) -> Result<Vec<Card>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let mut by_scorecard: HashMap<String, Vec<Brief>> = HashMap::new();
    let briefs = store::briefs(&services.db, &caller.tenant, Condition::all()).await?;
    for brief in catalog::retain_seen(services, caller, briefs, |brief| brief.entity.clone()).await? {
        by_scorecard.entry(brief.scorecard.clone()).or_default().push(brief);
    }
    let standards = scope::standards(services, caller).await?;
    let cards = standards.iter().map(|standard| {
        let briefs = by_scorecard.get(&standard.entity.reference.to_string()).map(Vec::as_slice).unwrap_or_default();
        overview::card(standard, briefs)
    });
    Ok(cards.collect())
}

/// Everything a manager wants to see of one scorecard, for all or for one team or system.
pub async fn overview(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    filter: &EntityFilter,
) -> Result<Overview> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let standard = scope::standard(services, caller, reference).await?;
    let mut briefs = briefs(services, caller, reference).await?;
    let owners = Owners::meant(services, caller, filter).await?;
    briefs.retain(|brief| belongs(filter, &owners, brief.owner.as_deref(), brief.system.as_deref()));
    let now = now();
    let moves = store::moves(&services.db, &caller.tenant, reference, now - trend::WINDOW).await?;
    let mut moves = catalog::retain_seen(services, caller, moves, |moved| moved.entity.clone()).await?;
    moves.retain(|moved| belongs(filter, &owners, moved.owner.as_deref(), moved.system.as_deref()));
    let of_briefs = briefs.iter().filter_map(|brief| brief.owner.as_deref());
    let of_moves = moves.iter().filter_map(|moved| moved.owner.as_deref());
    let owners = owners.with_above(services, caller, filter, of_briefs.chain(of_moves)).await?;
    let card = overview::card(&standard, &briefs);
    overview::overview(card, scorecard(&standard), (&briefs, &moves), &owners, now)
}

/// The entities of a scorecard that a filter means, those that need most first.
pub async fn results(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    filter: &EntityFilter,
) -> Result<(Card, Vec<Judged>)> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let standard = scope::standard(services, caller, reference).await?;
    let all = briefs(services, caller, reference).await?;
    let card = overview::card(&standard, &all);
    let moved = if filter.moved { Some(moved_lately(services, caller, reference, &card.scale).await?) } else { None };
    let level = |name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => match card.scale.standing(name) {
            Some(standing) => Ok(Some(standing)),
            None => Err(Error::Rejected(format!("`{name}` is no level of this scorecard"))),
        },
    };
    let owners = Owners::meant(services, caller, filter).await?;
    let (exactly, at_least) = (level(&filter.level)?, level(&filter.at_least)?);
    let meant = |brief: &&Brief| {
        let standing = rows::standing(&card.scale, &brief.standing);
        belongs(filter, &owners, brief.owner.as_deref(), brief.system.as_deref())
            && exactly.is_none_or(|level| standing == level)
            && at_least.is_none_or(|level| standing >= level)
            && (!filter.one_away || brief.steps == 1)
            && moved.as_ref().is_none_or(|moved| moved.contains(&brief.entity))
            && filter.outcome.is_none_or(|wanted| {
                rows::read_outcomes(&brief.outcomes)
                    .any(|(rule, outcome)| outcome == wanted && filter.rule.as_deref().is_none_or(|of| of == rule))
            })
    };
    let mut judged: Vec<Judged> =
        all.iter().filter(meant).map(|brief| rows::judged(&card.scale, brief)).collect::<Result<_>>()?;
    judged.sort_by(|left, right| {
        let need = |judged: &Judged| (judged.standing, std::cmp::Reverse((judged.failing, judged.unknown)));
        need(left).cmp(&need(right)).then_with(|| left.entity.cmp(&right.entity))
    });
    Ok((card, judged))
}

/// One rule: whom it concerns, who holds it and who does not.
pub async fn rule(services: &Services, caller: &Caller, reference: &EntityRef, id: &str) -> Result<RuleDetail> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let standard = scope::standard(services, caller, reference).await?;
    let unknown = || Error::NotFound(format!("the scorecard `{}` has no rule `{id}`", reference.short()));
    let scorecard = scorecard(&standard).ok_or_else(unknown)?;
    let rule = scorecard.rule(id).ok_or_else(unknown)?;
    let all = store::of_scorecard(&services.db, &caller.tenant, reference).await?;
    let all = catalog::retain_seen(services, caller, all, |row| row.entity.clone()).await?;
    let briefs: Vec<Brief> = all.iter().map(rows::brief).collect();
    let card = overview::card(&standard, &briefs);
    let mut entities = Vec::with_capacity(all.len());
    for (row, brief) in all.iter().zip(&briefs) {
        let found = rows::found(row)?.into_iter().find(|found| found.result.rule == id);
        if let Some(found) = found {
            entities.push((rows::judged(&card.scale, brief)?, report(rule, found.result)));
        }
    }
    let urgency = |outcome: Outcome| Outcome::ALL.iter().position(|of| *of == outcome);
    entities.sort_by(|(left, l), (right, r)| {
        urgency(l.outcome).cmp(&urgency(r.outcome)).then_with(|| left.entity.cmp(&right.entity))
    });
    let tally = overview::tallies(scorecard, &briefs).into_iter().find(|tally| tally.id == id).ok_or_else(unknown)?;
    Ok(RuleDetail { card, rule: rule.clone(), tally, entities })
}

/// Where one entity stands on every scorecard that is about it, with why each rule holds or does not.
pub async fn for_entity(services: &Services, caller: &Caller, entity: &EntityRef) -> Result<Vec<EntityReport>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(entity)).await?;
    let rows = store::of_entity(&services.db, &caller.tenant, entity).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let standards = scope::standards(services, caller).await?;
    let mut reports = Vec::new();
    for row in rows {
        let of = |standard: &&Standard| standard.entity.reference.to_string() == row.scorecard;
        if let Some(scorecard) = standards.iter().find(of).and_then(scorecard) {
            reports.push(entity_report(scorecard, &row)?);
        }
    }
    // What is still being written comes last.
    reports.sort_by(|left, right| (left.draft, &left.title).cmp(&(right.draft, &right.title)));
    Ok(reports)
}

/// Where several entities stand, in the order asked for, for lists. Drafts do not count.
pub async fn levels(services: &Services, caller: &Caller, entities: &[EntityRef]) -> Result<Vec<Vec<Badge>>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let mut badges: HashMap<String, Vec<Badge>> = HashMap::new();
    if !entities.is_empty() {
        let standards = scope::standards(services, caller).await?;
        for keys in entities.chunks(500) {
            let keys = keys.iter().map(ToString::to_string);
            let which = Condition::all().add(result::Column::Entity.is_in(keys));
            let briefs = store::briefs(&services.db, &caller.tenant, which).await?;
            for brief in catalog::retain_seen(services, caller, briefs, |brief| brief.entity.clone()).await? {
                let of = |standard: &&Standard| standard.entity.reference.to_string() == brief.scorecard;
                let scorecard = standards.iter().find(of).and_then(scorecard).filter(|scorecard| !scorecard.draft);
                let Some(scorecard) = scorecard else { continue };
                let scale = Scale::of(scorecard);
                let standing = rows::standing(&scale, &brief.standing);
                if standing != Standing::NotEvaluated {
                    badges.entry(brief.entity).or_default().push(Badge {
                        scorecard: scorecard.reference.clone(),
                        scorecard_title: scorecard.title.clone(),
                        standing,
                        title: scale.title(standing).to_owned(),
                        color: scale.color(standing),
                    });
                }
            }
        }
    }
    Ok(entities.iter().map(|entity| badges.get(&entity.to_string()).cloned().unwrap_or_default()).collect())
}

fn scorecard(standard: &Standard) -> Option<&Scorecard> {
    standard.judge.as_ref().ok().map(|judge| &judge.scorecard)
}

async fn briefs(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Vec<Brief>> {
    let which = Condition::all().add(result::Column::Scorecard.eq(reference.to_string()));
    let briefs = store::briefs(&services.db, &caller.tenant, which).await?;
    catalog::retain_seen(services, caller, briefs, |brief| brief.entity.clone()).await
}

fn belongs(filter: &EntityFilter, owners: &Owners, owner: Option<&str>, system: Option<&str>) -> bool {
    owners.has(owner) && is_of(filter.system.as_ref(), system)
}

async fn moved_lately(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    scale: &Scale,
) -> Result<Vec<String>> {
    let rows = store::moves(&services.db, &caller.tenant, reference, now() - overview::LATELY).await?;
    let mut entities = Vec::new();
    for row in rows {
        if overview::told(scale, &row)?.direction() != Direction::Across {
            entities.push(row.entity);
        }
    }
    Ok(entities)
}

fn entity_report(scorecard: &Scorecard, row: &result::Model) -> Result<EntityReport> {
    let scale = Scale::of(scorecard);
    let standing = rows::standing(&scale, &row.standing);
    let results: Vec<RuleResult> = rows::found(row)?.into_iter().map(|found| found.result).collect();
    let of = |rule: &Rule| results.iter().find(|result| result.rule == rule.id);
    let level = |at: u8| {
        let results = || rows::rules_of(scorecard, at).filter_map(of);
        let applicable = || results().filter(|result| result.effective().is_applicable());
        LevelReport {
            standing: Standing::Level(at),
            reached: standing.reached() > at,
            held: u32::try_from(applicable().filter(|result| result.effective().holds()).count()).unwrap_or_default(),
            applicable: u32::try_from(applicable().count()).unwrap_or_default(),
            since: rows::held_since(results()),
            rules: rows::rules_of(scorecard, at).filter_map(|rule| Some(report(rule, of(rule)?.clone()))).collect(),
        }
    };
    let top = u8::try_from(scorecard.levels.len()).unwrap_or(u8::MAX);
    Ok(EntityReport {
        scorecard: scorecard.reference.clone(),
        title: scorecard.title.clone(),
        draft: scorecard.draft,
        standing,
        since: row.since,
        points: Points {
            earned: u32::try_from(row.earned).unwrap_or_default(),
            possible: u32::try_from(row.possible).unwrap_or_default(),
        },
        levels: (0..top).rev().map(level).collect(),
        next: next_steps(scorecard, &results, standing),
        evaluated_at: row.evaluated_at,
        scale,
    })
}

fn report(rule: &Rule, result: RuleResult) -> RuleReport {
    RuleReport {
        id: rule.id.clone(),
        title: rule.title.clone(),
        category: rule.category.clone(),
        outcome: result.outcome,
        reason: result.reason,
        since: result.since,
        last_definite: result.last_definite,
        remediation: rule.remediation.clone(),
    }
}
