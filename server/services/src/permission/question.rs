//! Something that is to be done with a thing, as it is decided about whoever it is.

use cedar_policy::EntityUid;
use domain::identity::{Caller, Permission, Target};

use super::{
    language,
    resource::{Resource, Traits, traits},
    rules::{Footing, Rules, Verdict},
};
use crate::{Result, Services, runs};

/// What is asked of the policies, and what decides besides.
pub(super) struct Question {
    pub(super) permission: Permission,
    pub(super) resource: Resource,
    /// The run as it was started: a template that is altered since opens nothing.
    as_started: Option<Resource>,
    /// What is read of it: with what is hidden from someone they may do nothing.
    read: Option<Resource>,
    /// The same of a run.
    seen: Option<Seen>,
    /// Who started what is to be approved, as a subject writes itself: it takes someone else to agree.
    starter: Option<String>,
}

/// What shows a run to someone who sees runs at all.
struct Seen {
    /// The run as lists have it: by whom it was started then.
    listed: Resource,
    /// Its template, which it shows.
    template: Resource,
    /// Who started it: from them it is not hidden with its template.
    by: Option<EntityUid>,
}

impl Question {
    /// Of something of which all is known that policies ask.
    pub(super) fn about(permission: Permission, resource: Resource) -> Self {
        Self { permission, resource, as_started: None, read: None, seen: None, starter: None }
    }

    /// Whether a thing may be done with a target.
    pub(super) async fn of(
        services: &Services,
        caller: &Caller,
        permission: Permission,
        target: Target<'_>,
    ) -> Result<Self> {
        let plain = Self::about(permission, Resource::of(services, caller, target).await?);
        Ok(match target {
            Target::Entity(_) | Target::Source(_) if permission != Permission::ReadCatalog => {
                Self { read: Some(plain.resource.clone()), ..plain }
            }
            // What is made of an entity is hidden with it.
            Target::Template(reference) | Target::RunsOf(reference) => {
                Self { read: Some(Resource::of(services, caller, Target::Entity(reference)).await?), ..plain }
            }
            Target::Run(id) => {
                let Some(run) = runs::as_started(services, &caller.tenant, id).await? else { return Ok(plain) };
                let now = traits(services, caller, &run.template).await?;
                let by = Some(run.starter).filter(|by| !by.is_empty());
                let seen = Seen {
                    listed: Resource::run("any", &now, &run.started_as),
                    template: Resource::of_traits("Entity", &now),
                    by: principal(&run.started_as),
                };
                let is_deed = permission != Permission::ReadRuns;
                let then = Resource::run(&id.to_string(), &run.then, by.as_deref().unwrap_or_default());
                Self {
                    as_started: Some(then).filter(|_| is_deed),
                    seen: Some(seen),
                    starter: by.filter(|_| permission == Permission::ApproveRun),
                    ..plain
                }
            }
            _ => plain,
        })
    }

    /// Whether a run may be approved that someone is about to start.
    pub(super) fn of_new_run(traits: &Traits, starter: &str) -> Self {
        let plain = Self::about(Permission::ApproveRun, Resource::run("any", traits, starter));
        Self { starter: Some(starter.to_owned()), ..plain }
    }

    /// What holds for someone.
    pub(super) fn decide(&self, rules: &Rules, footing: &Footing) -> Verdict {
        let verdict = rules.decide(footing, self.permission, &self.resource);
        if !verdict.is_allowed {
            return verdict;
        }
        if let Some(as_started) = &self.as_started {
            let then = rules.decide(footing, self.permission, as_started);
            if !then.is_allowed {
                return then;
            }
        }
        let read = Permission::ReadCatalog;
        if let Some(resource) = &self.read
            && !rules.always(footing, read)
            && rules.could(footing, read)
        {
            let seen = rules.decide(footing, read, resource);
            if !seen.is_allowed {
                return seen;
            }
        }
        if self.seen.as_ref().is_some_and(|seen| seen.is_hidden(rules, footing, &self.resource)) {
            return Verdict { is_allowed: false, by: Vec::new() };
        }
        if self.starter.as_deref().and_then(principal).as_ref() == Some(&footing.principal) {
            return Verdict { is_allowed: false, by: Vec::new() };
        }
        verdict
    }

    /// The teams that own the thing, or that it is.
    pub(super) fn teams(&self) -> Vec<String> {
        let mut teams = self.resource.teams();
        for team in self.as_started.iter().flat_map(Resource::teams) {
            if !teams.contains(&team) {
                teams.push(team);
            }
        }
        teams
    }

    /// Those who are tied to it themselves.
    pub(super) fn people(&self) -> impl Iterator<Item = &String> {
        let starter = self.starter.iter().filter(|starter| starter.starts_with("user:"));
        self.resource.people().iter().chain(starter)
    }

    /// Whether all follows from what roles and teams someone has, so that nobody need be looked at one by one.
    pub(super) fn is_plain(&self, rules: &Rules) -> bool {
        let reads = self.read.is_none() || rules.is_plain(Permission::ReadCatalog);
        let sees =
            |_: &Seen| [Permission::ReadCatalog, Permission::ReadRuns].into_iter().all(|read| rules.is_plain(read));
        reads && self.seen.as_ref().is_none_or(sees) && rules.is_plain(self.permission)
    }
}

impl Seen {
    /// Whether a run is hidden from someone who may see others.
    fn is_hidden(&self, rules: &Rules, footing: &Footing, run: &Resource) -> bool {
        let reads = Permission::ReadRuns;
        if !rules.could(footing, reads) {
            return false;
        }
        if !rules.decide(footing, reads, run).is_allowed || !rules.decide(footing, reads, &self.listed).is_allowed {
            return true;
        }
        let is_own = self.by.as_ref() == Some(&footing.principal);
        !is_own && !rules.decide(footing, Permission::ReadCatalog, &self.template).is_allowed
    }
}

/// A subject as policies name it.
fn principal(label: &str) -> Option<EntityUid> {
    match label.split_once(':')? {
        ("machine", name) => Some(language::uid("Machine", name)),
        ("user", _) => Some(language::uid("User", label)),
        _ => None,
    }
}
