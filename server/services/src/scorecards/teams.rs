//! Whose results are whose: what a team owns counts for the teams above it.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Target},
    scorecards::{Card, EntityFilter, Judged, RuleTally},
};
use sea_orm::{ColumnTrait, Condition};

use super::{
    overview, rows, scope,
    store::{self, Brief, result},
};
use crate::{Result, Services, catalog, identity};

/// How many entities that need help are told.
const WEAKEST: usize = 8;

/// The owners that a question means, and the teams above each.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// None means all.
    meant: Option<HashSet<String>>,
    above: HashMap<String, Vec<String>>,
}

impl Owners {
    /// Those that a filter means.
    pub(super) async fn meant(services: &Services, caller: &Caller, filter: &EntityFilter) -> Result<Self> {
        let meant = match &filter.team {
            None => None,
            Some(team) if filter.direct => Some(HashSet::from([team.to_string()])),
            Some(team) => {
                let teams = catalog::teams_below(services, caller, std::slice::from_ref(team)).await?;
                Some(teams.iter().map(ToString::to_string).collect())
            }
        };
        Ok(Self { meant, above: HashMap::new() })
    }

    /// The same, with the teams above each of `owners`, unless the filter wants each team alone.
    pub(super) async fn with_above<'a>(
        mut self,
        services: &Services,
        caller: &Caller,
        filter: &EntityFilter,
        owners: impl Iterator<Item = &'a str>,
    ) -> Result<Self> {
        if !filter.direct {
            let owners: BTreeSet<&str> = owners.filter(|owner| owner.starts_with("group:")).collect();
            let owners: Vec<String> = owners.into_iter().map(str::to_owned).collect();
            self.above = catalog::teams_above(services, caller, &owners).await?;
        }
        Ok(self)
    }

    /// Whether what has this owner is meant.
    pub(super) fn has(&self, owner: Option<&str>) -> bool {
        self.meant.as_ref().is_none_or(|meant| owner.is_some_and(|owner| meant.contains(owner)))
    }

    /// The teams that something of this owner counts for.
    pub(super) fn groups(&self, owner: Option<&str>) -> Vec<Option<String>> {
        let above = owner.and_then(|owner| self.above.get(owner)).into_iter().flatten();
        let above = above.filter(|team| self.has(Some(team))).map(|team| Some(team.clone()));
        std::iter::once(owner.map(str::to_owned)).chain(above).collect()
    }
}

/// What some owners have on one scorecard.
#[derive(Debug, Clone)]
pub struct Owned {
    /// The scorecard, with how many of theirs stand where.
    pub card: Card,
    /// How each rule fares with theirs, those that fail most first, without those that hold everywhere.
    pub rules: Vec<RuleTally>,
    /// Those of theirs that need help first.
    pub weakest: Vec<Judged>,
}

/// How what these own stands on each scorecard that counts and judges any of it.
pub async fn of_owners(services: &Services, caller: &Caller, owners: &[EntityRef]) -> Result<Vec<Owned>> {
    use domain::scorecards::Outcome;

    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let mut by_scorecard: HashMap<String, Vec<Brief>> = HashMap::new();
    for owners in owners.chunks(500) {
        let owners = owners.iter().map(ToString::to_string);
        let which = Condition::all().add(result::Column::Owner.is_in(owners));
        let briefs = store::briefs(&services.db, &caller.tenant, which).await?;
        for brief in catalog::retain_seen(services, caller, briefs, |brief| brief.entity.clone()).await? {
            by_scorecard.entry(brief.scorecard.clone()).or_default().push(brief);
        }
    }
    let mut owned = Vec::new();
    for standard in scope::standards(services, caller).await? {
        let Some(briefs) = by_scorecard.get(&standard.entity.reference.to_string()) else { continue };
        let Ok(judge) = &standard.judge else { continue };
        if judge.scorecard.draft {
            continue;
        }
        let card = overview::card(&standard, briefs);
        let failing = |tally: &RuleTally| (tally.count(Outcome::Fail), tally.count(Outcome::Unknown));
        let mut rules = overview::tallies(&judge.scorecard, briefs);
        rules.retain(|tally| failing(tally) != (0, 0));
        rules.sort_by_key(|tally| std::cmp::Reverse(failing(tally)));
        let mut weakest: Vec<Judged> =
            briefs.iter().map(|brief| rows::judged(&card.scale, brief)).collect::<Result<_>>()?;
        weakest.retain(|judged| judged.failing + judged.unknown > 0);
        weakest.sort_by(|left, right| {
            let need = |judged: &Judged| (judged.standing, std::cmp::Reverse((judged.failing, judged.unknown)));
            need(left).cmp(&need(right)).then_with(|| left.entity.cmp(&right.entity))
        });
        weakest.truncate(WEAKEST);
        owned.push(Owned { card, rules, weakest });
    }
    Ok(owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_team_owns_counts_for_those_above_it_that_are_meant() {
        let above = HashMap::from([(
            "group:default/c".to_owned(),
            vec!["group:default/b".to_owned(), "group:default/a".to_owned()],
        )]);
        let all = Owners { meant: None, above: above.clone() };
        let names = |owners: &Owners, owner: Option<&str>| {
            owners.groups(owner).into_iter().map(|group| group.unwrap_or_else(|| "-".to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(names(&all, Some("group:default/c")), ["group:default/c", "group:default/b", "group:default/a"]);
        assert_eq!(
            (names(&all, None), names(&all, Some("user:default/x"))),
            (vec!["-".to_owned()], vec!["user:default/x".to_owned()])
        );
        let meant = ["group:default/b", "group:default/c"].map(str::to_owned).into_iter().collect();
        let some = Owners { meant: Some(meant), above };
        assert_eq!(names(&some, Some("group:default/c")), ["group:default/c", "group:default/b"]);
        assert!(some.has(Some("group:default/b")) && !some.has(Some("group:default/a")) && !some.has(None));
    }
}
