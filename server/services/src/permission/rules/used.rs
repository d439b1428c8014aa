//! Through which grants something was permitted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
};

use cedar_policy::Effect as PolicyEffect;
use domain::identity::Permission;

use super::{Footing, Key, Rules, Verdict, concerns, wanted_role};
use crate::permission::uses;

impl Rules {
    /// The same, each by itself, and to whom it was given.
    pub(super) fn grants(&self, key: &Key) -> Vec<(String, String)> {
        let own = key.subject.to_string();
        let everyone = self.everyone.iter().map(|role| (role.clone(), String::new()));
        let brought = key.roles.iter().map(|role| (role.clone(), own.clone()));
        let given = std::iter::once(&own)
            .chain(&key.teams)
            .flat_map(|who| self.grants.get(who).into_iter().flatten().map(move |role| (role.clone(), who.clone())));
        let theirs = self.people.of(&own, key.identity).map(|(role, who)| (role.clone(), who.to_owned()));
        everyone.chain(brought).chain(given).chain(theirs).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The roles of everyone who is signed in.
    pub(in crate::permission) fn of_everyone(&self) -> &BTreeSet<String> {
        &self.everyone
    }

    /// Teams or people (`group:` or `user:`) that were given a role that does not come with Causeway: of those who have the same ones,
    /// the first before the second of any.
    pub(in crate::permission) fn with_own_roles(&self, kind: &str) -> Vec<String> {
        let is_own = |role: &&String| !domain::identity::ROLES.contains(&role.as_str());
        let mut alike: BTreeMap<Vec<&String>, usize> = BTreeMap::new();
        let mut holders: Vec<(usize, &String)> = Vec::new();
        let mut all: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
        let named = self.grants.iter().flat_map(|(who, roles)| roles.iter().map(move |role| (who, role)));
        for (who, role) in named.chain(self.people.all()).filter(|(who, _)| who.starts_with(kind)) {
            all.entry(who).or_default().insert(role);
        }
        for (who, roles) in all {
            let own: Vec<&String> = roles.into_iter().filter(is_own).collect();
            if !own.is_empty() {
                let before = alike.entry(own).or_default();
                holders.push((*before, who));
                *before += 1;
            }
        }
        holders.sort_unstable();
        holders.into_iter().map(|(_, who)| who.clone()).collect()
    }

    /// Through which grants this was permitted: none where it takes no role.
    pub(in crate::permission) fn used<'a>(
        &self,
        footing: &'a Footing,
        permission: Permission,
        verdict: Option<&Verdict>,
    ) -> Vec<&'a (String, String)> {
        let permitting = self.set.policies().filter(|policy| match verdict {
            Some(verdict) => verdict.by.contains(policy.id()),
            None => policy.effect() == PolicyEffect::Permit && footing.is_meant(policy) && concerns(policy, permission),
        });
        let wanted: Vec<Option<String>> = permitting.map(wanted_role).collect();
        // What is permitted to everyone, or to someone by name, takes no role.
        let Some(wanted) = wanted.into_iter().collect::<Option<Vec<String>>>() else { return Vec::new() };
        let role = uses::least(wanted.iter().map(String::as_str));
        role.map_or_else(Vec::new, |role| uses::bringing(&footing.grants, role))
    }
}

impl Footing {
    /// Whether this permission was noted as used in this hour already; from now on it is.
    pub(in crate::permission) fn is_noted(&self, permission: Permission, hour: i64) -> bool {
        let place = Permission::ALL.iter().position(|known| *known == permission);
        place.is_none_or(|place| self.noted[place].swap(hour, Ordering::Relaxed) == hour)
    }
}
