//! Gathers what a team or a person owns and how it stands.

use std::collections::HashSet;

use services::{
    Result, Services, catalog,
    domain::catalog::{Condition, EntityRef, Filter, TroubleFilter},
    identity::Caller,
    scorecards,
};

use super::count;
use crate::{catalog::team_overview::TeamView, scorecards::OwnedView};

/// How many rules that fail are told.
const RULES: usize = 6;
/// How many due things are read.
const DUE: u64 = 12;

/// What an owner has, with the teams below it unless they are to be left out.
pub(crate) async fn view(services: &Services, caller: &Caller, owner: &EntityRef, alone: bool) -> Result<TeamView> {
    let all = if owner.kind() == "group" {
        catalog::teams_below(services, caller, std::slice::from_ref(owner)).await?
    } else {
        vec![owner.clone()]
    };
    let below = count(all.len().saturating_sub(1));
    let owners = if alone { vec![owner.clone()] } else { all };
    let meant: HashSet<&EntityRef> = owners.iter().collect();
    let mut to_mend = catalog::trouble_counts(services, caller, &TroubleFilter::default()).await?;
    to_mend.retain(|(of, _)| of.as_ref().is_some_and(|of| meant.contains(of)));
    Ok(TeamView {
        below,
        alone,
        kinds: kinds(services, caller, &owners).await?,
        owned: owned(services, caller, &owners).await?,
        to_mend: to_mend.into_iter().filter_map(|(of, number)| Some((of?, number))).collect(),
        due: catalog::orphans_due(services, caller, &owners, DUE).await?,
    })
}

/// How many things of each kind these own, the most first.
pub(crate) async fn kinds(services: &Services, caller: &Caller, owners: &[EntityRef]) -> Result<Vec<(String, u32)>> {
    let owners: Vec<String> = owners.iter().map(ToString::to_string).collect();
    let filter = Filter::all(vec![Condition::any_of("relations.ownedBy", &owners)]);
    let facets = catalog::facets(services, caller, &filter, None, &["kind".to_owned()]).await?;
    let values = facets.into_iter().flat_map(|facet| facet.values);
    Ok(values.map(|value| (value.value, value.count)).collect())
}

/// How what these own stands on each scorecard.
pub(crate) async fn owned(services: &Services, caller: &Caller, owners: &[EntityRef]) -> Result<Vec<OwnedView>> {
    let owned = scorecards::of_owners(services, caller, owners).await?.into_iter();
    Ok(owned
        .map(|mut owned| {
            owned.rules.truncate(RULES);
            OwnedView {
                scorecard: owned.card.reference,
                title: owned.card.title,
                scale: owned.card.scale,
                shares: owned.card.shares,
                not_evaluated: owned.card.not_evaluated,
                rules: owned.rules,
                weakest: owned.weakest,
            }
        })
        .collect())
}
