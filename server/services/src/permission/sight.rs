//! What callers see of the catalog, of its sources, and of runs: for lists, which are filtered in the query.

use std::{collections::BTreeMap, sync::Arc};

use domain::identity::{Caller, Permission, Standing, Subject};
use roaring::RoaringBitmap;

use super::{
    Mentions, Traits,
    resource::{Resource, traits},
    rules::{Footing, Rules},
};
use crate::{Result, Services, identity::Starter};

/// What a caller may see of the catalog, where that is not all of it.
pub(crate) struct Sight {
    rules: Arc<Rules>,
    footing: Arc<Footing>,
}

impl Sight {
    /// What policies ask about entities.
    pub(crate) fn mentions(&self) -> &Mentions {
        &self.rules.mentions
    }

    /// Whether an entity that has these traits is seen.
    pub(crate) fn decide(&self, traits: &Traits) -> bool {
        let resource = Resource::of_traits("Entity", traits);
        self.rules.decide(&self.footing, Permission::ReadCatalog, &resource).is_allowed
    }

    /// The entities that are seen, of these classes.
    pub(crate) fn entities<'a>(
        &self,
        of: (u64, u64),
        classes: impl Iterator<Item = (u64, &'a RoaringBitmap)>,
        decide: impl FnMut(u64) -> bool,
    ) -> Arc<RoaringBitmap> {
        self.footing.seen.entities(of, classes, decide)
    }
}

/// Decides about sources, for a caller who does not see all of them.
pub(crate) struct SourceSight(Sight);

impl SourceSight {
    /// Whether a source is seen; `owners` own all that it declares.
    pub(crate) fn decide_source(&self, id: &str, kind: &str, target: &str, owners: &[String]) -> bool {
        let Self(sight) = self;
        let resource = Resource::of_source(id, kind, target, owners);
        sight.rules.decide(&sight.footing, Permission::ReadCatalog, &resource).is_allowed
    }
}

/// What `caller` may see of the sources; `None` for all of them.
pub(crate) async fn source_sight(services: &Services, caller: &Caller) -> Result<Option<SourceSight>> {
    Ok(sight(services, caller).await?.map(SourceSight))
}

/// Which runs of a template are seen, by who started them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunsSeen {
    All,
    Of(Vec<String>),
    Except(Vec<String>),
}

/// The runs that `caller` may see, of each of these templates, which come with who started runs of them; `None` for all runs.
pub(crate) async fn run_sight(
    services: &Services,
    caller: &Caller,
    origins: &BTreeMap<String, Vec<String>>,
) -> Result<Option<Vec<(String, RunsSeen)>>> {
    match domain::identity::foregone(caller) {
        Some(true) => return Ok(None),
        Some(false) => return Ok(Some(Vec::new())),
        None => {}
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let footing = rules.footing(caller);
    let sees_catalog = rules.always(&footing, Permission::ReadCatalog);
    if sees_catalog && rules.always(&footing, Permission::ReadRuns) {
        return Ok(None);
    }
    let own = caller.subject.to_string();
    let mut seen = Vec::new();
    for (template, starters) in origins {
        let traits = traits(services, caller, template).await?;
        let decides = |starter: &str| {
            let run = Resource::run("any", &traits, starter);
            rules.decide(&footing, Permission::ReadRuns, &run).is_allowed
        };
        // A run shows its template whole, so only who started it sees it where the template is hidden.
        let is_shown = sees_catalog || {
            let entity = Resource::of_traits("Entity", &traits);
            rules.decide(&footing, Permission::ReadCatalog, &entity).is_allowed
        };
        let is_seen = |label: &String| {
            let starter = Starter::named(label);
            (is_shown || starter.who() == own) && decides(starter.who())
        };
        let (shown, hidden): (Vec<String>, Vec<String>) = starters.iter().cloned().partition(is_seen);
        if shown.is_empty() {
            continue;
        }
        let which = match hidden.len() {
            0 => RunsSeen::All,
            few if few < shown.len() => RunsSeen::Except(hidden),
            _ => RunsSeen::Of(shown),
        };
        seen.push((template.clone(), which));
    }
    Ok(Some(seen))
}

/// What `caller` may see of the catalog; `None` for all of it, which needs no look at the policies for most.
pub(crate) async fn sight(services: &Services, caller: &Caller) -> Result<Option<Sight>> {
    if domain::identity::foregone(caller) == Some(true) {
        return Ok(None);
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let footing = rules.footing(caller);
    if domain::identity::foregone(caller).is_none() && rules.always(&footing, Permission::ReadCatalog) {
        return Ok(None);
    }
    Ok(Some(Sight { rules, footing }))
}

/// Whether whoever is signed in may read a repository of our own: no policy forbids it to anybody, and it is permitted to someone who
/// is nothing else, and to all whom policies name, by who they are, by a team, or by a role.
pub(crate) async fn everyone_reads(services: &Services, caller: &Caller, repository: &str) -> Result<bool> {
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let resource = Resource::repository(repository);
    if rules.may_be_forbidden(Permission::ReadRepository, &resource) {
        return Ok(false);
    }
    let who = |subject: Subject, role: Option<String>, team: Option<String>| {
        let standing =
            Standing { roles: role.into_iter().collect(), teams: team.into_iter().collect(), ..Standing::default() };
        Caller { tenant: caller.tenant.clone(), subject, standing: Arc::new(standing) }
    };
    let someone = || Subject::Person("user:default/someone".to_owned());
    let named = rules.named().into_iter().map(|(kind, name)| match kind.as_str() {
        "Team" => who(someone(), None, Some(name)),
        "Machine" => who(Subject::Machine(name), None, None),
        _ => who(Subject::Person(name), None, None),
    });
    let holders = rules.role_names().into_iter().map(|role| who(someone(), Some(role), None));
    let mut all = std::iter::once(who(someone(), None, None)).chain(named).chain(holders);
    Ok(all.all(|one| rules.decide(&rules.footing_of(&one), Permission::ReadRepository, &resource).is_allowed))
}
